// SPDX-License-Identifier: MIT
// A request: one byte with descriptors, the plan, the channel, then those for the first slots.
#pragma once
#include "../sys.h"
#include "../wire.h"

enum { REQUEST_FDS = RECEIVED_MAX + 2 };

struct request {
	int fds[REQUEST_FDS];
	uint32_t count;
};

// Waits for the next one. Returns 0 when the other end is closed.
int request_receive(int socket, struct request *ret_request);
