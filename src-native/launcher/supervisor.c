// SPDX-License-Identifier: MIT
// One container from the host's side: performs its host acts, clones it, watches it, reaps, cleans up, reports.
#include <linux/prctl.h>
#include "act.h"
#include "ahead.h"
#include "child.h"
#include "guard.h"
#include "launcher.h"
#include "memory.h"
#include "reap.h"
#include "report.h"
#include "spare.h"
#include "text.h"
#include "watch.h"

struct supervisor *supervisor_new(void)
{
	// All zero, without a write: a page costs its memory from the first one on.
	static struct supervisor self;
	self.outbox.channel = -1;
	self.outbox.line = -1;
	self.report = -1;
	self.timer = -1;
	self.child = -1;
	self.child_pidfd = -1;
	self.former_pidfd = -1;
	self.command_pidfd = -1;
	self.descendants = (struct descendants){-1, -1, 0};
	self.calls = (struct calls)CALLS_NONE;
	self.cgroups = (struct cgroups)CGROUPS_NONE;
	self.relay.master = -1;
	self.relay.socket = -1;
	return &self;
}

void supervisor_note_refusal(struct supervisor *self, uint32_t list, uint32_t act, struct outcome outcome)
{
	struct message_refused *refused = &self->notices.refused;
	const struct page *page = self->page;
	if (refused->error)
		return; // the first refusal is the cause of what follows
	*refused = (struct message_refused){
		.list = list,
		.index = page->index,
		.act = act,
		.syscall = outcome.syscall,
		.error = outcome.error,
		.path = page->path,
		.helper_status = page->helper_status,
	};
	memcpy(refused->text, page->text, sizeof(refused->text));
}

int supervisor_perform(struct supervisor *self, uint32_t list, uint32_t offset, uint32_t count)
{
	const struct record *record = plan_record(&self->plan, offset);
	for (uint32_t i = 0; i < count; i++, record = plan_next(record)) {
		timing_act(&self->timing, list, self->page->index, i);
		struct outcome outcome = act_dispatch(self, record);
		if (outcome.error) {
			supervisor_note_refusal(self, list, i, outcome);
			// What is to be undone at the end is, all of it.
			if (list != LIST_AFTER)
				return -1;
		}
	}
	return 0;
}

static uint64_t microseconds(int64_t seconds, int64_t rest)
{
	return (uint64_t)seconds * 1000000 + (uint64_t)rest;
}

void supervisor_count(struct supervisor *self, const struct rusage *usage)
{
	struct message_exited *exited = &self->notices.exited;
	exited->user_us += microseconds(usage->ru_utime.tv_sec, usage->ru_utime.tv_usec);
	exited->system_us += microseconds(usage->ru_stime.tv_sec, usage->ru_stime.tv_usec);
	if ((uint64_t)usage->ru_maxrss > exited->max_rss_kb)
		exited->max_rss_kb = (uint64_t)usage->ru_maxrss;
	exited->minor_faults += (uint64_t)usage->ru_minflt;
	exited->major_faults += (uint64_t)usage->ru_majflt;
	exited->blocks_in += (uint64_t)usage->ru_inblock;
	exited->blocks_out += (uint64_t)usage->ru_oublock;
	exited->voluntary_switches += (uint64_t)usage->ru_nvcsw;
	exited->involuntary_switches += (uint64_t)usage->ru_nivcsw;
}

struct outcome supervisor_prepare(struct supervisor *self)
{
	const struct sys_sigaction by_default = {0};
	void *page;
	TRY(rt_sigaction, SYS_SIGCHLD, &by_default);
	TRY(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	PASS(memory_shared(sizeof(struct page), &page));
	self->page = page;
	ahead_none(page);
	return report_open(&self->report, &self->report_child);
}

struct outcome supervisor_bound(struct supervisor *self, uint64_t timeout_ms)
{
	const struct sys_itimerspec time = {
		.value = {(int64_t)(timeout_ms / 1000), (int64_t)(timeout_ms % 1000) * 1000000}};
	if (self->timer < 0 && timeout_ms == 0)
		return DONE;
	// An order may come at the moment when the time is up: then there is nothing to read any more.
	if (self->timer < 0)
		self->timer = (int)TRY(timerfd_create, SYS_CLOCK_MONOTONIC, O_CLOEXEC | O_NONBLOCK);
	TRY(timerfd_settime, self->timer, &time);
	return DONE;
}

// The plan's descriptors into their slots; its time runs from here.
static struct outcome take(struct supervisor *self, const int *fds, uint32_t count)
{
	const struct plan_header *header = self->plan.header;
	if (count < header->received)
		return REFUSED(recvmsg, SYS_EBADF);
	// Beyond, no plan names a slot.
	for (uint32_t i = 0; i < header->slots; i++)
		self->page->slots[i] = i < header->received ? fds[i] : -1;
	self->page->kept = header->kept;
	return supervisor_bound(self, header->timeout_ms);
}

// Whether this process may open the entries in /proc of a process that nobody may trace: they belong to root. proc(5)
static int reaches_undumpable(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	const uint32_t needed = 1u << CAP_DAC_OVERRIDE | 1u << CAP_SYS_PTRACE;
	return sys_capget(&header, data) == 0 && (data[0].effective & needed) == needed;
}

struct outcome supervisor_clone(struct supervisor *self, uint64_t namespaces, void (*run)(struct child *))
{
	struct clone_args args = {
		.flags = namespaces | CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uint64_t)&self->child_pidfd,
		.exit_signal = SYS_SIGCHLD,
	};
	struct child child = {
		.plan = &self->plan,
		.page = self->page,
		.timing = &self->timing,
		.root = -1,
		.report = self->report_child,
		.supervisor = (int)TRY(pidfd_open, (int)sys_getpid(), 0),
		.dumpable = (namespaces & CLONE_NEWUSER) && !reaches_undumpable(),
	};
	// Without it nothing could be ended: neither a command, nor this child.
	TRY(pidfd_send_signal, child.supervisor, 0);
	child.shows_itself = child.dumpable;
	child.spare = namespaces;
	child.networks = self->networks;
	// The spare's, which has no plan yet, does not.
	child.keeps_session = self->plan.header && self->plan.header->session;
	// After a time namespace was joined, or it would be another clock.
	self->began = timing_now();
	timing_moment(&self->timing, MOMENT_CLONED);
	long pid = TRY(clone3, &args, sizeof(args));
	if (pid == 0)
		run(&child);
	self->child = (int)pid;
	return DONE;
}

// Performs what comes before the child, and has it begin. Returns whether there is one.
static int begin_child(struct supervisor *self, int plan_fd)
{
	const struct plan_header *header = self->plan.header;
	spare_fit(self);
	// Before a pid namespace is joined: this process's next child would be in it.
	struct outcome outcome = self->guarded || !guard_is_needed(&self->plan) ? DONE : guard_make(self);
	if (outcome.error) {
		supervisor_note_refusal(self, LIST_CLONE, 0, outcome);
		return 0;
	}
	outcome = calls_begin(&self->calls, &self->plan);
	if (outcome.error) {
		spare_end_child(self);
		supervisor_note_refusal(self, LIST_CLONE, 0, outcome);
		return 0;
	}
	if (supervisor_perform(self, LIST_BEFORE, header->before_offset, header->before_count)) {
		spare_end_child(self);
		return 0;
	}
	outcome = self->spare ? spare_begin(self, plan_fd) : supervisor_clone(self, header->clone, child_run);
	if (outcome.error) {
		spare_end_child(self);
		supervisor_note_refusal(self, LIST_CLONE, 0, outcome);
	}
	return self->child > 0;
}

// Whether what is in a slot is to be removed in the end.
static int removes(const struct supervisor *self, uint32_t slot)
{
	const struct record *record = plan_record(&self->plan, self->plan.header->after_offset);
	for (uint32_t i = 0; i < self->plan.header->after_count; i++, record = plan_next(record)) {
		const struct step_remove_target *target = (const struct step_remove_target *)record;
		if (record->op == STEP_RMDIR && ((const struct step_rmdir *)record)->slot == slot)
			return 1;
		if (record->op == STEP_REMOVE_TARGET && (target->slot == slot || target->parent == slot))
			return 1;
	}
	return 0;
}

void supervisor_part_with_slots(struct supervisor *self)
{
	ahead_close(self->page);
	for (uint32_t i = self->plan.header->kept; i < self->plan.header->slots; i++) {
		int fd = self->page->slots[i];
		if ((int)i == self->descendants.namespace || (int)i == self->descendants.listener)
			continue;
		if (fd > 2 && !self->page->held[i] && !self->page->own[i] && !removes(self, i) &&
			fd != self->relay.master && fd != self->relay.socket && !cgroups_hold(&self->cgroups, fd))
			sys_close(fd);
	}
}

int supervisor_take_listener(struct supervisor *self, int listener)
{
	if (listener >= 0)
		self->page->slots[calls_take(&self->calls, listener)] = listener;
	else // Nobody would answer as the filter does.
		supervisor_note_refusal(self, LIST_STEPS, 0, REFUSED(recvmsg, SYS_EMFILE));
	return listener >= 0;
}

// Whether Node has closed the line. What it orders comes too late.
static int has_hung_up(struct supervisor *self)
{
	self->inbox = (struct inbox){0};
	long received = inbox_receive(&self->inbox, self->outbox.line);
	return received == 0 || (received < 0 && received != -SYS_EAGAIN);
}

// What the terminal still holds goes to Node, unless Node no longer wants it.
static void drain(struct supervisor *self)
{
	// Still open here where the child ended before it told of its command: the terminal would never be over.
	if (self->report_child >= 0)
		supervisor_part_with_slots(self);
	while (relay_open(&self->relay) && self->outbox.line >= 0) {
		enum { MASTER, SOCKET, LINE, ROOM, COUNT };
		struct pollfd polled[COUNT] = {
			[MASTER] = relay_master(&self->relay),
			[SOCKET] = relay_socket(&self->relay),
			[LINE] = {.fd = self->outbox.line, .events = POLLIN},
			[ROOM] = outbox_poll(&self->outbox),
		};
		const struct sys_timespec soon = {0, 100000000};
		const long ready = sys_ppoll(polled, COUNT, &soon);
		// Somebody who is left may hold the terminal for ever; what is in it can be read at once.
		if (ready == 0 && relay_is_empty(&self->relay))
			return;
		if (ready <= 0)
			continue;
		relay_carry(&self->relay, polled[MASTER].revents, polled[SOCKET].revents);
		if (polled[ROOM].revents)
			outbox_send(&self->outbox);
		if (polled[LINE].revents && has_hung_up(self))
			return;
	}
}

// Tells Node when everything began, and how it ended.
static void tell_end(struct supervisor *self)
{
	struct outbox *outbox = &self->outbox;
	struct notices *notices = &self->notices;
	const struct rights times = {1, {self->timing.memfd}};
	if (self->timing.times)
		outbox_put(outbox, MESSAGE_TIMING, &notices->timing.head, sizeof(notices->timing), &times);
	if (!notices->refused.error) {
		OUTBOX_PUT(outbox, MESSAGE_EXITED, &notices->exited);
		return;
	}
	const size_t size = offsetof(struct message_refused, text) + text_length(notices->refused.text);
	outbox_put(outbox, MESSAGE_REFUSED, &notices->refused.head, size, 0);
}

int supervisor_tell_oom(struct supervisor *self)
{
	if (!cgroups_more_oom_kills(&self->cgroups, &self->notices.oom.kills))
		return 0;
	OUTBOX_PUT(&self->outbox, MESSAGE_OOM, &self->notices.oom);
	return 1;
}

// Before anybody is told: who knows of the end finds nothing held.
static void release_held(struct supervisor *self)
{
	for (uint32_t i = 0; i < self->plan.header->slots; i++) {
		if (!self->page->held[i])
			continue;
		sys_close(self->page->slots[i]);
		self->page->slots[i] = -1;
	}
}

static void conclude(struct supervisor *self)
{
	const struct page *page = self->page;
	if (page->refused)
		supervisor_note_refusal(self, page->list, 0, (struct outcome){page->syscall, page->error});
	// The command was faster than this supervisor: it was an OOM kill none the less.
	if (supervisor_tell_oom(self) && self->cgroups.oom_ends && self->ending == ENDING_NONE)
		self->notices.exited.ending = ENDING_OOM;
	supervisor_perform(self, LIST_AFTER, self->plan.header->after_offset, self->plan.header->after_count);
	timing_moment(&self->timing, MOMENT_OVER);
	release_held(self);
	tell_end(self);
}

__attribute__((noreturn)) static void finish(struct supervisor *self, int status)
{
	outbox_finish(&self->outbox, self->notices.exited.left == LEFT_SOMEBODY);
	reap_rest(self);
	sys_exit_group(status);
}

// The plan cannot be performed. `rule`: which one it breaks; 0: it is not the plan's fault.
__attribute__((noreturn)) static void give_up(struct supervisor *self, struct outcome outcome, uint32_t rule)
{
	struct notices *notices = &self->notices;
	spare_end_child(self);
	notices->rejected.rule = rule;
	notices->failed.syscall = outcome.syscall;
	notices->failed.error = outcome.error;
	if (rule)
		OUTBOX_PUT(&self->outbox, MESSAGE_REJECTED, &notices->rejected);
	else
		OUTBOX_PUT(&self->outbox, MESSAGE_FAILED, &notices->failed);
	finish(self, STATUS_REFUSED);
}

// How the command has ended, as a shell has it.
static int exit_status(const struct notices *notices)
{
	const int status = notices->exited.wait_status;
	if (notices->refused.error)
		return STATUS_REFUSED;
	return (status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
}

void supervisor_run(struct supervisor *self, const struct request *request)
{
	const uint64_t taken = timing_now();
	const int plan_fd = request->fds[0];
	uint32_t rule = 0;
	self->outbox.line = request->fds[1];
	self->outbox.channel = self->outbox.line < 0 ? -1 : LAUNCHER_CHANNEL;
	self->outbox.lane = LAUNCHER_LANE;
	self->outbox.supervisor = request->supervisor;
	struct outcome outcome = plan_map(plan_fd, &self->plan, &rule);
	if (outcome.error == 0 && self->report < 0)
		outcome = supervisor_prepare(self);
	if (outcome.error == 0)
		outcome = take(self, request->fds + 2, request->count - 2);
	if (outcome.error == 0)
		outcome = timing_begin(&self->timing, &self->plan, taken);
	if (outcome.error)
		give_up(self, outcome, rule);
	if (begin_child(self, plan_fd)) {
		watch_child(self);
		timing_moment(&self->timing, MOMENT_ENDED);
		reap_container(self);
		timing_moment(&self->timing, MOMENT_REAPED);
	}
	conclude(self);
	drain(self);
	finish(self, exit_status(&self->notices));
}
