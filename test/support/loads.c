// SPDX-License-Identifier: MIT
// Programs that use a known amount: `loads cpu MS [PROCESSES]`, `loads memory MIB`.
//
// They print what they have used by their own count. `loads vfork` waits for a child by vfork(2), again and again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double used_ms(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static double burn(double ms)
{
	double used;
	do
		for (volatile int i = 0; i < 10000; i++)
			;
	while ((used = used_ms()) < ms);
	return used;
}

static int cpu(double ms, int processes)
{
	int ends[2];
	double used;
	double sum = 0;
	if (pipe(ends))
		return 1;
	for (int i = 1; i < processes; i++) {
		if (fork())
			continue;
		used = burn(ms);
		return write(ends[1], &used, sizeof(used)) != sizeof(used);
	}
	sum = burn(ms);
	for (int i = 1; i < processes; i++) {
		if (read(ends[0], &used, sizeof(used)) != sizeof(used))
			return 1;
		sum += used;
	}
	while (wait(0) > 0)
		;
	printf("%.3f\n", sum);
	return 0;
}

static int memory(size_t mib)
{
	char *bytes = mmap(0, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return 1;
	// As a whole: where pages are large they are counted by what was touched all the same.
	memset(bytes, 1, mib << 20);
	printf("%zu\n", mib << 20);
	return 0;
}

static int waiting(void)
{
	for (;;) {
		pid_t child = vfork();
		if (child < 0)
			return 1;
		if (child == 0)
			_exit(0);
		waitpid(child, 0, 0);
	}
}

int main(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "cpu") == 0)
		return cpu(atof(argv[2]), argc > 3 ? atoi(argv[3]) : 1);
	if (argc > 2 && strcmp(argv[1], "memory") == 0)
		return memory((size_t)atoi(argv[2]));
	if (argc > 1 && strcmp(argv[1], "vfork") == 0)
		return waiting();
	return 2;
}
