// SPDX-License-Identifier: MIT
// What connects a network: a process of its own beside the supervisor, which runs a program of the host's that stays.
// The program may fork, change who it is, and go into other namespaces: whatever it does, this process ends it when the
// supervisor says so or has died.
#pragma once
#include "outcome.h"
#include "../wire.h"

struct supervisor;

struct connector {
	// 0: there is none.
	int pid;
	int line;
};

// Runs the program for the child's network namespace, and waits until the network is there.
struct outcome connector_make(struct supervisor *self, const struct step_connect_network *step);
// Ends it, and the program.
void connector_end(struct connector *connector);
