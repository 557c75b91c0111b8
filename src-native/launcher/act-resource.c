// SPDX-License-Identifier: MIT
// Acts about what the container's processes may use of the machine: the child has it, and all others inherit it.
#include "act.h"
#include "both.h"
#include "entry.h"
#include "text.h"

struct outcome act_set_rlimit(struct supervisor *self, const struct step_set_rlimit *step)
{
	return both_set_rlimit(self->child, step);
}

struct outcome act_set_priority(struct supervisor *self, const struct step_set_priority *step)
{
	TRY(setpriority, 0 /* PRIO_PROCESS */, self->child, (int)step->nice);
	return DONE;
}

struct outcome act_set_oom_score_adj(struct supervisor *self, const struct step_set_oom_score_adj *step)
{
	char text[32];
	uint64_t size = (uint64_t)(step->adjustment < 0 ? -step->adjustment : step->adjustment);
	char *end = text_number(text_copy(text, step->adjustment < 0 ? "-" : ""), size);
	return entry_write(self->child, "oom_score_adj", text, (size_t)(end - text));
}
