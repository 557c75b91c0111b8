// SPDX-License-Identifier: MIT
// The command, as its supervisor holds it and signals it.
#pragma once
#include "supervisor.h"

// Gets hold of the command. Where there is no room for a descriptor, it is tried again with the next signal.
void command_hold(struct supervisor *self);
// Sends it the signal; before it runs, as soon as it does. SIGKILL ends all of the container.
void command_signal(struct supervisor *self, uint32_t signal);
