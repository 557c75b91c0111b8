// SPDX-License-Identifier: MIT
// The report socket: what the child says to its supervisor, one byte each, and what it is answered. The kernel adds who
// said it. SO_PASSCRED in unix(7)
#pragma once
#include "outcome.h"
#include "rights.h"

// A spare's child asks for what it is to have ahead of its plan. Who has entered a pid namespace has no page to say in
// what it was refused. With `l` comes the listener of the filter that the child has loaded, with `n` what is for Node.
enum {
	REPORT_BARRIER = 'b',
	REPORT_COMMAND = 'c',
	REPORT_ASKS = 'a',
	REPORT_LISTENER = 'l',
	REPORT_REFUSED = 'r',
	REPORT_ENTERED = 'e',
	REPORT_GIVEN = 'n'
};

// What is said of a refusal.
struct report_refused {
	uint32_t index;
	uint32_t path;
	int32_t syscall;
	int32_t error;
};

// What comes with what is said.
struct report_heard {
	// Who has said it.
	int pid;
	// What came with it.
	struct rights rights;
	union {
		struct report_refused refused;
		// Of REPORT_ENTERED: which process goes on in the place of who says it.
		int32_t entered;
	};
};

// The answer to a barrier, of one byte.
enum { REPORT_GO = 'g' };

// Makes both ends.
struct outcome report_open(int *ret_supervisor, int *ret_child);
// Says one of REPORT_*, in the child.
struct outcome report_say(int socket, char what);
// The same, with descriptors, GIVEN_MAX at most.
struct outcome report_hand(int socket, char what, const int32_t *descriptors, uint32_t count);
// Says which process goes on with the steps.
void report_entered(int socket, int32_t pid);
// Says that a step was refused.
void report_refuse(int socket, const struct report_refused *refused);
// Waits for an answer of `size` bytes, in the child.
struct outcome report_await(int socket, void *ret_answer, size_t size);
// Answers, in the supervisor.
struct outcome report_answer(int socket, const void *answer, size_t size);
// Hands a child that waits for a plan the plan's descriptor, and says how long it is.
struct outcome report_answer_plan(int socket, int fd, uint32_t size);
// Waits for that, in the child. The descriptor is its own.
struct outcome report_await_plan(int socket, int *ret_fd, uint32_t *ret_size);
// Takes what was said, in the supervisor. Returns it; 0 when nobody has the child's end open any more.
long report_hear(int socket, struct report_heard *ret_heard);
