// SPDX-License-Identifier: MIT
// The child: from the clone to exec. No errno, no allocation, no cleanup: what fails ends it.
#pragma once
#include "actor.h"

// What a child that was there before its plan waits for, on the report socket: its descriptor, and how long it is.
struct child_start {
	int32_t plan;
	uint32_t size;
};

// Performs the plan's steps.
__attribute__((noreturn)) void child_run(struct actor *actor);
// The same, when it has got the plan.
__attribute__((noreturn)) void child_run_ahead(struct actor *actor);
// After every change of credentials: the child still dies with its supervisor, and nobody of the same user can trace it.
// A change clears the one, and may set the other to what fs.suid_dumpable says. prctl(2), proc(5)
struct outcome child_hold(const struct actor *actor);
// Parts from the table of descriptors that is shared with the supervisor; before init forks, or else before exec.
struct outcome child_own_files(struct actor *actor);
// Tells the supervisor one of REPORT_*.
struct outcome child_say(const struct actor *actor, char what);
