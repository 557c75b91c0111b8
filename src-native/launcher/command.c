// SPDX-License-Identifier: MIT
#include "command.h"
#include "end.h"

void command_hold(struct supervisor *self)
{
	if (self->command_pidfd >= 0)
		return;
	if (self->command == self->child) {
		self->command_pidfd = self->child_pidfd;
		return;
	}
	long pidfd = sys_pidfd_open(self->command, 0);
	// Init reaps it only after the flag is set: if it is not, the pidfd is the command's. init.c
	if (pidfd >= 0 && !__atomic_load_n(&self->page->command_over, __ATOMIC_SEQ_CST))
		self->command_pidfd = (int)pidfd;
	else if (pidfd >= 0)
		sys_close((int)pidfd);
}

void command_signal(struct supervisor *self, uint32_t signal)
{
	if (signal == SYS_SIGKILL) {
		end_now(self, self->ending == ENDING_NONE ? ENDING_SIGNAL : self->ending);
		return;
	}
	if (!self->running) {
		self->pending |= 1ull << (signal - 1);
		return;
	}
	command_hold(self);
	if (self->command_pidfd >= 0)
		sys_pidfd_send_signal(self->command_pidfd, (int)signal);
}
