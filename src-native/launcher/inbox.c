// SPDX-License-Identifier: MIT
#include "inbox.h"

long inbox_receive(struct inbox *inbox, int line)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(uint64_t)];
	} control;
	struct sys_iovec iov = {inbox->bytes + inbox->length, sizeof(inbox->bytes) - inbox->length};
	// The kernel closes what there is no room for. unix(7)
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long received;
	do
		received = sys_recvmsg(line, &message, SYS_MSG_DONTWAIT | SYS_MSG_CMSG_CLOEXEC);
	while (received == -SYS_EINTR);
	if (received <= 0)
		return received;
	inbox->length += (uint32_t)received;
	if (message.control_length >= sizeof(control.head) && control.head.type == SYS_SCM_RIGHTS) {
		rights_close(&inbox->rights);
		rights_take(&inbox->rights, &control.head);
	}
	return received;
}

static int is_order(const struct message_head *head, uint32_t supervisor)
{
	return head->kind < sizeof(ORDER_SIZES) && ORDER_SIZES[head->kind] != 0 &&
	       head->size == ORDER_SIZES[head->kind] && head->supervisor == supervisor &&
	       head->descriptors == ORDER_DESCRIPTORS[head->kind];
}

const struct message_head *inbox_next(struct inbox *inbox, uint32_t supervisor, int *ret_broken)
{
	// Each begins where it is aligned.
	inbox->length -= inbox->taken;
	for (uint32_t i = 0; i < inbox->length; i++)
		inbox->bytes[i] = inbox->bytes[inbox->taken + i];
	inbox->taken = 0;
	*ret_broken = inbox->length >= sizeof(inbox->head) && !is_order(&inbox->head, supervisor);
	if (*ret_broken || inbox->length < sizeof(inbox->head) || inbox->length < inbox->head.size)
		return 0;
	inbox->taken = inbox->head.size;
	return &inbox->head;
}
