// SPDX-License-Identifier: MIT
// What a hostile program tries at another process, PID 1 above all, as one static program.
//
//   pid-one look PID       Tries each entry that /proc has of it, and each call that reaches into it; prints a line for
//                          each, "what: done" or "what: EACCES".
//   pid-one hunt LAUNCHER  Until the standard input ends: seizes each grandchild of the launcher's supervisors as it
//                          appears. Prints how often it tried, and how often it had one before its exec.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "children.h"

static void tell(const char *kind, const char *what, long result)
{
	printf("%s%s: %s\n", kind, what, result < 0 ? strerrorname_np(errno) : "done");
}

static long seize(int pid)
{
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return -1;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	waitpid(pid, 0, __WALL);
	return 0;
}

// Reads a file, follows a link.
static long try_one(int directory, const char *name)
{
	char bytes[4096];
	struct stat stat;
	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (S_ISLNK(stat.st_mode))
		return readlinkat(directory, name, bytes, sizeof(bytes));
	int fd = openat(directory, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -1;
	long got = S_ISDIR(stat.st_mode) ? 0 : read(fd, bytes, 1);
	int error = errno;
	close(fd);
	errno = error;
	return got;
}

// The same, and of a directory what is in it: names alone tell nothing.
static long try_entry(int directory, const char *name)
{
	struct stat stat;
	if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(stat.st_mode))
		return try_one(directory, name);
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	DIR *entries = fdopendir(fd);
	long result = -1;
	int error = ENOENT;
	for (struct dirent *entry; result < 0 && (entry = readdir(entries));) {
		if (entry->d_name[0] == '.')
			continue;
		result = try_one(fd, entry->d_name);
		error = errno;
	}
	closedir(entries);
	errno = error;
	return result;
}

static void try_entries(const char *kind, const char *path)
{
	int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int listed = directory < 0 ? -1 : openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = listed < 0 ? 0 : fdopendir(listed);
	for (struct dirent *entry; entries && (entry = readdir(entries));)
		if (entry->d_name[0] != '.')
			tell(kind, entry->d_name, try_entry(directory, entry->d_name));
	if (entries)
		closedir(entries);
	close(directory);
}

static void try_namespaces(int pid, int pidfd)
{
	static const struct {
		const char *name;
		int flag;
	} ALL[] = {{"user", CLONE_NEWUSER}, {"mnt", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"net", CLONE_NEWNET},
		{"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC}, {"cgroup", CLONE_NEWCGROUP}};
	for (size_t i = 0; i < sizeof(ALL) / sizeof(*ALL); i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, ALL[i].name);
		tell("open ns/", ALL[i].name, open(path, O_RDONLY | O_CLOEXEC));
		tell("setns ", ALL[i].name, setns(pidfd, ALL[i].flag));
	}
}

static void look(int pid)
{
	char bytes[16] = {0};
	char path[64];
	struct iovec ours = {bytes, sizeof(bytes)};
	struct iovec theirs = {(void *)0x400000, sizeof(bytes)};
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	snprintf(path, sizeof(path), "/proc/%d", pid);
	try_entries("", path);
	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
	try_entries("task/", path);
	for (int fd = 0; fd < 16; fd++) {
		snprintf(path, sizeof(path), "%d", fd);
		tell("pidfd_getfd ", path, syscall(SYS_pidfd_getfd, pidfd, fd, 0));
	}
	tell("", "process_vm_readv", process_vm_readv(pid, &ours, 1, &theirs, 1, 0));
	tell("", "process_vm_writev", process_vm_writev(pid, &ours, 1, &theirs, 1, 0));
	tell("", "process_madvise", syscall(SYS_process_madvise, pidfd, &theirs, 1, MADV_COLD, 0));
	tell("", "kcmp vm", syscall(SYS_kcmp, pid, getpid(), KCMP_VM, 0, 0));
	tell("", "kcmp fs", syscall(SYS_kcmp, pid, getpid(), KCMP_FS, 0, 0));
	tell("", "get_robust_list", syscall(SYS_get_robust_list, pid, &ours.iov_base, &ours.iov_len));
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	tell("", "open mem to write", open(path, O_RDWR | O_CLOEXEC));
	tell("", "ptrace", seize(pid));
	ptrace(PTRACE_DETACH, pid, 0, 0);
	try_namespaces(pid, pidfd);
}

// Whether it is carrel's still. exec(2) gives it another name before anybody else can attach to it.
static int is_before_exec(int pid)
{
	char path[64];
	char name[16] = {0};
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long length = read(fd, name, sizeof(name) - 1);
	close(fd);
	return length > 0 && !strncmp(name, "carrel", 6);
}

enum { MOST = 64, GENERATIONS = 3 };

static void hunt_below(int pid, int generation, long *tries, long *caught)
{
	int children[MOST];
	int count = children_of(pid, children, MOST);
	for (int i = 0; i < count; i++) {
		if (generation < GENERATIONS) {
			hunt_below(children[i], generation + 1, tries, caught);
			continue;
		}
		tries[0]++;
		if (seize(children[i]) < 0)
			continue;
		caught[0] += is_before_exec(children[i]);
		ptrace(PTRACE_DETACH, children[i], 0, 0);
	}
}

static void hunt(int launcher)
{
	long tries = 0;
	long caught = 0;
	char byte;
	fcntl(0, F_SETFL, O_NONBLOCK);
	printf("ready: done\n");
	fflush(stdout);
	while (read(0, &byte, 1) < 0)
		hunt_below(launcher, 1, &tries, &caught);
	printf("{\"tries\":%ld,\"caught\":%ld}\n", tries, caught);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 2;
	if (!strcmp(argv[1], "look"))
		look(atoi(argv[2]));
	else
		hunt(atoi(argv[2]));
	return 0;
}
