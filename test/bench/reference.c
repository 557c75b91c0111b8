// SPDX-License-Identifier: MIT
// The least that a container costs: the kernel acts of carrel's plan for a root filesystem, in its order.
//
// No launcher, no supervisor, no plan to read. Prints the time from clone to reaped, in ns, a line a round.
//
// reference ROUNDS ROOT FIRST_ID ARGUMENT…
//   FIRST_ID    first of 65,536 ids for the container, or 0: one id, the caller's
//   m/PATH      a path to mask        r/PATH   a path to make read-only       x/PATH   a file to try to execute
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

// Docker's default capabilities, as carrel's.
static const uint64_t CAPABILITIES = 1ull << CAP_CHOWN | 1ull << CAP_DAC_OVERRIDE | 1ull << CAP_FOWNER |
				     1ull << CAP_FSETID | 1ull << CAP_KILL | 1ull << CAP_SETGID | 1ull << CAP_SETUID |
				     1ull << CAP_SETPCAP | 1ull << CAP_NET_BIND_SERVICE | 1ull << CAP_NET_RAW |
				     1ull << CAP_SYS_CHROOT | 1ull << CAP_MKNOD | 1ull << CAP_AUDIT_WRITE |
				     1ull << CAP_SETFCAP;

static void link_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	int fd = (int)must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
	must(ioctl(fd, SIOCGIFFLAGS, &request), "SIOCGIFFLAGS");
	request.ifr_flags |= IFF_UP;
	must(ioctl(fd, SIOCSIFFLAGS, &request), "SIOCSIFFLAGS");
	close(fd);
}

// PID 1: ends when the command ends, with its status.
__attribute__((noreturn)) static void init(pid_t command, const sigset_t *every)
{
	prctl(PR_SET_NAME, "reference-init", 0, 0, 0);
	close_range(0, ~0u, 0);
	for (;;) {
		if (sigwaitinfo(every, NULL) != SIGCHLD)
			continue;
		siginfo_t info = {0};
		int status = 0;
		while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && info.si_pid != 0) {
			wait4(info.si_pid, &status, __WALL, NULL);
			if (info.si_pid == command)
				_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 125);
			info.si_pid = 0;
		}
	}
}

static void start_init(void)
{
	sigset_t every;
	sigset_t none;
	sigfillset(&every);
	sigemptyset(&none);
	must(close_range(3, ~0u, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC), "close_range");
	sigprocmask(SIG_SETMASK, &every, NULL);
	pid_t command = (pid_t)CALL(clone, SIGCHLD, 0, 0, 0, 0);
	if (command > 0)
		init(command, &every);
	sigprocmask(SIG_SETMASK, &none, NULL);
	must(setsid(), "setsid");
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

static void drop_rights(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[2];
	CALL(capget, &header, now);
	uint64_t permitted = (uint64_t)now[1].permitted << 32 | now[0].permitted;
	capset_to(permitted);
	for (unsigned long capability = 0; capability < 64; capability++) {
		int held = prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
		if (held < 0)
			break;
		if (held == 1 && !(CAPABILITIES >> capability & 1))
			must(prctl(PR_CAPBSET_DROP, capability, 0, 0, 0), "PR_CAPBSET_DROP");
	}
	must(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0), "PR_CAP_AMBIENT");
	capset_to(CAPABILITIES & permitted);
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
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
	must(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "PR_SET_DUMPABLE");
	if (job->first) {
		CALL(setgroups, 0, NULL);
		must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0), "PR_SET_KEEPCAPS");
		CALL(setresgid, 0, 0, 0);
		CALL(setresuid, 0, 0, 0);
		must(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), "PR_SET_PDEATHSIG");
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
	umask(022);
	drop_rights();
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
	int tree = (int)CALL(open_tree, AT_FDCWD, job->root, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | RECURSIVE);
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

int main(int argc, char **argv)
{
	if (argc < 5) {
		fprintf(stderr, "usage: reference ROUNDS ROOT FIRST_ID ARGUMENT...\n");
		return 2;
	}
	struct job job = {
		.root = argv[2],
		.first = strtoul(argv[3], NULL, 10),
		.uid = geteuid(),
		.gid = getegid(),
		.arguments = argv + 4,
	};
	job.null = (int)must(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
	const struct timespec pause = {0, PAUSE_NS};
	for (long rounds = strtol(argv[1], NULL, 10); rounds > 0; rounds--) {
		nanosleep(&pause, NULL);
		printf("%llu\n", (unsigned long long)one_round(job));
	}
	return 0;
}
