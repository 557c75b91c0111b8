// SPDX-License-Identifier: MIT
// Descriptors that go through a socket, to another process. SCM_RIGHTS in unix(7)
#pragma once
#include "../messages.h"
#include "../sys.h"

// As many as there are of a container. What they stand for is this process's until they are closed.
struct rights {
	uint32_t count;
	int32_t descriptors[GIVEN_MAX];
};

// Sends the bytes with so many descriptors, RECEIVED_MAX at most; 0: the bytes alone. Never by SIGPIPE.
long rights_send(
	int socket, const void *bytes, size_t size, const int32_t *descriptors, uint32_t count, unsigned int flags);
// Closes them.
void rights_close(struct rights *rights);
