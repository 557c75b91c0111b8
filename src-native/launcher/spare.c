// SPDX-License-Identifier: MIT
#include "spare.h"
#include <linux/prctl.h>
#include "launcher.h"

// Waits for a request. Whoever makes it ends it by closing the socket.
__attribute__((noreturn)) static void stand_by(int socket, uint64_t *forecast)
{
	struct supervisor self = SUPERVISOR_NEW;
	struct request request;
	self.forecast = forecast;
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-spare", 0, 0);
	if (supervisor_prepare(&self).error || supervisor_clone(&self, *forecast, 1).error) {
		// The next request is served without, and told why it cannot be had.
		*forecast = 0;
		sys_exit_group(125);
	}
	struct pollfd polled[] = {{.fd = socket, .events = POLLIN}, {.fd = self.child_pidfd, .events = POLLIN}};
	do {
		polled[0].revents = 0;
		sys_ppoll(polled, 2, 0);
		// Somebody has killed its child: it serves without.
		if (polled[1].revents) {
			supervisor_end_ahead(&self);
			polled[1] = (struct pollfd){.fd = -1};
		}
	} while (!polled[0].revents);
	if (!request_receive(socket, &request))
		sys_exit_group(0);
	sys_close(socket);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	supervisor_run(&self, &request);
}

void spare_make(struct spare *self, uint64_t *forecast)
{
	int pair[2];
	if (sys_socketpair(SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair) < 0)
		return;
	long pid = sys_clone();
	if (pid == 0) {
		sys_close(pair[0]);
		launcher_forked();
		stand_by(pair[1], forecast);
	}
	sys_close(pair[1]);
	if (pid > 0)
		self->socket = pair[0];
	else
		sys_close(pair[0]);
}

int spare_give(struct spare *self, const struct request *request)
{
	if (self->socket < 0)
		return 0;
	spare_tidy(self);
	self->used = self->socket;
	self->socket = -1;
	return request_send(self->used, request);
}

void spare_tidy(struct spare *self)
{
	if (self->used >= 0)
		sys_close(self->used);
	self->used = -1;
}

void spare_end(struct spare *self)
{
	if (self->socket >= 0)
		sys_close(self->socket);
	self->socket = -1;
}
