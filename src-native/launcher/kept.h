// SPDX-License-Identifier: MIT
// Closes what a process has open, but for what it still needs.
#pragma once
#include <stdint.h>

// Closes all descriptors from `least` on but these `count`, of which -1 is none.
void kept_close_others(unsigned int least, const int32_t *kept, uint32_t count);
