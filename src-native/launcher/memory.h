// SPDX-License-Identifier: MIT
// Memory: there is no allocator, and no C library for what the compiler calls by itself.
#pragma once
#include "outcome.h"

// No kernel for these architectures has larger pages.
enum { MEMORY_PAGE = 65536 };

void *memcpy(void *target, const void *source, size_t size);
void *memset(void *target, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

// New memory, all zero, that this process and those that it forks share.
struct outcome memory_shared(size_t size, void **ret_memory);
// New memory, all zero, of this process alone.
struct outcome memory_private(size_t size, void **ret_memory);

// Notes where the stack of this program ends: at what main is given.
void memory_begin(const void *stack_end);
// Gives back all memory but the code, `kept`, which is one MEMORY_PAGE of static memory with the stack in use, and the
// shared memory `page`.
void memory_part(void *kept, void *page, size_t page_size);
// Gives back what the stack has been deeper once.
void memory_trim(void);
// Gives back what was written of this memory; it is zero again. Pages that have something else too stay as they are.
void memory_forget(void *memory, size_t size);
// The same of all static memory, where nothing stands that is still of use.
void memory_forget_statics(void);
