// SPDX-License-Identifier: MIT
// Memory: there is no allocator, and no C library for what the compiler calls by itself.
#pragma once
#include "outcome.h"

void *memcpy(void *target, const void *source, size_t size);
void *memset(void *target, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

// New memory, all zero, that this process and those that it forks share.
struct outcome memory_shared(size_t size, void **ret_memory);
// New memory, all zero, of this process alone.
struct outcome memory_private(size_t size, void **ret_memory);
