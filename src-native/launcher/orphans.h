// SPDX-License-Identifier: MIT
// What is left of a container when its first process has ended, or should have. Without a pid namespace it became the
// supervisor's own by PR_SET_CHILD_SUBREAPER, so nobody hides by double forking. Elsewhere a namespace tells who it is.
#pragma once
#include "cgroups.h"

// Reaps who has ended of this process's children. Returns whether there is anybody else.
int orphans_are_left(void);
// Sends SIGKILL to every process that is this one's child, frozen or not. Returns how many there are beside `held`, or
// −1 where /proc does not tell.
long orphans_end(const struct cgroups *cgroups, int held);
// Sends SIGKILL to every process in the namespace that /proc calls `name`, and whose inode number that is. Returns how
// many there are, or −1 where /proc does not tell.
long orphans_end_in(const char *name, uint64_t inode);
