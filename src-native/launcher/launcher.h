// SPDX-License-Identifier: MIT
// The launcher: waits for requests on a socket and forks a supervisor for each. It must hold nothing of theirs, ever.
#pragma once

enum {
	LAUNCHER_REQUESTS = 3,
	// By which its supervisors give descriptors to Node, and messages. outbox.h
	LAUNCHER_LANE = 4,
	LAUNCHER_CHANNEL = 5,
	// Which lines have hung up. lines.h
	LAUNCHER_WATCH = 6,
};

// Serves requests on LAUNCHER_REQUESTS until its other end is closed. With `--once`: performs the plan in descriptor 3.
// With `--no-spare`: makes no spare.
int launcher_main(int argc, const char *const *argv);
// In a process that it has forked, and that has a request: parts with what is the launcher's own.
void launcher_forked(void);
// Gives a process, 0 for this one, the scheduling policy that the launcher had.
void launcher_as_usual(int pid);
