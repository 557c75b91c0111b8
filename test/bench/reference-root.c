// SPDX-License-Identifier: MIT
// The root filesystem of reference.c's container: its mounts, devices, and what is masked.
#define _GNU_SOURCE
#include "reference.h"
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
	DETACH = 2, // MNT_DETACH
};

int resolve_flags(const struct job *job, const char *path, uint64_t flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | resolve};
	return (int)syscall(SYS_openat2, job->directory, path, &how, sizeof(how));
}

static int resolve(const struct job *job, const char *path)
{
	return (int)must(resolve_flags(job, path, O_PATH, 0), path);
}

static void set_attributes(int tree, uint64_t attributes, unsigned int flags)
{
	struct mount_attr attr = {.attr_set = attributes};
	CALL(mount_setattr, tree, "", EMPTY_PATH | flags, &attr, sizeof(attr));
}

static void attach(int tree, int target)
{
	CALL(move_mount, tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	close(target);
	close(tree);
}

// Builds a mount detached, gives it its attributes, then attaches it. Paths in its options would count from the target.
// `options` are keys and values, ended by NULL; a key without a value is followed by "".
static void new_mount(const struct job *job, const char *type, const char *target, const char *const *options,
	uint64_t attributes, uint64_t how)
{
	int to = (int)must(resolve_flags(job, target, O_PATH | O_DIRECTORY, how), target);
	int context = (int)CALL(fsopen, type, FSOPEN_CLOEXEC);
	must(fchdir(to), "fchdir");
	for (; *options; options += 2) {
		int flag = options[1][0] == 0;
		CALL(fsconfig, context, flag ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING, options[0],
			flag ? NULL : options[1], 0);
	}
	CALL(fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	int tree = (int)CALL(fsmount, context, FSMOUNT_CLOEXEC, attributes);
	must(chdir("/"), "chdir");
	close(context);
	attach(tree, to);
}

static int device_tree(const char *path, unsigned int major, unsigned int minor)
{
	struct stat stat;
	int fd = (int)must(open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), path);
	must(fstat(fd, &stat), path);
	if (!S_ISCHR(stat.st_mode) || stat.st_rdev != (major << 8 | minor))
		errno = ENODEV, must(-1, path);
	int tree = (int)CALL(open_tree, fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | EMPTY_PATH);
	close(fd);
	return tree;
}

static void bind_device(const struct job *job, const char *name, unsigned int major, unsigned int minor)
{
	char path[32];
	snprintf(path, sizeof(path), "/dev/%s", name);
	int tree = device_tree(path, major, minor);
	set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
	int parent = resolve(job, "/dev");
	int file = (int)must(openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666), path);
	close(parent);
	attach(tree, file);
}

static void make_directory(const struct job *job, const char *name, mode_t mode)
{
	int parent = resolve(job, "/dev");
	must(mkdirat(parent, name, mode), name);
	close(parent);
}

static void make_link(const struct job *job, const char *name, const char *text)
{
	int parent = resolve(job, "/dev");
	must(symlinkat(text, parent, name), name);
	close(parent);
}

static void mask(const struct job *job, const char *path)
{
	struct stat stat;
	int tree;
	int target = resolve(job, path);
	must(fstat(target, &stat), path);
	if (S_ISDIR(stat.st_mode)) {
		int context = (int)CALL(fsopen, "tmpfs", FSOPEN_CLOEXEC);
		CALL(fsconfig, context, FSCONFIG_SET_STRING, "mode", "555", 0);
		CALL(fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
		tree = (int)CALL(fsmount, context, FSMOUNT_CLOEXEC,
			MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
		close(context);
	} else {
		tree = device_tree("/dev/null", 1, 3);
		set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0);
	}
	attach(tree, target);
}

static void make_readonly(const struct job *job, const char *path)
{
	int target = resolve(job, path);
	int tree = (int)CALL(open_tree, target, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | EMPTY_PATH | RECURSIVE);
	set_attributes(tree, MOUNT_ATTR_RDONLY, RECURSIVE);
	attach(tree, target);
}

// Through the container's own /proc: there it takes the same time, whatever runs on the host.
static void set_sysctl(const struct job *job, const char *setting)
{
	struct open_how how = {
		.flags = O_WRONLY | O_CLOEXEC,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	char name[128];
	const char *value = strchr(setting, '=') + 1;
	snprintf(name, sizeof(name), "%.*s", (int)(value - setting - 1), setting);
	int directory =
		(int)must(resolve_flags(job, "/proc/sys", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS), "/proc/sys");
	int file = (int)must(syscall(SYS_openat2, directory, name, &how, sizeof(how)), name);
	must(write(file, value, strlen(value)), name);
	close(file);
	close(directory);
}

static void make_dev(const struct job *job)
{
	const uint64_t quiet = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	const char *const dev[] = {"mode", "755", "size", "64k", NULL};
	const char *const shm[] = {"mode", "1777", "size", "64m", NULL};
	const char *const none[] = {NULL};
	// Group 5 exists only where a whole range of ids is mapped.
	const char *const pts[] = {"newinstance", "", "ptmxmode", "0666", "mode", "0620", "max", "256",
		job->first ? "gid" : NULL, "5", NULL};
	new_mount(job, "tmpfs", "/dev", dev, quiet, RESOLVE_NO_SYMLINKS);
	bind_device(job, "null", 1, 3);
	bind_device(job, "zero", 1, 5);
	bind_device(job, "full", 1, 7);
	bind_device(job, "random", 1, 8);
	bind_device(job, "urandom", 1, 9);
	bind_device(job, "tty", 5, 0);
	make_directory(job, "pts", 0755);
	new_mount(job, "devpts", "/dev/pts", pts, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, RESOLVE_NO_SYMLINKS);
	make_link(job, "ptmx", "pts/ptmx");
	make_link(job, "fd", "/proc/self/fd");
	make_link(job, "stdin", "/proc/self/fd/0");
	make_link(job, "stdout", "/proc/self/fd/1");
	make_link(job, "stderr", "/proc/self/fd/2");
	make_directory(job, "shm", 01777);
	new_mount(job, "tmpfs", "/dev/shm", shm, quiet, RESOLVE_NO_SYMLINKS);
	make_directory(job, "mqueue", 01777);
	new_mount(job, "mqueue", "/dev/mqueue", none, quiet, RESOLVE_NO_SYMLINKS);
}

int copy_root(const struct job *job)
{
	int root = (int)CALL(open_tree, AT_FDCWD, job->root, OPEN_TREE_CLOEXEC);
	int tree = (int)CALL(open_tree, root, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | EMPTY_PATH | RECURSIVE);
	close(root);
	return tree;
}

void make_root(struct job *job, int tree)
{
	struct mount_attr private = {.propagation = 1 << 18}; // MS_PRIVATE
	const char *const none[] = {NULL};
	const char *const tmp[] = {"mode", "1777", NULL};
	CALL(mount_setattr, job->directory, "", EMPTY_PATH | RECURSIVE, &private, sizeof(private));
	if (tree < 0)
		tree = copy_root(job);
	set_attributes(tree, MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID, RECURSIVE);
	int root = (int)must(fcntl(job->directory, F_DUPFD_CLOEXEC, 3), "F_DUPFD_CLOEXEC");
	CALL(move_mount, tree, "", root, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	close(root);
	job->directory = tree;
	new_mount(job, "proc", "/proc", none, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
		RESOLVE_NO_SYMLINKS);
	for (char **at = job->arguments; *at; at++)
		if (**at == 's')
			set_sysctl(job, *at + 1);
	new_mount(job, "sysfs", "/sys", none,
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, RESOLVE_NO_SYMLINKS);
	make_dev(job);
	new_mount(job, "tmpfs", "/tmp", tmp, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0);
	for (char **at = job->arguments; *at; at++) {
		if (**at == 'm')
			mask(job, *at + 1);
		else if (**at == 'r')
			make_readonly(job, *at + 1);
	}
	must(fchdir(job->directory), "fchdir");
	CALL(pivot_root, ".", ".");
	CALL(umount2, ".", DETACH);
	must(chdir("/"), "chdir");
}
