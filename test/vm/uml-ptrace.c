// SPDX-License-Identifier: MIT
// A preloaded ptrace(2) for User-Mode Linux on processors with AMX; it must not do anything else.
//
// User-Mode Linux 6.1 keeps 2.6 KB of extended registers for each of its tasks. Since AMX, the host's kernel wants all
// that the processor may have, 11 KB, or answers EFAULT (arch/x86/kernel/fpu/regset.c, xstateregs_set). What is missing
// is added as the initial state; nothing in the guest uses it.

#define _GNU_SOURCE
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

enum {
	LARGEST = 1 << 16,
	// Where the XSAVE header is, whose first word says which parts of the area are in use. Intel SDM volume 1,
	// 13.4.2
	HEADER = 512,
	// Tile configuration and tile data: behind what the guest's kernel keeps.
	AMX = 3 << 17,
};

static size_t area_size(void)
{
	unsigned eax, size = 0, ecx, edx;
	return __get_cpuid_count(0xd, 0, &eax, &size, &ecx, &edx) ? size : 0;
}

long ptrace(enum __ptrace_request request, ...)
{
	va_list list;
	va_start(list, request);
	pid_t pid = va_arg(list, pid_t);
	void *address = va_arg(list, void *);
	void *data = va_arg(list, void *);
	va_end(list);
	long (*next)(enum __ptrace_request, pid_t, void *, void *) =
		(long (*)(enum __ptrace_request, pid_t, void *, void *))dlsym(RTLD_NEXT, "ptrace");

	struct iovec *given = data;
	size_t size = area_size();
	if (request != PTRACE_SETREGSET || (uintptr_t)address != NT_X86_XSTATE || given->iov_len >= size ||
		size > LARGEST)
		return next(request, pid, address, data);

	static _Alignas(64) char area[LARGEST];
	memset(area, 0, size);
	memcpy(area, given->iov_base, given->iov_len);
	uint64_t used;
	memcpy(&used, area + HEADER, sizeof(used));
	used &= ~(uint64_t)AMX;
	memcpy(area + HEADER, &used, sizeof(used));
	struct iovec whole = {.iov_base = area, .iov_len = size};
	return next(request, pid, address, &whole);
}
