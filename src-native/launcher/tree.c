// SPDX-License-Identifier: MIT
// Copies mounts, and sets their attributes before anybody sees them.
#include "tree.h"

struct outcome tree_set(int tree, uint64_t attributes, unsigned int recursive)
{
	struct mount_attr attr = {.attr_set = attributes};
	if (attributes)
		TRY(mount_setattr, tree, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr));
	return DONE;
}

struct outcome tree_copy(int dir_fd, const char *path, unsigned int flags, int *ret_tree)
{
	*ret_tree = (int)TRY(open_tree, dir_fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
	return DONE;
}

static struct outcome create(int context, const char *mode, uint64_t attributes, int *ret_tree)
{
	if (mode)
		TRY(fsconfig, context, FSCONFIG_SET_STRING, "mode", mode, 0);
	TRY(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
	*ret_tree = (int)TRY(fsmount, context, FSMOUNT_CLOEXEC, (unsigned int)attributes);
	return DONE;
}

struct outcome tree_new(const char *type, const char *mode, uint64_t attributes, int *ret_tree)
{
	const int context = (int)TRY(fsopen, type, FSOPEN_CLOEXEC);
	const struct outcome outcome = create(context, mode, attributes, ret_tree);
	sys_close(context);
	return outcome;
}

struct outcome tree_memory(int *ret_tree)
{
	return tree_new("tmpfs", 0, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, ret_tree);
}

struct outcome tree_empty(int *ret_tree)
{
	return tree_new(
		"tmpfs", "555", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, ret_tree);
}

// The kernel's encoding of a device number for small numbers, which all of these are. stat(2), makedev(3)
static uint64_t device_number(uint64_t major, uint64_t minor)
{
	return major << 8 | minor;
}

struct outcome tree_device(const char *path, uint64_t major, uint64_t minor, int *ret_tree)
{
	struct stat stat;
	int fd = (int)TRY(openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	TRY(fstat, fd, &stat);
	if ((stat.st_mode & SYS_S_IFMT) != SYS_S_IFCHR || stat.st_rdev != device_number(major, minor))
		return REFUSED(fstat, SYS_ENODEV);
	PASS(tree_copy(fd, "", AT_EMPTY_PATH, ret_tree));
	TRY(close, fd);
	return DONE;
}

struct outcome tree_same(int left, int right, int *ret_same)
{
	struct statx a;
	struct statx b;
	TRY(statx, left, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &a);
	TRY(statx, right, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &b);
	*ret_same = a.stx_ino == b.stx_ino && a.stx_mnt_id == b.stx_mnt_id;
	return DONE;
}

struct outcome tree_is_top(int root)
{
	const int above = (int)TRY(openat, AT_FDCWD, "/..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	int is_root = 0;
	const struct outcome outcome = tree_same(above, root, &is_root);
	sys_close(above);
	PASS(outcome);
	return is_root ? DONE : REFUSED(umount2, SYS_EBUSY);
}
