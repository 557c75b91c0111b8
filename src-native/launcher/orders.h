// SPDX-License-Identifier: MIT
// What Node orders by the line, and what comes of it.
#pragma once
#include "supervisor.h"

// Obeys what has come. Where nobody is left to answer to, the container ends, unless it is detached.
void orders_receive(struct supervisor *self);
// Lets the child go on from its barrier.
void orders_let_go(struct supervisor *self);
