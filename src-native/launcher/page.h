// SPDX-License-Identifier: MIT
// The page that supervisor, child and init share from before the clone. The child writes where it is before each step,
// and why it was refused.
#pragma once
#include "../messages.h"
#include "../wire.h"
#include "outcome.h"

// What a spare has ahead of its plan, as descriptors like those in slots; -1: it has none. ahead.h
struct ahead {
	// The child's namespaces, until it is made.
	int32_t user;
	int32_t network;
	int32_t mounts;
	int32_t sysfs;
};

// A gateway, the network that is left, a resolver, and a socket for each port of a list. definition/egress.ts
enum { NETWORKS_MOST = 40 };

struct page {
	uint32_t index;
	uint32_t refused;
	// Which list it stands in: its own, or that of the clone, where what clone3 does for others was refused to it.
	uint32_t list;
	int32_t syscall;
	int32_t error;
	// Of exec: which of its paths, from 1 on.
	uint32_t path;
	// How a helper program ended, as wait4(2) has it.
	int32_t helper_status;
	// Why a helper program could not be executed.
	struct outcome helper;
	// Set by init before it reaps the command: until then the command's pid cannot have been given to another
	// process.
	uint32_t command_over;
	int32_t command_status;
	// Set by the child before it ends: init stays alone, and no process is the command.
	uint32_t holds;
	// Set by the child before it waits for its plan: however long that is, init has nothing to look for meanwhile.
	uint32_t awaits;
	// What has become of an attempt.
	struct outcome attempt;
	// Set by the supervisor before a SIGCHLD that it sends to init: it ends all others and itself.
	uint32_t all_end;
	struct ahead ahead;
	// What a spare's child has opened of a network beside its own, until the plan's slots have it. networks.h
	uint32_t networks_count;
	int32_t networks[NETWORKS_MOST];
	// The child makes its network namespace anew: the one that it has is another plan's.
	uint32_t renews_network;
	// So many of the first slots are the supervisor's alone, until nobody is left: the range of ids.
	uint32_t kept;
	// Slots that the supervisor holds until all is over.
	uint8_t held[SLOTS_MAX];
	// Slots that were empty when the child took a table of its own. What fills them is the child's alone: its
	// number is that of another descriptor of the supervisor's.
	uint8_t own[SLOTS_MAX];
	// What the kernel or a helper program said, up to a NUL.
	char text[MESSAGE_TEXT_MAX];
	// The descriptor in each slot of the plan, the same for both while they share their descriptors (CLONE_FILES).
	// -1: empty. The last: what no plan names is no memory.
	int32_t slots[SLOTS_MAX];
};

// Notes that a step was refused; who reads it sees all of that.
static inline void page_refuse(struct page *page, uint32_t list, struct outcome outcome)
{
	page->list = list;
	page->syscall = outcome.syscall;
	page->error = outcome.error;
	__atomic_store_n(&page->refused, 1, __ATOMIC_RELEASE);
}
