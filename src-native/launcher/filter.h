// SPDX-License-Identifier: MIT
// What a filter says of a call: classic BPF as the kernel runs it for seccomp(2), as far as carrel compiles it. Pure.
#pragma once
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>

// Whether each of the instructions is one of these, and every way through them comes to a verdict.
int filter_check(const struct sock_filter *program, uint32_t count);
// The verdict of a program that was checked.
uint32_t filter_run(const struct sock_filter *program, const struct seccomp_data *call);
