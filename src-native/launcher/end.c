// SPDX-License-Identifier: MIT
#include "end.h"
#include "entry.h"
#include "orphans.h"

// How long a process has for its end, until nobody waits for it any more. PID 1 waits for all that is in its pid
// namespace, which may be much; but for a process too that waits for a file system, or that somebody stops who has
// entered from elsewhere.
enum { PATIENCE_NS = 500000000ll, PATIENCE_PID_1_NS = 4000000000ll };
// How long init has to end and reap all others. What they have used is not known where it does not come to it.
enum { INIT_ENDS_NS = 1000000000 };

void end_await(struct supervisor *self)
{
	if (!self->ends_since)
		self->ends_since = timing_now();
}

// With a pid namespace of its own the kernel ends all that is in it when its first process ends.
void end_now(struct supervisor *self, uint32_t ending)
{
	if (self->ending == ENDING_NONE && !self->is_over)
		self->ending = ending;
	self->killed = 1;
	end_await(self);
	const int has_init = self->command > 0 && (self->command != self->child || self->holds);
	if (has_init && timing_now() - self->ends_since < INIT_ENDS_NS) {
		__atomic_store_n(&self->page->all_end, 1, __ATOMIC_RELEASE);
		sys_pidfd_send_signal(self->child_pidfd, SYS_SIGCHLD);
	} else {
		sys_pidfd_send_signal(self->child_pidfd, SYS_SIGKILL);
	}
	cgroups_thaw(&self->cgroups);
}

// One of those that end with PID 1 may hold it up: by tracing it, or the command, of whose end nobody tells init then.
// PTRACE_EVENT_EXIT in ptrace(2)
static void search(struct supervisor *self)
{
	const uint64_t inode = entry_namespace(self->child, "pid");
	end_now(self, ENDING_NONE);
	if (inode && self->command == self->child && !self->holds)
		orphans_end_in("pid", inode);
}

int end_has_come(const struct supervisor *self)
{
	if (self->ending != ENDING_NONE)
		return 1;
	struct pollfd death = {.fd = self->child_pidfd, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	return sys_ppoll(&death, 1, &now) > 0;
}

int end_is_late(struct supervisor *self)
{
	if (!self->ends_since)
		return 0;
	const uint64_t waited = timing_now() - self->ends_since;
	if (!(self->plan.header->clone & CLONE_NEWPID))
		return waited > PATIENCE_NS;
	if (waited / PATIENCE_NS > self->searches) {
		self->searches++;
		search(self);
	}
	return waited > PATIENCE_PID_1_NS;
}
