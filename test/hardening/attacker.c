// SPDX-License-Identifier: MIT
// What hostile programs try, as one static program: `attacker ATTEMPT [ARGUMENT …]`.
//
// It prints a line for each try, "what: done" or "what: EPERM"; it decides nothing. test/support/attacker.ts compiles
// it.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "children.h"

static void tell(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
	fflush(stdout);
}

// Attaches without stopping; lets go again. Returns what ptrace(2) did.
static long trace(int pid)
{
	long result = ptrace(PTRACE_SEIZE, pid, 0, 0);
	if (result < 0)
		return result;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, 0, __WALL);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	return 0;
}

static long open_entry(int pid, const char *name, int flags)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int fd = open(path, flags | O_CLOEXEC);
	char byte;
	if (fd < 0)
		return -1;
	// Some entries can be opened by everyone and are empty, or refuse, when they are read.
	long got = flags & O_DIRECTORY ? 1 : pread(fd, &byte, 1, 0);
	int error = errno;
	close(fd);
	errno = got == 0 ? ENODATA : error;
	return got > 0 ? 0 : -1;
}

static long read_link(int pid, const char *name)
{
	char path[64];
	char target[4096];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return readlink(path, target, sizeof(target));
}

// Everything that ptrace access gives. proc(5)
static void look_into(int pid)
{
	char bytes[16];
	struct iovec ours = {bytes, sizeof(bytes)};
	struct iovec theirs = {(void *)0x400000, sizeof(bytes)};
	tell("ptrace", trace(pid));
	tell("process_vm_readv", process_vm_readv(pid, &ours, 1, &theirs, 1, 0));
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	tell("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 0, 0));
	tell("mem", open_entry(pid, "mem", O_RDWR) == 0 || errno == EIO ? 0 : -1);
	tell("environ", open_entry(pid, "environ", O_RDONLY));
	tell("maps", open_entry(pid, "maps", O_RDONLY));
	for (const char *const *name = (const char *const[]){"root", "cwd", "exe", "fd/0", "ns/mnt", 0}; *name; name++)
		tell(*name, read_link(pid, *name));
}

// Tries to trace every process below `launcher` as it appears, until the standard input ends. Tells in which generation
// it succeeded.
static void hunt(int launcher)
{
	long tries[2] = {0};
	long caught[2] = {0};
	fcntl(0, F_SETFL, O_NONBLOCK);
	char byte;
	tell("ready", 0);
	while (read(0, &byte, 1) < 0) {
		int supervisors[64];
		int count = children_of(launcher, supervisors, 64);
		for (int i = 0; i < count; i++) {
			int children[64];
			tries[0]++;
			caught[0] += trace(supervisors[i]) == 0;
			int below = children_of(supervisors[i], children, 64);
			for (int j = 0; j < below; j++) {
				tries[1]++;
				caught[1] += trace(children[j]) == 0;
			}
		}
	}
	printf("{\"supervisors\":[%ld,%ld],\"children\":[%ld,%ld]}\n", tries[0], caught[0], tries[1], caught[1]);
}

// The capabilities that it has, and may have again.
static void print_rights(int pid)
{
	char path[64];
	char line[256];
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *status = fopen(path, "re");
	while (status && fgets(line, sizeof(line), status))
		if (!strncmp(line, "CapPrm:", 7) || !strncmp(line, "CapBnd:", 7))
			printf("rights %s", line);
	if (status)
		fclose(status);
}

static void print_links(int pid)
{
	char path[64];
	char target[4096];
	if (trace(pid) == 0)
		printf("traced\n");
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	DIR *directory = opendir(path);
	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		long length = readlinkat(dirfd(directory), entry->d_name, target, sizeof(target));
		if (length > 0)
			printf("fd %.*s\n", (int)length, target);
	}
	if (directory)
		closedir(directory);
	for (const char *const *name = (const char *const[]){"root", "cwd", "exe", 0}; *name; name++) {
		snprintf(path, sizeof(path), "/proc/%d/%s", pid, *name);
		long length = readlink(path, target, sizeof(target));
		if (length > 0)
			printf("%s %.*s\n", *name, (int)length, target);
	}
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	int file = open(path, O_RDONLY | O_CLOEXEC);
	long length = read(file, target, sizeof(target));
	close(file);
	print_rights(pid);
	for (long at = 0; at < length; at += (long)strlen(target + at) + 1)
		printf("environ %s\n", target + at);
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	FILE *maps = fopen(path, "re");
	while (maps && fgets(target, sizeof(target), maps))
		if (strchr(target, '/'))
			printf("map %s", strchr(target, '/'));
	if (maps)
		fclose(maps);
}

// Looks into every process but init and itself, again and again, until the standard input ends. Tells what it sees of
// whom.
static void spy(void)
{
	char byte;
	long looks = 0;
	fcntl(0, F_SETFL, O_NONBLOCK);
	tell("ready", 0);
	while (read(0, &byte, 1) < 0) {
		DIR *proc = opendir("/proc");
		for (struct dirent *entry; (entry = readdir(proc));) {
			int pid = atoi(entry->d_name);
			if (pid <= 1 || pid == getpid())
				continue;
			looks++;
			print_links(pid);
		}
		closedir(proc);
	}
	printf("looks %ld\n", looks);
}

// Pushes "x" and a line's end into a terminal's input, and into the console's. ioctl_tty(2), ioctl_console(2)
static void push(const char *name, int fd)
{
	char what[64];
	const unsigned long requests[] = {TIOCSTI, TIOCSTI | 1ul << 32};
	for (int i = 0; i < 2; i++) {
		snprintf(what, sizeof(what), "TIOCSTI%s on %s", i ? " | 1 << 32" : "", name);
		long result = syscall(SYS_ioctl, fd, requests[i], "x");
		tell(what, result);
		if (result == 0)
			syscall(SYS_ioctl, fd, requests[i], "\n");
	}
	// 3: paste the selection.
	const char paste = 3;
	snprintf(what, sizeof(what), "TIOCLINUX on %s", name);
	tell(what, ioctl(fd, TIOCLINUX, &paste));
}

static void terminals(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		char name[16];
		snprintf(name, sizeof(name), "%d", fd);
		char what[32];
		snprintf(what, sizeof(what), "TIOCSCTTY on %d", fd);
		tell(what, ioctl(fd, TIOCSCTTY, 1));
		push(name, fd);
	}
	for (const char *const *path = (const char *const[]){"/dev/tty", "/dev/console", "/dev/ptmx", 0}; *path;
		path++) {
		int fd = open(*path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			tell(*path, -1);
		else
			push(*path, fd);
	}
}

// Opens the program of every process for writing: once by its link, once by a descriptor that was opened for reading.
// Nothing is written: on the host, a program whose last process has just ended would be destroyed.
static void overwrite(void)
{
	DIR *proc = opendir("/proc");
	long opened = 0;
	long tries = 0;
	for (struct dirent *entry; (entry = readdir(proc));) {
		char path[300];
		char again[64];
		snprintf(path, sizeof(path), "/proc/%s/exe", entry->d_name);
		int held = open(path, O_RDONLY | O_CLOEXEC);
		snprintf(again, sizeof(again), "/proc/self/fd/%d", held);
		for (int i = 0; i < 2; i++) {
			int fd = open(i ? again : path, O_WRONLY | O_CLOEXEC);
			tries += errno != ENOENT;
			opened += fd >= 0;
			close(fd);
		}
		close(held);
	}
	printf("%ld of %ld\n", opened, tries);
}

static void devices(const char *directory)
{
	const struct {
		const char *name;
		mode_t type;
		dev_t device;
	} wanted[] = {{"mem", S_IFCHR, makedev(1, 1)}, {"kmsg", S_IFCHR, makedev(1, 11)},
		{"disk", S_IFBLK, makedev(8, 0)}, {"loop", S_IFBLK, makedev(7, 0)}, {"null", S_IFCHR, makedev(1, 3)}};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		char path[300];
		snprintf(path, sizeof(path), "%s/attack-%s", directory, wanted[i].name);
		long result = mknod(path, wanted[i].type | 0666, wanted[i].device);
		if (result == 0)
			result = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		tell(wanted[i].name, result);
		unlink(path);
	}
}

static void namespaces(void)
{
	const struct {
		const char *name;
		int flag;
	} all[] = {{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"network", CLONE_NEWNET},
		{"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		int child = fork();
		if (child == 0) {
			tell(all[i].name, unshare(all[i].flag));
			_exit(0);
		}
		waitpid(child, 0, 0);
	}
	int child = fork();
	if (child == 0) {
		tell("user and mount", unshare(CLONE_NEWUSER | CLONE_NEWNS));
		_exit(0);
	}
	waitpid(child, 0, 0);
	// flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls. clone3(2)
	const unsigned long args[8] = {CLONE_NEWUSER, 0, 0, 0, SIGCHLD};
	long cloned = syscall(SYS_clone3, args, sizeof(args));
	if (cloned == 0)
		_exit(0);
	tell("clone3 user", cloned);
}

// Any file of a file system by its number, wherever it is: the way of "shocker" out of Docker. open_by_handle_at(2)
static long open_by_handle(void)
{
	struct {
		struct file_handle head;
		unsigned char room[128];
	} handle = {.head.handle_bytes = 128};
	int mount_id;
	if (name_to_handle_at(AT_FDCWD, "/attack", &handle.head, &mount_id, 0) < 0)
		return -1;
	return open_by_handle_at(open("/attack", O_RDONLY | O_CLOEXEC), &handle.head, O_RDONLY | O_CLOEXEC);
}

static void mounts(void)
{
	mkdir("/tmp/attack", 0755);
	for (const char *const *type =
			(const char *const[]){"tmpfs", "proc", "sysfs", "cgroup", "cgroup2", "devpts", "overlay", 0};
		*type; type++)
		tell(*type, mount("none", "/tmp/attack", *type, 0, strcmp(*type, "cgroup") ? 0 : "memory"));
	tell("open_by_handle_at", open_by_handle());
	tell("bind", mount("/", "/tmp/attack", 0, MS_BIND, 0));
	tell("remount", mount(0, "/", 0, MS_REMOUNT | MS_BIND, 0));
	tell("unmount /proc/kcore", umount2("/proc/kcore", MNT_DETACH));
	tell("unmount /proc/sys", umount2("/proc/sys", MNT_DETACH));
	tell("unmount /", umount2("/", MNT_DETACH));
	tell("pivot_root", syscall(SYS_pivot_root, "/", "/tmp"));
	tell("chroot", chroot("/tmp"));
	tell("fsopen", syscall(SYS_fsopen, "tmpfs", 0));
	tell("open_tree", syscall(SYS_open_tree, AT_FDCWD, "/", 1));
}

// The keys of the session and of the user, by their names and by the numbers that are given.
static void keys(int argc, char **argv)
{
	char bytes[256];
	tell("session", syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", "carrel-test", 0));
	tell("user", syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_KEYRING, "user", "carrel-test", 0));
	tell("user session",
		syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_USER_SESSION_KEYRING, "user", "carrel-test", 0));
	tell("request", syscall(SYS_request_key, "user", "carrel-test", 0, 0));
	for (int i = 0; i < argc; i++) {
		tell("read", syscall(SYS_keyctl, KEYCTL_READ, atoi(argv[i]), bytes, sizeof(bytes)));
		tell("link", syscall(SYS_keyctl, KEYCTL_LINK, atoi(argv[i]), KEY_SPEC_SESSION_KEYRING));
	}
}

// Puts a key into the caller's session, says its number, and goes on as another program.
static void keep_key(char **argv)
{
	syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
	long key = syscall(SYS_add_key, "user", "carrel-test", "secret", 6, KEY_SPEC_SESSION_KEYRING);
	long other = syscall(SYS_add_key, "user", "carrel-test", "secret", 6, KEY_SPEC_USER_KEYRING);
	char text[64];
	snprintf(text, sizeof(text), "%ld %ld", key, other);
	setenv("KEYS", text, 1);
	execvp(argv[0], argv);
}

// Exchanges two names in a loop, until it is killed. renameat2(2)
static void exchange(const char *one, const char *other)
{
	tell("ready", 0);
	for (;;)
		syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

int main(int argc, char **argv)
{
	const char *attempt = argc > 1 ? argv[1] : "";
	if (!strcmp(attempt, "look-into"))
		for (int i = 2; i < argc; i++)
			look_into(atoi(argv[i]));
	else if (!strcmp(attempt, "hunt"))
		hunt(atoi(argv[2]));
	else if (!strcmp(attempt, "spy"))
		spy();
	else if (!strcmp(attempt, "terminals"))
		terminals();
	else if (!strcmp(attempt, "overwrite"))
		overwrite();
	else if (!strcmp(attempt, "devices"))
		devices(argv[2]);
	else if (!strcmp(attempt, "namespaces"))
		namespaces();
	else if (!strcmp(attempt, "mounts"))
		mounts();
	else if (!strcmp(attempt, "keys"))
		keys(argc - 2, argv + 2);
	else if (!strcmp(attempt, "keep-key"))
		keep_key(argv + 2);
	else if (!strcmp(attempt, "exchange"))
		exchange(argv[2], argv[3]);
	else
		return 2;
	return 0;
}
