// SPDX-License-Identifier: MIT
// The step in which the child waits for its supervisor.
#include "report.h"
#include "step.h"

struct outcome step_barrier(struct child *child, const struct step_barrier *step)
{
	(void)step;
	char go;
	PASS(report_say(child->report, REPORT_BARRIER));
	// The supervisor performs the acts, and answers; or it ends this process.
	PASS(report_await(child->report, &go, sizeof(go)));
	child->dumpable = 0;
	return child_hold(child);
}
