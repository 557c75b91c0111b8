// SPDX-License-Identifier: MIT
// When each act of a plan began. Where nobody wants to know, nothing is noted, and the clock is never read.
#include "timing.h"
#include <linux/memfd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x8u
#endif

static uint32_t count_acts(const struct plan *plan)
{
	const struct plan_header *header = plan->header;
	const struct record *record = plan_record(plan, header->steps_offset);
	uint32_t count = header->before_count + header->after_count;
	for (uint32_t i = 0; i < header->steps_count; i++, record = plan_next(record))
		if (record->op == STEP_BARRIER)
			count += ((const struct step_barrier *)record)->acts.count;
	return count;
}

struct outcome timing_begin(struct timing *timing, const struct plan *plan, uint64_t forked)
{
	const uint32_t steps = plan->header->steps_count;
	if (!plan->header->timed)
		return DONE;
	timing->acts_most = count_acts(plan);
	const size_t size =
		sizeof(struct times) + sizeof(uint64_t) * steps + sizeof(struct act_time) * timing->acts_most;
	long memfd = sys_memfd_create("carrel-times", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	// That flag is since 6.3. FIXME: remove when the floor is 6.3
	if (memfd == -SYS_EINVAL)
		memfd = sys_memfd_create("carrel-times", MFD_CLOEXEC);
	if (memfd < 0)
		return REFUSED(memfd_create, -memfd);
	TRY(ftruncate, (int)memfd, size);
	timing->memfd = (int)memfd;
	timing->times = (struct times *)TRY(mmap, size, SYS_PROT_READ | SYS_PROT_WRITE, SYS_MAP_SHARED, timing->memfd);
	timing->times->steps = steps;
	timing->steps = (uint64_t *)(timing->times + 1);
	timing->acts = (struct act_time *)(timing->steps + steps);
	timing->times->moments[MOMENT_FORKED] = forked;
	timing_moment(timing, MOMENT_CHECKED);
	return DONE;
}

uint64_t timing_now(void)
{
	struct sys_timespec now;
	sys_clock_gettime(SYS_CLOCK_MONOTONIC, &now);
	return (uint64_t)now.seconds * 1000000000 + (uint64_t)now.nanoseconds;
}

void timing_pause(int64_t nanoseconds)
{
	const struct sys_timespec pause = {0, nanoseconds};
	sys_ppoll(0, 0, &pause);
}

void timing_moment(const struct timing *timing, uint32_t moment)
{
	if (timing->times)
		timing->times->moments[moment] = timing_now();
}

void timing_act(const struct timing *timing, uint32_t list, uint32_t index, uint32_t act)
{
	if (timing->times && timing->times->acts < timing->acts_most)
		timing->acts[timing->times->acts++] =
			(struct act_time){.list = list, .index = index, .act = act, .at_ns = timing_now()};
}

void timing_step(const struct timing *timing, uint32_t index)
{
	if (timing->times)
		timing->steps[index] = timing_now();
}
