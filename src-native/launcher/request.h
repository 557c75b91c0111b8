// SPDX-License-Identifier: MIT
// A request: a message "start" with descriptors, the plan, the line, then those for the first slots.
#pragma once
#include "../messages.h"
#include "../sys.h"
#include "../wire.h"

enum { REQUEST_FDS = RECEIVED_MAX + 2 };

struct request {
	int fds[REQUEST_FDS];
	uint32_t count;
	// The number that its supervisor has.
	uint32_t supervisor;
};

// Takes the next one; waits for it, unless `flags` are SYS_MSG_DONTWAIT. Returns 0 when the other end is closed,
// -SYS_EAGAIN where there is none.
long request_receive(int socket, unsigned int flags, struct request *ret_request);
