// SPDX-License-Identifier: MIT
// One container from the host's side: what its supervisor knows, and the parts that it is made of.
#pragma once
#include "calls.h"
#include "cgroups.h"
#include "connector.h"
#include "inbox.h"
#include "outbox.h"
#include "page.h"
#include "plan.h"
#include "relay.h"
#include "request.h"
#include "timing.h"

struct child;
struct networks;
struct spare_next;

// What Node is told in the end, or when it comes to it: each kind is filled in as things become known.
struct notices {
	struct message_barrier barrier;
	struct message_running running;
	struct message_stays stays;
	struct message_awaits awaits;
	struct message_oom oom;
	struct message_timing timing;
	struct message_exited exited;
	// `error` is 0 where nothing was refused.
	struct message_refused refused;
	struct message_rejected rejected;
	struct message_failed failed;
};

// By which slots the processes that a child without a pid namespace has started are known; -1: they are not.
struct descendants {
	int namespace;
	int listener;
	// When it was looked last, at the end.
	int were_found;
};

struct supervisor {
	struct plan plan;
	struct page *page;
	struct notices notices;
	struct outbox outbox;
	struct inbox inbox;
	struct cgroups cgroups;
	struct timing timing;
	struct descendants descendants;
	struct calls calls;
	struct connector connector;
	// Both ends of the report socket; the child's is closed here as soon as the child has descriptors of its own.
	int report;
	int report_child;
	int timer;
	// -1: there is none.
	int child;
	int child_pidfd;
	// The process that has entered a pid namespace in the child's place; 0: none.
	int entered;
	// The child that has made this one in its place, until it is reaped.
	int former;
	int former_pidfd;
	// The command, as the host numbers it; 0: it has not told of itself.
	int command;
	int command_pidfd;
	// Its plan leaves PID 1 alone: that stands for the command.
	int holds;
	// What the child has for Node.
	struct rights gift;
	// Signals that Node sent before the command ran: bit n − 1.
	uint64_t pending;
	int running;
	int is_trimmed;
	// Who waits at the barrier, as the kernel says.
	int waiting;
	// The child stands at a barrier until Node says go.
	int hooked;
	// The child has performed the first steps of a plan that Node has not sent. sequel.h
	int awaits;
	// An act was broken off, because something has happened that ends the container: watch.c hears of it next.
	int broken_off;
	uint32_t ending;
	// It is being ended: by init at first, then by SIGKILL.
	int killed;
	// The command has ended: what happens from here on is not why.
	int is_over;
	// Since when the end of the child is awaited: it is being ended, or its command has ended; 0: it is not.
	uint64_t ends_since;
	// How often it was looked for what holds that up.
	uint64_t searches;
	int reaped;
	// When the child was cloned, or came to its plan.
	uint64_t began;
	// The new namespaces of the child that waits for its plan; 0: there is none. spare.c
	uint64_t spare;
	// It has a guard, or is to have none. guard.c
	int guarded;
	// Where the launcher looks which namespaces the next spare is to have; 0: it makes none.
	struct spare_next *spare_next;
	// What its spare child has done ahead about networks; 0: nothing.
	const struct networks *networks;
	// The last: its buffers are no memory before they are used.
	struct relay relay;
};

// This process's own. It knows nothing yet.
struct supervisor *supervisor_new(void);
// What every supervisor has, whatever its plan is.
struct outcome supervisor_prepare(struct supervisor *self);
// Ends the container so many milliseconds from now on, instead of when it would have ended before; 0: never.
struct outcome supervisor_bound(struct supervisor *self, uint64_t timeout_ms);
// Clones the child into new namespaces, where it begins with `run`: child_run or child_run_spare.
struct outcome supervisor_clone(struct supervisor *self, uint64_t namespaces, void (*run)(struct child *));
// Performs the request's plan, and ends. Its line is -1 where nobody listens.
__attribute__((noreturn)) void supervisor_run(struct supervisor *self, const struct request *request);
// Performs host acts in order. Returns 0, or records the refusal and returns -1.
int supervisor_perform(struct supervisor *self, uint32_t list, uint32_t offset, uint32_t count);
// Notes why the container cannot be; the first reason counts.
void supervisor_note_refusal(struct supervisor *self, uint32_t list, uint32_t act, struct outcome outcome);
// Takes over the listener of the child's filter; -1: there was no room for it. Returns whether there is one.
int supervisor_take_listener(struct supervisor *self, int listener);
// What was sent for the container is the child's alone from here on: else a pipe that it closes would not end for Node.
void supervisor_part_with_slots(struct supervisor *self);
// Adds what one process has used, and those that it has waited for.
void supervisor_count(struct supervisor *self, const struct rusage *usage);
// Tells Node how many OOM kills there were. Returns whether there were more than it has told before.
int supervisor_tell_oom(struct supervisor *self);
