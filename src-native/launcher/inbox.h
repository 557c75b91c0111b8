// SPDX-License-Identifier: MIT
// Orders from Node, as they come on a supervisor's channel: bytes in, whole messages out. It takes none that is of another kind.
#pragma once
#include "../messages.h"
#include "../sys.h"

struct inbox {
	union {
		struct message_head head;
		unsigned char bytes[ORDER_MAX];
	};
	uint32_t length;
	// How much of it is the order that was taken last.
	uint32_t taken;
};

// Reads what has come, without waiting; a descriptor that came along is closed by the kernel. Returns 0 where the other end is closed, and the negative
// errno where there is nothing.
long inbox_receive(struct inbox *inbox, int channel);
// The next order to `supervisor` that is there as a whole, or 0. It is there until the next call. Where the bytes are none, `*ret_broken` is 1.
const struct message_head *inbox_next(struct inbox *inbox, uint32_t supervisor, int *ret_broken);
