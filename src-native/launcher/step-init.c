// SPDX-License-Identifier: MIT
// The step that leaves an init behind, and goes on in a process of its own.
#include "init.h"
#include "step.h"

struct outcome step_init(struct child *child, const struct step_init *step)
{
	(void)step;
	const uint64_t every = SYS_EVERY_SIGNAL;
	const uint64_t none = 0;
	PASS(child_own_files(child));
	// Blocked signals wait for rt_sigtimedwait, also those that PID 1 would else never see. pid_namespaces(7)
	TRY(rt_sigprocmask, SYS_SIG_SETMASK, &every);
	const long forked = init_fork(child);
	if (forked < 0)
		return REFUSED(clone, -forked);
	child->has_init = 1;
	TRY(rt_sigprocmask, SYS_SIG_SETMASK, &none);
	if (!child->keeps_session)
		TRY(setsid);
	return DONE;
}
