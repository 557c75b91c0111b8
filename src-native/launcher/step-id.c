// SPDX-License-Identifier: MIT
// Steps about ids: who the command is inside.
#include <linux/prctl.h>
#include "both.h"
#include "step.h"

struct outcome step_fchown(struct child *child, const struct step_fchown *step)
{
	return both_fchown(child->page, step);
}

struct outcome step_set_groups(struct child *child, const struct step_set_groups *step)
{
	return both_set_groups(child->plan, step);
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
