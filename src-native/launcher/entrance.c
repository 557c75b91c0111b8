// SPDX-License-Identifier: MIT
#include "entrance.h"
#include "timing.h"

static int entered(const struct supervisor *self)
{
	return __atomic_load_n(&self->page->entered, __ATOMIC_ACQUIRE);
}

static void note_refusal(struct page *page, uint32_t list, struct outcome outcome)
{
	page->list = list;
	page->syscall = outcome.syscall;
	page->error = outcome.error;
	__atomic_store_n(&page->refused, 1, __ATOMIC_RELEASE);
}

int entrance_pass(struct supervisor *self)
{
	const int pid = entered(self);
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
		note_refusal(self->page, LIST_CLONE, REFUSED(pidfd_open, -pidfd));
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
	if (entered(self) == 0)
		return 1;
	entrance_pass(self);
	// It stands at the ending of its plan. Its own page says so, which is not this one.
	self->page->index = self->plan.header->steps_count - 1;
	return pid == self->child;
}

int entrance_precedes(const struct supervisor *self, int pid)
{
	const int child = entered(self);
	return child == 0 || pid == (self->child == child ? self->former : self->child);
}

void entrance_refuse(struct supervisor *self, int pid, const struct report_refused *refused)
{
	struct page *page = self->page;
	const uint32_t last = self->plan.header->steps_count - 1;
	if (!entrance_admits(self, pid) || refused->error <= 0)
		return;
	page->index = refused->index < last ? refused->index : last;
	page->path = refused->path;
	note_refusal(page, LIST_STEPS, (struct outcome){refused->syscall, refused->error});
}
