// SPDX-License-Identifier: MIT
// A cgroup's files. Which file says what is in the plan: nothing here knows one version of cgroups from the other.
#pragma once
#include "outcome.h"

enum { CGROUP_FILE_LONGEST = 4096 };

// A number in a file: the sum of those behind `key`, or the first where the key is empty.
struct cgroup_counter {
	int file;
	const char *key;
	uint64_t divisor;
};

// Opens `file` of the cgroup in `directory`.
struct outcome cgroup_open(int directory, const char *file, int flags, int *ret_fd);
// Reads `file`, up to CGROUP_FILE_LONGEST − 1 bytes, and a NUL.
struct outcome cgroup_read(int directory, const char *file, char *ret_text, size_t *ret_length);
struct outcome cgroup_write(int directory, const char *file, const char *value, size_t length);
// SIGKILL to all that is in it, at once: one that forks meanwhile dies too. cgroup.kill of cgroup v2, since 5.14.
// Returns whether it could.
int cgroup_end_at_once(int directory);
// SIGKILL to all that is in the cgroup, one by one where it cannot be at once.
void cgroup_end(int directory);
// ENOENT: the number is not there.
struct outcome cgroup_count(const struct cgroup_counter *counter, uint64_t *ret_number);
