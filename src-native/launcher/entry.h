// SPDX-License-Identifier: MIT
// A process's entries in the host's /proc, for acts of the supervisor.
#pragma once
#include "outcome.h"

// Whether /proc shows the pid namespace that this process is in: else a number there is somebody else's process.
// `unshare --pid` without a new /proc does that. pid_namespaces(7)
struct outcome entry_check(void);
// Opens /proc/`pid`/`name`. /proc must be the real one, or a write would land elsewhere. CVE-2025-52881
struct outcome entry_open(int pid, const char *name, int flags, int *ret_fd);
// Writes `text` there, in one go: the kernel takes it whole or not at all.
struct outcome entry_write(int pid, const char *name, const char *text, size_t length);
// Whether the process is on its way to its end, so that what was refused there means nothing.
int entry_is_of_dying(int pid);
// The same of all of its threads: a first thread that has ended may leave others.
int entry_is_of_dying_alone(int pid);
// The inode number of the namespace that /proc calls `name`; 0 where the process has ended, or may not be looked at.
uint64_t entry_namespace(int pid, const char *name);
// How a process has ended that somebody else keeps from being reaped, as wait4(2) has it. Returns whether that is told.
int entry_exit_status(int pid, int *ret_status);
