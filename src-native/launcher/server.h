// SPDX-License-Identifier: MIT
// The server: a child that performs lists of steps in a running container, one after the other, for as long as anybody
// can ask. It holds nothing of the host's but its two sockets, and its own descriptors.
#pragma once
#include "outcome.h"
#include "plan.h"
#include "../messages.h"

// What it knows.
struct server {
	// The list that is performed: its texts stand in the request.
	struct plan list;
	uint32_t slot_count;
	int requests;
	// The slots of a directory that it empties in the end, and of the lock on that; NO_SLOT: none.
	uint64_t clears;
	uint64_t lock;
	// The directory /proc/self/fd, opened on the host.
	int own;
	uint32_t number;
	// Room for what is asked, and for what is answered: as much as `used`, its head included.
	unsigned char *request;
	unsigned char *answer;
	uint32_t used;
	// It has given back what it had written of that, and nobody has asked since.
	int is_trimmed;
	// What is in each slot; -1: nothing.
	int32_t *slots;
	// Whether this list has filled the slot.
	uint8_t *is_new;
};

// Serves until nobody can ask any more.
__attribute__((noreturn)) void server_run(struct server *server);
// Room in the answer for what a step gives, `most` bytes; server_give says how many it is.
struct outcome server_room(struct server *server, uint64_t most, unsigned char **ret_room);
void server_give(struct server *server, uint32_t size);
// What is in a slot.
struct outcome server_slot(const struct server *server, uint64_t slot, int *ret_fd);
// Copies up to `length` bytes from `offset` on, or from where the file is; fewer where it ends, or has become shorter.
struct outcome server_copy(int from, int into, uint64_t *offset, uint64_t length, uint64_t *ret_size);
// Fills a slot. What was there is closed.
void server_fill(struct server *server, uint64_t slot, int fd);
