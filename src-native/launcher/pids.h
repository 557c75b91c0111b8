// SPDX-License-Identifier: MIT
// Lists of processes, as /proc and cgroupfs print them.
#pragma once
#include <stddef.h>

// SIGKILL to each. A number that the list breaks off in is left out. Returns how many there are beside `held`.
long pids_end(const char *list, size_t length, int held);
