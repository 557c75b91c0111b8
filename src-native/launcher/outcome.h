// SPDX-License-Identifier: MIT
// What became of a step: done, or the system call that was refused and why. It is returned, never stored elsewhere.
#pragma once
#include "../sys.h"

// The status with which a process of carrel's ends where something was refused, as that of env(1) and nohup(1) does.
enum { STATUS_REFUSED = 125 };

struct outcome {
	int32_t syscall;
	int32_t error;
};

#define DONE ((struct outcome){0, 0})
// Says that `name` was refused with `error`, also where carrel itself refuses what the call would have allowed.
#define REFUSED(name, error) ((struct outcome){__NR_##name, (int32_t)(error)})

// Makes the system call `name`; ends the step when it is refused. The name is pasted once, as call and as location.
#define TRY(name, ...)                                  \
	({                                              \
		long result_ = sys_##name(__VA_ARGS__); \
		if (result_ < 0)                        \
			return REFUSED(name, -result_); \
		result_;                                \
	})
// Ends the step when a part of it was refused.
#define PASS(part)                                \
	do {                                      \
		struct outcome outcome_ = (part); \
		if (outcome_.error)               \
			return outcome_;          \
	} while (0)
