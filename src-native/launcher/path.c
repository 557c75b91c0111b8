// SPDX-License-Identifier: MIT
#include "path.h"
#include "layer.h"
#include "memory.h"
#include "resolve.h"
#include "text.h"

struct outcome path_open_below(int root, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd)
{
	return resolve_open(root, path, flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve, ret_fd);
}

struct outcome path_open(const struct child *child, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd)
{
	return path_open_below(child->root, path, flags, resolve, ret_fd);
}

struct outcome path_set_root(struct child *child)
{
	child->root = (int)TRY(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	return DONE;
}

// Copies the first `length` bytes of a path.
static struct outcome copy_prefix(char *ret_text, const char *path, size_t length)
{
	if (length >= SYS_PATH_MAX)
		return REFUSED(openat2, SYS_ENAMETOOLONG);
	memcpy(ret_text, path, length);
	ret_text[length] = 0;
	return DONE;
}

// The length of `path` without the slashes at its end, but not less than one.
static size_t trimmed(const char *path)
{
	size_t length = text_length(path);
	while (length > 1 && path[length - 1] == '/')
		length--;
	return length;
}

static struct outcome make_one(struct child *child, const char *path, size_t length, uint32_t mode)
{
	char prefix[SYS_PATH_MAX];
	size_t slash = length;
	while (slash > 0 && path[slash - 1] != '/')
		slash--;
	PASS(copy_prefix(prefix, path, slash));
	int parent = -1;
	PASS(path_open(child, slash ? prefix : "/", O_PATH | O_DIRECTORY, 0, &parent));
	PASS(copy_prefix(prefix, path + slash, length - slash));
	PASS(layer_open(child, &parent, 0));
	long made = sys_mkdirat(parent, prefix, mode);
	sys_close(parent);
	if (made < 0 && made != -SYS_EEXIST)
		return REFUSED(mkdirat, -made);
	return DONE;
}

struct outcome path_make_directory(struct child *child, const char *path, uint32_t mode)
{
	char prefix[SYS_PATH_MAX];
	size_t length = trimmed(path);
	for (size_t at = 1; at <= length; at++) {
		if (at < length && path[at] != '/')
			continue;
		if (path[at - 1] == '/')
			continue;
		PASS(copy_prefix(prefix, path, at));
		int there = -1;
		struct outcome outcome = path_open(child, prefix, O_PATH | O_DIRECTORY, 0, &there);
		if (outcome.error == 0) {
			sys_close(there);
			continue;
		}
		if (outcome.error != SYS_ENOENT)
			return outcome;
		PASS(make_one(child, path, at, at == length ? mode : 0755));
	}
	return DONE;
}

struct outcome path_divide(const char *path, const char *without, char *ret_above, const char **ret_name)
{
	size_t length = text_length(path);
	size_t slash = length;
	while (slash > 0 && path[slash - 1] != '/')
		slash--;
	*ret_name = path + slash;
	if (slash == length || text_equal(*ret_name, ".") || text_equal(*ret_name, ".."))
		return REFUSED(openat2, SYS_EINVAL);
	if (slash == 0)
		return copy_prefix(ret_above, without, 1);
	return copy_prefix(ret_above, path, slash);
}

struct outcome path_above(const struct child *child, const char *path, int *ret_fd, const char **ret_name)
{
	char above[SYS_PATH_MAX];
	PASS(path_divide(path, "/", above, ret_name));
	return path_open(child, above, O_PATH | O_DIRECTORY, 0, ret_fd);
}

static struct outcome make_plain(const struct child *child, const char *path)
{
	const char *name;
	int above = -1;
	int there = -1;
	struct outcome outcome = path_open(child, path, O_PATH | O_DIRECTORY, 0, &there);
	if (outcome.error == 0)
		sys_close(there);
	if (outcome.error != SYS_ENOENT)
		return outcome;
	PASS(path_above(child, path, &above, &name));
	long made = sys_mkdirat(above, name, 0755);
	sys_close(above);
	return made < 0 && made != -SYS_EEXIST ? REFUSED(mkdirat, -made) : DONE;
}

struct outcome path_make_above(const struct child *child, const char *path, int *ret_fd, const char **ret_name)
{
	char prefix[SYS_PATH_MAX];
	const struct outcome outcome = path_above(child, path, ret_fd, ret_name);
	if (outcome.error != SYS_ENOENT)
		return outcome;
	for (size_t at = 1; path[at]; at++) {
		if (path[at] != '/' || path[at - 1] == '/')
			continue;
		PASS(copy_prefix(prefix, path, at));
		PASS(make_plain(child, prefix));
	}
	return path_above(child, path, ret_fd, ret_name);
}

struct outcome path_parent(struct child *child, const char *path, int *ret_fd, const char **ret_name)
{
	char parent[SYS_PATH_MAX];
	PASS(path_divide(path, "/", parent, ret_name));
	struct outcome outcome = path_open(child, parent, O_PATH | O_DIRECTORY, 0, ret_fd);
	if (outcome.error == SYS_ENOENT) {
		PASS(path_make_directory(child, parent, 0755));
		outcome = path_open(child, parent, O_PATH | O_DIRECTORY, 0, ret_fd);
	}
	PASS(outcome);
	return layer_open(child, ret_fd, *ret_name);
}

struct outcome path_make_file(struct child *child, const char *path, uint32_t mode, int *ret_fd)
{
	int parent = -1;
	const char *name;
	PASS(path_parent(child, path, &parent, &name));
	// O_EXCL with O_NOFOLLOW: never through a link, never into a file that was there.
	*ret_fd = (int)TRY(openat, parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	TRY(close, parent);
	return DONE;
}

struct outcome path_cover(int tree, int target)
{
	TRY(move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	TRY(close, target);
	TRY(close, tree);
	return DONE;
}

struct outcome path_target(const struct child *child, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd)
{
	if (!text_equal(path, "/"))
		return path_open(child, path, O_PATH | flags, resolve, ret_fd);
	*ret_fd = (int)TRY(fcntl, child->root, F_DUPFD_CLOEXEC, 3);
	return DONE;
}

struct outcome path_attach(struct child *child, int tree, const char *path, int target)
{
	if (!text_equal(path, "/"))
		return path_cover(tree, target);
	// On top of "/": paths that begin at the process's root do not see it, so sources on the host are still found.
	TRY(move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	TRY(close, target);
	child->root = tree;
	child->roots++;
	return DONE;
}
