// SPDX-License-Identifier: MIT
// PID 1 of the container: reaps what is orphaned, forwards signals to the command, ends when the command ends.
#include "init.h"
#include <linux/prctl.h>

// Reaps one ended process. Returns 1 when it was the command, -1 where there is none.
static int reap(struct page *page, int command, int options)
{
	struct sys_siginfo info = {0};
	// Looks before it reaps: while the flag is not set, the command's pid is its own.
	if (sys_waitid(SYS_P_ALL, 0, &info, SYS_WEXITED | SYS_WNOWAIT | SYS_WALL | options) < 0 || info.pid == 0)
		return -1;
	if (info.pid == command)
		__atomic_store_n(&page->command_over, 1, __ATOMIC_SEQ_CST);
	int status = 0;
	sys_wait4(info.pid, &status, SYS_WALL, 0);
	if (info.pid != command)
		return 0;
	__atomic_store_n(&page->command_status, status, __ATOMIC_RELEASE);
	return 1;
}

// Ends all others, and reaps them: what they have used is told of init then. Where PID 1 ends before them, the kernel
// reaps them for nobody. pid_namespaces(7), wait4(2)
__attribute__((noreturn)) static void end(struct page *page, int command)
{
	sys_kill(-1, SYS_SIGKILL);
	while (reap(page, command, 0) >= 0)
		;
	sys_exit_group(0);
}

void init_run(struct page *page, int command)
{
	const uint64_t every_signal = SYS_EVERY_SIGNAL;
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-init", 0, 0);
	sys_close_range(0, ~0u, 0);
	for (;;) {
		long signal = sys_rt_sigtimedwait(&every_signal);
		if (signal == SYS_SIGCHLD) {
			int ended;
			// One SIGCHLD may stand for many: signals do not queue. signal(7)
			while ((ended = reap(page, command, SYS_WNOHANG)) == 0)
				;
			if (ended == 1 || __atomic_load_n(&page->all_end, __ATOMIC_ACQUIRE))
				end(page, command);
		} else if (signal > 0) {
			sys_kill(command, (int)signal);
		}
	}
}
