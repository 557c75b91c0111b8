// SPDX-License-Identifier: MIT
// The end of a container: its first process is reaped, and what it has left behind is ended. All of that by the clock.
// A process that traces another keeps its zombie; one that waits for a file system ends when that answers; and one that
// forks faster than it is ended never does. ptrace(2)
#pragma once

struct supervisor;

// Notes how the first process has ended, and ends what is left, for a second at most.
void reap_container(struct supervisor *self);
// Where somebody is left: goes on until nobody is, and does then what the plan's end asks for. Node has been told.
void reap_rest(struct supervisor *self);
