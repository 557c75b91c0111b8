// SPDX-License-Identifier: MIT
// When each act of a plan began, where somebody wants to know. The child notes its steps, the supervisor all else.
#pragma once
#include "outcome.h"
#include "plan.h"

struct mark {
	uint32_t list;
	uint32_t index;
	uint32_t act;
	uint64_t at;
};

struct timing {
	// 0 where nobody wants to know.
	struct mark *marks;
	uint32_t count;
	uint32_t most;
	// Shared with the child: when each of its steps began, 0 for those that it has not come to.
	uint64_t *steps;
};

// Begins where the plan asks for it. `forked` is when the supervisor began.
struct outcome timing_begin(struct timing *timing, const struct plan_header *header, uint64_t forked);
// Notes the moment.
void timing_mark(struct timing *timing, uint32_t list, uint32_t index, uint32_t act);
// Notes that the child comes to its step `index`.
void timing_step(const struct timing *timing, uint32_t index);
// On the monotonic clock, in nanoseconds.
uint64_t timing_now(void);
