// SPDX-License-Identifier: MIT
// One container from the host's side: what its supervisor knows, and the parts that it is made of.
#pragma once
#include "actor.h"
#include "cgroup.h"
#include "relay.h"

struct supervisor {
	struct plan plan;
	struct page *page;
	struct actor actor; // performs host acts
	struct frame frame; // the one that is being made
	struct cgroups cgroups;
	struct relay relay;
	struct timing timing;
	int channel;
	// Both ends of the report socket; the child's is closed here as soon as the child has descriptors of its own.
	int report;
	int report_child;
	int timer;
	int child;
	int child_pidfd;
	int command_pidfd;
	// Signals that Node sent before the command ran: bit n − 1.
	uint64_t pending;
	int running;
	// The child stands at a barrier until Node says go.
	int hooked;
	uint32_t ending;
	// SIGKILL was sent.
	int killed;
	// When the child was cloned.
	uint64_t began;
};

// Takes a request's descriptors, performs its plan, and ends. `channel` is -1 where nobody listens.
__attribute__((noreturn)) void supervisor_run(int plan_fd, int channel, const int *fds, uint32_t count);
// Performs host acts in order. Returns 0, or records the refusal and returns -1.
int supervisor_perform(struct supervisor *self, uint32_t list, uint32_t offset, uint32_t count);
// Sends the frame to Node.
void supervisor_report(struct supervisor *self, uint32_t kind);
// The same, unless Node would have to be waited for: whoever floods a channel that nobody reads could else stop the clock.
// Returns whether it was sent.
int supervisor_offer(struct supervisor *self, uint32_t kind);
// What was sent for the container is the child's alone from here on: else a pipe that it closes would not end for Node.
void supervisor_part_with_slots(struct supervisor *self);
// Waits until there is something to read from `fd`, for an act that another program performs. Returns 0 where that is of no use any
// more: the child has ended, its time is up, or Node has gone or wants the end.
int supervisor_wait(const struct supervisor *self, int fd);
// Obeys Node, answers the child and keeps the time until the child has ended.
void supervisor_watch(struct supervisor *self);
