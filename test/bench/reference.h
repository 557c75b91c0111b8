// SPDX-License-Identifier: MIT
// What reference.c and reference-root.c share: one container that is to be made, and calls that must succeed.
#pragma once
#include <errno.h>
#include <linux/filter.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum {
	RECURSIVE = 0x8000, // AT_RECURSIVE
	EMPTY_PATH = 0x1000, // AT_EMPTY_PATH
};

struct job {
	const char *root;
	unsigned long first;
	// As bits, of the bounding set.
	uint64_t capabilities;
	uid_t uid;
	gid_t gid;
	char **arguments;
	// The program of the filter of system calls; without one, its length is 0.
	struct sock_fprog filter;
	unsigned int filter_flags;
	int null;
	// The container's end of the socket to the parent.
	int report;
	// The directory below which the child resolves paths.
	int directory;
};

static inline long must(long result, const char *what)
{
	if (result >= 0)
		return result;
	dprintf(2, "reference: %s: %s\n", what, strerror(errno));
	_exit(125);
}

#define CALL(name, ...) must(syscall(SYS_##name, __VA_ARGS__), #name)

// Resolves inside, as carrel does: never through a link that leads out.
int resolve_flags(const struct job *job, const char *path, uint64_t flags, uint64_t resolve);

// A copy of the root filesystem's mounts, attached nowhere.
int copy_root(const struct job *job);

// Makes the root filesystem, of `tree` where that is not -1, and enters it.
void make_root(struct job *job, int tree);
