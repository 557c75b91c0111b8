// SPDX-License-Identifier: MIT
#include "spare.h"
#include <linux/prctl.h>
#include "launcher.h"
#include "request.h"
#include "supervisor.h"

enum {
	// How often the launcher looks whether it goes on as it should.
	TICK_NS = 100000000,
	// After ten seconds nobody is in a hurry.
	UNWANTED_TICKS = 100,
	// A request that is still there: it gets no processor, or the kernel takes its time for what it is made of.
	LATE_TICKS = 2,
};

static void say(int socket, char what)
{
	struct sys_iovec iov = {&what, 1};
	const struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	sys_sendmsg(socket, &message, SYS_MSG_NOSIGNAL);
}

// In the process that is made: waits for a request. It ends when the launcher says so; where the launcher has died it takes what Node has sent
// already, and Node is told at once that nobody takes more.
__attribute__((noreturn)) static void stand_by(int requests, int launcher, uint64_t namespaces, uint64_t *forecast)
{
	char unwanted;
	struct supervisor self = SUPERVISOR_NEW;
	struct request request;
	self.forecast = forecast;
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-spare", 0, 0);
	if (supervisor_prepare(&self).error || supervisor_clone(&self, namespaces, 1).error) {
		// The next request is served without, and told why it cannot be had.
		__atomic_store_n(forecast, 0, __ATOMIC_RELAXED);
		sys_exit_group(125);
	}
	struct pollfd polled[] = {{.fd = launcher, .events = POLLIN}, {.fd = requests, .events = POLLIN},
		{.fd = self.child_pidfd, .events = POLLIN}};
	long received = -SYS_EAGAIN;
	while (received == -SYS_EAGAIN) {
		polled[0].revents = polled[1].revents = polled[2].revents = 0;
		sys_ppoll(polled, 3, 0);
		if (polled[0].revents && sys_read(launcher, &unwanted, 1) == 1)
			sys_exit_group(0);
		if (polled[0].revents)
			sys_shutdown(requests, SYS_SHUT_RDWR);
		// Somebody has killed its child: it serves without.
		if (polled[2].revents) {
			supervisor_end_ahead(&self);
			polled[2].fd = -1;
		}
		// A launcher that has just lost its patience may have been faster.
		if (polled[0].revents || polled[1].revents)
			received = request_receive(requests, SYS_MSG_DONTWAIT, &request);
	}
	if (received <= 0 || request.count < 2)
		sys_exit_group(0);
	say(launcher, 'u');
	sys_close(launcher);
	launcher_forked();
	if (self.ahead)
		launcher_as_usual(self.child);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	supervisor_run(&self, &request);
}

static int is_waiting(int requests)
{
	struct pollfd polled = {.fd = requests, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	return sys_ppoll(&polled, 1, &now) > 0;
}

enum spare_end spare_run(int requests, uint64_t *forecast)
{
	// Once: a supervisor that comes to its plan just now may say otherwise meanwhile.
	const uint64_t namespaces = __atomic_load_n(forecast, __ATOMIC_RELAXED);
	int pair[2];
	char used;
	if (namespaces == 0 || sys_socketpair(SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair) < 0)
		return SPARE_LOST;
	long pid = sys_clone();
	if (pid == 0) {
		sys_close(pair[0]);
		stand_by(requests, pair[1], namespaces, forecast);
	}
	sys_close(pair[1]);
	struct pollfd polled = {.fd = pair[0], .events = POLLIN};
	const struct sys_timespec tick = {0, TICK_NS};
	long ready = 0;
	int late = 0;
	for (int i = 0; pid > 0 && ready == 0 && i < UNWANTED_TICKS && late < LATE_TICKS; i++) {
		ready = sys_ppoll(&polled, 1, &tick);
		if (ready == -SYS_EINTR)
			ready = 0;
		late = ready == 0 && is_waiting(requests) ? late + 1 : 0;
	}
	enum spare_end end = pid > 0 ? SPARE_UNWANTED : SPARE_LOST;
	if (ready > 0)
		end = sys_read(pair[0], &used, 1) == 1 ? SPARE_USED : SPARE_LOST;
	else if (pid > 0)
		say(pair[0], 'x');
	sys_close(pair[0]);
	return end;
}
