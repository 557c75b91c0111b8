// SPDX-License-Identifier: MIT
// Steps about what the container's processes may use of the machine, and what they give away: limits, priorities, CPUs, modes.
#include "entry.h"
#include "text.h"

// Of both kernel and C library: 8192 CPUs is the most that Linux is built for. CONFIG_NR_CPUS
enum { CPUS_MOST = 8192 };

struct outcome step_set_rlimit(struct actor *actor, const void *record)
{
	const struct step_set_rlimit *step = record;
	const uint64_t limit[2] = {step->soft, step->hard}; // struct rlimit64; all bits are RLIM64_INFINITY. prlimit(2)
	TRY(prlimit64, actor->report < 0 ? actor->child : 0, (unsigned int)step->resource, limit);
	return DONE;
}

struct outcome step_set_priority(struct actor *actor, const void *record)
{
	const struct step_set_priority *step = record;
	TRY(setpriority, 0 /* PRIO_PROCESS */, actor->child, (int)step->nice);
	return DONE;
}

struct outcome step_set_oom_score_adj(struct actor *actor, const void *record)
{
	const struct step_set_oom_score_adj *step = record;
	char text[32];
	uint64_t size = (uint64_t)(step->adjustment < 0 ? -step->adjustment : step->adjustment);
	char *end = text_number(text_copy(text, step->adjustment < 0 ? "-" : ""), size);
	return entry_write(actor, "oom_score_adj", text, (size_t)(end - text));
}

struct outcome step_set_affinity(struct actor *actor, const void *record)
{
	const struct step_set_affinity *step = record;
	unsigned char asked[CPUS_MOST / 8] = {0};
	unsigned char given[CPUS_MOST / 8] = {0};
	for (uint32_t i = 0; i < step->cpus.count; i++) {
		uint64_t cpu = plan_number_at(actor->plan, step->cpus, i);
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

struct outcome step_umask(struct actor *actor, const void *record)
{
	// Not at once: until exec, modes are those that steps ask for.
	actor->umask = (uint32_t)((const struct step_umask *)record)->mask & 0777;
	return DONE;
}
