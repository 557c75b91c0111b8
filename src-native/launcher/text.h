// SPDX-License-Identifier: MIT
// The few acts on text that a program without a C library needs.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Digits of the longest number, 2^64 − 1.
enum { TEXT_NUMBER_LONGEST = 20 };

size_t text_length(const char *text);
int text_equal(const char *left, const char *right);
int text_begins(const char *text, const char *begin);
int text_is_digit(char byte);
// Writes `number` in decimal at `at` and returns the end; no NUL.
char *text_number(char *at, uint64_t number);
// The decimal number whose digits begin at `at`; 0 where there are none.
uint64_t text_read_number(const char *at);
// Copies `text` without its NUL to `at` and returns the end.
char *text_copy(char *at, const char *text);
