// SPDX-License-Identifier: MIT
#include "orders.h"
#include "command.h"
#include "end.h"
#include "entry.h"
#include "report.h"
#include "sequel.h"

void orders_let_go(struct supervisor *self)
{
	const char go = REPORT_GO;
	self->hooked = 0;
	// Else it would wait for ever.
	if (report_answer(self->report, &go, sizeof(go)).error)
		end_now(self, ENDING_NONE);
}

// PID 1 lets nobody in any more, and ends all others, before it is a zombie. It ends by the clock from now on.
// pid_namespaces(7)
static int first_is_dying(struct supervisor *self)
{
	if (!(self->plan.header->clone & CLONE_NEWPID) || !entry_is_of_dying_alone(self->child))
		return 0;
	end_await(self);
	return 1;
}

// Whether processes of the container are ended, or PID 1 ends, which ends them: what becomes of them is why.
static int is_ending(struct supervisor *self)
{
	return self->killed || self->is_over || end_has_come(self) ||
	       __atomic_load_n(&self->page->command_over, __ATOMIC_SEQ_CST) || first_is_dying(self);
}

// Where something ends the container, its end is the answer.
static void answer(struct supervisor *self, uint32_t question)
{
	if (is_ending(self))
		return;
	self->notices.stays.question = question;
	OUTBOX_PUT(&self->outbox, MESSAGE_STAYS, &self->notices.stays);
}

static void bound(struct supervisor *self, const struct message_timeout *order)
{
	// Before the time can be up.
	answer(self, order->question);
	// Nobody is to live longer because there is no clock.
	if (supervisor_bound(self, order->milliseconds).error)
		end_now(self, ENDING_TIMEOUT);
}

// Returns whether it is one that can be obeyed.
static int obey(struct supervisor *self, const struct message_head *order)
{
	switch (order->kind) {
	case MESSAGE_SIGNAL: {
		const uint32_t signal = ((const struct message_signal *)order)->signal;
		if (signal < 1 || signal > SYS_SIGNAL_LAST)
			return 0;
		command_signal(self, signal);
		break;
	}
	case MESSAGE_RESIZE: {
		const struct message_resize *size = (const struct message_resize *)order;
		relay_resize(&self->relay, size->columns, size->rows);
		break;
	}
	case MESSAGE_GO:
		if (self->hooked)
			orders_let_go(self);
		break;
	case MESSAGE_ASK:
		answer(self, ((const struct message_ask *)order)->question);
		break;
	case MESSAGE_PLAN:
		return sequel_take(self);
	case MESSAGE_CPU_TIME:
		cgroups_set_cpu_time(&self->cgroups, ((const struct message_cpu_time *)order)->milliseconds);
		break;
	case MESSAGE_TIMEOUT:
		bound(self, (const struct message_timeout *)order);
		break;
	}
	return 1;
}

void orders_receive(struct supervisor *self)
{
	const struct message_head *order;
	int broken = 0;
	long received = inbox_receive(&self->inbox, self->outbox.line);
	if (received == -SYS_EAGAIN)
		return;
	while (received > 0 && !broken && (order = inbox_next(&self->inbox, self->outbox.supervisor, &broken)))
		broken |= !obey(self, order);
	if (received > 0 && !broken)
		return;
	// Node closed its end, or died, or speaks another language: either way nobody is left to answer to.
	outbox_close(&self->outbox);
	if (!self->plan.header->detached || self->hooked)
		end_now(self, ENDING_HANGUP);
}
