// SPDX-License-Identifier: MIT
// Where the program begins, and the little that the compiler and text.h ask of a C library.
#include "launcher.h"
#include "../sys.h"
#include "text.h"

#if defined(__x86_64__)
__asm__(".globl _start\n_start:\n\txor %ebp, %ebp\n\tmov %rsp, %rdi\n\tand $-16, %rsp\n\tcall start\n");
#else
__asm__(".globl _start\n_start:\n\tmov x29, #0\n\tmov x30, #0\n\tmov x0, sp\n\tbl start\n");
#endif

// The kernel leaves argc and argv on the stack. execve(2)
__attribute__((noreturn, used)) void start(const long *stack);
void start(const long *stack)
{
	sys_exit_group(launcher_main((int)stack[0], (const char *const *)(stack + 1)));
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

size_t text_length(const char *text)
{
	size_t length = 0;
	while (text[length])
		length++;
	return length;
}

int text_equal(const char *left, const char *right)
{
	size_t length = text_length(left);
	return length == text_length(right) && memcmp(left, right, length) == 0;
}

char *text_number(char *at, uint64_t number)
{
	char digits[20];
	size_t count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*at++ = digits[--count];
	return at;
}

char *text_copy(char *at, const char *text)
{
	size_t length = text_length(text);
	memcpy(at, text, length);
	return at + length;
}
