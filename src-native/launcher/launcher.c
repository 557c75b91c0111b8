// SPDX-License-Identifier: MIT
// The launcher's loop: a supervisor for each request, and a spare one.
#include "launcher.h"
#include <linux/prctl.h>
#include "../sys.h"
#include "../wire.h"
#include "lines.h"
#include "memory.h"
#include "spare.h"
#include "supervisor.h"
#include "terminal.h"
#include "text.h"

enum {
	// After so long without a request another does not follow at once: a spare takes nobody's processor.
	PAUSE_NS = 3000000,
	PAUSE_MOST_NS = 800000000,
};

// Node ignores SIGPIPE and SIGXFSZ, and its threads differ in their masks: a container starts from the defaults.
// execve(2)
static void reset_signals(void)
{
	const uint64_t none = 0;
	const struct sys_sigaction by_default = {0};
	for (int signal = 1; signal <= SYS_SIGNAL_LAST; signal++)
		sys_rt_sigaction(signal, &by_default);
	sys_rt_sigprocmask(SYS_SIG_SETMASK, &none);
}

// A process of this policy that is woken does not take the processor from the one that woke it: Node goes on at once,
// and what it asked for begins when it waits. The containers have the usual policy, as the launcher had it, if it did.
// sched(7)
static int stands_back;

static void stand_back(void)
{
	stands_back = sys_sched_getscheduler(0) == SCHED_NORMAL && sys_sched_setscheduler(0, SCHED_BATCH) == 0;
}

void launcher_as_usual(int pid)
{
	if (stands_back)
		sys_sched_setscheduler(pid, SCHED_NORMAL);
}

void launcher_forked(void)
{
	sys_close(LAUNCHER_REQUESTS);
	sys_close(LAUNCHER_WATCH);
	launcher_as_usual(0);
}

// Returns when the next request is the launcher's own to serve.
static void stand_by(struct spare_next *spare_next)
{
	int64_t pause = spare_next ? PAUSE_NS : PAUSE_MOST_NS;
	while (pause < PAUSE_MOST_NS) {
		if (lines_wait(LAUNCHER_REQUESTS, pause))
			return;
		enum spare_end end = spare_run(LAUNCHER_REQUESTS, spare_next);
		if (end == SPARE_UNWANTED)
			return;
		// On a busy machine the last supervisor comes to its plan, and says what is next, later than that.
		pause = end == SPARE_USED ? PAUSE_NS : pause * 2;
	}
}

// The fork was refused: Node is told why, in the supervisor's place, as soon as there is room.
static void tell_refusal(const struct request *request, int error)
{
	struct outbox outbox = {
		.channel = LAUNCHER_CHANNEL, .lane = -1, .line = request->fds[1], .supervisor = request->supervisor};
	struct message_failed failed = {.syscall = __NR_clone, .error = error};
	OUTBOX_PUT(&outbox, MESSAGE_FAILED, &failed);
	while (outbox.count > 0) {
		struct pollfd room = outbox_poll(&outbox);
		sys_ppoll(&room, 1, 0);
		outbox_send(&outbox);
	}
}

// Returns 0 when the other end is closed.
static long await_request(struct request *ret_request)
{
	long received;
	while ((received = request_receive(LAUNCHER_REQUESTS, SYS_MSG_DONTWAIT, ret_request)) == -SYS_EAGAIN)
		lines_wait(LAUNCHER_REQUESTS, -1);
	return received;
}

static void serve(struct spare_next *spare_next)
{
	struct request request;
	for (;;) {
		stand_by(spare_next);
		if (await_request(&request) <= 0)
			return;
		const long pid = request.count >= 2 ? sys_clone() : 1;
		if (pid == 0) {
			struct supervisor *self = supervisor_new();
			self->spare_next = spare_next;
			launcher_forked();
			supervisor_run(self, &request);
		}
		if (pid < 0)
			tell_refusal(&request, (int)-pid);
		for (uint32_t i = 0; i < request.count; i++)
			sys_close(request.fds[i]);
	}
}

int launcher_main(int argc, const char *const *argv)
{
	// PR_SET_DUMPABLE 0: nobody of the same user can ptrace it, or read its /proc entries. ptrace(2)
	sys_prctl(PR_SET_DUMPABLE, 0, 0, 0);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	reset_signals();
	memory_begin(argv);
	if (argc == 2 && text_equal(argv[1], "--once")) {
		struct supervisor *self = supervisor_new();
		// Who started this process ends it, and would end a guard instead.
		self->guarded = 1;
		const struct request request = {.fds = {LAUNCHER_REQUESTS, -1, 0, 1, 2}, .count = 5};
		supervisor_run(self, &request);
	}
	sys_umask(022);
	sys_close_range(LAUNCHER_WATCH + 1, ~0u, 0);
	for (int fd = LAUNCHER_REQUESTS; fd <= LAUNCHER_WATCH; fd++)
		sys_fcntl(fd, F_SETFD, FD_CLOEXEC);
	// Supervisors are reaped by the kernel: nobody asks for their status. sigaction(2), SIG_IGN for SIGCHLD
	const struct sys_sigaction ignore = {.handler = (void (*)(int))1};
	sys_rt_sigaction(SYS_SIGCHLD, &ignore);
	const int in_session = argc == 2 && text_equal(argv[1], "--session");
	if (in_session)
		terminal_set_signals(1);
	stand_back();
	serve(in_session || (argc == 2 && text_equal(argv[1], "--no-spare")) ? 0 : spare_share());
	return 0;
}
