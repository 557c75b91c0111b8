// SPDX-License-Identifier: MIT
// PID 1 of the container: reaps what is orphaned, forwards signals to the command, ends when the command ends.
#include "init.h"
#include <linux/capability.h>
#include <linux/prctl.h>
#include "memory.h"
#include "plan.h"

// What ends sooner does not pay for giving back memory.
enum { TICK_NS = 50000000 };

// All that init keeps, beside the page. What is used of it is at its end, in one page, however large pages are.
static struct {
	_Alignas(MEMORY_PAGE) unsigned char stack[MEMORY_PAGE - 16];
	struct page *page;
	// The command is in this memory still.
	uint32_t is_shared;
	uint32_t leads_group;
} kept;
static_assert(sizeof(kept) == MEMORY_PAGE, "kept");

// Whether what has ended is what init goes on for.
static int is_command(int pid, int command)
{
	return pid == command && !__atomic_load_n(&kept.page->holds, __ATOMIC_SEQ_CST);
}

// Reaps one ended process. Returns 1 when it was the command, -1 where there is none.
static int reap(int command, int options)
{
	struct sys_siginfo info = {0};
	// Looks before it reaps: while the flag is not set, the command's pid is its own.
	if (sys_waitid(SYS_P_ALL, 0, &info, SYS_WEXITED | SYS_WNOWAIT | SYS_WALL | options) < 0 || info.pid == 0)
		return -1;
	const int is_over = is_command(info.pid, command);
	if (is_over)
		__atomic_store_n(&kept.page->command_over, 1, __ATOMIC_SEQ_CST);
	int status = 0;
	sys_wait4(info.pid, &status, SYS_WALL, 0);
	if (!is_over)
		return 0;
	__atomic_store_n(&kept.page->command_status, status, __ATOMIC_RELEASE);
	return 1;
}

// Ends all others, and reaps them: what they have used is told of init then. Where PID 1 ends before them, the kernel
// reaps them for nobody. pid_namespaces(7), wait4(2)
__attribute__((noreturn)) static void end(int command)
{
	sys_kill(-1, SYS_SIGKILL);
	while (reap(command, 0) >= 0)
		;
	sys_exit_group(0);
}

static void on_children(int command)
{
	int ended;
	// One SIGCHLD may stand for many: signals do not queue. signal(7)
	while ((ended = reap(command, SYS_WNOHANG)) == 0)
		;
	if (ended == 1 || __atomic_load_n(&kept.page->all_end, __ATOMIC_ACQUIRE))
		end(command);
}

// It signals processes of every user, and needs no other right. Root of the host's own user namespace may trace it, if
// CAP_SYS_PTRACE is given: a program that it executed then would be given none either. ptrace(2), capabilities(7)
static void drop_rights(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[2] = {{.effective = 1u << CAP_KILL, .permitted = 1u << CAP_KILL}};
	const struct __user_cap_data_struct none[2] = {{0}};
	sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0);
	// Of an ordinary user without a user namespace it has none.
	if (sys_capset(&header, data) < 0)
		sys_capset(&header, none);
}

// How long no signal may come until it looks whether it is alone in its memory; 0: for ever. While the child waits for
// its plan that has no end: the supervisor sends a signal when it has. watch.c
static const struct sys_timespec *patience(int parts)
{
	static const struct sys_timespec tick = {0, TICK_NS};
	return parts && !__atomic_load_n(&kept.page->awaits, __ATOMIC_ACQUIRE) ? &tick : 0;
}

static void run(void *argument, long pid)
{
	const uint64_t every_signal = SYS_EVERY_SIGNAL;
	const int command = (int)pid;
	// On its old stack it keeps that, with all else.
	int parts = argument == &kept;
	// What is typed is the command's to hear: init would pass it on once more.
	if (kept.leads_group)
		sys_setpgid(0, 0);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-init", 0, 0);
	sys_close_range(0, ~0u, 0);
	drop_rights();
	for (;;) {
		const long signal = sys_rt_sigtimedwait(&every_signal, patience(parts));
		if (signal == SYS_SIGCHLD)
			on_children(command);
		else if (signal > 0 && is_command(command, command))
			sys_kill(command, (int)signal);
		const int looks = signal <= 0 || (signal == SYS_SIGCHLD && !patience(parts));
		if (parts && looks && !__atomic_load_n(&kept.is_shared, __ATOMIC_ACQUIRE)) {
			memory_part(&kept, kept.page, sizeof(*kept.page));
			parts = 0;
		}
	}
}

// Whether the fork leads into another time namespace than this one, or a later step does: only a process that is alone
// in its memory may go there. clone(2), setns(2)
static int changes_clocks(const struct plan *plan)
{
	const struct record *record = plan_record(plan, plan->header->steps_offset);
	for (uint32_t i = 0; i < plan->header->steps_count; i++, record = plan_next(record)) {
		if (record->op == STEP_UNSHARE && (((const struct step_unshare *)record)->namespaces & CLONE_NEWTIME))
			return 1;
		if (record->op == STEP_SETNS && ((const struct step_setns *)record)->type == CLONE_NEWTIME)
			return 1;
	}
	return 0;
}

long init_fork(const struct child *child)
{
	// Of a second one, by a plan made by hand, the first has the stack.
	const int has_stack = kept.page == 0 && !changes_clocks(child->plan);
	kept.page = child->page;
	kept.leads_group = (uint32_t)child->keeps_session;
	if (!has_stack) {
		const long pid = sys_clone();
		if (pid > 0)
			run(0, pid);
		return pid;
	}
	kept.is_shared = 1;
	return sys_clone_and_leave(kept.stack + sizeof(kept.stack), run, &kept, &kept.is_shared);
}
