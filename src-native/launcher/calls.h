// SPDX-License-Identifier: MIT
// Calls that the container's filter refuses: what the supervisor tells of them, and answers. Every answer is the
// filter's own, whatever is told, and no call waits for Node, or for what a process inside has in its memory.
#pragma once
#include <linux/seccomp.h>
#include "outbox.h"
#include "plan.h"
#include "reader.h"
#include "../wire.h"

struct calls {
	// What the plan says of them; 0: nothing.
	const struct step_seccomp_report *step;
	const struct plan *plan;
	// -1: the filter is not loaded yet, or nobody is left under it.
	int listener;
	struct reader reader;
	// The one that is being told of, while the reader reads.
	struct seccomp_notif call;
	int is_reading;
	// Until when the reader has time, or the supervisor does nothing about calls.
	uint64_t until;
	// What it has spent on them since, and in how many answers.
	uint64_t since;
	uint64_t cpu;
	uint32_t answers;
	// All that were told of, one behind the other.
	char *told;
	uint32_t told_size;
	uint32_t told_count;
	// Calls that were taken up, those of them that were answered, and those whose memory came too late.
	uint64_t taken;
	uint64_t count;
	uint32_t unread;
};
#define CALLS_NONE                                        \
	{                                                 \
		.listener = -1, .reader = {.socket = -1 } \
	}

// Looks whether the plan reports calls, and prepares for it. Before a pid namespace is joined.
struct outcome calls_begin(struct calls *calls, const struct plan *plan);
// The child has loaded the filter. Takes over the listener. Returns the slot that it belongs into.
uint32_t calls_take(struct calls *calls, int listener);
// What to poll for; nothing where nothing is to be done now.
struct pollfd calls_poll(const struct calls *calls);
// For how long nothing may happen, of `usual` and what calls need; 0: for ever.
const struct sys_timespec *calls_patience(
	const struct calls *calls, const struct sys_timespec *usual, struct sys_timespec *room);
// Answers a call, or goes on with the one that is being told of. `events` is what was polled.
void calls_go_on(struct calls *calls, struct outbox *outbox, short events);
