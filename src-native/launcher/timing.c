// SPDX-License-Identifier: MIT
// When each act of a plan began. Where nobody wants to know, nothing is noted, and no clock is asked.
#include "timing.h"
#include "memory.h"

// Every act has a record of that size at least; a few moments come on top.
enum { RECORD_LEAST = sizeof(struct record), MOMENTS_MOST = 16 };

struct outcome timing_begin(struct timing *timing, const struct plan_header *header, uint64_t forked)
{
	void *steps;
	void *marks;
	if (!header->timed)
		return DONE;
	timing->most = header->size / RECORD_LEAST + MOMENTS_MOST;
	PASS(memory_shared(sizeof(uint64_t) * header->steps_count, &steps));
	PASS(memory_private(sizeof(struct mark) * (size_t)timing->most, &marks));
	timing->steps = steps;
	timing->marks = marks;
	timing->marks[timing->count++] = (struct mark){LIST_MOMENTS, MOMENT_FORKED, 0, forked};
	timing_mark(timing, LIST_MOMENTS, MOMENT_CHECKED, 0);
	return DONE;
}

uint64_t timing_now(void)
{
	struct sys_timespec now;
	sys_clock_gettime(SYS_CLOCK_MONOTONIC, &now);
	return (uint64_t)now.seconds * 1000000000 + (uint64_t)now.nanoseconds;
}

void timing_mark(struct timing *timing, uint32_t list, uint32_t index, uint32_t act)
{
	if (timing->marks && timing->count < timing->most)
		timing->marks[timing->count++] = (struct mark){list, index, act, timing_now()};
}

void timing_step(const struct timing *timing, uint32_t index)
{
	if (timing->steps)
		timing->steps[index] = timing_now();
}
