// SPDX-License-Identifier: MIT
// When each act of a plan began. Where nobody wants to know, nothing is noted, and no clock is asked.
#include "timing.h"

// Every act has a record of that size at least; a few moments come on top.
enum { RECORD_LEAST = sizeof(struct record), MOMENTS_MOST = 16 };

struct outcome timing_begin(struct timing *timing, const struct plan_header *header, uint64_t forked)
{
	const int readable = SYS_PROT_READ | SYS_PROT_WRITE;
	const int shared = SYS_MAP_SHARED | SYS_MAP_ANONYMOUS;
	if (!header->timed)
		return DONE;
	timing->most = header->size / RECORD_LEAST + MOMENTS_MOST;
	timing->steps = (uint64_t *)TRY(mmap, sizeof(uint64_t) * header->steps_count, readable, shared, -1);
	timing->marks = (struct mark *)TRY(mmap, sizeof(struct mark) * (size_t)timing->most, readable, shared, -1);
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
