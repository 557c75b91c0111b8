// SPDX-License-Identifier: MIT
// The ending of a plan's first part: the child has done what no command changes, and waits for the whole plan.
#include <linux/prctl.h>
#include "report.h"
#include "step.h"

// Meanwhile another directory may have come in the place of that one: a command begins where its path leads.
static struct outcome enter_anew(struct child *child, uint32_t done)
{
	const struct record *record = plan_step(child->plan, 0);
	for (uint32_t i = 0; i < done; i++, record = plan_next(record)) {
		if (record->op != STEP_CHDIR)
			continue;
		__atomic_store_n(&child->page->index, i, __ATOMIC_RELAXED);
		PASS(step_chdir(child, (const struct step_chdir *)record));
	}
	return DONE;
}

struct outcome step_await_plan(struct child *child, const struct step_await_plan *step)
{
	(void)step;
	const uint32_t done = child->page->index;
	// Who waits keeps no file system of the container's busy. umount(2) EBUSY
	TRY(chdir, "/");
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-spare", 0, 0);
	__atomic_store_n(&child->page->awaits, 1, __ATOMIC_RELEASE);
	PASS(report_say(child->report, REPORT_BARRIER));
	PASS(child_await_plan(child));
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	return enter_anew(child, done);
}
