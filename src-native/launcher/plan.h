// SPDX-License-Identifier: MIT
// A plan in memory: mapped read-only from its sealed memfd, checked whole before any of it is performed.
#pragma once
#include "outcome.h"
#include "../wire.h"

struct plan {
	const unsigned char *base;
	const struct plan_header *header;
};

// Which rule a plan breaks: the line of the rule in plan.c, or 0.
uint32_t plan_check(const unsigned char *base, size_t size);
// The same for what a server is asked, which has so many slots: its steps are those of servers alone.
uint32_t plan_check_served(const unsigned char *base, size_t size, uint32_t slots);
// Maps and checks the plan in `fd`. `ret_rule` is what plan_check said.
struct outcome plan_map(int fd, struct plan *ret_plan, uint32_t *ret_rule);

// Whether the plan leaves PID 1 alone.
int plan_holds(const struct plan *plan);

// The first record of a list.
static inline const struct record *plan_record(const struct plan *plan, uint32_t offset)
{
	return (const struct record *)(plan->base + offset);
}
static inline const struct record *plan_next(const struct record *record)
{
	return (const struct record *)((const unsigned char *)record + record->size);
}
// The step of this number.
static inline const struct record *plan_step(const struct plan *plan, uint32_t index)
{
	const struct record *record = plan_record(plan, plan->header->steps_offset);
	while (index-- > 0)
		record = plan_next(record);
	return record;
}
static inline const char *plan_string(const struct plan *plan, struct wire_bytes place)
{
	return (const char *)plan->base + place.offset;
}
static inline const void *plan_bytes(const struct plan *plan, struct wire_bytes place)
{
	return plan->base + place.offset;
}
static inline const char *plan_string_at(const struct plan *plan, struct wire_list list, uint32_t index)
{
	const struct wire_bytes *places = (const struct wire_bytes *)(plan->base + list.offset);
	return plan_string(plan, places[index]);
}
static inline uint64_t plan_number_at(const struct plan *plan, struct wire_list list, uint32_t index)
{
	return ((const uint64_t *)(plan->base + list.offset))[index];
}
