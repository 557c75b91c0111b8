// SPDX-License-Identifier: MIT
#include "outbox.h"
#include "kept.h"

enum {
	STANDARD = 3,
	// For as many descriptors as this user may have under way: others', which somebody takes in the end, or does
	// not. unix(7)
	PAUSE_NS = 10000000,
	PAUSES = 100,
};

static long send(int socket, const void *bytes, size_t size, const struct rights *gift)
{
	const uint32_t count = gift ? gift->count : 0;
	long sent;
	do
		sent = rights_send(socket, bytes, size, gift ? gift->descriptors : 0, count, SYS_MSG_DONTWAIT);
	while (sent == -SYS_EINTR);
	return sent;
}

static void drop_first(struct outbox *outbox)
{
	rights_close(&outbox->waiting[0].gift);
	if (outbox->waiting[0].followers > 0) {
		const struct message_head *message = outbox->waiting[0].message;
		const size_t blocks = (message->size + OUTBOX_ALIGNMENT - 1) / OUTBOX_ALIGNMENT;
		outbox->waiting[0].message = (const void *)((const char *)message + blocks * OUTBOX_ALIGNMENT);
		outbox->waiting[0].followers--;
		return;
	}
	outbox->count--;
	for (uint32_t i = 0; i < outbox->count; i++)
		outbox->waiting[i] = outbox->waiting[i + 1];
}

// The descriptors first: the reader of the message looks for them.
static long send_first(struct outbox *outbox)
{
	const struct message_head *message = outbox->waiting[0].message;
	struct rights *gift = &outbox->waiting[0].gift;
	if (gift->count > 0) {
		outbox->full = outbox->lane;
		long sent = send(outbox->lane, &outbox->supervisor, sizeof(outbox->supervisor), gift);
		if (sent < 0)
			return sent;
		rights_close(gift);
	}
	outbox->full = outbox->channel;
	// A message is far smaller than what a socket takes at a time: it is sent whole, or not at all.
	return send(outbox->channel, message, message->size, 0);
}

void outbox_send(struct outbox *outbox)
{
	while (outbox->count > 0) {
		long sent = send_first(outbox);
		// For want of memory there is room in the next turn, or in one after that.
		if (sent == -SYS_EAGAIN || sent == -SYS_ENOMEM)
			return;
		if (sent == -SYS_ETOOMANYREFS) {
			outbox->full = -1;
			return;
		}
		if (sent < 0) {
			// A channel that carries nothing any more: Node would wait for ever, and at a barrier the child
			// with it. Who polls the line sees that it is over. The channel itself is others' too.
			sys_shutdown(outbox->line, SYS_SHUT_RDWR);
			while (outbox->count > 0)
				drop_first(outbox);
			return;
		}
		drop_first(outbox);
	}
}

void outbox_put(
	struct outbox *outbox, uint32_t kind, struct message_head *message, size_t size, const struct rights *gift)
{
	struct rights given = {0};
	if (gift)
		given = *gift;
	*message = (struct message_head){kind, (uint32_t)size, outbox->supervisor, given.count};
	for (uint32_t i = 0; i < outbox->count; i++)
		if (outbox->waiting[i].message == message)
			return;
	if (outbox->channel < 0 || outbox->count == OUTBOX_MOST) {
		rights_close(&given);
		return;
	}
	outbox->waiting[outbox->count].message = message;
	outbox->waiting[outbox->count].gift = given;
	outbox->waiting[outbox->count].followers = 0;
	outbox->count++;
	// What waits goes first, and there was no room for it.
	if (outbox->count == 1)
		outbox_send(outbox);
}

void outbox_follow(struct outbox *outbox, uint32_t kind, struct message_head *message, size_t size)
{
	*message = (struct message_head){kind, (uint32_t)size, outbox->supervisor, 0};
	for (uint32_t i = 0; i < outbox->count; i++) {
		if (outbox->waiting[i].message->kind != kind)
			continue;
		outbox->waiting[i].followers++;
		return;
	}
	outbox_put(outbox, kind, message, size, 0);
}

struct pollfd outbox_poll(const struct outbox *outbox)
{
	return (struct pollfd){.fd = outbox->count > 0 ? outbox->full : -1, .events = POLLOUT};
}

void outbox_close(struct outbox *outbox)
{
	while (outbox->count > 0)
		drop_first(outbox);
	if (outbox->channel < 0)
		return;
	sys_close(outbox->channel);
	sys_close(outbox->line);
	outbox->channel = -1;
	outbox->line = -1;
}

static void close_all_else(const struct outbox *outbox)
{
	enum { CHANNEL, LINE, LANE, FIXED };
	int32_t needed[FIXED + OUTBOX_MOST * GIVEN_MAX] = {
		[CHANNEL] = outbox->channel,
		[LINE] = outbox->line,
		[LANE] = outbox->lane,
	};
	uint32_t count = FIXED;
	for (uint32_t i = 0; i < outbox->count; i++)
		for (uint32_t j = 0; j < outbox->waiting[i].gift.count; j++)
			needed[count++] = outbox->waiting[i].gift.descriptors[j];
	kept_close_others(STANDARD, needed, count);
}

void outbox_finish(struct outbox *outbox, int holds)
{
	const struct sys_timespec pause = {0, PAUSE_NS};
	int pauses = 0;
	outbox_send(outbox);
	if (outbox->count > 0 && !holds)
		close_all_else(outbox);
	while (outbox->count > 0) {
		enum { ROOM, LINE, COUNT };
		struct pollfd polled[COUNT] = {[ROOM] = outbox_poll(outbox), [LINE] = {.fd = outbox->line}};
		sys_ppoll(polled, COUNT, outbox->full < 0 ? &pause : 0);
		if (polled[LINE].revents & (POLLHUP | POLLERR))
			outbox_close(outbox);
		else if (outbox->full < 0 && ++pauses == PAUSES)
			drop_first(outbox);
		outbox_send(outbox);
	}
}
