// SPDX-License-Identifier: MIT
// The child: from the clone to the ending of its plan. No errno, no allocation, no cleanup: what fails ends it.
#pragma once
#include "page.h"
#include "plan.h"
#include "timing.h"

struct owned;
struct networks;

// What it knows. It has a copy of the supervisor's memory, and shares nothing with it but the page, and when its steps
// began.
struct child {
	const struct plan *plan;
	struct page *page;
	const struct timing *timing;
	// Every target is resolved below it. At first the host's root, then the last mount on "/".
	int root;
	// The namespaces that a spare's child was made with, and what it does ahead about networks.
	uint64_t spare;
	const struct networks *networks;
	// It performs what another plan has said: what it does is undone by the same.
	int is_ahead;
	// What it has done is no plan's.
	int renews_network;
	// It has made a mount that no copy of mounts has.
	int has_unbindable;
	// How many mounts it has attached on "/", one on top of the other.
	uint32_t roots;
	// It has made namespaces that no hook has seen.
	int has_nested;
	// What it has mounted itself. layer.c
	struct owned *owned;
	// The socket to the supervisor; the ending closes it, which is how the supervisor knows.
	int report;
	// A pidfd of the supervisor, which every child dies with.
	int supervisor;
	// Its descriptors are no longer shared with the supervisor.
	int owns_files;
	// It is in a pid namespace that others are in: the page is its own, and nobody reads it. step-enter.c
	int has_entered;
	// What exec sets for the command.
	uint32_t umask;
	// The same user's processes may look into it: until it has passed a barrier, and at one that `shows_itself` is
	// about. proc(5)
	int dumpable;
	// An ordinary user's supervisor could not write its maps otherwise, nor a hook open its namespaces.
	int shows_itself;
	// Its parent is PID 1 of the container.
	int has_init;
	// It stays in the session that it was born into, which is Node's.
	int keeps_session;
};

// Performs the plan's steps.
__attribute__((noreturn)) void child_run(struct child *child);
// The same, in a spare's child: when it has got the plan. report.h
__attribute__((noreturn)) void child_run_spare(struct child *child);
// Waits for a plan, which its supervisor has checked, and which is sealed. It is the child's from then on. report.h
struct outcome child_await_plan(struct child *child);
// After every change of credentials: the child still dies with its supervisor, and nobody of the same user can trace
// it. A change clears the one, and may set the other to what fs.suid_dumpable says. prctl(2), proc(5)
struct outcome child_hold(const struct child *child);
// Parts from the table of descriptors that is shared with the supervisor; before init forks, or else before the ending.
struct outcome child_own_files(struct child *child);
