// SPDX-License-Identifier: MIT
// What a supervisor tells Node, without ever waiting for it. All supervisors share the channel. What does not fit into
// it stays here, in its order, and goes when there is room. A message that waits here is still the caller's: it waits
// once, and says what it says when it goes.
#pragma once
#include "rights.h"

enum {
	// Each kind waits once, and one kind is the last.
	OUTBOX_MOST = 7,
};

struct outbox {
	// -1: nobody listens, and what is put here is gone.
	int channel;
	// By which orders come. Node hangs up where it wants to hear nothing more.
	int line;
	// The way of descriptors, before the message that says how many there are.
	int lane;
	// Which of both has no room; -1: neither, but time has to pass.
	int full;
	uint32_t supervisor;
	uint32_t count;
	struct {
		const struct message_head *message;
		// What goes with it and is closed then.
		struct rights gift;
		// So many of its kind lie behind it in memory, and follow it.
		uint32_t followers;
	} waiting[OUTBOX_MOST];
};

// Tells Node the message, which has `size` bytes, and gives it the descriptors; 0: none.
void outbox_put(
	struct outbox *outbox, uint32_t kind, struct message_head *message, size_t size, const struct rights *gift);
#define OUTBOX_PUT(outbox, kind, message) outbox_put((outbox), (kind), &(message)->head, sizeof(*(message)), 0)
// Tells Node the message behind all of its kind that wait. Each lies in memory right behind the one before, from the
// next OUTBOX_ALIGNMENT on, and stays there.
void outbox_follow(struct outbox *outbox, uint32_t kind, struct message_head *message, size_t size);
enum { OUTBOX_ALIGNMENT = 8 };
// Sends as much as there is room for.
void outbox_send(struct outbox *outbox);
// What to poll for before the next outbox_send; nothing where nothing waits, or polling does not help.
struct pollfd outbox_poll(const struct outbox *outbox);
// Hangs up, with all that waits.
void outbox_close(struct outbox *outbox);
// Waits until all has gone, or Node has hung up. Meanwhile all other descriptors are closed, unless this process still
// `holds` something.
void outbox_finish(struct outbox *outbox, int holds);
