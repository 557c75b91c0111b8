// SPDX-License-Identifier: MIT
// Orders from Node, as they come on a supervisor's line: bytes in, whole messages out. What is no order breaks the
// protocol.
#pragma once
#include "rights.h"

struct inbox {
	union {
		struct message_head head;
		unsigned char bytes[ORDER_MAX];
	};
	uint32_t length;
	// How much of it is the order that was taken last.
	uint32_t taken;
	// What has come with an order that was not taken yet.
	struct rights rights;
};

// Reads what has come, without waiting. Returns 0 where the other end is closed, and -SYS_EAGAIN where there is
// nothing.
long inbox_receive(struct inbox *inbox, int line);
// The next order to `supervisor`, which lasts until the next call; 0 where none is there as a whole. `*ret_broken` says
// whether the bytes break the protocol.
const struct message_head *inbox_next(struct inbox *inbox, uint32_t supervisor, int *ret_broken);
