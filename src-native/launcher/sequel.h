// SPDX-License-Identifier: MIT
// A plan in two parts: the child has performed the first steps before there was a command, and waits. Node then sends
// the whole plan. So what takes long is done while nobody waits.
#pragma once
#include "supervisor.h"

// The child stands at the end of the first part. Node is told.
void sequel_await(struct supervisor *self);
// Node has sent the whole plan, which the child goes on with. Returns whether it could be one that is awaited.
int sequel_take(struct supervisor *self);
