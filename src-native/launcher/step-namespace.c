// SPDX-License-Identifier: MIT
// Steps about namespaces that the child joins, or makes later than the clone.
#include "ahead.h"
#include "both.h"
#include "layer.h"
#include "path.h"
#include "step.h"

struct outcome step_open_namespace(struct child *child, const struct step_open_namespace *step)
{
	return both_open_namespace(child->plan, child->page, step);
}

struct outcome step_setns(struct child *child, const struct step_setns *step)
{
	ahead_forget(child, step->type);
	PASS(both_setns(child->page, step));
	PASS(child_hold(child));
	if (step->type == CLONE_NEWNS) {
		// Who made them sees what is done to them.
		child->owned->has_mounts = 0;
		TRY(close, child->root);
		PASS(path_set_root(child));
	}
	return DONE;
}

struct outcome step_unshare(struct child *child, const struct step_unshare *step)
{
	ahead_forget(child, step->namespaces);
	TRY(unshare, step->namespaces);
	if (!(step->namespaces & CLONE_NEWNS))
		return DONE;
	child->owned->has_mounts = 1;
	// An open directory stays in the mounts of before. What lies on "/" still is not found by that path.
	if (child->roots == 0) {
		TRY(close, child->root);
		PASS(path_set_root(child));
	}
	return DONE;
}
