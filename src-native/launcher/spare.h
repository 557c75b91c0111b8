// SPDX-License-Identifier: MIT
// The spare: a supervisor that is made before there is a request for it, with a child in new namespaces. Most of what a
// start costs is the kernel's work on those. It takes the next request itself. One that wants other namespaces is
// served by it as well, with a child of its own.
//
// Its child has no mount namespace before it is needed: it would be the host's mounts of an earlier moment, and keep
// them busy.
#pragma once
#include <stdint.h>
#include "networks.h"

struct supervisor;

// What the next spare is to have.
struct spare_next {
	// 0: there is to be none.
	uint64_t namespaces;
	// Somebody reads or writes what follows; who finds it so does without.
	uint32_t is_busy;
	struct networks networks;
};

// What became of one. It has taken a request; or it was let go, unwanted or too slow; or it has ended, or could not be
// made.
enum spare_end { SPARE_USED, SPARE_UNWANTED, SPARE_LOST };

// In the launcher: shares memory with its supervisors, where they say what the next spare is to have. Returns 0 where
// there is no memory; then nobody makes one.
struct spare_next *spare_share(void);
// In the launcher: makes one with what `next` says, for requests on `requests`, and waits for its end. Where that has
// no namespaces, it is lost. Where its child cannot be made, `next` has none from then on.
enum spare_end spare_run(int requests, struct spare_next *next);

// In a supervisor: has the next spare be like its plan, and parts with its own child where that cannot be the plan's.
void spare_fit(struct supervisor *self);
// Gives the plan in `plan_fd` to the spare child.
struct outcome spare_begin(struct supervisor *self, int plan_fd);
// Ends the spare child, if there is one.
void spare_end_child(struct supervisor *self);
