// SPDX-License-Identifier: MIT
#include "connector.h"
#include <linux/close_range.h>
#include <linux/nsfs.h>
#include <linux/prctl.h>
#include "entry.h"
#include "kept.h"
#include "memory.h"
#include "orphans.h"
#include "pids.h"
#include "supervisor.h"
#include "watch.h"

enum {
	// So long it has to end the program, and itself.
	PATIENCE_NS = 1000000000,
	PAUSE_NS = 1000000,
};

// What the program has, from descriptor 0 on.
enum { GIVEN_NETWORK, GIVEN_USER, GIVEN_SAID, GIVEN_READY, GIVEN_COUNT };

// What the process knows.
struct connection {
	struct page *page;
	int line;
	int supervisor;
	// -1: nobody is at the other end any more.
	int said;
	int ready;
	// -1: it has ended.
	int program;
	int program_pid;
	size_t length;
	int is_ready;
};

// What it tells the supervisor, once.
struct connected {
	struct outcome outcome;
	int32_t status;
};

static struct outcome become_program(const struct plan *plan, const struct step_connect_network *step, const int *given)
{
	const char *const envp[] = {0};
	const uint32_t count = step->args.count;
	int moved[GIVEN_COUNT];
	void *memory;
	PASS(memory_private((count + 2) * sizeof(char *), &memory));
	const char **argv = memory;
	argv[0] = plan_string(plan, step->path);
	for (uint32_t i = 0; i < count; i++)
		argv[i + 1] = plan_string_at(plan, step->args, i);
	// No terminal of the caller's is its own.
	TRY(setsid);
	TRY(prctl, PR_SET_PDEATHSIG, SYS_SIGKILL, 0, 0);
	for (int i = 0; i < GIVEN_COUNT; i++)
		moved[i] = (int)TRY(fcntl, given[i], F_DUPFD_CLOEXEC, GIVEN_COUNT);
	for (int i = 0; i < GIVEN_COUNT; i++)
		TRY(dup3, moved[i], i, 0);
	TRY(close_range, GIVEN_COUNT, ~0u, CLOSE_RANGE_CLOEXEC);
	TRY(execve, argv[0], argv, envp);
	return DONE;
}

static struct outcome start_program(struct connection *self, const struct plan *plan,
	const struct step_connect_network *step, int network, int user)
{
	int said[2];
	int ready[2];
	TRY(pipe2, said, O_CLOEXEC);
	TRY(pipe2, ready, O_CLOEXEC);
	const int given[GIVEN_COUNT] = {
		[GIVEN_NETWORK] = network,
		[GIVEN_USER] = user,
		[GIVEN_SAID] = said[1],
		[GIVEN_READY] = ready[1],
	};
	self->page->helper = DONE;
	self->program_pid = (int)TRY(clone);
	if (self->program_pid == 0) {
		self->page->helper = become_program(plan, step, given);
		sys_exit_group(STATUS_REFUSED);
	}
	self->said = said[0];
	self->ready = ready[0];
	self->program = (int)TRY(pidfd_open, self->program_pid, 0);
	for (int i = 0; i < GIVEN_COUNT; i++)
		sys_close(given[i]);
	return DONE;
}

__attribute__((noreturn)) static void end(void)
{
	const struct cgroups none = CGROUPS_NONE;
	const uint64_t began = timing_now();
	// What it has left becomes this process's child one after the other.
	while (orphans_are_left() && timing_now() - began < PATIENCE_NS) {
		orphans_end(&none, 0);
		timing_pause(PAUSE_NS);
	}
	sys_exit_group(0);
}

static void let_go(int *fd)
{
	sys_close(*fd);
	*fd = -1;
}

// What it says before the network is there may be why it is not. All else is read and lost, so that it never waits.
static void hear(struct connection *self)
{
	char lost[256];
	const size_t room = self->is_ready ? 0 : sizeof(self->page->text) - 1 - self->length;
	char *at = room ? self->page->text + self->length : lost;
	const long count = sys_read(self->said, at, room ? room : sizeof(lost));
	if (count > 0 && room)
		self->length += (size_t)count;
	else if (count <= 0 && count != -SYS_EINTR)
		let_go(&self->said);
}

static int has_said(const struct connection *self)
{
	struct pollfd said = {.fd = self->said, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	return self->said >= 0 && sys_ppoll(&said, 1, &now) > 0;
}

// How the program has ended. It may have left a process that goes on.
static struct connected reap(struct connection *self)
{
	struct connected connected = {DONE, 0};
	while (has_said(self))
		hear(self);
	pids_wait(self->program_pid, &connected.status);
	let_go(&self->program);
	connected.outcome = self->page->helper;
	// It has said why; there is no error number for it.
	if (connected.outcome.error == 0 && connected.status != 0)
		connected.outcome = REFUSED(execve, SYS_EPERM);
	if (connected.outcome.error == 0 && !orphans_are_left())
		connected.outcome = REFUSED(wait4, SYS_ECHILD);
	return connected;
}

static void tell(struct connection *self, struct connected connected)
{
	self->page->text[self->length] = 0;
	self->is_ready = 1;
	if (connected.outcome.error == 0)
		self->page->text[0] = 0;
	struct sys_iovec iov = {&connected, sizeof(connected)};
	const struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	if (sys_sendmsg(self->line, &message, SYS_MSG_NOSIGNAL) < 0 || connected.outcome.error)
		end();
}

// Something has happened.
static void react(struct connection *self, int is_ready, int has_ended)
{
	char byte;
	if (is_ready && sys_read(self->ready, &byte, 1) == 1)
		tell(self, (struct connected){DONE, 0});
	if (is_ready)
		let_go(&self->ready);
	if (has_ended) {
		const struct connected connected = reap(self);
		if (!self->is_ready)
			tell(self, connected);
		else if (!orphans_are_left())
			sys_exit_group(0);
	}
}

__attribute__((noreturn)) static void stay(struct connection *self)
{
	for (;;) {
		enum { SAID, READY, PROGRAM, LINE, SUPERVISOR, COUNT };
		struct pollfd polled[COUNT] = {
			[SAID] = {.fd = self->said, .events = POLLIN},
			[READY] = {.fd = self->ready, .events = POLLIN},
			[PROGRAM] = {.fd = self->program, .events = POLLIN},
			[LINE] = {.fd = self->line, .events = POLLIN},
			[SUPERVISOR] = {.fd = self->supervisor, .events = POLLIN},
		};
		sys_ppoll(polled, COUNT, 0);
		if (polled[LINE].revents || polled[SUPERVISOR].revents)
			end();
		if (polled[SAID].revents)
			hear(self);
		react(self, polled[READY].revents, polled[PROGRAM].revents);
	}
}

__attribute__((noreturn)) static void run(const struct supervisor *supervisor, const struct step_connect_network *step,
	struct connection *self, const int *ns)
{
	const int32_t kept[] = {self->line, self->supervisor, ns[GIVEN_NETWORK], ns[GIVEN_USER]};
	kept_close_others(0, kept, sizeof(kept) / sizeof(*kept));
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-network", 0, 0);
	sys_setsid();
	const long reaps = sys_prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	const struct outcome outcome =
		reaps < 0 ? REFUSED(prctl, -reaps)
			  : start_program(self, &supervisor->plan, step, ns[GIVEN_NETWORK], ns[GIVEN_USER]);
	if (outcome.error)
		tell(self, (struct connected){outcome, 0});
	stay(self);
}

static struct outcome await_network(struct supervisor *self)
{
	struct connected connected;
	const int line = self->connector.line;
	// It may wait for what never comes.
	self->broken_off = !watch_for(self, line);
	if (self->broken_off)
		return REFUSED(wait4, SYS_EINTR);
	if (sys_read(line, &connected, sizeof(connected)) != sizeof(connected))
		return REFUSED(wait4, SYS_ECHILD);
	self->page->helper_status = connected.status;
	return connected.outcome;
}

struct outcome connector_make(struct supervisor *self, const struct step_connect_network *step)
{
	int pair[2];
	int namespaces[2];
	PASS(entry_open(self->child, "ns/net", O_RDONLY, &namespaces[GIVEN_NETWORK]));
	namespaces[GIVEN_USER] = (int)TRY(ioctl, namespaces[GIVEN_NETWORK], NS_GET_USERNS, 0);
	const int pidfd = (int)TRY(pidfd_open, (int)sys_getpid(), 0);
	TRY(socketpair, SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	struct connection connection = {
		.page = self->page,
		.line = pair[1],
		.supervisor = pidfd,
		.said = -1,
		.ready = -1,
		.program = -1,
	};
	const int pid = (int)TRY(clone);
	if (pid == 0)
		run(self, step, &connection, namespaces);
	self->connector = (struct connector){pid, pair[0]};
	const int given[] = {namespaces[GIVEN_NETWORK], namespaces[GIVEN_USER], pidfd, pair[1]};
	for (unsigned int i = 0; i < sizeof(given) / sizeof(*given); i++)
		TRY(close, given[i]);
	return await_network(self);
}

void connector_end(struct connector *connector)
{
	if (connector->pid == 0)
		return;
	struct pollfd death = {.fd = (int)sys_pidfd_open(connector->pid, 0), .events = POLLIN};
	const struct sys_timespec patience = {PATIENCE_NS / 1000000000 + 1, 0};
	// The child may have a copy of this end.
	sys_shutdown(connector->line, SYS_SHUT_RDWR);
	sys_close(connector->line);
	if (death.fd < 0 || sys_ppoll(&death, 1, &patience) <= 0)
		sys_kill(connector->pid, SYS_SIGKILL);
	sys_wait4(connector->pid, 0, SYS_WNOHANG | SYS_WALL, 0);
	if (death.fd >= 0)
		sys_close(death.fd);
	connector->pid = 0;
}
