// SPDX-License-Identifier: MIT
#include "memory.h"

static struct outcome map(size_t size, int flags, void **ret_memory)
{
	*ret_memory = (void *)TRY(mmap, size, SYS_PROT_READ | SYS_PROT_WRITE, flags | SYS_MAP_ANONYMOUS, -1);
	return DONE;
}

struct outcome memory_shared(size_t size, void **ret_memory)
{
	return map(size, SYS_MAP_SHARED, ret_memory);
}

struct outcome memory_private(size_t size, void **ret_memory)
{
	return map(size, SYS_MAP_PRIVATE, ret_memory);
}

// Built hosted, for sanitizers and fuzzing, there is a C library.
#if !__STDC_HOSTED__

void *memcpy(void *target, const void *source, size_t size)
{
	unsigned char *to = target;
	const unsigned char *from = source;
	while (size--)
		*to++ = *from++;
	return target;
}

void *memset(void *target, int byte, size_t size)
{
	unsigned char *to = target;
	while (size--)
		*to++ = (unsigned char)byte;
	return target;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const unsigned char *a = left;
	const unsigned char *b = right;
	for (; size; size--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

#endif
