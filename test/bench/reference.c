// SPDX-License-Identifier: MIT
// The least that a container costs: the kernel acts of carrel's plan for a root filesystem, in its order.
//
// It makes every call that changes something; a test holds it to that. It does not look whether it is where it should
// be, and has no launcher, no supervisor and no plan to read. Prints the time from clone to reaped, in ns, a line a
// round.
//
// reference ROUNDS ROOT FIRST_ID CAPABILITIES ARGUMENT…
//   FIRST_ID              first of 65,536 ids for the container, or 0: one id, the caller's
//   CAPABILITIES          the bounding set, as bits
//   sNAME=VALUE           a setting below /proc/sys
//   m/PATH   r/PATH       a path to mask; a path to make read-only
//   lNUMBER=SOFT:HARD     a limit, setrlimit(2)
//   fFLAGS/PATH           a file with the filter of system calls, seccomp(2)
//   x/PATH                a file to try to execute
#define _GNU_SOURCE
#include "reference.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum {
	// Between two rounds: the kernel takes down the last round's namespaces by itself, after the process has been
	// reaped.
	PAUSE_NS = 5000000,
};

static void link_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = (int)must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	must(ioctl(fd, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
	request.ifr_flags |= IFF_UP;
	must(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
	close(fd);
}

// PID 1: reaps until the command has ended, then ends what is left, and ends with its status.
__attribute__((noreturn)) static void init(pid_t command, const uint64_t *every)
{
	int status = 0;
	pid_t reaped = 0;
	prctl(PR_SET_NAME, "reference-init", 0, 0, 0);
	close_range(0, ~0u, 0);
	while (reaped != command) {
		if (syscall(SYS_rt_sigtimedwait, every, NULL, NULL, sizeof(*every)) != SIGCHLD)
			continue;
		siginfo_t info = {0};
		while (reaped != command && waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 &&
			info.si_pid != 0) {
			reaped = wait4(info.si_pid, &status, __WALL, NULL);
			info.si_pid = 0;
		}
	}
	siginfo_t left;
	kill(-1, SIGKILL);
	while (waitid(P_ALL, 0, &left, WEXITED | __WALL) == 0)
		;
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
}

// The C library would keep two signals for itself.
static void start_init(void)
{
	const uint64_t every = ~0ull;
	const uint64_t none = 0;
	must(close_range(3, ~0u, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC), "close_range");
	CALL(rt_sigprocmask, SIG_SETMASK, &every, NULL, sizeof(every));
	pid_t command = (pid_t)CALL(clone, SIGCHLD, 0, 0, 0, 0);
	if (command > 0)
		init(command, &every);
	CALL(rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof(none));
	must(setsid(), "setsid");
}

static void set_limits(const struct job *job)
{
	for (char **at = job->arguments; *at; at++) {
		if (**at != 'l')
			continue;
		char *rest;
		struct rlimit limit;
		unsigned long resource = strtoul(*at + 1, &rest, 10);
		limit.rlim_cur = strtoul(rest + 1, &rest, 10);
		limit.rlim_max = strtoul(rest + 1, NULL, 10);
		CALL(prlimit64, 0, resource, &limit, NULL);
	}
}

static void capset_to(uint64_t kept)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[2] = {
		{(uint32_t)kept, (uint32_t)kept, 0},
		{(uint32_t)(kept >> 32), (uint32_t)(kept >> 32), 0},
	};
	CALL(capset, &header, data);
}

static void drop_rights(const struct job *job)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[2];
	CALL(capget, &header, now);
	uint64_t permitted = (uint64_t)now[1].permitted << 32 | now[0].permitted;
	capset_to(permitted);
	// Ends at the first that this kernel does not know.
	for (unsigned long capability = 0; capability < 64; capability++) {
		if (job->capabilities >> capability & 1)
			continue;
		if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) < 0)
			break;
	}
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "PR_CAP_AMBIENT");
	capset_to(job->capabilities & permitted);
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	if (job->filter.len)
		CALL(seccomp, SECCOMP_SET_MODE_FILTER, job->filter_flags, &job->filter);
}

__attribute__((noreturn)) static void execute(const struct job *job)
{
	char *argv[] = {"true", NULL};
	char *envp[] = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", NULL};
	for (int fd = 0; fd < 3; fd++)
		must(dup3(job->null, fd, 0), "dup3");
	umask(022);
	for (char **at = job->arguments; *at; at++)
		if (**at == 'x')
			execve(*at + 1, argv, envp);
	_exit(125);
}

// Ends with the parent, and is nobody's to trace: what a change of ids undoes.
static void hold(void)
{
	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG");
	must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
}

__attribute__((noreturn)) static void child(struct job *job, int parent)
{
	struct pollfd death = {.fd = parent, .events = POLLIN};
	char what = 'b';
	int tree = -1;
	must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG");
	must(poll(&death, 1, 0), "poll");
	must(setsid(), "setsid");
	umask(0);
	job->directory = (int)must(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), "/");
	must(write(job->report, &what, 1), "write");
	if (read(job->report, &tree, sizeof(tree)) != sizeof(tree))
		_exit(125);
	hold();
	if (job->first) {
		const gid_t none = 0;
		CALL(setgroups, 0, &none);
		must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS");
		CALL(setresgid, 0, 0, 0);
		CALL(setresuid, 0, 0, 0);
		hold();
	}
	CALL(unshare, CLONE_NEWCGROUP);
	make_root(job, tree);
	must(sethostname("carrel", 6), "sethostname");
	must(setdomainname("(none)", 6), "setdomainname");
	link_up();
	start_init();
	CALL(keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0);
	int directory = (int)must(resolve_flags(job, "/", O_PATH | O_DIRECTORY, 0), "/");
	must(fchdir(directory), "fchdir");
	set_limits(job);
	drop_rights(job);
	execute(job);
}

static void write_entry(pid_t pid, const char *name, const char *text)
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	int file = (int)must(open(path, O_WRONLY | O_CLOEXEC), path);
	must(write(file, text, strlen(text)), path);
	close(file);
}

// The host's side of the barrier. Returns the root filesystem's tree, or -1 where the child opens it.
static int map_ids(const struct job *job, pid_t pid)
{
	char text[64];
	if (job->first == 0) {
		write_entry(pid, "setgroups", "deny");
		snprintf(text, sizeof(text), "0 %u 1\n", job->uid);
		write_entry(pid, "uid_map", text);
		snprintf(text, sizeof(text), "0 %u 1\n", job->gid);
		write_entry(pid, "gid_map", text);
		return -1;
	}
	snprintf(text, sizeof(text), "0 %lu 65536\n", job->first);
	write_entry(pid, "uid_map", text);
	write_entry(pid, "gid_map", text);
	int tree = copy_root(job);
	snprintf(text, sizeof(text), "/proc/%d/ns/user", pid);
	int namespace = (int)must(open(text, O_RDONLY | O_CLOEXEC), text);
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t) namespace};
	CALL(mount_setattr, tree, "", EMPTY_PATH | RECURSIVE, &attr, sizeof(attr));
	close(namespace);
	return tree;
}

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t one_round(struct job job)
{
	int pair[2];
	int pidfd = -1;
	int status = 0;
	char what;
	struct rusage usage;
	uint64_t began = now_ns();
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), "socketpair");
	int self = (int)CALL(pidfd_open, getpid(), 0);
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS |
			 CLONE_FILES | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	job.report = pair[1];
	pid_t pid = (pid_t)CALL(clone3, &args, sizeof(args));
	if (pid == 0)
		child(&job, self);
	int tree = -1;
	if (read(pair[0], &what, 1) == 1) {
		tree = map_ids(&job, pid);
		must(write(pair[0], &tree, sizeof(tree)), "write");
	}
	// The child has closed what it does not need once it has descriptors of its own: until then they are shared.
	must(wait4(pid, &status, __WALL, &usage), "wait4");
	uint64_t ended = now_ns();
	const int made[] = {pair[0], pair[1], self, pidfd};
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++)
		close(made[i]);
	// What the child opened before it had descriptors of its own is open here too.
	close_range((unsigned int)job.null + 1, ~0u, 0);
	if (status != 0) {
		dprintf(2, "reference: wait status %d\n", status);
		exit(1);
	}
	return ended - began;
}

static void read_filter(struct job *job, const char *argument)
{
	static struct sock_filter instructions[4096]; // BPF_MAXINSNS of linux/bpf_common.h
	char *path;
	job->filter_flags = (unsigned int)strtoul(argument, &path, 10);
	int file = (int)must(open(path, O_RDONLY | O_CLOEXEC), path);
	size_t size = (size_t)must(read(file, instructions, sizeof(instructions)), path);
	close(file);
	job->filter =
		(struct sock_fprog){.len = (unsigned short)(size / sizeof(*instructions)), .filter = instructions};
}

int main(int argc, char **argv)
{
	if (argc < 6) {
		fprintf(stderr, "usage: reference ROUNDS ROOT FIRST_ID CAPABILITIES ARGUMENT...\n");
		return 2;
	}
	struct job job = {
		.root = argv[2],
		.first = strtoul(argv[3], NULL, 10),
		.uid = geteuid(),
		.gid = getegid(),
		.capabilities = strtoull(argv[4], NULL, 10),
		.arguments = argv + 5,
	};
	for (char **at = job.arguments; *at; at++)
		if (**at == 'f')
			read_filter(&job, *at + 1);
	job.null = (int)must(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
	const struct timespec pause = {0, PAUSE_NS};
	for (long rounds = strtol(argv[1], NULL, 10); rounds > 0; rounds--) {
		nanosleep(&pause, NULL);
		printf("%llu\n", (unsigned long long)one_round(job));
	}
	return 0;
}
