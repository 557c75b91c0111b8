// SPDX-License-Identifier: MIT
// What it costs to open a file.
//
// opens ROUNDS FILE ...
//
// Prints a line a round, of a number for each file: ns to open it for reading, and to close it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	OPENS = 5000,
};

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static double opened_ns(const char *path)
{
	uint64_t began = now_ns();
	for (int i = 0; i < OPENS; i++) {
		int file = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
		if (file < 0) {
			fprintf(stderr, "opens: %s: %s\n", path, strerror(errno));
			exit(1);
		}
		close(file);
	}
	return (double)(now_ns() - began) / OPENS;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: opens ROUNDS FILE ...\n");
		return 2;
	}
	for (long rounds = strtol(argv[1], NULL, 10); rounds > 0; rounds--)
		for (int i = 2; i < argc; i++)
			printf("%.1f%c", opened_ns(argv[i]), i + 1 < argc ? ' ' : '\n');
	return 0;
}
