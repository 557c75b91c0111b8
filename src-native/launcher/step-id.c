// SPDX-License-Identifier: MIT
// Steps about ids: who the command is inside.
#include <linux/prctl.h>
#include "both.h"
#include "step.h"

enum { GROUPS_MOST = 256 };

struct outcome step_fchown(struct child *child, const struct step_fchown *step)
{
	return both_fchown(child->page, step);
}

struct outcome step_set_groups(struct child *child, const struct step_set_groups *step)
{
	uint32_t groups[GROUPS_MOST];
	if (step->groups.count > GROUPS_MOST)
		return REFUSED(setgroups, SYS_EINVAL);
	for (uint32_t i = 0; i < step->groups.count; i++)
		groups[i] = (uint32_t)plan_number_at(child->plan, step->groups, i);
	TRY(setgroups, step->groups.count, groups);
	return DONE;
}

struct outcome step_set_user(struct child *child, const struct step_set_user *step)
{
	uint32_t uid = (uint32_t)step->uid;
	uint32_t gid = (uint32_t)step->gid;
	// Capabilities stay permitted, for the steps that follow; exec clears this flag. capabilities(7)
	TRY(prctl, PR_SET_KEEPCAPS, 1, 0, 0);
	TRY(setresgid, gid, gid, gid);
	TRY(setresuid, uid, uid, uid);
	return child_hold(child);
}
