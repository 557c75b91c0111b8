// SPDX-License-Identifier: MIT
// Acts on text, without a C library.
#include "text.h"
#include "memory.h"

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

int text_begins(const char *text, const char *begin)
{
	while (*begin && *text == *begin)
		text++, begin++;
	return *begin == 0;
}

int text_is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

char *text_number(char *at, uint64_t number)
{
	char digits[TEXT_NUMBER_LONGEST];
	size_t count = 0;
	do
		digits[count++] = (char)('0' + number % 10);
	while (number /= 10);
	while (count)
		*at++ = digits[--count];
	return at;
}

uint64_t text_read_number(const char *at)
{
	uint64_t number = 0;
	for (; text_is_digit(*at); at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

char *text_copy(char *at, const char *text)
{
	size_t length = text_length(text);
	memcpy(at, text, length);
	return at + length;
}
