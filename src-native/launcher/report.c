// SPDX-License-Identifier: MIT
#include "report.h"
#include "memory.h"

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
	return report_hand(socket, what, 0, 0);
}

struct outcome report_hand(int socket, char what, const int32_t *descriptors, uint32_t count)
{
	const long sent = rights_send(socket, &what, 1, descriptors, count, 0);
	return sent < 0 ? REFUSED(sendmsg, -sent) : DONE;
}

// Where nobody hears it, nobody asks why.
static void say_more(int socket, char what, void *more, size_t size)
{
	struct sys_iovec iov[] = {{&what, 1}, {more, size}};
	const struct sys_msghdr message = {.iov = iov, .iov_count = 2};
	sys_sendmsg(socket, &message, SYS_MSG_NOSIGNAL);
}

void report_entered(int socket, int32_t pid)
{
	say_more(socket, REPORT_ENTERED, &pid, sizeof(pid));
}

void report_refuse(int socket, const struct report_refused *refused)
{
	struct report_refused said = *refused;
	say_more(socket, REPORT_REFUSED, &said, sizeof(said));
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

// By the socket: the child may have a table of descriptors of its own by then.
struct outcome report_answer_plan(int socket, int fd, uint32_t size)
{
	const long sent = rights_send(socket, &size, sizeof(size), &fd, 1, 0);
	return sent < 0 ? REFUSED(sendmsg, -sent) : DONE;
}

struct outcome report_await_plan(int socket, int *ret_fd, uint32_t *ret_size)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(uint64_t)];
	} control;
	struct rights rights = {0};
	struct sys_iovec iov = {ret_size, sizeof(*ret_size)};
	struct sys_msghdr message;
	long received;
	do {
		message = (struct sys_msghdr){.iov = &iov, .iov_count = 1, .control = &control};
		message.control_length = sizeof(control);
		received = sys_recvmsg(socket, &message, SYS_MSG_CMSG_CLOEXEC);
	} while (received == -SYS_EINTR);
	if (received != sizeof(*ret_size))
		return REFUSED(recvmsg, received < 0 ? -received : SYS_ESRCH);
	if (message.control_length >= sizeof(control.head) && control.head.type == SYS_SCM_RIGHTS)
		rights_take(&rights, &control.head);
	// There was no room for it.
	if (rights.count != 1)
		return REFUSED(recvmsg, SYS_EMFILE);
	*ret_fd = rights.descriptors[0];
	return DONE;
}

long report_hear(int socket, struct report_heard *ret_heard)
{
	// Who has said it, and what came with it: the kernel writes them one behind the other.
	union {
		struct sys_cmsghdr head;
		char room[2 * sizeof(struct sys_cmsghdr) + sizeof(struct sys_ucred) +
			  sizeof(ret_heard->rights.descriptors) + sizeof(uint64_t)];
	} control;
	char what;
	struct sys_iovec iov[] = {{&what, 1}, {&ret_heard->refused, sizeof(ret_heard->refused)}};
	struct sys_msghdr message = {
		.iov = iov, .iov_count = 2, .control = &control, .control_length = sizeof(control)};
	*ret_heard = (struct report_heard){0};
	long received = sys_recvmsg(socket, &message, SYS_MSG_CMSG_CLOEXEC);
	if (received <= 0)
		return received;
	for (size_t at = 0; at + sizeof(struct sys_cmsghdr) < message.control_length;) {
		const struct sys_cmsghdr *head = (const struct sys_cmsghdr *)(const void *)(control.room + at);
		const void *value = control.room + at + sizeof(*head);
		if (head->type == SYS_SCM_CREDENTIALS)
			ret_heard->pid = (int)((const struct sys_ucred *)value)->pid;
		else if (head->type == SYS_SCM_RIGHTS)
			rights_take(&ret_heard->rights, head);
		at += (head->length + sizeof(size_t) - 1) / sizeof(size_t) * sizeof(size_t);
	}
	if (what != REPORT_LISTENER && what != REPORT_GIVEN)
		rights_close(&ret_heard->rights);
	return what;
}
