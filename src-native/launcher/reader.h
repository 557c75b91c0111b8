// SPDX-License-Identifier: MIT
// A process that reads the memory of others, so that the supervisor waits for no page. A process inside can have a file
// system in user space mapped there, which answers when it likes, or never.
#pragma once
#include "outcome.h"

enum { READER_MOST = 1024 };

struct reader {
	// -1: there is none.
	int socket;
	int pid;
	// What was read: the memory of both.
	char *bytes;
};

// Makes it. Before a pid namespace is joined: it is to see the same pids as the supervisor.
struct outcome reader_make(struct reader *reader);
// Asks for up to READER_MOST bytes. Returns whether it will tell, by its socket.
int reader_ask(const struct reader *reader, int pid, uint64_t address, uint32_t size);
// How many bytes it has read; -1: somebody has ended it.
long reader_hear(const struct reader *reader);
// Ends it, whatever it waits for.
void reader_end(struct reader *reader);
