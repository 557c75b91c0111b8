// SPDX-License-Identifier: MIT
#include "kept.h"
#include "../sys.h"

// The lowest that is kept from `least` on, or one beyond all.
static unsigned int next_kept(unsigned int least, const int32_t *kept, uint32_t count)
{
	unsigned int next = ~0u;
	for (uint32_t i = 0; i < count; i++)
		if (kept[i] >= 0 && (unsigned int)kept[i] >= least && (unsigned int)kept[i] < next)
			next = (unsigned int)kept[i];
	return next;
}

void kept_close_others(unsigned int least, const int32_t *kept, uint32_t count)
{
	while (least != ~0u) {
		const unsigned int next = next_kept(least, kept, count);
		if (next > least)
			sys_close_range(least, next == ~0u ? next : next - 1, 0);
		least = next == ~0u ? next : next + 1;
	}
}
