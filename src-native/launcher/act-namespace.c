// SPDX-License-Identifier: MIT
// Acts about namespaces that the child is to be born into, and one that is set up before anybody is in it.
#include <linux/prctl.h>
#include "act.h"
#include "both.h"
#include "entry.h"
#include "text.h"

struct outcome act_open_namespace(struct supervisor *self, const struct step_open_namespace *step)
{
	return both_open_namespace(&self->plan, self->page, step);
}

struct outcome act_setns(struct supervisor *self, const struct step_setns *step)
{
	PASS(both_setns(self->page, step));
	// Joining a user namespace changes credentials, and what they allow others to see. proc(5)
	TRY(prctl, PR_SET_DUMPABLE, 0, 0, 0);
	return DONE;
}

struct outcome act_end_descendants(struct supervisor *self, const struct step_end_descendants *step)
{
	self->descendants = (struct descendants){(int)step->namespace, (int)step->listener, 0};
	return DONE;
}

struct outcome act_set_time_offset(struct supervisor *self, const struct step_set_time_offset *step)
{
	char text[64];
	uint64_t seconds = (uint64_t)(step->seconds < 0 ? -step->seconds : step->seconds);
	char *end = text_number(text, step->clock);
	end = text_copy(end, step->seconds < 0 ? " -" : " ");
	end = text_number(end, seconds);
	end = text_copy(end, " ");
	end = text_number(end, step->nanoseconds);
	return entry_write(self->child, "timens_offsets", text, (size_t)(end - text));
}

struct outcome act_connect_network(struct supervisor *self, const struct step_connect_network *step)
{
	return connector_make(self, step);
}
