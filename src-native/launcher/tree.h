// SPDX-License-Identifier: MIT
// Detached mounts: trees that are attached nowhere yet, so that nobody sees them half done.
#pragma once
#include <stdint.h>
#include "outcome.h"

// Copies the mount at `path`, and with AT_RECURSIVE those below it too. `flags` may add AT_EMPTY_PATH.
struct outcome tree_copy(int dir_fd, const char *path, unsigned int flags, int *ret_tree);
// A new file system; its root has `mode`, in octal, or the file system's own where that is 0.
struct outcome tree_new(const char *type, const char *mode, uint64_t attributes, int *ret_tree);
// An empty directory that nobody writes to.
struct outcome tree_empty(int *ret_tree);
// A new tmpfs.
struct outcome tree_memory(int *ret_tree);
// A copy of a host device's mount, once it is sure that it is that device and not what somebody put in its place.
struct outcome tree_device(const char *path, uint64_t major, uint64_t minor, int *ret_tree);
// Adds MOUNT_ATTR_* to a mount, and with AT_RECURSIVE to those below it too.
struct outcome tree_set(int tree, uint64_t attributes, unsigned int recursive);
// Whether two descriptors hold the same directory of the same mount. statx(2), STATX_MNT_ID since 5.8
struct outcome tree_same(int left, int right, int *ret_same);
// Refused with EBUSY where a mount lies on the root `root` of this process: "/.." would enter it.
struct outcome tree_is_top(int root);
