// SPDX-License-Identifier: MIT
// Init: PID 1 of the container, while the command runs.
#pragma once
#include "child.h"

// Forks. The new process returns with 0 and goes on with its steps, on this stack; or the error is returned. This
// process becomes init, on a stack of its own, and parts from all other memory once the new one has left it. Until its
// exec that one has the same memory, which saves a copy: neither can be looked into.
long init_fork(const struct child *child);
