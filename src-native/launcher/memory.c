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

enum { SMALL_PAGE = 4096 };

// Where pages are larger, and this is within one, it is refused, and the memory is kept.
void memory_forget(void *memory, size_t size)
{
	const uintptr_t begin = ((uintptr_t)memory + SMALL_PAGE - 1) & -(uintptr_t)SMALL_PAGE;
	const uintptr_t end = ((uintptr_t)memory + size) & -(uintptr_t)SMALL_PAGE;
	if (begin < end)
		sys_madvise((void *)begin, end - begin, SYS_MADV_DONTNEED);
}

static uintptr_t end_of_stack;

void memory_begin(const void *stack_end)
{
	end_of_stack = (uintptr_t)stack_end;
}

// Built hosted, for sanitizers and fuzzing, there is a C library, and what it keeps where is its own.
#if __STDC_HOSTED__

void memory_part(void *kept, void *page, size_t page_size)
{
	(void)kept;
	(void)page;
	(void)page_size;
}

void memory_trim(void)
{
}

void memory_forget_statics(void)
{
}

#else

// No stack here is deeper.
enum { DEPTH = 1 << 18 };

// What the linker calls the ends of static memory. All of it is zero at first, and has pages of its own.
extern char statics[] __asm__("__bss_start");
extern char statics_end[] __asm__("_end");

// Where pages are larger, an end that is no page's is refused, and the memory is kept.
static uintptr_t page_above(const void *address, size_t size)
{
	return ((uintptr_t)address + size + SMALL_PAGE - 1) & -(uintptr_t)SMALL_PAGE;
}

static void unmap(uintptr_t begin, uintptr_t end)
{
	sys_munmap((void *)begin, end - begin);
}

void memory_part(void *kept, void *page, size_t page_size)
{
	const uintptr_t begin = (uintptr_t)statics & -(uintptr_t)SMALL_PAGE;
	const uintptr_t own = (uintptr_t)kept;
	const uintptr_t end = ((uintptr_t)statics_end + MEMORY_PAGE - 1) & -(uintptr_t)MEMORY_PAGE;
	const uintptr_t stack = page_above((const void *)end_of_stack, 0);
	unmap(begin, own);
	unmap(own + MEMORY_PAGE, end);
	unmap(end, (uintptr_t)page);
	unmap(page_above(page, page_size), stack);
}

void memory_forget_statics(void)
{
	memory_forget(statics, (size_t)(statics_end - statics));
}

void memory_trim(void)
{
	char here = 0;
	// Not this function's own frame, nor what it has below without moving the stack's pointer. System V ABI
	const uintptr_t end = ((uintptr_t)&here - 512) & -(uintptr_t)SMALL_PAGE;
	sys_madvise((void *)(end - DEPTH), DEPTH, SYS_MADV_DONTNEED);
}

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
