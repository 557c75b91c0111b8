// SPDX-License-Identifier: MIT
// The guard: the supervisor's parent where no init of the container ends with the supervisor. A command may clear its
// PR_SET_PDEATHSIG, and then outlives a supervisor that is killed. What is left becomes the guard's, which ends it.
#pragma once
#include "outcome.h"

struct plan;
struct supervisor;

// Whether what the plan starts may outlive its supervisor: it has no pid namespace of its own, or no init there.
int guard_is_needed(const struct plan *plan);
// This process becomes the guard, and goes on as its own child, the supervisor. They share their descriptors: the
// range of ids is held, and Node is not told of the end, until nobody is left. Before there are other children.
struct outcome guard_make(struct supervisor *self);
