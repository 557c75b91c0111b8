// SPDX-License-Identifier: MIT
// What a supervisor waits for while its child lives.
#pragma once

struct supervisor;

// Obeys Node, answers the child and keeps the time until the child has ended.
void watch_child(struct supervisor *self);
// Waits until there is something to read from `fd`, for an act that another program performs, and obeys Node meanwhile.
// Returns 0 where that is of no use any more: the child has ended, the time is up, or Node has gone or wants the end.
int watch_for(struct supervisor *self, int fd);
