// SPDX-License-Identifier: MIT
// Acts about ids: who the container's users are on the host.
#include "act.h"
#include "both.h"
#include "entry.h"
#include "text.h"

// The kernel takes less than a page. user_namespaces(7)
enum { MAP_LONGEST = 4096, RANGE_NUMBERS = 3 };

static struct outcome write_map(const struct supervisor *self, const char *name, struct wire_list ranges)
{
	char text[MAP_LONGEST + TEXT_NUMBER_LONGEST + 1];
	char *at = text;
	for (uint32_t i = 0; i < ranges.count; i++) {
		if (at >= text + MAP_LONGEST)
			return REFUSED(write, SYS_E2BIG);
		at = text_number(at, plan_number_at(&self->plan, ranges, i));
		*at++ = i % RANGE_NUMBERS == RANGE_NUMBERS - 1 ? '\n' : ' ';
	}
	return entry_write(self->child, name, text, (size_t)(at - text));
}

struct outcome act_deny_setgroups(struct supervisor *self, const struct step_deny_setgroups *step)
{
	(void)step;
	return entry_write(self->child, "setgroups", "deny", 4);
}

struct outcome act_set_groups(struct supervisor *self, const struct step_set_groups *step)
{
	return both_set_groups(&self->plan, step);
}

struct outcome act_set_uid_map(struct supervisor *self, const struct step_set_uid_map *step)
{
	return write_map(self, "uid_map", step->ranges);
}

struct outcome act_set_gid_map(struct supervisor *self, const struct step_set_gid_map *step)
{
	return write_map(self, "gid_map", step->ranges);
}

struct outcome act_fchown(struct supervisor *self, const struct step_fchown *step)
{
	return both_fchown(self->page, step);
}
