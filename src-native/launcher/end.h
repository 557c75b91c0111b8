// SPDX-License-Identifier: MIT
// How a container is ended, and how long its end is waited for.
#pragma once
#include "supervisor.h"

// The end of the child is awaited from now on.
void end_await(struct supervisor *self);
// Ends the container, for one of the reasons ENDING_*.
void end_now(struct supervisor *self, uint32_t ending);
// Whether the end that is awaited does not come.
int end_is_late(struct supervisor *self);
// Whether the child was ended, by this supervisor or by somebody else.
int end_has_come(const struct supervisor *self);
