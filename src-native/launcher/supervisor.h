// SPDX-License-Identifier: MIT
// One container from the host's side: what its supervisor knows, and the parts that it is made of.
#pragma once
#include "cgroups.h"
#include "page.h"
#include "plan.h"
#include "relay.h"
#include "request.h"
#include "timing.h"

struct child;

struct supervisor {
	struct plan plan;
	struct page *page;
	struct frame frame; // the one that is being made
	struct cgroups cgroups;
	struct relay relay;
	struct timing timing;
	int channel;
	// Both ends of the report socket; the child's is closed here as soon as the child has descriptors of its own.
	int report;
	int report_child;
	int timer;
	// -1: there is none.
	int child;
	int child_pidfd;
	int command_pidfd;
	// Signals that Node sent before the command ran: bit n − 1.
	uint64_t pending;
	int running;
	// Who waits at the barrier, as the kernel says.
	int waiting;
	// The child stands at a barrier until Node says go.
	int hooked;
	// An act was broken off, because something has happened that ends the container: watch.c hears of it next.
	int broken_off;
	uint32_t ending;
	// SIGKILL was sent.
	int killed;
	// When the child was cloned, or came to its plan.
	uint64_t began;
	// The new namespaces of the child that waits for its plan; 0: there is none. spare.c
	uint64_t spare;
	// Where the launcher looks which namespaces the next spare is to have; 0: it makes none.
	uint64_t *spare_next;
};

#define SUPERVISOR_NEW                      \
	((struct supervisor){.channel = -1, \
		.report = -1,               \
		.timer = -1,                \
		.child = -1,                \
		.child_pidfd = -1,          \
		.command_pidfd = -1,        \
		.cgroups = CGROUPS_NONE,    \
		.relay = RELAY_NONE})

// What every supervisor has, whatever its plan is.
struct outcome supervisor_prepare(struct supervisor *self);
// Clones the child into new namespaces, where it begins with `run`: child_run or child_run_spare.
struct outcome supervisor_clone(struct supervisor *self, uint64_t namespaces, void (*run)(struct child *));
// Performs the request's plan, and ends. Its channel is -1 where nobody listens.
__attribute__((noreturn)) void supervisor_run(struct supervisor *self, const struct request *request);
// Performs host acts in order. Returns 0, or records the refusal and returns -1.
int supervisor_perform(struct supervisor *self, uint32_t list, uint32_t offset, uint32_t count);
// Sends the frame to Node.
void supervisor_report(struct supervisor *self, uint32_t kind);
// The same, unless Node would have to be waited for: whoever floods a channel that nobody reads could else stop the
// clock. Returns whether it was sent.
int supervisor_offer(struct supervisor *self, uint32_t kind);
// What was sent for the container is the child's alone from here on: else a pipe that it closes would not end for Node.
void supervisor_part_with_slots(struct supervisor *self);
