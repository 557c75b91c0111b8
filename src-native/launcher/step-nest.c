// SPDX-License-Identifier: MIT
// The step that makes a user namespace inside the child's own, with namespaces that belong to it. The child stays
// outside until its mounts are made: nobody inside can move those. mount_namespaces(7)
#include <linux/magic.h>
#include <linux/prctl.h>
#include "ahead.h"
#include "map.h"
#include "pids.h"
#include "step.h"
#include "text.h"

// What the process that makes them tells: how it went, and its number in the /proc around.
struct made {
	struct outcome outcome;
	char pid[TEXT_NUMBER_LONGEST + 1];
};

static struct outcome make_namespaces(const struct child *child, uint64_t namespaces, int socket, char *ret_pid)
{
	PASS(child_hold(child));
	// It is looked into in a moment: there is to be nothing else to find.
	TRY(close_range, 0, (unsigned int)socket - 1, 0);
	TRY(close_range, (unsigned int)socket + 1, ~0u, 0);
	TRY(unshare, CLONE_NEWUSER | namespaces);
	// The child writes the maps: what /proc has of this process must be the child's own to open. proc(5)
	TRY(prctl, PR_SET_DUMPABLE, 1, 0, 0);
	ret_pid[TRY(readlinkat, AT_FDCWD, "/proc/self", ret_pid, TEXT_NUMBER_LONGEST)] = 0;
	return DONE;
}

__attribute__((noreturn)) static void make(const struct child *child, uint64_t namespaces, int socket)
{
	struct made made = {DONE, ""};
	char end;
	made.outcome = make_namespaces(child, namespaces, socket, made.pid);
	// Until the child has what it wants.
	if (sys_write(socket, &made, sizeof(made)) == sizeof(made))
		sys_read(socket, &end, 1);
	sys_exit_group(0);
}

static struct outcome open_entries(const char *pid, int *ret_entries)
{
	char path[sizeof("/proc/") + TEXT_NUMBER_LONGEST];
	struct sys_statfs statfs;
	*text_copy(text_copy(path, "/proc/"), pid) = 0;
	*ret_entries = (int)TRY(openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	TRY(fstatfs, *ret_entries, &statfs);
	return statfs.type == PROC_SUPER_MAGIC ? DONE : REFUSED(fstatfs, SYS_EINVAL);
}

static struct outcome write_map(const struct child *child, int entries, const char *name, struct wire_list ranges)
{
	const int file = (int)TRY(openat, entries, name, O_WRONLY | O_CLOEXEC, 0);
	PASS(map_write(file, child->plan, ranges));
	TRY(close, file);
	return DONE;
}

static struct outcome join(int entries, uint64_t namespaces)
{
	static const struct {
		int type;
		char name[12];
	} ALL[] = {
		{CLONE_NEWNET, "ns/net"},
		{CLONE_NEWIPC, "ns/ipc"},
		{CLONE_NEWUTS, "ns/uts"},
		{CLONE_NEWCGROUP, "ns/cgroup"},
	};
	for (unsigned int i = 0; i < sizeof(ALL) / sizeof(ALL[0]); i++) {
		if (!(namespaces & (uint64_t)ALL[i].type))
			continue;
		const int namespace = (int)TRY(openat, entries, ALL[i].name, O_RDONLY | O_CLOEXEC, 0);
		TRY(setns, namespace, ALL[i].type);
		TRY(close, namespace);
	}
	return DONE;
}

static struct outcome take(struct child *child, const struct step_nest_namespaces *step, int socket)
{
	struct made made;
	int entries = -1;
	long received;
	do
		received = sys_read(socket, &made, sizeof(made));
	while (received == -SYS_EINTR);
	if (received != sizeof(made))
		return REFUSED(read, received < 0 ? -received : SYS_ECHILD);
	PASS(made.outcome);
	PASS(open_entries(made.pid, &entries));
	PASS(write_map(child, entries, "uid_map", step->uids));
	PASS(write_map(child, entries, "gid_map", step->gids));
	child->page->slots[step->slot] = (int)TRY(openat, entries, "ns/user", O_RDONLY | O_CLOEXEC, 0);
	ahead_forget(child, step->namespaces);
	PASS(join(entries, step->namespaces));
	TRY(close, entries);
	return DONE;
}

struct outcome step_nest_namespaces(struct child *child, const struct step_nest_namespaces *step)
{
	int pair[2];
	TRY(socketpair, SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	const int pid = (int)TRY(clone);
	if (pid == 0)
		make(child, step->namespaces, pair[1]);
	TRY(close, pair[1]);
	const struct outcome outcome = take(child, step, pair[0]);
	sys_close(pair[0]);
	// It may have been refused what closes its own copy of that end.
	sys_kill(pid, SYS_SIGKILL);
	const long waited = pids_wait(pid, 0);
	PASS(outcome);
	child->has_nested = 1;
	return waited < 0 ? REFUSED(wait4, -waited) : DONE;
}
