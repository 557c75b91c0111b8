// SPDX-License-Identifier: MIT
#include "orphans.h"
#include "entry.h"
#include "pids.h"
#include "text.h"
#include "timing.h"

int orphans_are_left(void)
{
	long pid;
	do
		pid = sys_wait4(-1, 0, SYS_WNOHANG | SYS_WALL, 0);
	while (pid > 0 || pid == -SYS_EINTR);
	return pid == 0;
}

long orphans_end(const struct cgroups *cgroups, int held)
{
	char path[64];
	char list[4096];
	// Not by thread-self: a /proc of another pid namespace would show other numbers. proc_pid_task_tid_children(5)
	char *at = text_number(text_copy(path, "/proc/self/task/"), (uint64_t)sys_getpid());
	*text_copy(at, "/children") = 0;
	const int file = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	const long length = file < 0 ? file : sys_read(file, list, sizeof(list));
	if (file >= 0)
		sys_close(file);
	const long count = length < 0 ? -1 : pids_end(list, (size_t)length, held);
	cgroups_end(cgroups);
	return count;
}

// The last of those that were killed, each by a pidfd.
enum { DYING_MOST = 64, DYING_NS = 100000000 };
struct dying {
	int pidfds[DYING_MOST];
	int count;
};

static void note_dying(struct dying *dying, const char *pid)
{
	const int number = (int)text_read_number(pid);
	const int pidfd = dying->count < DYING_MOST ? (int)sys_pidfd_open(number, 0) : -1;
	if (pidfd >= 0)
		dying->pidfds[dying->count++] = pidfd;
}

// Until they have let go of what they had, for as long as it takes a process that is not held.
static void await_dying(const struct dying *dying)
{
	const uint64_t began = timing_now();
	for (int i = 0; i < dying->count; i++) {
		struct pollfd death = {.fd = dying->pidfds[i], .events = POLLIN};
		const uint64_t waited = timing_now() - began;
		const struct sys_timespec rest = {0, waited < DYING_NS ? (int64_t)(DYING_NS - waited) : 0};
		sys_ppoll(&death, 1, &rest);
		sys_close(dying->pidfds[i]);
	}
}

// The directory is held: when its process ends, nobody who gets its number is looked at, or killed, in its place.
// pidfd_send_signal(2)
static int end_if_in(int proc, const char *pid, const char *name, uint64_t inode, struct dying *dying)
{
	struct stat stat;
	char path[32];
	*text_copy(text_copy(path, "ns/"), name) = 0;
	const int directory = (int)sys_openat(proc, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (directory < 0)
		return 0;
	const int is_in = sys_newfstatat(directory, path, &stat, 0) == 0 && stat.st_ino == inode;
	if (is_in) {
		note_dying(dying, pid);
		sys_pidfd_send_signal(directory, SYS_SIGKILL);
	}
	sys_close(directory);
	return is_in;
}

long orphans_end_in(const char *name, uint64_t inode)
{
	_Alignas(struct sys_dirent64) char entries[4096];
	struct dying dying = {.count = 0};
	long count = 0;
	long size;
	if (entry_check().error)
		return -1;
	const int proc = (int)sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (proc < 0)
		return -1;
	while ((size = sys_getdents64(proc, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < size;) {
			const struct sys_dirent64 *entry = (const struct sys_dirent64 *)(entries + at);
			if (text_is_digit(entry->name[0]))
				count += end_if_in(proc, entry->name, name, inode, &dying);
			at += entry->length;
		}
	}
	sys_close(proc);
	await_dying(&dying);
	return size < 0 ? -1 : count;
}
