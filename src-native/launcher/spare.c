// SPDX-License-Identifier: MIT
#include "spare.h"
#include <linux/prctl.h>
#include "ahead.h"
#include "guard.h"
#include "launcher.h"
#include "lines.h"
#include "memory.h"
#include "pids.h"
#include "report.h"
#include "request.h"
#include "supervisor.h"

enum {
	// How often the launcher looks whether the spare goes on as it should.
	TICK_NS = 100000000,
	// After ten seconds nobody is in a hurry.
	UNWANTED_TICKS = 100,
	// A request that is still there: it gets no processor, or the kernel takes its time for what it is made of.
	LATE_TICKS = 2,
};

// Beside its namespaces: it is to have a guard. No flag of clone3(2) is this bit.
static const uint64_t GUARDED = 1ull << 63;

struct spare_next *spare_share(void)
{
	void *next;
	return memory_shared(sizeof(struct spare_next), &next).error ? 0 : next;
}

static int begin_use(struct spare_next *next)
{
	return __atomic_exchange_n(&next->is_busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static void end_use(struct spare_next *next)
{
	__atomic_store_n(&next->is_busy, 0, __ATOMIC_RELEASE);
}

// What its child is to do ahead about networks.
static void learn_networks(struct supervisor *self, struct spare_next *next)
{
	static struct networks networks;
	// Memory that nobody writes is none.
	if (next->networks.count == 0 || !begin_use(next))
		return;
	networks.count = next->networks.count;
	networks.size = next->networks.size;
	memcpy(networks.bytes, next->networks.bytes, networks.size);
	end_use(next);
	self->networks = &networks;
}

// Says what the next one's child is to do.
static void teach_networks(const struct networks *networks, struct spare_next *next)
{
	if (networks_equal(networks, &next->networks) || !begin_use(next))
		return;
	next->networks.count = networks->count;
	next->networks.size = networks->size;
	memcpy(next->networks.bytes, networks->bytes, networks->size);
	end_use(next);
}

// What is said between the launcher and its spare.
enum { USED = 'u', UNWANTED = 'x' };

static void say(int socket, char what)
{
	struct sys_iovec iov = {&what, 1};
	const struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	sys_sendmsg(socket, &message, SYS_MSG_NOSIGNAL);
}

// In the process that is made: waits for a request. It ends when the launcher says so. Where the launcher has died, it
// takes what Node has sent already, and Node is told at once that nobody takes more.
__attribute__((noreturn)) static void wait_for_request(
	int requests, int launcher, uint64_t namespaces, struct spare_next *next)
{
	char unwanted;
	struct supervisor *self = supervisor_new();
	struct request request;
	self->spare_next = next;
	learn_networks(self, next);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-spare", 0, 0);
	const uint64_t clone = namespaces & ~GUARDED;
	if (supervisor_prepare(self).error || ((namespaces & GUARDED) && guard_make(self).error) ||
		supervisor_clone(self, clone, child_run_spare).error) {
		// The next request is served without, and told what the kernel refuses.
		__atomic_store_n(&next->namespaces, 0, __ATOMIC_RELAXED);
		sys_exit_group(STATUS_REFUSED);
	}
	self->spare = clone;
	if (clone & CLONE_NEWUSER)
		ahead_make(self);
	long received = -SYS_EAGAIN;
	while (received == -SYS_EAGAIN) {
		enum { LAUNCHER, REQUESTS, CHILD, COUNT };
		struct pollfd polled[COUNT] = {
			[LAUNCHER] = {.fd = launcher, .events = POLLIN},
			[REQUESTS] = {.fd = requests, .events = POLLIN},
			[CHILD] = {.fd = self->child_pidfd, .events = POLLIN},
		};
		sys_ppoll(polled, COUNT, 0);
		if (polled[LAUNCHER].revents && sys_read(launcher, &unwanted, 1) == 1)
			sys_exit_group(0);
		if (polled[LAUNCHER].revents)
			sys_shutdown(requests, SYS_SHUT_RDWR);
		// Somebody has killed its child: it serves without.
		if (polled[CHILD].revents)
			spare_end_child(self);
		// A launcher that has just lost its patience may have been faster.
		if (polled[LAUNCHER].revents || polled[REQUESTS].revents)
			received = request_receive(requests, SYS_MSG_DONTWAIT, &request);
	}
	if (received <= 0 || request.count < 2)
		sys_exit_group(0);
	say(launcher, USED);
	sys_close(launcher);
	launcher_forked();
	if (self->spare)
		launcher_as_usual(self->child);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	supervisor_run(self, &request);
}

static int is_waiting(int requests)
{
	struct pollfd polled = {.fd = requests, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	return sys_ppoll(&polled, 1, &now) > 0;
}

enum spare_end spare_run(int requests, struct spare_next *next)
{
	// Once: a supervisor that comes to its plan just now may say otherwise meanwhile.
	const uint64_t namespaces = __atomic_load_n(&next->namespaces, __ATOMIC_RELAXED);
	int pair[2];
	char used;
	if (namespaces == 0 || sys_socketpair(SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair) < 0)
		return SPARE_LOST;
	long pid = sys_clone();
	if (pid == 0) {
		sys_close(pair[0]);
		wait_for_request(requests, pair[1], namespaces, next);
	}
	sys_close(pair[1]);
	int ready = 0;
	int late = 0;
	for (int i = 0; pid > 0 && !ready && i < UNWANTED_TICKS && late < LATE_TICKS; i++) {
		ready = lines_wait(pair[0], TICK_NS);
		late = !ready && is_waiting(requests) ? late + 1 : 0;
	}
	enum spare_end end = pid > 0 ? SPARE_UNWANTED : SPARE_LOST;
	if (ready)
		end = sys_read(pair[0], &used, 1) == 1 ? SPARE_USED : SPARE_LOST;
	else if (pid > 0)
		say(pair[0], UNWANTED);
	sys_close(pair[0]);
	return end;
}

// Whether a child that was there before the plan can be the plan's. What the supervisor joins, its children are born
// into, and with its groups; and where every act is timed, a spare's came too early.
static int can_be_spare(const struct plan *plan)
{
	const struct record *record = plan_record(plan, plan->header->before_offset);
	for (uint32_t i = 0; i < plan->header->before_count; i++, record = plan_next(record))
		if (record->op == STEP_SETNS || record->op == STEP_SET_GROUPS)
			return 0;
	return !plan->header->timed && !plan->header->session;
}

void spare_fit(struct supervisor *self)
{
	// The child unshares its mount namespace when it has got the plan.
	const uint64_t namespaces = self->plan.header->clone & ~(uint64_t)CLONE_NEWNS;
	const int can = can_be_spare(&self->plan);
	const uint64_t guarded = guard_is_needed(&self->plan) ? GUARDED : 0;
	// On the stack, which is given back.
	struct networks networks;
	networks_of(&self->plan, &networks);
	if (self->spare_next) {
		const uint64_t next = can && namespaces ? namespaces | guarded : 0;
		__atomic_store_n(&self->spare_next->namespaces, next, __ATOMIC_RELAXED);
		teach_networks(&networks, self->spare_next);
	}
	if ((self->spare & CLONE_NEWNET) && self->networks)
		self->page->renews_network = !networks_equal(self->networks, &networks);
	// A guard is nobody's parent but the supervisor's: it comes before the child.
	if (!can || namespaces != self->spare || (guarded && !self->guarded))
		spare_end_child(self);
}

struct outcome spare_begin(struct supervisor *self, int plan_fd)
{
	self->began = timing_now();
	if (!(self->plan.header->clone & CLONE_NEWNS))
		ahead_close(self->page);
	return report_answer_plan(self->report, plan_fd, self->plan.header->size);
}

void spare_end_child(struct supervisor *self)
{
	if (!self->spare)
		return;
	sys_pidfd_send_signal(self->child_pidfd, SYS_SIGKILL);
	pids_wait(self->child, 0);
	sys_close(self->child_pidfd);
	ahead_close(self->page);
	networks_close(self->page);
	// What was refused to it was not refused to the plan's.
	self->page->refused = 0;
	self->child_pidfd = -1;
	self->child = -1;
	self->spare = 0;
}
