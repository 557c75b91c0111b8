// SPDX-License-Identifier: MIT
// The launcher's loop. A request is one byte with descriptors: the plan, the channel, then those for the first slots.
#include "launcher.h"
#include <linux/prctl.h>
#include "../sys.h"
#include "../wire.h"
#include "supervisor.h"
#include "text.h"

enum { REQUESTS = 3, REQUEST_FDS = RECEIVED_MAX + 2 };

// Node ignores SIGPIPE and SIGXFSZ, and its threads differ in their masks: a container starts from the defaults. execve(2)
static void reset_signals(void)
{
	const uint64_t none = 0;
	const struct sys_sigaction by_default = {0};
	for (int signal = 1; signal <= 64; signal++)
		sys_rt_sigaction(signal, &by_default);
	sys_rt_sigprocmask(SYS_SIG_SETMASK, &none);
}

// The next request's descriptors. Returns 0 when Node has closed its end.
static int receive(int *ret_fds, uint32_t *ret_count)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(int) * REQUEST_FDS];
	} control;
	char byte;
	struct sys_iovec iov = {&byte, 1};
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long received;
	do
		received = sys_recvmsg(REQUESTS, &message, SYS_MSG_CMSG_CLOEXEC);
	while (received == -SYS_EINTR);
	if (received <= 0)
		return 0;
	*ret_count = 0;
	if (message.control_length >= sizeof(struct sys_cmsghdr) && control.head.type == SYS_SCM_RIGHTS) {
		*ret_count = (uint32_t)((control.head.length - sizeof(struct sys_cmsghdr)) / sizeof(int));
		memcpy(ret_fds, control.room + sizeof(struct sys_cmsghdr), *ret_count * sizeof(int));
	}
	return 1;
}

// A process of this policy that is woken does not take the processor from the one that woke it: Node goes on at once, and what
// it asked for begins when it waits. Returns whether the policy was the usual one, which the containers then have. sched(7)
static int stand_back(void)
{
	return sys_sched_getscheduler(0) == SCHED_NORMAL && sys_sched_setscheduler(0, SCHED_BATCH) == 0;
}

static void serve(void)
{
	int fds[REQUEST_FDS];
	uint32_t count;
	int stands_back = stand_back();
	while (receive(fds, &count)) {
		if (count >= 2 && sys_clone() == 0) {
			sys_close(REQUESTS);
			if (stands_back)
				sys_sched_setscheduler(0, SCHED_NORMAL);
			supervisor_run(fds[0], fds[1], fds + 2, count - 2);
		}
		// When the fork failed the channel closes here without a word, and Node says so.
		for (uint32_t i = 0; i < count; i++)
			sys_close(fds[i]);
	}
}

int launcher_main(int argc, const char *const *argv)
{
	// PR_SET_DUMPABLE 0: nobody of the same user can ptrace it, or read its /proc entries. ptrace(2)
	sys_prctl(PR_SET_DUMPABLE, 0, 0, 0);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	reset_signals();
	if (argc == 2 && text_equal(argv[1], "--once")) {
		const int standard[] = {0, 1, 2};
		supervisor_run(REQUESTS, -1, standard, 3);
	}
	sys_umask(022);
	sys_close_range(REQUESTS + 1, ~0u, 0);
	sys_fcntl(REQUESTS, F_SETFD, FD_CLOEXEC);
	// Supervisors are reaped by the kernel: nobody asks for their status. sigaction(2), SIG_IGN for SIGCHLD
	const struct sys_sigaction ignore = {.handler = (void (*)(int))1};
	sys_rt_sigaction(SYS_SIGCHLD, &ignore);
	serve();
	return 0;
}
