// SPDX-License-Identifier: MIT
#include "reap.h"
#include "entry.h"
#include "orphans.h"
#include "supervisor.h"

enum {
	PATIENCE_NS = 1000000000,
	PAUSE_NS = 1000000,
	// Node knows: nobody is in a hurry.
	PAUSE_LAST_NS = 100000000,
};

static void note_status(struct supervisor *self, int status)
{
	struct message_exited *exited = &self->notices.exited;
	// Init ended by itself: what it tells of the command counts. Else it was killed, and the command with it.
	const int by_init = self->command != 0 && self->command != self->child && status == 0;
	exited->wait_status = by_init ? __atomic_load_n(&self->page->command_status, __ATOMIC_ACQUIRE) : status;
	// Killed init tells nothing of those that it had not reaped.
	// An init that holds has reaped all others, unless it was killed.
	const int is_alone = self->command == self->child && (!self->holds || status == 0);
	exited->waited = self->reaped && (by_init || self->command == 0 || is_alone);
}

// Reaps who has ended. Returns whether there is anybody else.
static int reap_ended(struct supervisor *self)
{
	struct rusage usage = {0};
	int status = 0;
	for (;;) {
		const long pid = sys_wait4(-1, &status, SYS_WNOHANG | SYS_WALL, &usage);
		if (pid == 0 || pid == -SYS_ECHILD)
			return pid == 0;
		// What carrel's own reader has used is not the container's.
		if (pid > 0 && pid != self->calls.reader.pid)
			supervisor_count(self, &usage);
		if (pid != self->child)
			continue;
		self->reaped = 1;
		note_status(self, status);
	}
}

// What is known of a first process that could not be reaped.
static void note_held(struct supervisor *self)
{
	struct message_exited *exited = &self->notices.exited;
	struct pollfd ended = {.fd = self->child_pidfd, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	int status = SYS_SIGKILL;
	if (sys_ppoll(&ended, 1, &now) > 0) {
		exited->guessed = !entry_exit_status(self->child, &status);
		note_status(self, status);
		return;
	}
	exited->left = LEFT_SOMEBODY;
	// Init has told how the command ended, and is on its way to its own end; else nothing undoes SIGKILL.
	const int told = !self->killed && __atomic_load_n(&self->page->command_over, __ATOMIC_SEQ_CST);
	note_status(self, told ? 0 : status);
}

// What the descriptor in a slot is that the child has filled; -1: it has not.
static int filled(const struct supervisor *self, int slot)
{
	return self->command > 0 && slot >= 0 ? self->page->slots[slot] : -1;
}

// Who may be left of what a child without a pid namespace has started: nobody, where nobody is under its filter any
// more. POLLHUP in seccomp_unotify(2), since 5.9
static uint32_t descendants_left(const struct supervisor *self)
{
	struct pollfd listener = {.fd = filled(self, self->descendants.listener)};
	const struct sys_timespec now = {0, 0};
	if (filled(self, self->descendants.namespace) < 0)
		return LEFT_NOBODY;
	if (listener.fd < 0)
		return LEFT_UNASKED;
	sys_ppoll(&listener, 1, &now);
	return listener.revents & POLLHUP ? LEFT_NOBODY : LEFT_SOMEBODY;
}

// Returns how many were found, or −1.
static long end_descendants(const struct supervisor *self)
{
	struct stat stat;
	if (sys_fstat(filled(self, self->descendants.namespace), &stat) < 0)
		return -1;
	return orphans_end_in("cgroup", stat.st_ino);
}

// Ends once who is left. Returns who that was, as far as is known.
static uint32_t end_left(struct supervisor *self)
{
	const int are_children = reap_ended(self);
	const uint32_t left = descendants_left(self);
	// A process lets go of its filter before it closes its files, and leaves its namespaces after. do_exit()
	const int are_descendants = left != LEFT_NOBODY || self->descendants.were_found;
	long found = are_descendants ? end_descendants(self) : 0;
	// Where nobody else tells: once more, for who came behind the back of who looked.
	if (left == LEFT_UNASKED && found == 0)
		found = end_descendants(self);
	// A /proc that does not tell. The listener does.
	if (left == LEFT_NOBODY && found < 0)
		found = 0;
	self->descendants.were_found = found != 0;
	const long children = are_children ? orphans_end(&self->cgroups, self->reaped ? 0 : self->child) : 0;
	// A child that somebody holds may keep the filter as if it lived: it lets go in release_task(), until 6.10.
	if (children != 0 || found != 0 || (left == LEFT_SOMEBODY && self->reaped))
		return LEFT_SOMEBODY;
	return left == LEFT_UNASKED ? LEFT_UNASKED : LEFT_NOBODY;
}

void reap_container(struct supervisor *self)
{
	struct message_exited *exited = &self->notices.exited;
	const uint64_t began = timing_now();
	exited->wall_ns = began - self->began;
	exited->violations = self->calls.count;
	exited->unread = self->calls.unread;
	reader_end(&self->calls.reader);
	connector_end(&self->connector);
	exited->ending = self->ending;
	while ((exited->left = end_left(self)) == LEFT_SOMEBODY || !self->reaped) {
		if (timing_now() - began >= PATIENCE_NS)
			break;
		timing_pause(PAUSE_NS);
	}
	if (!self->reaped)
		note_held(self);
	// Nobody has told of a command: what ended was not one, however it looks.
	if (self->command == 0 && exited->wait_status == 0 && !self->page->refused)
		supervisor_note_refusal(self, LIST_CLONE, 0, REFUSED(wait4, SYS_ECHILD));
}

void reap_rest(struct supervisor *self)
{
	if (self->notices.exited.left != LEFT_SOMEBODY)
		return;
	int64_t pause = PAUSE_NS;
	outbox_close(&self->outbox);
	relay_hang_up(&self->relay);
	while (end_left(self) == LEFT_SOMEBODY || !self->reaped) {
		timing_pause(pause);
		pause = pause * 2 < PAUSE_LAST_NS ? pause * 2 : PAUSE_LAST_NS;
	}
	self->notices.exited.left = LEFT_NOBODY;
	supervisor_perform(self, LIST_AFTER, self->plan.header->after_offset, self->plan.header->after_count);
}
