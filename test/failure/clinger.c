// SPDX-License-Identifier: MIT
// What a command does that does not want to end, or not to be told of: `clinger WAY [ARGUMENT …]`.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// In a session of its own, and nobody's child.
static void hide(void)
{
	if (fork() != 0)
		_exit(0);
	setsid();
}

// Each generation makes the next one, in the same memory, and ends: who is listed is gone when it is killed.
static char stacks[1024][2048];
static unsigned int made;

static int next_generation(void *unused)
{
	char *const stack = stacks[__sync_add_and_fetch(&made, 1) % 1024];
	// A limit of processes is no end: each that is reaped makes room.
	while (clone(next_generation, stack + sizeof(stacks[0]), CLONE_VM | SIGCHLD, unused) < 0)
		sched_yield();
	syscall(SYS_exit_group, 0);
	return 0;
}

// `bomb SEEDS`: goes on for ever, behind the back of a command that exits.
static int run_bomb(char **argv)
{
	prctl(PR_SET_PDEATHSIG, 0);
	for (int i = 0; i < atoi(argv[1]); i++)
		clone(next_generation, stacks[i] + sizeof(stacks[0]), CLONE_VM | SIGCHLD, 0);
	usleep(100000);
	return 0;
}

// `held STATUS WAY`: a process traces this one, which exits. WAY is "zombie"; or "exiting": it stops on its way out.
static int run_held(char **argv)
{
	int told[2];
	char byte;
	const pid_t own = getpid();
	sigset_t ends;
	if (pipe(told) != 0)
		return 99;
	// Else the end of the one that hides the tracer would stop this one before its exit. ptrace(2)
	sigemptyset(&ends);
	sigaddset(&ends, SIGCHLD);
	sigprocmask(SIG_BLOCK, &ends, 0);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	if (fork() == 0) {
		hide();
		const long options = strcmp(argv[2], "exiting") == 0 ? PTRACE_O_TRACEEXIT : 0;
		if (ptrace(PTRACE_SEIZE, own, 0, options) != 0)
			perror("PTRACE_SEIZE");
		if (write(told[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(told[0], &byte, 1) != 1)
		return 98;
	printf("held\n");
	fflush(stdout);
	return atoi(argv[1]);
}

// `trace PID`: traces another one, and waits.
__attribute__((noreturn)) static int run_trace(char **argv)
{
	if (ptrace(PTRACE_SEIZE, atoi(argv[1]), 0, 0) != 0)
		perror("PTRACE_SEIZE");
	printf("traced\n");
	fflush(stdout);
	for (;;)
		pause();
}

// `scatter COUNT`: so many processes that are nobody's children, each with this one's standard output; then waits.
__attribute__((noreturn)) static int run_scatter(char **argv)
{
	prctl(PR_SET_PDEATHSIG, 0);
	for (int i = 0; i < atoi(argv[1]); i++) {
		if (fork() != 0) {
			wait(0);
			continue;
		}
		hide();
		prctl(PR_SET_DUMPABLE, 0);
		for (;;)
			pause();
	}
	printf("scattered\n");
	fflush(stdout);
	for (;;)
		pause();
}

// `listen PROGRAM [ARGUMENT …]`: executes the program under a filter that has a listener already. seccomp(2)
static int run_listen(char **argv)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	const struct sock_fprog program = {1, &allow};
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	const long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (listener < 0 || fcntl((int)listener, F_SETFD, 0) != 0)
		perror("seccomp");
	execvp(argv[1], argv + 1);
	return 127;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **argv);
	} WAYS[] = {{"bomb", 1, run_bomb}, {"held", 2, run_held}, {"trace", 1, run_trace}, {"scatter", 1, run_scatter},
		{"listen", 1, run_listen}};
	for (size_t i = 0; i < sizeof(WAYS) / sizeof(*WAYS); i++)
		if (argc >= 2 + WAYS[i].arguments && strcmp(argv[1], WAYS[i].name) == 0)
			return WAYS[i].run(argv + 1);
	return 97;
}
