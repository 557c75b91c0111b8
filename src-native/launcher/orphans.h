// SPDX-License-Identifier: MIT
// What is left of a container when its first process has ended.
#pragma once
#include "supervisor.h"

// Ends and reaps every process that is this one's child, until there is none, frozen or not. Counts what they used.
void orphans_end(struct supervisor *self);
