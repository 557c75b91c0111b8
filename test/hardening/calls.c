// SPDX-License-Identifier: MIT
// What hostile programs try that no namespace holds: `calls [RING]`, with the serial of a keyring of the host user's.
//
// It prints a line for each try, "what: done" or "what: EPERM".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *what, long result)
{
	if (result >= 0)
		printf("%s: done\n", what);
	else
		printf("%s: %s\n", what, strerrorname_np(errno) ? strerrorname_np(errno) : "?");
	fflush(stdout);
}

// A raw call: a library may take another one.
#define TRIED(what, name, ...) tell(what, syscall(SYS_##name, __VA_ARGS__))

static void keys(long ring)
{
	TRIED("add_key", add_key, "user", "attack", "x", 1, KEY_SPEC_SESSION_KEYRING);
	TRIED("request_key", request_key, "user", "attack", 0, 0);
	TRIED("keyctl JOIN_SESSION_KEYRING", keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
	TRIED("keyctl LINK", keyctl, KEYCTL_LINK, ring, KEY_SPEC_SESSION_KEYRING);
	char secret[64];
	TRIED("keyctl SEARCH", keyctl, KEYCTL_SEARCH, ring, "user", "secret", 0);
	TRIED("keyctl READ", keyctl, KEYCTL_READ, ring, secret, sizeof(secret));
	TRIED("keyctl of 1 << 32 more", keyctl, 1ull << 32 | KEYCTL_READ, ring, secret, sizeof(secret));
}

static void lease(void)
{
	// The owner may have a lease without any capability.
	int fd = open("/tmp/leased", O_RDWR | O_CREAT, 0600);
	close(fd);
	fd = open("/tmp/leased", O_RDONLY);
	TRIED("F_SETLEASE", fcntl, fd, F_SETLEASE, F_RDLCK);
	TRIED("F_SETLEASE of 1 << 32 more", fcntl, fd, 1ull << 32 | F_SETLEASE, F_RDLCK);
	close(fd);
}

static void sockets(void)
{
	static const struct {
		const char *name;
		int family, type;
	} families[] = {{"AF_PACKET", AF_PACKET, SOCK_RAW}, {"AF_VSOCK", 40, SOCK_STREAM},
		{"AF_ALG", AF_ALG, SOCK_SEQPACKET}, {"AF_KEY", AF_KEY, SOCK_RAW}, {"AF_RDS", AF_RDS, SOCK_SEQPACKET},
		{"AF_TIPC", AF_TIPC, SOCK_RDM}, {"AF_CAN", AF_CAN, SOCK_RAW}, {"AF_BLUETOOTH", AF_BLUETOOTH, SOCK_RAW},
		{"AF_XDP", 44, SOCK_RAW}, {"AF_SMC", 43, SOCK_STREAM}};
	for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++) {
		char name[64];
		TRIED(families[i].name, socket, families[i].family, families[i].type, 0);
		snprintf(name, sizeof(name), "%s of 1 << 32 more", families[i].name);
		TRIED(name, socket, 1ull << 32 | (unsigned)families[i].family, families[i].type, 0);
	}
}

static void kernel(void)
{
	char room[256] = {0};
	TRIED("io_uring_setup", io_uring_setup, 8, room);
	TRIED("bpf", bpf, 0, room, 48);
	TRIED("userfaultfd", userfaultfd, 1 /* UFFD_USER_MODE_ONLY */);
	struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .exclude_kernel = 1};
	TRIED("perf_event_open", perf_event_open, &attr, 0, -1, -1, 0);
	// Newer calls than most lists know: statmount, listmount, lsm_list_modules, open_tree_attr.
	uint64_t request[4] = {24, (uint64_t)-1, 0, 0};
	tell("listmount", syscall(458, request, room, 8, 0));
	tell("lsm_list_modules", syscall(461, room, &(uint32_t){sizeof(room)}, 0));
	tell("number 1000", syscall(1000, 0));
}

static void children(void)
{
	struct {
		uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
	} args = {.exit_signal = SIGCHLD};
	long pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		_exit(0);
	tell("clone3", pid);
	pid = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(0);
	tell("clone NEWUSER", pid);
	TRIED("unshare", unshare, CLONE_NEWUSER);
	TRIED("setns", setns, -1, 0);
}

static void terminal(void)
{
	setsid();
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	int number = 0, unlock = 0;
	char path[32];
	ioctl(master, TIOCSPTLCK, &unlock);
	ioctl(master, TIOCGPTN, &number);
	snprintf(path, sizeof(path), "/dev/pts/%d", number);
	int slave = open(path, O_RDWR);
	TRIED("TIOCSTI", ioctl, slave, TIOCSTI, "x");
	TRIED("TIOCSTI of 1 << 32 more", ioctl, slave, 1ull << 32 | TIOCSTI, "x");
	TRIED("TIOCLINUX", ioctl, slave, TIOCLINUX, "\x03");
}

int main(int count, char **words)
{
	keys(count > 1 ? strtol(words[1], 0, 0) : 1);
	lease();
	sockets();
	kernel();
	children();
	terminal();
	return 0;
}
