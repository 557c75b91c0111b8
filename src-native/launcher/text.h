// SPDX-License-Identifier: MIT
// The few acts on bytes and text that a program without a C library needs.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The compiler calls these three by itself.
void *memcpy(void *target, const void *source, size_t size);
void *memset(void *target, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);

size_t text_length(const char *text);
int text_equal(const char *left, const char *right);
// Writes `number` in decimal at `at` and returns the end; no NUL. Room for 20 digits is needed.
char *text_number(char *at, uint64_t number);
// Copies `text` without its NUL to `at` and returns the end.
char *text_copy(char *at, const char *text);
