// SPDX-License-Identifier: MIT
// What a supervisor reacts to while its container lives: the child's reports, Node's orders, the clock, the terminal.
#include "watch.h"
#include "command.h"
#include "end.h"
#include "entrance.h"
#include "entry.h"
#include "memory.h"
#include "orders.h"
#include "sequel.h"
#include "supervisor.h"
#include "text.h"

enum { PAUSE_NS = 1000000 };

// Says which namespaces the process is in. 0 where it has ended, or may not be looked at.
static void identify(const struct supervisor *self, int pid, uint32_t *ret_inodes)
{
	// In the order of the message.
	static const char *const NAMES[] = {"time", "mnt", "cgroup", "uts", "ipc", "user", "pid", "net"};
	const uint32_t count = sizeof(NAMES) / sizeof(*NAMES);
	static_assert(sizeof(NAMES) / sizeof(*NAMES) ==
			      sizeof(self->notices.running.namespaces) / sizeof(*self->notices.running.namespaces),
		"namespaces");
	char path[64];
	*text_copy(text_number(text_copy(path, "/proc/"), (uint64_t)pid), "/ns") = 0;
	int directory = (int)sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	for (uint32_t i = 0; i < count; i++) {
		struct stat stat = {0};
		int known = directory >= 0 && sys_newfstatat(directory, NAMES[i], &stat, 0) == 0;
		ret_inodes[i] = known ? (uint32_t)stat.st_ino : 0;
	}
	if (directory >= 0)
		sys_close(directory);
	// Once init has reaped the command its pid may be another process's, as all are where /proc shows other pids.
	int is_over = pid != self->child && __atomic_load_n(&self->page->command_over, __ATOMIC_SEQ_CST);
	if (is_over || entry_check().error)
		memset(ret_inodes, 0, count * sizeof(*ret_inodes));
}

static void on_barrier(struct supervisor *self, int pid)
{
	const uint32_t count = self->plan.header->steps_count;
	uint32_t index = __atomic_load_n(&self->page->index, __ATOMIC_RELAXED);
	const struct record *record = plan_step(&self->plan, index < count ? index : 0);
	const struct step_barrier *step = (const struct step_barrier *)record;
	self->waiting = pid;
	// Somebody has ended it in the meantime: nothing can be done for it, and that is no refusal.
	if (end_has_come(self))
		return;
	if (record->op == STEP_AWAIT_PLAN) {
		sequel_await(self);
		return;
	}
	if (record->op != STEP_BARRIER || supervisor_perform(self, LIST_ACTS, step->acts.offset, step->acts.count)) {
		if (self->broken_off) {
			self->notices.refused.error = 0;
			return;
		}
		// While a process dies its entries in /proc belong to root already, and nobody can say how long it
		// dies: it wants a processor for it. proc(5)
		if (end_has_come(self) || entry_is_of_dying(self->child))
			self->notices.refused.error = 0;
		end_now(self, ENDING_NONE);
		return;
	}
	if (!step->hook) {
		orders_let_go(self);
		return;
	}
	// Nobody is left to say go, or to run the hook.
	if (self->outbox.line < 0) {
		end_now(self, ENDING_HANGUP);
		return;
	}
	self->hooked = 1;
	struct message_barrier *barrier = &self->notices.barrier;
	barrier->index = index;
	barrier->pid = self->child;
	identify(self, barrier->pid, barrier->namespaces);
	OUTBOX_PUT(&self->outbox, MESSAGE_BARRIER, barrier);
}

static void on_command(struct supervisor *self, int pid)
{
	if (!entrance_admits(self, pid)) {
		end_now(self, ENDING_NONE);
		return;
	}
	sys_close(self->report_child);
	self->report_child = -1;
	supervisor_part_with_slots(self);
	self->holds = plan_holds(&self->plan);
	self->command = self->holds ? self->child : pid;
	command_hold(self);
}

// The child's end is closed everywhere: its plan has come to its ending, or the child has died on its way.
static void on_silence(struct supervisor *self)
{
	sys_close(self->report);
	self->report = -1;
	if (__atomic_load_n(&self->page->refused, __ATOMIC_ACQUIRE) ||
		self->page->index != self->plan.header->steps_count - 1)
		return;
	self->running = 1;
	timing_moment(&self->timing, MOMENT_RUNNING);
	struct message_running *message = &self->notices.running;
	message->pid = self->command;
	message->first = self->child;
	identify(self, message->pid, message->namespaces);
	outbox_put(&self->outbox, MESSAGE_RUNNING, &message->head, sizeof(*message), &self->gift);
	for (uint32_t signal = 1; signal <= SYS_SIGNAL_LAST; signal++)
		if (self->pending >> (signal - 1) & 1)
			command_signal(self, signal);
}

static void on_listener(struct supervisor *self, const struct report_heard *said)
{
	const int listener = said->rights.count > 0 ? said->rights.descriptors[0] : -1;
	if (!entrance_precedes(self, said->pid) || !supervisor_take_listener(self, listener))
		end_now(self, ENDING_NONE);
}

// They are nobody else's until Node has them.
static void on_given(struct supervisor *self, struct report_heard *said)
{
	if (said->rights.count > 0 && self->gift.count == 0 && entrance_precedes(self, said->pid)) {
		self->gift = said->rights;
		return;
	}
	// There was no room for them.
	supervisor_note_refusal(self, LIST_STEPS, 0, REFUSED(recvmsg, SYS_EMFILE));
	rights_close(&said->rights);
	end_now(self, ENDING_NONE);
}

static void on_entered(struct supervisor *self, const struct report_heard *said)
{
	if (!entrance_note(self, said->pid, said->entered))
		end_now(self, ENDING_NONE);
}

static void on_report(struct supervisor *self)
{
	struct report_heard said;
	const long what = report_hear(self->report, &said);
	if (what == -SYS_EINTR)
		return;
	// What it says cannot be heard: it might wait for an answer, for ever.
	if (what < 0)
		end_now(self, ENDING_NONE);
	else if (what == 0)
		on_silence(self);
	else if (what == REPORT_BARRIER)
		on_barrier(self, said.pid);
	else if (what == REPORT_COMMAND)
		on_command(self, said.pid);
	else if (what == REPORT_LISTENER)
		on_listener(self, &said);
	else if (what == REPORT_GIVEN)
		on_given(self, &said);
	else if (what == REPORT_ENTERED)
		on_entered(self, &said);
	else if (what == REPORT_REFUSED)
		entrance_refuse(self, said.pid, &said.refused);
}

int watch_for(struct supervisor *self, int fd)
{
	// Its orders are obeyed meanwhile: behind one that is left there, nobody sees that Node has gone.
	while (self->ending == ENDING_NONE && !self->killed) {
		enum { AWAITED, CHILD, TIMER, LINE, ROOM, COUNT };
		struct pollfd polled[COUNT] = {
			[AWAITED] = {.fd = fd, .events = POLLIN},
			[CHILD] = {.fd = self->child_pidfd, .events = POLLIN},
			[TIMER] = {.fd = self->timer, .events = POLLIN},
			[LINE] = {.fd = self->outbox.line, .events = POLLIN},
			[ROOM] = outbox_poll(&self->outbox),
		};
		sys_ppoll(polled, COUNT, 0);
		if (polled[AWAITED].revents)
			return 1;
		if (polled[CHILD].revents || polled[TIMER].revents)
			return 0;
		if (polled[ROOM].revents)
			outbox_send(&self->outbox);
		if (polled[LINE].revents)
			orders_receive(self);
	}
	return 0;
}

static void on_timer(struct supervisor *self)
{
	uint64_t expirations;
	// Node has just given it another time.
	if (sys_read(self->timer, &expirations, sizeof(expirations)) == -SYS_EAGAIN)
		return;
	uint32_t signal = self->plan.header->timeout_signal;
	if (self->ending == ENDING_NONE && !self->is_over)
		self->ending = ENDING_TIMEOUT;
	if (!self->running || self->is_over || signal == SYS_SIGKILL || signal == 0)
		end_now(self, ENDING_TIMEOUT);
	else {
		command_signal(self, signal);
		cgroups_thaw(&self->cgroups);
	}
}

// How long nothing may happen; 0: for ever.
static const struct sys_timespec *patience(const struct supervisor *self)
{
	static const struct sys_timespec SOON = {0, 5000000};
	// What ends sooner does not pay for giving back memory.
	static const struct sys_timespec CALM = {0, 50000000};
	if (self->ends_since || self->cgroups.oom_looks)
		return &SOON;
	return (self->running || self->awaits) && !self->is_trimmed ? &CALM : 0;
}

// Only the watch follows, and it needs little of the stack. Init, whose child has waited for its plan, looks now.
static void trim(struct supervisor *self)
{
	memory_trim();
	self->is_trimmed = 1;
	if (self->running && self->page->awaits && (self->command != self->child || self->holds))
		sys_pidfd_send_signal(self->child_pidfd, SYS_SIGCHLD);
}

// What is polled for, and what comes of it.
enum {
	ON_CHILD,
	ON_FORMER,
	ON_COMMAND,
	ON_REPORT,
	ON_LINE,
	ON_ROOM,
	ON_TIMER,
	ON_MASTER,
	ON_SOCKET,
	ON_OOM,
	ON_CPU_CLOCK,
	ON_CALLS,
	ON_COUNT
};

static void list_polled(const struct supervisor *self, struct pollfd *ret_polled)
{
	// The child shares these descriptors until it tells of its command: none may be closed under it.
	const int carries = self->report_child < 0;
	const struct pollfd none = {.fd = -1};
	const struct pollfd polled[ON_COUNT] = {
		[ON_CHILD] = {.fd = self->child_pidfd, .events = POLLIN},
		[ON_FORMER] = {.fd = self->former_pidfd, .events = POLLIN},
		// Init ends right after it, or does not.
		[ON_COMMAND] = {.fd = self->ends_since ? -1 : self->command_pidfd, .events = POLLIN},
		[ON_REPORT] = {.fd = self->report, .events = POLLIN},
		[ON_LINE] = {.fd = self->outbox.line, .events = POLLIN},
		[ON_ROOM] = outbox_poll(&self->outbox),
		[ON_TIMER] = {.fd = self->timer, .events = POLLIN},
		[ON_MASTER] = carries ? relay_master(&self->relay) : none,
		[ON_SOCKET] = carries ? relay_socket(&self->relay) : none,
		[ON_OOM] = cgroups_oom(&self->cgroups),
		[ON_CPU_CLOCK] = cgroups_cpu_clock(&self->cgroups),
		[ON_CALLS] = calls_poll(&self->calls),
	};
	memcpy(ret_polled, polled, sizeof(polled));
}

static void react(struct supervisor *self, const struct pollfd *polled)
{
	if (polled[ON_FORMER].revents)
		entrance_reap(self);
	if (polled[ON_COMMAND].revents) {
		self->is_over = 1;
		end_await(self);
	}
	if (polled[ON_ROOM].revents)
		outbox_send(&self->outbox);
	if (polled[ON_LINE].revents)
		orders_receive(self);
	if (polled[ON_TIMER].revents)
		on_timer(self);
	if (polled[ON_MASTER].revents || polled[ON_SOCKET].revents)
		relay_carry(&self->relay, polled[ON_MASTER].revents, polled[ON_SOCKET].revents);
	if (polled[ON_CPU_CLOCK].revents && cgroups_cpu_time_is_up(&self->cgroups))
		end_now(self, ENDING_CPU_TIMEOUT);
}

static void on_oom(struct supervisor *self, short events)
{
	if (!events && !self->cgroups.oom_looks)
		return;
	cgroups_note_oom(&self->cgroups, events);
	if (supervisor_tell_oom(self) && self->cgroups.oom_ends)
		end_now(self, ENDING_OOM);
}

void watch_child(struct supervisor *self)
{
	for (;;) {
		struct pollfd polled[ON_COUNT];
		struct sys_timespec room;
		list_polled(self, polled);
		const long ready = sys_ppoll(polled, ON_COUNT, calls_patience(&self->calls, patience(self), &room));
		// For want of memory the command is not to blame: there may be some the next time.
		if (ready == -SYS_ENOMEM)
			timing_pause(PAUSE_NS);
		else if (ready < 0 && ready != -SYS_EINTR)
			end_now(self, ENDING_NONE);
		// Somebody may have frozen it in the meantime: SIGKILL waits for the thaw then. freezer.state of cgroup
		// v1
		if (self->killed)
			end_now(self, self->ending);
		on_oom(self, polled[ON_OOM].revents);
		// The report first: a command that is over already did run, and Node hears of both.
		if (ready > 0 && polled[ON_REPORT].revents)
			on_report(self);
		else if (((ready > 0 && polled[ON_CHILD].revents) || end_is_late(self)) && !entrance_pass(self))
			return;
		calls_go_on(&self->calls, &self->outbox, polled[ON_CALLS].revents);
		if (ready == 0 && (self->running || self->awaits) && !self->is_trimmed)
			trim(self);
		if (ready > 0)
			react(self, polled);
	}
}
