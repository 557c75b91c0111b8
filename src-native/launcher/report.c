// SPDX-License-Identifier: MIT
#include "report.h"

struct outcome report_open(int *ret_supervisor, int *ret_child)
{
	const int pass = 1;
	int pair[2];
	TRY(socketpair, SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	*ret_supervisor = pair[0];
	*ret_child = pair[1];
	TRY(setsockopt, *ret_supervisor, SYS_SOL_SOCKET, SYS_SO_PASSCRED, &pass, sizeof(pass));
	return DONE;
}

struct outcome report_say(int socket, char what)
{
	struct sys_iovec iov = {&what, 1};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	TRY(sendmsg, socket, &message, SYS_MSG_NOSIGNAL);
	return DONE;
}

struct outcome report_await(int socket, void *ret_answer, size_t size)
{
	long received;
	do
		received = sys_read(socket, ret_answer, size);
	while (received == -SYS_EINTR);
	if (received != (long)size)
		return REFUSED(read, received < 0 ? -received : SYS_ESRCH);
	return DONE;
}

struct outcome report_answer(int socket, const void *answer, size_t size)
{
	TRY(write, socket, answer, size);
	return DONE;
}

long report_hear(int socket, int *ret_pid)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(struct sys_ucred)];
	} control;
	char what;
	struct sys_iovec iov = {&what, 1};
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long received = sys_recvmsg(socket, &message, SYS_MSG_CMSG_CLOEXEC);
	if (received <= 0)
		return received;
	*ret_pid = (int)((const struct sys_ucred *)(control.room + sizeof(struct sys_cmsghdr)))->pid;
	return what;
}
