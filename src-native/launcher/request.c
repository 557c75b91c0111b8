// SPDX-License-Identifier: MIT
#include "request.h"
#include "memory.h"

long request_receive(int socket, unsigned int flags, struct request *ret_request)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(int) * REQUEST_FDS];
	} control;
	char byte;
	struct sys_iovec iov = {&byte, 1};
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long received;
	do
		received = sys_recvmsg(socket, &message, SYS_MSG_CMSG_CLOEXEC | flags);
	while (received == -SYS_EINTR);
	if (received <= 0)
		return received == -SYS_EAGAIN ? received : 0;
	ret_request->count = 0;
	if (message.control_length >= sizeof(struct sys_cmsghdr) && control.head.type == SYS_SCM_RIGHTS) {
		ret_request->count = (uint32_t)((control.head.length - sizeof(struct sys_cmsghdr)) / sizeof(int));
		memcpy(ret_request->fds, control.room + sizeof(struct sys_cmsghdr), ret_request->count * sizeof(int));
	}
	return 1;
}
