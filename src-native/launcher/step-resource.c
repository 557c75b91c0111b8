// SPDX-License-Identifier: MIT
// Steps about what the command may use of the machine, and what it gives away: limits, CPUs, modes.
#include "both.h"
#include "step.h"
#include "memory.h"

// Of both kernel and C library: 8192 CPUs is the most that Linux is built for. CONFIG_NR_CPUS
enum { CPUS_MOST = 8192 };

struct outcome step_set_rlimit(struct child *child, const struct step_set_rlimit *step)
{
	(void)child;
	return both_set_rlimit(0, step);
}

struct outcome step_set_affinity(struct child *child, const struct step_set_affinity *step)
{
	unsigned char asked[CPUS_MOST / 8] = {0};
	unsigned char given[CPUS_MOST / 8] = {0};
	for (uint32_t i = 0; i < step->cpus.count; i++) {
		uint64_t cpu = plan_number_at(child->plan, step->cpus, i);
		if (cpu >= CPUS_MOST)
			return REFUSED(sched_setaffinity, SYS_EINVAL);
		asked[cpu / 8] |= (unsigned char)(1 << cpu % 8);
	}
	TRY(sched_setaffinity, 0, sizeof(asked), asked);
	// CPUs that are not there, or not allowed, are left out without a word. sched_setaffinity(2), cpuset(7)
	TRY(sched_getaffinity, 0, sizeof(given), given);
	if (memcmp(asked, given, sizeof(asked)) != 0)
		return REFUSED(sched_setaffinity, SYS_EINVAL);
	return DONE;
}

struct outcome step_umask(struct child *child, const struct step_umask *step)
{
	// Not at once: until exec, modes are those that steps ask for.
	child->umask = (uint32_t)step->mask & 0777;
	return DONE;
}
