// SPDX-License-Identifier: MIT
// Decoders of orders and requests, under libFuzzer, take whole messages and nothing else, however they are cut.
#include "../../src-native/launcher/inbox.h"
#include "../../src-native/launcher/memory.h"
#include "../../src-native/launcher/request.h"

// Declared here: the C library's headers are at odds with the kernel's.
__attribute__((noreturn)) void abort(void);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SUPERVISOR = 7, ORDERS_MOST = 512, DESCRIPTORS_MOST = REQUEST_FDS };

static void require(int holds)
{
	if (!holds)
		abort();
}

static void open_pair(int pair[2])
{
	require(sys_socketpair(SYS_AF_UNIX, SYS_SOCK_STREAM | O_CLOEXEC, 0, pair) == 0);
}

static void send_all(int socket, const uint8_t *data, size_t size, const int *fds, size_t count)
{
	struct {
		struct sys_cmsghdr head;
		int fds[DESCRIPTORS_MOST];
	} control = {.head = {.level = SYS_SOL_SOCKET, .type = SYS_SCM_RIGHTS}};
	struct sys_iovec iov = {(void *)data, size};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	control.head.length = sizeof(control.head) + sizeof(int) * count;
	for (size_t i = 0; i < count; i++)
		control.fds[i] = fds[i];
	if (count > 0) {
		message.control = &control;
		message.control_length = (control.head.length + 7) & ~7ul;
	}
	require(sys_sendmsg(socket, &message, SYS_MSG_NOSIGNAL) == (long)size);
}

struct seen {
	uint32_t kinds[ORDERS_MOST];
	uint32_t count;
	int broken;
};

// Takes the orders that are there; they are what their heads say, and lie within the inbox.
static void take(struct inbox *inbox, struct seen *seen)
{
	const struct message_head *order;
	while (!seen->broken && (order = inbox_next(inbox, SUPERVISOR, &seen->broken)) != 0) {
		require(order->kind < sizeof(ORDER_SIZES) && order->size == ORDER_SIZES[order->kind]);
		require(order->supervisor == SUPERVISOR && order->descriptors == ORDER_DESCRIPTORS[order->kind]);
		require(inbox->taken == order->size && inbox->taken <= inbox->length);
		require(inbox->length <= sizeof(inbox->bytes));
		if (seen->count < ORDERS_MOST)
			seen->kinds[seen->count++] = order->kind;
	}
}

// As watch.c reads its channel, when the bytes come `step` at a time.
static void read_orders(const uint8_t *data, size_t size, size_t step, struct seen *seen)
{
	struct inbox inbox = {.length = 0};
	int pair[2];
	open_pair(pair);
	for (size_t at = 0; at < size && !seen->broken; at += step) {
		send_all(pair[0], data + at, size - at < step ? size - at : step, 0, 0);
		while (!seen->broken && inbox_receive(&inbox, pair[1]) > 0)
			take(&inbox, seen);
	}
	sys_close(pair[0]);
	// What is whole is taken; the rest is a part of one, and the end is seen.
	require(seen->broken || inbox_receive(&inbox, pair[1]) == 0);
	sys_close(pair[1]);
}

static void read_request(const uint8_t *data, size_t size, size_t count)
{
	int fds[DESCRIPTORS_MOST];
	int pair[2];
	struct request request;
	open_pair(pair);
	const long lowest = sys_fcntl(pair[0], F_DUPFD_CLOEXEC, 3);
	sys_close((int)lowest);
	for (size_t i = 0; i < count; i++)
		fds[i] = pair[i % 2];
	send_all(pair[0], data, size, fds, count);
	require(request_receive(pair[1], SYS_MSG_DONTWAIT, &request) == 1);
	require(request.count <= REQUEST_FDS);
	struct message_head head = {0};
	memcpy(&head, data, size < sizeof(head) ? size : sizeof(head));
	const int is_start = size >= sizeof(struct message_start) && head.kind == MESSAGE_START;
	require(request.count == 0 || (is_start && request.supervisor == head.supervisor));
	while (request.count > 0)
		require(sys_close(request.fds[--request.count]) == 0);
	// None is left open.
	const long after = sys_fcntl(pair[0], F_DUPFD_CLOEXEC, 3);
	require(after == lowest);
	sys_close((int)after);
	sys_close(pair[0]);
	sys_close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const size_t step = 1 + data[0] % 64;
	const size_t descriptors = data[1] % (DESCRIPTORS_MOST + 1);
	data += 2;
	size -= 2;
	if (size == 0)
		return 0;
	struct seen whole = {.count = 0};
	struct seen cut = {.count = 0};
	read_orders(data, size, size, &whole);
	read_orders(data, size, step, &cut);
	require(whole.count == cut.count && whole.broken == cut.broken);
	for (uint32_t i = 0; i < whole.count; i++)
		require(whole.kinds[i] == cut.kinds[i]);
	read_request(data, size, descriptors);
	return 0;
}

// What is mutated has the heads of messages in it; else hardly any would come further than the first.
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	size = LLVMFuzzerMutate(data, size, max_size);
	if (seed % 4 == 0)
		return size;
	uint8_t *const end = data + size;
	for (uint8_t *at = data + 2; at + sizeof(struct message_head) <= end;) {
		struct message_head head = {.kind = 1 + (seed ^ at[0]) % sizeof(ORDER_SIZES), .supervisor = SUPERVISOR};
		if (head.kind < sizeof(ORDER_SIZES)) {
			head.size = ORDER_SIZES[head.kind];
			head.descriptors = ORDER_DESCRIPTORS[head.kind];
		} else {
			head.kind = MESSAGE_START;
		}
		if (head.size < sizeof(head))
			head.size = sizeof(head);
		memcpy(at, &head, sizeof(head));
		at += head.size;
		seed /= 3;
	}
	return size;
}
