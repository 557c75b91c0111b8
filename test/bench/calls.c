// SPDX-License-Identifier: MIT
// What a system call costs below a filter of system calls.
//
// calls FILTER ROUNDS
//   FILTER      a file with a program of classic BPF, or -: no filter
//
// Prints what it took to load the filter, in ns; then a line a round, of two numbers in ns a call: one that the kernel
// lets through by its number alone, and one whose arguments the filter reads. Linux 5.11
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	CALLS = 20000,
	// BPF_MAXINSNS of linux/bpf_common.h
	INSTRUCTIONS = 4096,
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void must(long result, const char *what)
{
	if (result >= 0)
		return;
	fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t load(const char *path)
{
	static struct sock_filter instructions[INSTRUCTIONS];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	must(file, path);
	ssize_t size = read(file, instructions, sizeof(instructions));
	must(size, path);
	close(file);
	struct sock_fprog program = {
		.len = (unsigned short)((size_t)size / sizeof(*instructions)), .filter = instructions};
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
	uint64_t began = now_ns();
	must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program), "seccomp");
	return now_ns() - began;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: calls FILTER ROUNDS\n");
		return 2;
	}
	printf("%llu\n", strcmp(argv[1], "-") == 0 ? 0ull : (unsigned long long)load(argv[1]));
	for (long rounds = strtol(argv[2], NULL, 10); rounds > 0; rounds--) {
		uint64_t began = now_ns();
		for (int i = 0; i < CALLS; i++)
			syscall(SYS_getppid);
		uint64_t between = now_ns();
		// The question which personality it is changes nothing. personality(2)
		for (int i = 0; i < CALLS; i++)
			syscall(SYS_personality, 0xffffffff);
		uint64_t ended = now_ns();
		printf("%.2f %.2f\n", (double)(between - began) / CALLS, (double)(ended - between) / CALLS);
	}
	return 0;
}
