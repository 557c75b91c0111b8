// SPDX-License-Identifier: MIT
#include "rtnetlink.h"
#include <linux/netlink.h>
#include <linux/sockios.h>
#include "interface.h"
#include "memory.h"

static size_t aligned(size_t size)
{
	return (size + NLMSG_ALIGNTO - 1) & ~(size_t)(NLMSG_ALIGNTO - 1);
}

void rtnetlink_begin(struct rtnetlink *message, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	*message = (struct rtnetlink){.size = sizeof(struct nlmsghdr) + aligned(size)};
	message->message.head.nlmsg_type = type;
	message->message.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	memcpy(message->message.room + sizeof(struct nlmsghdr), body, size);
}

void rtnetlink_put(struct rtnetlink *message, uint16_t type, const void *value, size_t size)
{
	const struct rtattr head = {(uint16_t)(sizeof(head) + size), type};
	if (message->size + sizeof(head) + size > sizeof(message->message.room))
		return;
	memcpy(message->message.room + message->size, &head, sizeof(head));
	memcpy(message->message.room + message->size + sizeof(head), value, size);
	message->size += aligned(sizeof(head) + size);
}

size_t rtnetlink_open(struct rtnetlink *message, uint16_t type)
{
	const size_t begins = message->size;
	rtnetlink_put(message, type, 0, 0);
	return begins;
}

void rtnetlink_close(struct rtnetlink *message, size_t begins)
{
	struct rtattr *head = (struct rtattr *)(void *)(message->message.room + begins);
	head->rta_len = (uint16_t)(message->size - begins);
}

void rtnetlink_skip(struct rtnetlink *message, size_t size)
{
	message->size += aligned(size);
}

// What the kernel answers: the error, or 0, in front of what was said.
static struct outcome hear(int fd)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr body;
		char rest[512];
	} answer;
	const long size = TRY(read, fd, &answer, sizeof(answer));
	if (size < (long)(sizeof(answer.head) + sizeof(answer.body)) || answer.head.nlmsg_type != NLMSG_ERROR)
		return REFUSED(read, SYS_EPROTO);
	return answer.body.error ? REFUSED(write, -answer.body.error) : DONE;
}

struct outcome rtnetlink_send(struct rtnetlink *message)
{
	message->message.head.nlmsg_len = (uint32_t)message->size;
	const int fd = (int)TRY(socket, SYS_AF_NETLINK, SYS_SOCK_RAW | O_CLOEXEC, NETLINK_ROUTE);
	const long sent = sys_write(fd, message->message.room, message->size);
	const struct outcome outcome = sent < 0 ? REFUSED(write, -sent) : hear(fd);
	sys_close(fd);
	return outcome;
}

struct outcome rtnetlink_index(const char *name, size_t length, int *ret_index)
{
	struct interface_request request = {0};
	PASS(interface_named(name, length, &request));
	const int fd = (int)TRY(socket, SYS_AF_INET, SYS_SOCK_DGRAM | O_CLOEXEC, 0);
	const long result = sys_ioctl(fd, SIOCGIFINDEX, &request);
	sys_close(fd);
	*ret_index = request.index;
	return result < 0 ? REFUSED(ioctl, -result) : DONE;
}
