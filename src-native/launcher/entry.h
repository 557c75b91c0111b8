// SPDX-License-Identifier: MIT
// The child's entries in the host's /proc, for acts of the supervisor.
#pragma once
#include "actor.h"

// Whether /proc shows the pid namespace that this process is in: else a number there is somebody else's process. `unshare --pid`
// without a new /proc does that. pid_namespaces(7)
struct outcome entry_check(void);
// Opens /proc/PID/`name` of the child. /proc must be the real one, or a write would land elsewhere. CVE-2025-52881
struct outcome entry_open(const struct actor *actor, const char *name, int flags, int *ret_fd);
// Writes `text` there, in one go: the kernel takes it whole or not at all.
struct outcome entry_write(const struct actor *actor, const char *name, const char *text, size_t length);
// Whether the child is on its way to its end, so that what was refused there means nothing.
int entry_is_of_dying(const struct actor *actor);
