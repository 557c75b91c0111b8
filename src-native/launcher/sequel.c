// SPDX-License-Identifier: MIT
#include "sequel.h"
#include <linux/prctl.h>
#include "end.h"
#include "report.h"

void sequel_await(struct supervisor *self)
{
	// Nobody is left to send it.
	if (self->outbox.line < 0) {
		end_now(self, ENDING_HANGUP);
		return;
	}
	self->awaits = 1;
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-spare", 0, 0);
	OUTBOX_PUT(&self->outbox, MESSAGE_AWAITS, &self->notices.awaits);
}

// Whether the first steps are of the same kinds, and all that was done or is due follows from the other plan too. What
// they say is Node's affair: it has made both of one frame.
static int is_sequel(const struct plan *plan, const struct plan *first, uint32_t done)
{
	const struct plan_header *header = plan->header;
	const struct plan_header *begun = first->header;
	if (header->clone != begun->clone || header->slots != begun->slots || header->received != begun->received ||
		header->kept != begun->kept || header->detached != begun->detached || header->timed ||
		header->session || header->before_count != begun->before_count ||
		header->after_count < begun->after_count || header->steps_count <= done)
		return 0;
	const struct record *step = plan_step(plan, 0);
	const struct record *other = plan_step(first, 0);
	for (uint32_t i = 0; i < done; i++, step = plan_next(step), other = plan_next(other))
		if (step->op != other->op)
			return 0;
	return 1;
}

static struct outcome go_on(struct supervisor *self, int fd)
{
	struct plan plan;
	uint32_t rule = 0;
	PASS(plan_map(fd, &plan, &rule));
	if (!is_sequel(&plan, &self->plan, self->page->index))
		return REFUSED(mmap, SYS_EINVAL);
	self->plan = plan;
	self->began = timing_now();
	PASS(supervisor_bound(self, plan.header->timeout_ms));
	// Its filter stands behind what was done.
	if (!self->calls.step)
		PASS(calls_begin(&self->calls, &self->plan));
	PASS(report_answer_plan(self->report, fd, plan.header->size));
	TRY(close, fd);
	return DONE;
}

int sequel_take(struct supervisor *self)
{
	const struct rights rights = self->inbox.rights;
	self->inbox.rights.count = 0;
	if (!self->awaits || rights.count != 1)
		return 0;
	self->awaits = 0;
	self->is_trimmed = 0;
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	const struct outcome outcome = go_on(self, rights.descriptors[0]);
	if (outcome.error == 0)
		return 1;
	supervisor_note_refusal(self, LIST_CLONE, 0, outcome);
	end_now(self, ENDING_NONE);
	return 1;
}
