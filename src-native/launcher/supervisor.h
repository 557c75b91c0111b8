// SPDX-License-Identifier: MIT
// The supervisor: one for each container, on the host. It reads no path and takes no decision that is not in the plan.
#pragma once
#include <stdint.h>

// Performs the plan in `plan_fd`, reports on `channel` (-1: to nobody), and ends when the container has. `fds` fill the
// first slots.
__attribute__((noreturn)) void supervisor_run(int plan_fd, int channel, const int *fds, uint32_t count);
