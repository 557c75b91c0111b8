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
// What has come with a message. The kernel installs no more than the reader has room for. unix(7)
void rights_take(struct rights *ret_rights, const struct sys_cmsghdr *head);
// Closes them.
void rights_close(struct rights *rights);
