// SPDX-License-Identifier: MIT
// What a hostile root tries with a capability that it was given: `powers walls [NAME …]`, `powers fill`, and
// beside that `powers one`.
//
// It prints a line for each try, "what: done" or "what: EPERM"; it decides nothing. Where a try would change the
// machine it asks for what is there already, so that only the right to do so is tried. test/support/attacker.ts
// compiles it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/io.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

// As in sys/mount.h, which does not go with linux/mount.h.
int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data);
int umount2(const char *target, int flags);
enum { DETACH = 2 };

#include "powers-fill.h"

static long opens(int directory, const char *path, int flags)
{
	int fd = openat(directory, path, flags | O_CLOEXEC | O_NONBLOCK, 0666);
	if (fd >= 0)
		close(fd);
	return fd;
}

static long writable(const char *path)
{
	return opens(AT_FDCWD, path, O_WRONLY);
}

static const char *fresh(const char *path)
{
	mkdir(path, 0755);
	return path;
}

static long clear_readonly(int directory, const char *path, unsigned int flags)
{
	struct mount_attr change = {.attr_clr = MOUNT_ATTR_RDONLY};
	return syscall(SYS_mount_setattr, directory, path, flags, &change, sizeof(change));
}

// A read-only bind.

static long bind_remount(void)
{
	return mount(0, "/ro", 0, MS_REMOUNT | MS_BIND, 0) < 0 ? -1
							       : opens(AT_FDCWD, "/ro/attacked", O_CREAT | O_WRONLY);
}

static long bind_remount_super(void)
{
	return mount(0, "/ro", 0, MS_REMOUNT, 0) < 0 ? -1 : opens(AT_FDCWD, "/ro/attacked", O_CREAT | O_WRONLY);
}

static long bind_setattr(void)
{
	return clear_readonly(AT_FDCWD, "/ro", 0) < 0 ? -1 : opens(AT_FDCWD, "/ro/attacked", O_CREAT | O_WRONLY);
}

static long bind_copy(void)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/ro", OPEN_TREE_CLONE | AT_RECURSIVE);
	if (tree < 0 || clear_readonly(tree, "", AT_EMPTY_PATH | AT_RECURSIVE) < 0)
		return -1;
	return opens(tree, "attacked", O_CREAT | O_WRONLY);
}

static long bind_again(void)
{
	if (mount("/ro", fresh("/tmp/again"), 0, MS_BIND | MS_REC, 0) < 0 ||
		mount(0, "/tmp/again", 0, MS_REMOUNT | MS_BIND, 0) < 0)
		return -1;
	return opens(AT_FDCWD, "/tmp/again/attacked", O_CREAT | O_WRONLY);
}

static long bind_move(void)
{
	return mount("/ro", fresh("/tmp/moved"), 0, MS_MOVE, 0);
}

static long bind_plain(void)
{
	return opens(AT_FDCWD, "/ro/attacked", O_CREAT | O_WRONLY);
}

// A mask.

static long mask_plain(void)
{
	return opens(AT_FDCWD, "/ro/secret/key", O_RDONLY);
}

static long mask_unmount(void)
{
	return umount2("/ro/secret", DETACH) < 0 ? -1 : mask_plain();
}

static long mask_new_mounts(void)
{
	return syscall(SYS_unshare, CLONE_NEWNS) < 0 ? -1 : mask_unmount();
}

static long mask_new_users(void)
{
	return syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) < 0 ? -1 : mask_unmount();
}

static long mask_bind(void)
{
	if (mount("/ro", fresh("/tmp/bare"), 0, MS_BIND, 0) < 0)
		return -1;
	return opens(AT_FDCWD, "/tmp/bare/secret/key", O_RDONLY);
}

static long mask_tree(void)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, "/ro", OPEN_TREE_CLONE);
	return tree < 0 ? -1 : opens(tree, "secret/key", O_RDONLY);
}

// ino 2 is the root directory of ext4, and 1 that of memory; a handle of another directory leads out of the bind. The
// way of "shocker". open_by_handle_at(2)
static long handle_of(const char *mounted, int inode)
{
	struct {
		struct file_handle head;
		uint32_t inode[3];
	} handle = {.head = {.handle_bytes = 8, .handle_type = 1}, .inode = {(uint32_t)inode}};
	int directory = open(mounted, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fd = open_by_handle_at(directory, &handle.head, O_RDONLY | O_CLOEXEC);
	// In memory the inode is in the last two words.
	handle.head.handle_bytes = 12;
	handle.inode[0] = 0;
	handle.inode[1] = (uint32_t)inode;
	return fd >= 0 || errno == EPERM ? fd : open_by_handle_at(directory, &handle.head, O_RDONLY | O_CLOEXEC);
}

static long handle_bind(void)
{
	return handle_of("/ro", 2);
}

static long handle_own(void)
{
	int mount_id;
	union {
		struct file_handle head;
		char room[sizeof(struct file_handle) + 128];
	} handle = {.head.handle_bytes = 128};
	if (name_to_handle_at(AT_FDCWD, "/ro/secret/..", &handle.head, &mount_id, 0) < 0)
		return -1;
	return open_by_handle_at(open("/ro", O_RDONLY | O_CLOEXEC), &handle.head, O_RDONLY | O_CLOEXEC);
}

// A bound on memory.

static long grown(long result)
{
	struct statfs now = {0};
	statfs("/small", &now);
	errno = result < 0 ? errno : EDQUOT;
	return result < 0 || (long)now.f_blocks * now.f_bsize <= 65536 ? -1 : 0;
}

static long size_remount(void)
{
	return grown(mount(0, "/small", 0, MS_REMOUNT, "size=1g"));
}

static long size_reconfigure(void)
{
	int fd = (int)syscall(SYS_fspick, AT_FDCWD, "/small", 0);
	if (fd < 0 || syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, "size", "1g", 0) < 0)
		return -1;
	return grown(syscall(SYS_fsconfig, fd, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0));
}

static long terminals_remount(void)
{
	return mount(0, "/dev/pts", 0, MS_REMOUNT, "max=100000");
}

// What the kernel shows.

static long proc_settings_unmount(void)
{
	return umount2("/proc/sys", DETACH) < 0 ? -1 : writable("/proc/sys/kernel/core_pattern");
}

static long proc_settings_setattr(void)
{
	return clear_readonly(AT_FDCWD, "/proc/sys", 0) < 0 ? -1 : writable("/proc/sys/kernel/core_pattern");
}

static long proc_settings_remount(void)
{
	return mount(0, "/proc/sys", 0, MS_REMOUNT | MS_BIND, 0);
}

static long proc_mask(void)
{
	return umount2("/proc/kcore", DETACH);
}

static long proc_unmount(void)
{
	return umount2("/proc", DETACH);
}

static long proc_new(void)
{
	return mount("proc", fresh("/tmp/proc"), "proc", 0, 0);
}

static long proc_open(void)
{
	int fd = (int)syscall(SYS_fsopen, "proc", 0);
	if (fd < 0 || syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, 0, 0, 0) < 0)
		return -1;
	return syscall(SYS_fsmount, fd, 0, 0);
}

static long proc_new_users(void)
{
	if (syscall(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0)
		return -1;
	int status = 0;
	int child = fork();
	if (child == 0)
		_exit(proc_new() < 0 ? errno : 0);
	waitpid(child, &status, 0);
	errno = WEXITSTATUS(status);
	return errno ? -1 : 0;
}

static long sys_remount(void)
{
	return mount(0, "/sys", 0, MS_REMOUNT | MS_BIND, 0);
}

static long sys_unmount(void)
{
	return umount2("/sys", DETACH);
}

static long sys_new(void)
{
	return mount("sysfs", fresh("/tmp/sys"), "sysfs", 0, 0);
}

static long cgroup_write(void)
{
	if (mount("none", fresh("/tmp/cgroup"), "cgroup2", 0, 0) < 0)
		return -1;
	return writable("/tmp/cgroup/cgroup.procs") < 0 ? writable("/tmp/cgroup/memory.max") : 0;
}

static long root_unmount(void)
{
	return umount2("/", DETACH);
}
#include "powers-machine.h"

struct
try {
	const char *name;
	long (*act)(void);
};

static const struct try TRIES[] = {
	{"bind: as it is", bind_plain},
	{"bind: remount", bind_remount},
	{"bind: remount its file system", bind_remount_super},
	{"bind: mount_setattr", bind_setattr},
	{"bind: a copy by open_tree", bind_copy},
	{"bind: a second one", bind_again},
	{"bind: move", bind_move},
	{"mask: as it is", mask_plain},
	{"mask: unmount", mask_unmount},
	{"mask: in new mounts", mask_new_mounts},
	{"mask: in a new user namespace", mask_new_users},
	{"mask: a bind without it", mask_bind},
	{"mask: a tree without it", mask_tree},
	{"handle: the root of the bind’s file system", handle_bind},
	{"handle: a file of the bind", handle_own},
	{"size: remount", size_remount},
	{"size: reconfigure", size_reconfigure},
	{"terminals: remount", terminals_remount},
	{"proc: unmount sys", proc_settings_unmount},
	{"proc: mount_setattr of sys", proc_settings_setattr},
	{"proc: remount sys", proc_settings_remount},
	{"proc: unmount a mask", proc_mask},
	{"proc: unmount", proc_unmount},
	{"proc: a new one", proc_new},
	{"proc: a new one by fsopen", proc_open},
	{"proc: a new one in new namespaces", proc_new_users},
	{"sys: remount", sys_remount},
	{"sys: unmount", sys_unmount},
	{"sys: a new one", sys_new},
	{"cgroup: write", cgroup_write},
	{"root: unmount", root_unmount},
	MACHINE_TRIES,
};

static int is_named(const char *name, int count, char **names)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return 1;
	return count == 0;
}

// Each in a process of its own: what one changes is no other’s.
static void walls(int count, char **names)
{
	for (size_t i = 0; i < sizeof(TRIES) / sizeof(*TRIES); i++) {
		if (!is_named(TRIES[i].name, count, names))
			continue;
		int child = fork();
		if (child == 0) {
			long result = TRIES[i].act();
			printf("%s: %s\n", TRIES[i].name, result < 0 ? strerrorname_np(errno) : "done");
			fflush(stdout);
			_exit(0);
		}
		waitpid(child, 0, 0);
	}
	machine_files();
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "walls"))
		walls(argc - 2, argv + 2);
	else if (argc > 1 && !strcmp(argv[1], "fill"))
		fill();
	else if (argc > 1 && !strcmp(argv[1], "one"))
		one();
	else
		return 2;
	return 0;
}
