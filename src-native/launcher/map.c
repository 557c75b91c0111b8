// SPDX-License-Identifier: MIT
#include "map.h"
#include "text.h"

// The kernel takes less than a page. user_namespaces(7)
enum { MAP_LONGEST = 4096, RANGE_NUMBERS = 3 };

struct outcome map_write(int file, const struct plan *plan, struct wire_list ranges)
{
	char text[MAP_LONGEST + TEXT_NUMBER_LONGEST + 1];
	char *at = text;
	for (uint32_t i = 0; i < ranges.count; i++) {
		if (at >= text + MAP_LONGEST)
			return REFUSED(write, SYS_E2BIG);
		at = text_number(at, plan_number_at(plan, ranges, i));
		*at++ = i % RANGE_NUMBERS == RANGE_NUMBERS - 1 ? '\n' : ' ';
	}
	TRY(write, file, text, (size_t)(at - text));
	return DONE;
}
