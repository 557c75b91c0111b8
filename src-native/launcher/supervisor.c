// SPDX-License-Identifier: MIT
// One container from the host's side: performs its host acts, clones it, watches it, reaps, cleans up, reports.
#include <linux/prctl.h>
#include "act.h"
#include "child.h"
#include "memory.h"
#include "orphans.h"
#include "report.h"
#include "spare.h"
#include "watch.h"

// Sends the frame. That Node is gone is noticed by the loop, not here, and so is a channel that carries nothing any
// more: Node would wait for ever, and at a barrier the child with it.
static long send_frame(struct supervisor *self, uint32_t kind, unsigned int flags)
{
	self->frame.kind = kind;
	if (self->channel < 0)
		return 0;
	struct sys_iovec iov = {&self->frame, sizeof(self->frame)};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	long sent;
	do
		sent = sys_sendmsg(self->channel, &message, SYS_MSG_NOSIGNAL | flags);
	while (sent == -SYS_EINTR);
	if (sent < 0 && sent != -SYS_EAGAIN)
		sys_shutdown(self->channel, SYS_SHUT_RDWR);
	return sent;
}

void supervisor_report(struct supervisor *self, uint32_t kind)
{
	send_frame(self, kind, 0);
}

int supervisor_offer(struct supervisor *self, uint32_t kind)
{
	return send_frame(self, kind, SYS_MSG_DONTWAIT) != -SYS_EAGAIN;
}

static void record_refusal(struct supervisor *self, uint32_t list, uint32_t act, struct outcome outcome)
{
	if (self->frame.error)
		return; // the first refusal is the cause of what follows
	self->frame.list = list;
	self->frame.index = self->page ? self->page->index : 0;
	self->frame.act = act;
	self->frame.syscall = outcome.syscall;
	self->frame.error = outcome.error;
	if (self->page) {
		self->frame.detail = self->page->detail;
		memcpy(self->frame.message, self->page->message, sizeof(self->frame.message));
	}
}

int supervisor_perform(struct supervisor *self, uint32_t list, uint32_t offset, uint32_t count)
{
	const struct record *record = plan_record(&self->plan, offset);
	for (uint32_t i = 0; i < count; i++, record = plan_next(record)) {
		timing_mark(&self->timing, list, self->page->index, i);
		struct outcome outcome = act_dispatch(self, record);
		if (outcome.error) {
			record_refusal(self, list, i, outcome);
			// What is to be undone at the end is, all of it.
			if (list != LIST_AFTER)
				return -1;
		}
	}
	return 0;
}

static void reap(struct supervisor *self)
{
	struct rusage usage = {0};
	struct frame *frame = &self->frame;
	int status = 0;
	while (sys_wait4(self->child, &status, SYS_WALL, &usage) == -SYS_EINTR)
		;
	frame->wall_ns = timing_now() - self->began;
	// Init ended by itself: what it tells of the command counts. Else it was killed, and the command with it.
	int by_init = frame->pid != 0 && frame->pid != self->child && status == 0;
	frame->wait_status = by_init ? __atomic_load_n(&self->page->command_status, __ATOMIC_ACQUIRE) : status;
	frame->ending = self->ending;
	frame->user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000 + (uint64_t)usage.ru_utime.tv_usec;
	frame->system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000 + (uint64_t)usage.ru_stime.tv_usec;
	frame->max_rss_kb = (uint64_t)usage.ru_maxrss;
	frame->minor_faults = (uint64_t)usage.ru_minflt;
	frame->major_faults = (uint64_t)usage.ru_majflt;
	frame->blocks_in = (uint64_t)usage.ru_inblock;
	frame->blocks_out = (uint64_t)usage.ru_oublock;
	frame->voluntary_switches = (uint64_t)usage.ru_nvcsw;
	frame->involuntary_switches = (uint64_t)usage.ru_nivcsw;
}

struct outcome supervisor_prepare(struct supervisor *self)
{
	const struct sys_sigaction by_default = {0};
	void *page;
	TRY(rt_sigaction, SYS_SIGCHLD, &by_default);
	TRY(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	PASS(memory_shared(sizeof(struct page), &page));
	self->page = page;
	return report_open(&self->report, &self->report_child);
}

// The plan's descriptors into their slots; its time runs from here.
static struct outcome take(struct supervisor *self, const int *fds, uint32_t count)
{
	const struct plan_header *header = self->plan.header;
	if (count < header->received)
		return REFUSED(recvmsg, SYS_EBADF);
	for (uint32_t i = 0; i < SLOTS_MAX; i++)
		self->page->slots[i] = i < header->received ? fds[i] : -1;
	if (header->timeout_ms == 0)
		return DONE;
	struct sys_itimerspec time = {
		.value = {(int64_t)(header->timeout_ms / 1000), (int64_t)(header->timeout_ms % 1000) * 1000000}};
	self->timer = (int)TRY(timerfd_create, SYS_CLOCK_MONOTONIC, O_CLOEXEC);
	TRY(timerfd_settime, self->timer, &time);
	return DONE;
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
	// After a time namespace was joined, or it would be another clock.
	self->began = timing_now();
	timing_mark(&self->timing, LIST_CLONE, 0, 0);
	long pid = TRY(clone3, &args, sizeof(args));
	if (pid == 0)
		run(&child);
	self->child = (int)pid;
	return DONE;
}

// Performs what comes before the child, and has it begin. Returns whether there is one.
static int start_child(struct supervisor *self, int plan_fd)
{
	const struct plan_header *header = self->plan.header;
	spare_fit(self);
	if (supervisor_perform(self, LIST_BEFORE, header->before_offset, header->before_count)) {
		spare_end_child(self);
		return 0;
	}
	struct outcome outcome =
		self->spare ? spare_begin(self, plan_fd) : supervisor_clone(self, header->clone, child_run);
	if (outcome.error) {
		spare_end_child(self);
		record_refusal(self, LIST_CLONE, 0, outcome);
	}
	return self->child > 0;
}

void supervisor_part_with_slots(struct supervisor *self)
{
	for (uint32_t i = self->plan.header->kept; i < SLOTS_MAX; i++) {
		int fd = self->page->slots[i];
		if (fd > 2 && fd != self->relay.master && fd != self->relay.socket && !cgroups_hold(&self->cgroups, fd))
			sys_close(fd);
	}
}

// What the terminal still holds goes to Node, unless Node no longer wants it.
static void drain(struct supervisor *self)
{
	// Still open here where the child ended before it told of its command: the terminal would never be over.
	if (self->report_child >= 0)
		supervisor_part_with_slots(self);
	while (relay_open(&self->relay)) {
		enum { MASTER, SOCKET, CHANNEL, COUNT };
		struct pollfd polled[COUNT] = {
			[MASTER] = relay_master(&self->relay),
			[SOCKET] = relay_socket(&self->relay),
			[CHANNEL] = {.fd = self->channel, .events = POLLIN},
		};
		if (sys_ppoll(polled, COUNT, 0) < 0)
			continue;
		relay_carry(&self->relay, polled[MASTER].revents, polled[SOCKET].revents);
		struct order order;
		if (self->channel < 0 ||
			(polled[CHANNEL].revents && sys_read(self->channel, &order, sizeof(order)) <= 0))
			return;
	}
}

// Tells Node when everything began.
static void report_timing(struct supervisor *self)
{
	const struct timing *timing = &self->timing;
	struct frame last = self->frame;
	if (!timing->marks)
		return;
	self->frame = (struct frame){.list = LIST_STEPS};
	for (uint32_t i = 0; i < self->plan.header->steps_count && timing->steps[i]; i++) {
		self->frame.index = i;
		self->frame.wall_ns = timing->steps[i];
		supervisor_report(self, FRAME_TIMING);
	}
	for (uint32_t i = 0; i < timing->count; i++) {
		self->frame.list = timing->marks[i].list;
		self->frame.index = timing->marks[i].index;
		self->frame.act = timing->marks[i].act;
		self->frame.wall_ns = timing->marks[i].at;
		supervisor_report(self, FRAME_TIMING);
	}
	self->frame = last;
}

static void conclude(struct supervisor *self)
{
	const struct page *page = self->page;
	if (page->refused)
		record_refusal(self, page->list, 0, (struct outcome){page->syscall, page->error});
	if (cgroups_more_oom_kills(&self->cgroups, &self->frame.oom_kills)) {
		supervisor_report(self, FRAME_OOM);
		// The command was faster than this supervisor: it was an OOM kill none the less.
		if (self->cgroups.oom_ends && self->ending == ENDING_NONE)
			self->frame.ending = ENDING_OOM;
	}
	supervisor_perform(self, LIST_AFTER, self->plan.header->after_offset, self->plan.header->after_count);
	timing_mark(&self->timing, LIST_MOMENTS, MOMENT_OVER, 0);
	report_timing(self);
	supervisor_report(self, self->frame.error ? FRAME_REFUSED : FRAME_EXITED);
}

__attribute__((noreturn)) static void finish(const struct supervisor *self)
{
	int status = self->frame.wait_status;
	if (self->frame.error)
		sys_exit_group(STATUS_REFUSED);
	sys_exit_group((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
}

void supervisor_run(struct supervisor *self, const struct request *request)
{
	const uint64_t taken = timing_now();
	const int plan_fd = request->fds[0];
	self->channel = request->fds[1];
	struct outcome outcome = plan_map(plan_fd, &self->plan, &self->frame.detail);
	if (outcome.error == 0 && self->report < 0)
		outcome = supervisor_prepare(self);
	if (outcome.error == 0)
		outcome = take(self, request->fds + 2, request->count - 2);
	if (outcome.error == 0)
		outcome = timing_begin(&self->timing, self->plan.header, taken);
	if (outcome.error) {
		spare_end_child(self);
		record_refusal(self, LIST_CHECK, 0, outcome);
		supervisor_report(self, FRAME_REFUSED);
		finish(self);
	}
	if (start_child(self, plan_fd)) {
		watch_child(self);
		timing_mark(&self->timing, LIST_MOMENTS, MOMENT_ENDED, 0);
		reap(self);
		timing_mark(&self->timing, LIST_MOMENTS, MOMENT_REAPED, 0);
		orphans_end(&self->cgroups);
	}
	conclude(self);
	drain(self);
	finish(self);
}
