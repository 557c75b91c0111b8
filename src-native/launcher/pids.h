// SPDX-License-Identifier: MIT
// Processes by their numbers: they are waited for, and ended from lists as /proc and cgroupfs print them.
#pragma once
#include <stddef.h>

// SIGKILL to each. A number that the list breaks off in is left out. Returns how many there are beside `held`.
long pids_end(const char *list, size_t length, int held);
// Waits until the child `pid` has ended, whatever signal tells of it; 0 for `ret_status`: it is of no interest. Returns
// its number, or -errno. wait4(2)
long pids_wait(int pid, int *ret_status);
