// SPDX-License-Identifier: MIT
// The step in which the child waits for its supervisor.
#include "ahead.h"
#include "report.h"
#include "step.h"

// Whether somebody on the host has to open what /proc has of the child: to write its maps, or to see namespaces that it
// has just made, as who connects its network does.
static int is_looked_into(const struct child *child, const struct step_barrier *step)
{
	const struct record *act = plan_record(child->plan, step->acts.offset);
	int looks = 0;
	for (uint32_t i = 0; i < step->acts.count; i++, act = plan_next(act))
		looks |= act->op == STEP_SET_UID_MAP || act->op == STEP_SET_GID_MAP || act->op == STEP_DENY_SETGROUPS ||
			 act->op == STEP_CONNECT_NETWORK;
	return looks || (step->hook && child->has_nested);
}

struct outcome step_barrier(struct child *child, const struct step_barrier *step)
{
	char go;
	if (child->shows_itself && !child->dumpable && is_looked_into(child, step)) {
		child->dumpable = 1;
		PASS(child_hold(child));
	}
	// What a hook is shown stays the container's.
	if (step->hook)
		ahead_forget(child, CLONE_NEWNS);
	PASS(report_say(child->report, REPORT_BARRIER));
	// The supervisor performs the acts, and answers; or it ends this process.
	PASS(report_await(child->report, &go, sizeof(go)));
	child->dumpable = 0;
	child->has_nested = 0;
	return child_hold(child);
}
