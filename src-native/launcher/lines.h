// SPDX-License-Identifier: MIT
// The lines of this thread's supervisors, as the launcher sees them: it tells Node which have hung up, because their
// supervisors have ended or were killed. Node's own ends are in LAUNCHER_WATCH, an epoll instance, which has each line
// once. epoll(7), EPOLLONESHOT in epoll_ctl(2)
#pragma once
#include <stdint.h>

// Waits until there is something to read from `fd`, or for so many nanoseconds; −1: without an end. Tells Node of lines
// meanwhile. Returns whether there is something.
int lines_wait(int fd, int64_t nanoseconds);
