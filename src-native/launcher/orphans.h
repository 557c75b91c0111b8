// SPDX-License-Identifier: MIT
// What is left of a container when its first process has ended.
#pragma once
#include "cgroups.h"

// Ends and reaps every process that is this one's child, until there is none, frozen or not.
void orphans_end(const struct cgroups *cgroups);
