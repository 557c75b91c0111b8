// SPDX-License-Identifier: MIT
// Runs a filter with the launcher's interpreter: `filter FILE`, which holds the program.
//
// stdin: `struct seccomp_data`s. stdout: whether the program can be run, then a line a call, its verdict.
#include <stdio.h>
#include <stdlib.h>
#include "../../src-native/launcher/filter.h"

enum { MOST = 1 << 16 };
static struct sock_filter program[MOST];

int main(int count, char **words)
{
	FILE *file = count == 2 ? fopen(words[1], "rb") : 0;
	if (!file)
		return 2;
	const size_t length = fread(program, sizeof(*program), MOST, file);
	const int runs = filter_check(program, (uint32_t)length);
	printf("%d\n", runs);
	struct seccomp_data call;
	// To the end also where it runs nothing: who writes that would be told of a broken pipe.
	while (fread(&call, sizeof(call), 1, stdin) == 1)
		if (runs)
			printf("%u\n", filter_run(program, &call));
	return 0;
}
