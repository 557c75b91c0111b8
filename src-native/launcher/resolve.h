// SPDX-License-Identifier: MIT
// openat2(2), for all that resolves a path: it is the only place that tries a call again which answered EAGAIN.
#pragma once
#include "../sys.h"
#include "outcome.h"

// Opens `path` below `directory`, close-on-exec. Gives EAGAIN where the kernel answers nothing else.
struct outcome resolve_open(int directory, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd);
// The same where `flags` have O_CREAT: what is made has this mode.
struct outcome resolve_make(
	int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve, int *ret_fd);
