// SPDX-License-Identifier: MIT
// What a supervisor holds of its container's cgroups, and what it watches in them: OOM kills and CPU time.
#pragma once
#include "cgroup.h"

enum { CGROUPS_MOST = 16 };

// A cgroup that was made, and the one that it is in. The lock on it says that somebody will remove it. With the name of
// the latter that is removed too, once nothing is in it.
struct cgroup {
	int directory;
	int base;
	const char *name;
	const char *base_name;
};
struct cgroups {
	struct cgroup held[CGROUPS_MOST];
	uint32_t count;
	// Where to write what, so that nobody in it can fork, and so that signals reach what was frozen.
	int freezer;
	const char *freezer_file;
	const char *freeze;
	const char *thaw;
	struct cgroup_counter oom;
	int oom_eventfd; // cgroup v1 tells by it, v2 by the counter's file itself
	int oom_looks; // v1 tells before it kills: how often to look again
	int oom_ends;
	uint64_t oom_told;
	struct cgroup_counter cpu;
	int cpu_clock;
	uint64_t cpu_limit_us;
	uint64_t cpu_cpus;
};
#define CGROUPS_NONE                                                                                        \
	{                                                                                                   \
		.freezer = -1, .oom = {.file = -1}, .oom_eventfd = -1, .cpu = {.file = -1}, .cpu_clock = -1 \
	}

// Whether `fd` is a cgroup's directory, and so not the child's.
int cgroups_hold(const struct cgroups *cgroups, int fd);
void cgroups_thaw(const struct cgroups *cgroups);
// SIGKILL to all that is in them.
void cgroups_end(const struct cgroups *cgroups);

// What to poll for; nothing where nothing is watched.
struct pollfd cgroups_oom(const struct cgroups *cgroups);
struct pollfd cgroups_cpu_clock(const struct cgroups *cgroups);
// Takes note of what was polled.
void cgroups_note_oom(struct cgroups *cgroups, short events);
// Whether there were more OOM kills than when it was asked before, and how many there were.
int cgroups_more_oom_kills(struct cgroups *cgroups, uint64_t *ret_kills);
// Looks how much CPU time was used. Sets the clock for when it can be used up at the earliest.
int cgroups_cpu_time_is_up(struct cgroups *cgroups);
// Another limit, where there is one already.
void cgroups_set_cpu_time(struct cgroups *cgroups, uint64_t milliseconds);
