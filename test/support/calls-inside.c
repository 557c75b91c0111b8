// SPDX-License-Identifier: MIT
// Makes system calls that filters around it may refuse, and that no kernel performs otherwise.
//
// A filter of its own, which is less strict than an error, hands what gets through to another process. That answers
// with an error that no kernel has. stdin: a line a call, its number and five arguments, hexadecimal. stdout: a line a
// call, its error, or 4001.
//
// With an argument it has no listener: what gets through is ENOSYS then, as for a tracer that is not there.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PASSED = 4001, MOST = 65536 };
#define MAGIC 0x5eccull

struct call {
	long number;
	unsigned long args[5];
};
static struct call calls[MOST];
static int *errors;

static void die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(2);
}

// What becomes of calls with MAGIC as their sixth argument.
static int filter_magic(unsigned int action, unsigned int flags)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MAGIC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	int loaded = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (loaded < 0)
		die("seccomp");
	return loaded;
}

static void make_calls(int count)
{
	for (int i = 0; i < count; i++) {
		const unsigned long *args = calls[i].args;
		long result = syscall(calls[i].number, args[0], args[1], args[2], args[3], args[4], MAGIC);
		errors[i] = result == -1 ? errno : 0;
	}
}

static void answer(int listener)
{
	for (;;) {
		struct seccomp_notif call = {0};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		struct seccomp_notif_resp response = {.id = call.id, .error = -PASSED};
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
}

int main(int words, char **unused)
{
	(void)unused;
	const int listens = words == 1;
	int count = 0;
	while (count < MOST) {
		struct call *call = &calls[count];
		unsigned long *a = call->args;
		long *number = &call->number;
		if (scanf("%lx %lx %lx %lx %lx %lx", (unsigned long *)number, a, a + 1, a + 2, a + 3, a + 4) != 6)
			break;
		count++;
	}
	errors = mmap(0, MOST * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	// The listener outlives its process only as long as somebody has it, and it has the same descriptors.
	int listener = listens ? filter_magic(SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER)
			       : filter_magic(SECCOMP_RET_TRACE, 0);
	pid_t child = fork();
	if (child < 0)
		die("fork");
	if (child == 0) {
		make_calls(count);
		// The register of the sixth argument holds the magic number still: exit_group would not be made.
		syscall(SYS_getpid, 0, 0, 0, 0, 0, 0);
		_exit(0);
	}
	pid_t answering = listens ? fork() : 0;
	if (listens && answering == 0) {
		answer(listener);
		_exit(0);
	}
	int status;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (listens)
		kill(answering, 9);
	if (status != 0) {
		fprintf(stderr, "status %x\n", status);
		return 3;
	}
	for (int i = 0; i < count; i++)
		printf("%d\n", errors[i]);
	return 0;
}
