// SPDX-License-Identifier: MIT
// The child of a plan that enters a pid namespace: another process takes its place. step-enter.c
#pragma once
#include "report.h"
#include "supervisor.h"

// Notes that the process `entered` goes on in the child's place, which the child says. Returns 0 where it cannot be so.
int entrance_note(struct supervisor *self, int pid, int32_t entered);
// Has the process that has entered be the child from here on. Returns 0 where there is none, or it is already.
int entrance_pass(struct supervisor *self);
// Reaps the former child, which has ended.
void entrance_reap(struct supervisor *self);
// Whether the process that says that it is the command can be: others in the namespace may have its socket.
int entrance_admits(struct supervisor *self, int pid);
// Whether it is said by who comes before that process: the filters are loaded then.
int entrance_precedes(const struct supervisor *self, int pid);
// Notes what the process says that it was refused.
void entrance_refuse(struct supervisor *self, int pid, const struct report_refused *refused);
