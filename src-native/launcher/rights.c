// SPDX-License-Identifier: MIT
#include "rights.h"
#include "../wire.h"
#include "memory.h"

long rights_send(
	int socket, const void *bytes, size_t size, const int32_t *descriptors, uint32_t count, unsigned int flags)
{
	struct {
		struct sys_cmsghdr head;
		int32_t descriptors[RECEIVED_MAX];
	} control;
	struct sys_iovec iov = {(void *)(uintptr_t)bytes, size};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	if (count > 0) {
		const size_t length = sizeof(control.head) + count * sizeof(int32_t);
		control.head = (struct sys_cmsghdr){length, SYS_SOL_SOCKET, SYS_SCM_RIGHTS};
		memcpy(control.descriptors, descriptors, count * sizeof(int32_t));
		message.control = &control;
		message.control_length = length;
	}
	return sys_sendmsg(socket, &message, SYS_MSG_NOSIGNAL | flags);
}

void rights_take(struct rights *ret_rights, const struct sys_cmsghdr *head)
{
	ret_rights->count = (uint32_t)((head->length - sizeof(*head)) / sizeof(int32_t));
	memcpy(ret_rights->descriptors, head + 1, ret_rights->count * sizeof(int32_t));
}

void rights_close(struct rights *rights)
{
	while (rights->count > 0)
		sys_close(rights->descriptors[--rights->count]);
}
