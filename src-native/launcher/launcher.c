// SPDX-License-Identifier: MIT
// The launcher's loop: a supervisor for each request, and one in advance.
#include "launcher.h"
#include <linux/prctl.h>
#include "../sys.h"
#include "../wire.h"
#include "spare.h"
#include "supervisor.h"
#include "text.h"

enum {
	REQUESTS = 3,
	// After so long without a request another does not follow at once: what is made in advance takes nobody's processor.
	PAUSE_NS = 3000000,
	PATIENCE_MOST_NS = 800000000,
	// After so long nobody is in a hurry: what is made in advance is let go.
	IDLE_S = 10,
};

// Node ignores SIGPIPE and SIGXFSZ, and its threads differ in their masks: a container starts from the defaults. execve(2)
static void reset_signals(void)
{
	const uint64_t none = 0;
	const struct sys_sigaction by_default = {0};
	for (int signal = 1; signal <= 64; signal++)
		sys_rt_sigaction(signal, &by_default);
	sys_rt_sigprocmask(SYS_SIG_SETMASK, &none);
}

// A process of this policy that is woken does not take the processor from the one that woke it: Node goes on at once, and what
// it asked for begins when it waits. The containers have the usual policy, as the launcher had it, if it did. sched(7)
static int stands_back;

static void stand_back(void)
{
	stands_back = sys_sched_getscheduler(0) == SCHED_NORMAL && sys_sched_setscheduler(0, SCHED_BATCH) == 0;
}

void launcher_forked(void)
{
	sys_close(REQUESTS);
	if (stands_back)
		sys_sched_setscheduler(0, SCHED_NORMAL);
}

// Which namespaces the next container will be in, if it is as the last one: noted by the supervisors. 0: nothing is made in advance.
static uint64_t *forecast_shared(void)
{
	const int readable = SYS_PROT_READ | SYS_PROT_WRITE;
	long page = sys_mmap(sizeof(uint64_t), readable, SYS_MAP_SHARED | SYS_MAP_ANONYMOUS, -1);
	return page < 0 ? 0 : (uint64_t *)page;
}

static void wait_for_request(struct spare *spare, uint64_t *forecast)
{
	const struct sys_timespec idle = {IDLE_S, 0};
	struct pollfd polled = {.fd = REQUESTS, .events = POLLIN};
	if (!forecast)
		return;
	// On a busy machine the last supervisor comes to its plan, and with it to the forecast, later than that.
	for (int64_t patience = PAUSE_NS; spare->socket < 0 && patience < PATIENCE_MOST_NS; patience *= 2) {
		const struct sys_timespec pause = {0, patience};
		if (sys_ppoll(&polled, 1, &pause) != 0)
			return;
		spare_tidy(spare);
		if (*forecast)
			spare_make(spare, forecast);
	}
	if (sys_ppoll(&polled, 1, &idle) == 0)
		spare_end(spare);
}

static void serve(uint64_t *forecast)
{
	struct spare spare = SPARE_NONE;
	struct request request;
	for (;;) {
		wait_for_request(&spare, forecast);
		if (!request_receive(REQUESTS, &request))
			return;
		// When the fork fails the channel closes here without a word, and Node says so.
		if (request.count >= 2 && !spare_give(&spare, &request) && sys_clone() == 0) {
			struct supervisor self = SUPERVISOR_NEW;
			self.forecast = forecast;
			launcher_forked();
			spare_end(&spare);
			spare_tidy(&spare);
			supervisor_run(&self, &request);
		}
		request_close(&request);
	}
}

int launcher_main(int argc, const char *const *argv)
{
	// PR_SET_DUMPABLE 0: nobody of the same user can ptrace it, or read its /proc entries. ptrace(2)
	sys_prctl(PR_SET_DUMPABLE, 0, 0, 0);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	reset_signals();
	if (argc == 2 && text_equal(argv[1], "--once")) {
		struct supervisor self = SUPERVISOR_NEW;
		const struct request request = {{REQUESTS, -1, 0, 1, 2}, 5};
		supervisor_run(&self, &request);
	}
	sys_umask(022);
	sys_close_range(REQUESTS + 1, ~0u, 0);
	sys_fcntl(REQUESTS, F_SETFD, FD_CLOEXEC);
	// Supervisors are reaped by the kernel: nobody asks for their status. sigaction(2), SIG_IGN for SIGCHLD
	const struct sys_sigaction ignore = {.handler = (void (*)(int))1};
	sys_rt_sigaction(SYS_SIGCHLD, &ignore);
	stand_back();
	serve(argc == 2 && text_equal(argv[1], "--not-ahead") ? 0 : forecast_shared());
	return 0;
}
