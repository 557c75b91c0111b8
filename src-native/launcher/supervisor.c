// SPDX-License-Identifier: MIT
// One container from the host's side: performs its host acts, clones it, obeys Node, keeps the time, reaps, cleans up, reports.
#include "supervisor.h"
#include <linux/prctl.h>
#include "child.h"
#include "orphans.h"
#include "relay.h"
#include "text.h"

struct supervisor {
	struct plan plan;
	struct page *page;
	struct actor actor; // performs host acts
	struct frame frame; // the one that is being made
	struct relay relay;
	int channel;
	// Both ends of the report socket; the child's is closed here as soon as the child has descriptors of its own.
	int report;
	int report_child;
	int timer;
	int child;
	int child_pidfd;
	int command_pidfd;
	// Signals that Node sent before the command ran: bit n − 1.
	uint64_t pending;
	int running;
	uint32_t ending;
	struct sys_timespec began;
};

static const step_function ACTS[STEP_COUNT + 1] = {
	[STEP_DENY_SETGROUPS] = step_deny_setgroups,
	[STEP_SET_UID_MAP] = step_set_uid_map,
	[STEP_SET_GID_MAP] = step_set_gid_map,
	[STEP_FCHOWN] = step_fchown,
	[STEP_IDMAP] = step_idmap,
	[STEP_OPEN_TREE] = step_open_tree,
	[STEP_RELAY] = step_relay,
};

// Sends the frame. That Node is gone is noticed by the loop, not here.
static void report(struct supervisor *self, uint32_t kind)
{
	self->frame.kind = kind;
	if (self->channel < 0)
		return;
	struct sys_iovec iov = {&self->frame, sizeof(self->frame)};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	while (sys_sendmsg(self->channel, &message, SYS_MSG_NOSIGNAL) == -SYS_EINTR)
		;
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
	if (self->page)
		memcpy(self->frame.message, self->page->message, sizeof(self->frame.message));
}

// Performs host acts in order. Returns 0, or records the refusal and returns -1.
static int perform(struct supervisor *self, uint32_t list, uint32_t offset, uint32_t count)
{
	const unsigned char *at = self->plan.base + offset;
	for (uint32_t i = 0; i < count; i++) {
		const struct record *record = (const struct record *)at;
		struct outcome outcome = ACTS[record->op](&self->actor, record);
		if (outcome.error) {
			record_refusal(self, list, i, outcome);
			return -1;
		}
		at += record->size;
	}
	return 0;
}

// Ends the container. With a pid namespace of its own the kernel ends all that is in it.
static void end(struct supervisor *self, uint32_t ending)
{
	if (self->ending == ENDING_NONE)
		self->ending = ending;
	sys_pidfd_send_signal(self->child_pidfd, SYS_SIGKILL);
}

// Whether the child was ended, by this supervisor or by somebody else.
static int has_ended(const struct supervisor *self)
{
	if (self->ending != ENDING_NONE)
		return 1;
	struct pollfd death = {.fd = self->child_pidfd, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	return sys_ppoll(&death, 1, &now) > 0;
}

static void on_barrier(struct supervisor *self)
{
	const struct plan *plan = &self->plan;
	const unsigned char *at = plan->base + plan->header->steps_offset;
	uint32_t index = __atomic_load_n(&self->page->index, __ATOMIC_RELAXED);
	for (uint32_t i = 0; i < index && i < plan->header->steps_count; i++)
		at += ((const struct record *)at)->size;
	const struct step_barrier *step = (const struct step_barrier *)at;
	// Somebody has ended it in the meantime: nothing can be done for it, and that is no refusal.
	if (has_ended(self))
		return;
	if (index >= plan->header->steps_count || step->head.op != STEP_BARRIER ||
		perform(self, LIST_ACTS, step->acts.offset, step->acts.count)) {
		if (has_ended(self))
			self->frame.error = 0;
		end(self, ENDING_NONE);
		return;
	}
	const char go = 'g';
	sys_write(self->report, &go, 1);
}

// What was sent for the container is the child's alone from here on: else a pipe that it closes would not end for Node.
static void part_with_slots(struct supervisor *self)
{
	for (uint32_t i = 0; i < SLOTS_MAX; i++) {
		int fd = self->page->slots[i];
		if (fd > 2 && fd != self->relay.master && fd != self->relay.socket)
			sys_close(fd);
	}
}

static void on_command(struct supervisor *self, int pid)
{
	sys_close(self->report_child);
	self->report_child = -1;
	part_with_slots(self);
	self->frame.pid = pid;
	if (pid == self->child) {
		self->command_pidfd = self->child_pidfd;
		return;
	}
	long pidfd = sys_pidfd_open(pid, 0);
	// Init reaps it only after the flag is set: if it is not, the pidfd is the command's. init.c
	if (pidfd >= 0 && !__atomic_load_n(&self->page->command_over, __ATOMIC_SEQ_CST))
		self->command_pidfd = (int)pidfd;
	else if (pidfd >= 0)
		sys_close((int)pidfd);
}

static void signal_command(struct supervisor *self, uint32_t signal)
{
	if (signal == SYS_SIGKILL) {
		end(self, self->ending == ENDING_NONE ? ENDING_SIGNAL : self->ending);
		return;
	}
	if (!self->running)
		self->pending |= 1ull << (signal - 1);
	else if (self->command_pidfd >= 0)
		sys_pidfd_send_signal(self->command_pidfd, (int)signal);
}

// The child's end is closed everywhere: exec has happened, or the child has died on its way.
static void on_exec(struct supervisor *self)
{
	sys_close(self->report);
	self->report = -1;
	if (__atomic_load_n(&self->page->refused, __ATOMIC_ACQUIRE) ||
		self->page->index != self->plan.header->steps_count - 1)
		return;
	self->running = 1;
	report(self, FRAME_RUNNING);
	for (uint32_t signal = 1; signal <= 64; signal++)
		if (self->pending >> (signal - 1) & 1)
			signal_command(self, signal);
}

static void on_report(struct supervisor *self)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(struct sys_ucred)];
	} control;
	char what;
	struct sys_iovec iov = {&what, 1};
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long received = sys_recvmsg(self->report, &message, SYS_MSG_CMSG_CLOEXEC);
	if (received == -SYS_EINTR)
		return;
	if (received <= 0)
		on_exec(self);
	else if (what == REPORT_BARRIER)
		on_barrier(self);
	else if (what == REPORT_COMMAND)
		on_command(self, (int)((const struct sys_ucred *)(control.room + sizeof(struct sys_cmsghdr)))->pid);
}

static void on_channel(struct supervisor *self)
{
	struct order order;
	long received = sys_read(self->channel, &order, sizeof(order));
	if (received == -SYS_EINTR || received == -SYS_EAGAIN)
		return;
	if (received == sizeof(order) && order.kind == ORDER_SIGNAL && order.value >= 1 && order.value <= 64) {
		signal_command(self, order.value);
	} else if (received == sizeof(order) && order.kind == ORDER_RESIZE) {
		relay_resize(&self->relay, order.value);
	} else {
		// Node closed its end, or died, or speaks another language: either way nobody is left to answer to.
		sys_close(self->channel);
		self->channel = -1;
		end(self, ENDING_HANGUP);
	}
}

static void on_timer(struct supervisor *self)
{
	uint64_t expirations;
	sys_read(self->timer, &expirations, sizeof(expirations));
	uint32_t signal = self->plan.header->timeout_signal;
	if (self->ending == ENDING_NONE)
		self->ending = ENDING_TIMEOUT;
	if (!self->running || signal == SYS_SIGKILL || signal == 0)
		end(self, ENDING_TIMEOUT);
	else
		signal_command(self, signal);
}

// Until the child has ended.
static void watch(struct supervisor *self)
{
	for (;;) {
		struct pollfd polled[] = {
			{.fd = self->child_pidfd, .events = POLLIN},
			{.fd = self->report, .events = POLLIN},
			{.fd = self->channel, .events = POLLIN},
			{.fd = self->timer, .events = POLLIN},
			relay_master(&self->relay),
			relay_socket(&self->relay),
		};
		long ready = sys_ppoll(polled, 6, 0);
		if (ready < 0 && ready != -SYS_EINTR)
			end(self, ENDING_NONE);
		if (ready <= 0)
			continue;
		// The report first: a command that is over already did run, and Node hears of both.
		if (polled[1].revents)
			on_report(self);
		else if (polled[0].revents)
			return;
		if (polled[2].revents)
			on_channel(self);
		if (polled[3].revents)
			on_timer(self);
		if (polled[4].revents || polled[5].revents)
			relay_carry(&self->relay, polled[4].revents, polled[5].revents);
	}
}

static uint64_t elapsed_ns(const struct sys_timespec *since)
{
	struct sys_timespec now;
	sys_clock_gettime(SYS_CLOCK_MONOTONIC, &now);
	return (uint64_t)((now.seconds - since->seconds) * 1000000000 + now.nanoseconds - since->nanoseconds);
}

static void reap(struct supervisor *self)
{
	struct rusage usage = {0};
	struct frame *frame = &self->frame;
	int status = 0;
	while (sys_wait4(self->child, &status, SYS_WALL, &usage) == -SYS_EINTR)
		;
	frame->wall_ns = elapsed_ns(&self->began);
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

static struct outcome prepare(struct supervisor *self, const int *fds, uint32_t count)
{
	const struct plan_header *header = self->plan.header;
	const struct sys_sigaction by_default = {0};
	const int pass = 1;
	int pair[2];
	if (count < header->received)
		return REFUSED(recvmsg, SYS_EBADF);
	TRY(rt_sigaction, SYS_SIGCHLD, &by_default);
	TRY(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	self->page = (struct page *)TRY(
		mmap, sizeof(struct page), SYS_PROT_READ | SYS_PROT_WRITE, SYS_MAP_SHARED | SYS_MAP_ANONYMOUS, -1);
	for (uint32_t i = 0; i < SLOTS_MAX; i++)
		self->page->slots[i] = i < header->received ? fds[i] : -1;
	TRY(socketpair, SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	self->report = pair[0];
	self->report_child = pair[1];
	TRY(setsockopt, self->report, SYS_SOL_SOCKET, SYS_SO_PASSCRED, &pass, sizeof(pass));
	self->actor = (struct actor){.plan = &self->plan,
		.page = self->page,
		.root = AT_FDCWD,
		.report = -1,
		.child = -1,
		.relay = &self->relay};
	TRY(clock_gettime, SYS_CLOCK_MONOTONIC, &self->began);
	if (header->timeout_ms == 0)
		return DONE;
	struct sys_itimerspec time = {
		.value = {(int64_t)(header->timeout_ms / 1000), (int64_t)(header->timeout_ms % 1000) * 1000000}};
	self->timer = (int)TRY(timerfd_create, SYS_CLOCK_MONOTONIC, O_CLOEXEC);
	TRY(timerfd_settime, self->timer, &time);
	return DONE;
}

static struct outcome clone_child(struct supervisor *self)
{
	struct clone_args args = {
		.flags = self->plan.header->clone | CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uint64_t)&self->child_pidfd,
		.exit_signal = SYS_SIGCHLD,
	};
	struct actor child = self->actor;
	child.report = self->report_child;
	int own_pidfd = (int)TRY(pidfd_open, (int)sys_getpid(), 0);
	// Else an ordinary user's supervisor could not open the child's /proc/PID/uid_map. The child takes it back. proc(5)
	TRY(prctl, PR_SET_DUMPABLE, (self->plan.header->clone & CLONE_NEWUSER) != 0, 0, 0);
	long pid = TRY(clone3, &args, sizeof(args));
	if (pid == 0)
		child_run(&child, own_pidfd);
	self->child = (int)pid;
	self->actor.child = (int)pid;
	TRY(prctl, PR_SET_DUMPABLE, 0, 0, 0);
	return DONE;
}

// What the terminal still holds goes to Node, unless Node no longer wants it.
static void drain(struct supervisor *self)
{
	while (relay_open(&self->relay)) {
		struct pollfd polled[] = {
			relay_master(&self->relay),
			relay_socket(&self->relay),
			{.fd = self->channel, .events = POLLIN},
		};
		if (sys_ppoll(polled, 3, 0) < 0)
			continue;
		relay_carry(&self->relay, polled[0].revents, polled[1].revents);
		struct order order;
		if (self->channel < 0 || (polled[2].revents && sys_read(self->channel, &order, sizeof(order)) <= 0))
			return;
	}
}

static void conclude(struct supervisor *self)
{
	const struct page *page = self->page;
	if (page->refused)
		record_refusal(self, LIST_STEPS, 0, (struct outcome){page->syscall, page->error});
	if (page->refused)
		self->frame.detail = page->detail;
	perform(self, LIST_AFTER, self->plan.header->after_offset, self->plan.header->after_count);
	report(self, self->frame.error ? FRAME_REFUSED : FRAME_EXITED);
}

__attribute__((noreturn)) static void finish(const struct supervisor *self)
{
	int status = self->frame.wait_status;
	if (self->frame.error)
		sys_exit_group(125);
	sys_exit_group((status & 0x7f) ? 128 + (status & 0x7f) : (status >> 8) & 0xff);
}

void supervisor_run(int plan_fd, int channel, const int *fds, uint32_t count)
{
	struct supervisor self = {.channel = channel,
		.report = -1,
		.timer = -1,
		.child_pidfd = -1,
		.command_pidfd = -1,
		.relay = RELAY_NONE};
	struct outcome outcome = plan_map(plan_fd, &self.plan, &self.frame.detail);
	if (outcome.error == 0)
		outcome = prepare(&self, fds, count);
	if (outcome.error) {
		record_refusal(&self, LIST_CHECK, 0, outcome);
		report(&self, FRAME_REFUSED);
		finish(&self);
	}
	const struct plan_header *header = self.plan.header;
	if (perform(&self, LIST_BEFORE, header->before_offset, header->before_count) == 0) {
		outcome = clone_child(&self);
		if (outcome.error)
			record_refusal(&self, LIST_CLONE, 0, outcome);
		if (self.child > 0) {
			watch(&self);
			reap(&self);
			orphans_end();
		}
	}
	conclude(&self);
	drain(&self);
	finish(&self);
}
