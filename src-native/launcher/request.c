// SPDX-License-Identifier: MIT
#include "request.h"
#include "memory.h"

long request_receive(int socket, unsigned int flags, struct request *ret_request)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(int) * REQUEST_FDS];
	} control;
	struct message_start start = {0};
	struct sys_iovec iov = {&start, sizeof(start)};
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long received;
	do
		received = sys_recvmsg(socket, &message, SYS_MSG_CMSG_CLOEXEC | flags);
	while (received == -SYS_EINTR);
	if (received <= 0)
		return received == -SYS_EAGAIN ? received : 0;
	const int is_start = received == sizeof(start) && start.head.kind == MESSAGE_START;
	ret_request->count = 0;
	ret_request->supervisor = start.head.supervisor;
	if (message.control_length >= sizeof(struct sys_cmsghdr) && control.head.type == SYS_SCM_RIGHTS) {
		ret_request->count = (uint32_t)((control.head.length - sizeof(struct sys_cmsghdr)) / sizeof(int));
		memcpy(ret_request->fds, control.room + sizeof(struct sys_cmsghdr), ret_request->count * sizeof(int));
	}
	// Of another language: nobody is left to tell.
	while (!is_start && ret_request->count > 0)
		sys_close(ret_request->fds[--ret_request->count]);
	return 1;
}
