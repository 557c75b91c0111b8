// SPDX-License-Identifier: MIT
// When each act of a plan began, where somebody wants to know. The child notes its steps, the supervisor all else, in a
// file in memory that both share. Node gets that file; lib/plan/times.ts draws it.
#pragma once
#include "../messages.h"
#include "outcome.h"
#include "plan.h"

struct timing {
	// 0 where nobody wants to know; then the others are nothing.
	struct times *times;
	// 0 for those that the child has not come to.
	uint64_t *steps;
	struct act_time *acts;
	uint32_t acts_most;
	int memfd;
};

// Begins where the plan asks for it. `forked` is when the supervisor began.
struct outcome timing_begin(struct timing *timing, const struct plan *plan, uint64_t forked);
// Notes one of MOMENT_*.
void timing_moment(const struct timing *timing, uint32_t moment);
// Notes that the supervisor comes to an act of the list; `index` is that of the barrier.
void timing_act(const struct timing *timing, uint32_t list, uint32_t index, uint32_t act);
// Notes that the child comes to its step `index`.
void timing_step(const struct timing *timing, uint32_t index);
// On the monotonic clock, in nanoseconds.
uint64_t timing_now(void);
// Waits for less than a second, or until a signal comes.
void timing_pause(int64_t nanoseconds);
