// SPDX-License-Identifier: MIT
// Paths below the container's root. Its owner may have put links anywhere, so nothing else in the launcher hands a path
// of the container to the kernel. Each is resolved here, once, and acted on by descriptor.
#pragma once
#include "child.h"

// Has paths count from the root that the process itself has.
struct outcome path_set_root(struct child *child);
// Opens `path` inside, following links inside, never out of the root and never through /proc's magic links.
// `flags` are open(2)'s; `resolve` adds RESOLVE_* of openat2(2).
struct outcome path_open(const struct child *child, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd);
// The same below the directory `root`.
struct outcome path_open_below(int root, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd);
// Copies what is above the last component of `path`, which `ret_name` points to, into `ret_above`, of SYS_PATH_MAX
// bytes. `without`, of one byte: where there is nothing above it. EINVAL where no name comes last.
struct outcome path_divide(const char *path, const char *without, char *ret_above, const char **ret_name);
// Opens the directory above `path`'s last component, which `ret_name` points to. It is there.
struct outcome path_above(const struct child *child, const char *path, int *ret_fd, const char **ret_name);
// The same. Missing directories are made as the user that the child is, in the very tree that is there.
struct outcome path_make_above(const struct child *child, const char *path, int *ret_fd, const char **ret_name);
// Opens the directory above `path`'s last component, which `ret_name` points to, for an entry to be made there. Missing
// parents are made. Afterwards the directory is in a file system of the plan's own, and has no entry of that name.
struct outcome path_parent(struct child *child, const char *path, int *ret_fd, const char **ret_name);
// Makes the directory `path` and its missing parents. What exists is left as it is.
struct outcome path_make_directory(struct child *child, const char *path, uint32_t mode);
// Makes the empty file `path`, new, in place of a link or a file of that name.
struct outcome path_make_file(struct child *child, const char *path, uint32_t mode, int *ret_fd);
// Attaches the detached mount `tree` on what `target` holds, and closes both.
struct outcome path_cover(int tree, int target);
// Opens `path` for something to be attached there.
struct outcome path_target(const struct child *child, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd);
// Attaches the detached mount `tree` on `target`, which is opened from `path`, and closes both; on "/" it becomes the
// root for all that follows.
struct outcome path_attach(struct child *child, int tree, const char *path, int target);
