// SPDX-License-Identifier: MIT
// What another process of the host does beside containers.
//
// `neighbour take-over PID TRIES` takes the number of a process that ends, `neighbour interrupt LAUNCHER` stops helpers
// and lets them go on.
// It says what came of it; it decides nothing. test/support/attacker.ts compiles it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "children.h"

static void tell(const char *what, long result)
{
	printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
	fflush(stdout);
}

// Has the number of a process that ends given to one of its own, which stays; says what became of that. The kernel
// gives the next number to who forks next. proc_sys_kernel(5), `ns_last_pid`
static void take_over(int pid, long most)
{
	char text[32];
	snprintf(text, sizeof(text), "/proc/%d", pid);
	tell("ready", 0);
	while (access(text, F_OK) == 0)
		usleep(1000);
	for (long tries = 0; tries < most; tries++) {
		int last = most > 1000 ? -1 : open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
		if (last >= 0) {
			dprintf(last, "%d", pid - 1);
			close(last);
		}
		int child = fork();
		if (child == 0 && getpid() == pid)
			// Nothing of this process is open there: who waits for its output does not wait for that.
			for (close(0), close(1), close(2); 1;)
				pause();
		if (child == 0)
			_exit(0);
		if (child == pid) {
			tell("taken over", 0);
			return;
		}
		waitpid(child, 0, 0);
	}
	errno = ESRCH;
	tell("taken over", -1);
}

// Stops each process below `launcher` and lets it go on, again and again, until the standard input ends: what sleeps in
// a system call is interrupted. signal(7)
static void interrupt(int launcher)
{
	long stops = 0;
	fcntl(0, F_SETFL, O_NONBLOCK);
	char byte;
	tell("ready", 0);
	while (read(0, &byte, 1) < 0) {
		int all[256];
		int count = children_of(launcher, all, 64);
		for (int i = 0; i < count && count < 192; i++)
			count += children_of(all[i], all + count, 64);
		all[count++] = launcher;
		for (int i = 0; i < count; i++) {
			stops += kill(all[i], SIGSTOP) == 0;
			kill(all[i], SIGCONT);
		}
		usleep(200);
	}
	printf("stops %ld\n", stops);
}

int main(int argc, char **argv)
{
	const char *act = argc > 2 ? argv[1] : "";
	if (argc > 3 && !strcmp(act, "take-over"))
		take_over(atoi(argv[2]), atol(argv[3]));
	else if (!strcmp(act, "interrupt"))
		interrupt(atoi(argv[2]));
	else
		return 2;
	return 0;
}
