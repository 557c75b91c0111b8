// SPDX-License-Identifier: MIT
// The part of powers.c that takes all it can of what the kernel counts for a user. Not to be included elsewhere.
#pragma once
#include <mqueue.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/uio.h>

// Raises what it may, up to what it may: also where that takes a right that it has been given.
static void raise_all(void)
{
	static const char *const bounds[] = {"/proc/sys/user/max_inotify_instances",
		"/proc/sys/user/max_inotify_watches", "/proc/sys/fs/inotify/max_user_instances",
		"/proc/sys/kernel/pty/max", 0};
	static const __rlimit_resource_t limits[] = {RLIMIT_SIGPENDING, RLIMIT_MSGQUEUE, RLIMIT_NOFILE};
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit limit;
		getrlimit(limits[i], &limit);
		const struct rlimit more = {RLIM_INFINITY, RLIM_INFINITY};
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i], &more) < 0)
			setrlimit(limits[i], &limit);
	}
	for (const char *const *bound = bounds; *bound; bound++) {
		int fd = open(*bound, O_WRONLY | O_CLOEXEC);
		dprintf(fd, "1000000");
		close(fd);
	}
}

static void told(const char *what, long count)
{
	printf("%s: %ld\n", what, count);
}

static long inotify(long most)
{
	long count = 0;
	while (count < most && inotify_init1(0) >= 0)
		count++;
	return count;
}

static long signals(long most)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, 0);
	long count = 0;
	while (count < most && sigqueue(getpid(), SIGRTMIN, (union sigval){0}) == 0)
		count++;
	return count;
}

static long terminals(const char *path, long most)
{
	long count = 0;
	while (count < most && open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) >= 0)
		count++;
	return count;
}

static long queues(long most)
{
	long count = 0;
	char name[32];
	do
		snprintf(name, sizeof(name), "/attack-%d-%ld", getpid(), count);
	while (count < most && mq_open(name, O_CREAT | O_RDWR, 0600, 0) >= 0 && mq_unlink(name) == 0 && ++count);
	return count;
}

static int pair(void)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) < 0)
		return -1;
	return ends[0];
}

// Descriptors that are under way in sockets, which nobody receives. unix(7)
static long in_flight(long most)
{
	enum { AT_ONCE = 250 };
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(AT_ONCE * sizeof(int))];
	} control = {0};
	struct iovec byte = {"x", 1};
	struct msghdr message = {
		.msg_iov = &byte, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	control.head = (struct cmsghdr){CMSG_LEN(AT_ONCE * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
	memset(CMSG_DATA(&control.head), 0, AT_ONCE * sizeof(int));
	int end = pair();
	long count = 0;
	while (end >= 0 && count < most) {
		if (sendmsg(end, &message, 0) > 0)
			count += AT_ONCE;
		else if (errno == EAGAIN)
			end = pair();
		else
			break;
	}
	return count;
}

static void fill(void)
{
	raise_all();
	told("inotify", inotify(10000));
	told("signals", signals(1000000));
	told("queues", queues(10000));
	told("in flight", in_flight(1000000));
	told("terminals", terminals("/dev/ptmx", 5000));
	// Fewer than there can be: the machine has no others.
	mkdir("/tmp/pts", 0755);
	const int own = mount("devpts", "/tmp/pts", "devpts", 0, "ptmxmode=0666,max=100000") == 0;
	told("terminals of its own", own ? terminals("/tmp/pts/ptmx", 300) : 0);
	printf("full: 1\n");
	fflush(stdout);
	char byte;
	while (read(0, &byte, 1) > 0)
		;
}

// One of each, as who has to live beside it needs them.
static void one(void)
{
	told("inotify", inotify(1));
	told("signals", signals(1));
	told("queues", queues(1));
	told("in flight", in_flight(1));
	told("terminals", terminals("/dev/ptmx", 1));
}
