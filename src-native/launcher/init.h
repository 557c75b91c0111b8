// SPDX-License-Identifier: MIT
// PID 1 of the container, in the process that forked the command.
#pragma once
#include "page.h"

// Reaps and forwards signals, which have to be blocked, until `command` has ended.
__attribute__((noreturn)) void init_run(struct page *page, int command);
