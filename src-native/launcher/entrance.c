// SPDX-License-Identifier: MIT
#include "entrance.h"
#include "timing.h"

int entrance_note(struct supervisor *self, int pid, int32_t entered)
{
	// Once, and by the child alone: the kernel says who it was.
	if (self->entered || pid != self->child || entered <= 0)
		return 0;
	self->entered = entered;
	return 1;
}

int entrance_pass(struct supervisor *self)
{
	const int pid = self->entered;
	if (pid == 0 || pid == self->child)
		return 0;
	// It is this process's child, which nobody else reaps: the number is its own still.
	const long pidfd = sys_pidfd_open(pid, 0);
	self->former = self->child;
	self->former_pidfd = self->child_pidfd;
	self->child = pid;
	self->child_pidfd = pidfd < 0 ? -1 : (int)pidfd;
	if (pidfd < 0) {
		// Nobody could watch it. It is not waited for long.
		sys_kill(pid, SYS_SIGKILL);
		page_refuse(self->page, LIST_CLONE, REFUSED(pidfd_open, -pidfd));
		self->ends_since = timing_now();
	}
	return 1;
}

void entrance_reap(struct supervisor *self)
{
	struct rusage usage = {0};
	int status = 0;
	if (sys_wait4(self->former, &status, SYS_WNOHANG | SYS_WALL, &usage) > 0)
		supervisor_count(self, &usage);
	sys_close(self->former_pidfd);
	self->former_pidfd = -1;
}

int entrance_admits(struct supervisor *self, int pid)
{
	if (self->entered == 0)
		return 1;
	entrance_pass(self);
	// It stands at the ending of its plan. Its own page says so, which is not this one.
	self->page->index = self->plan.header->steps_count - 1;
	return pid == self->child;
}

int entrance_precedes(const struct supervisor *self, int pid)
{
	return pid == (self->child == self->entered ? self->former : self->child) || self->entered == 0;
}

void entrance_refuse(struct supervisor *self, int pid, const struct report_refused *refused)
{
	struct page *page = self->page;
	const uint32_t last = self->plan.header->steps_count - 1;
	if (!entrance_admits(self, pid) || refused->error <= 0)
		return;
	page->index = refused->index < last ? refused->index : last;
	page->path = refused->path;
	page_refuse(page, LIST_STEPS, (struct outcome){refused->syscall, refused->error});
}
