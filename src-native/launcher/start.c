// SPDX-License-Identifier: MIT
// Where the program begins. Built hosted, for sanitizers, it has a C library that begins it.
#include "launcher.h"
#include "../sys.h"

#if __STDC_HOSTED__

int main(int argc, char **argv)
{
	return launcher_main(argc, (const char *const *)argv);
}

#else

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

#endif
