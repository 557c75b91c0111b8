// SPDX-License-Identifier: MIT
// What is left of a container when its first process has ended.
#pragma once

// Ends and reaps every process that is this one's child, until there is none.
void orphans_end(void);
