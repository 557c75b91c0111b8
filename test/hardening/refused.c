// SPDX-License-Identifier: MIT
// Has calls refused in ways that could hold up who watches them: `refused flood THREADS`, `count THREADS`, `pointers`,
// `mapped FILE`.
//
// It prints a line for each call that is tried once, "what: error".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void tell(const char *what, long result)
{
	printf("%s: %s\n", what, result >= 0 ? "done" : strerrorname_np(errno));
	fflush(stdout);
}

// Refused by default, with every capability: a path, and none.
static long refused(const char *path)
{
	return syscall(SYS_swapon, path, 0);
}

static void *flood(void *unused)
{
	for (;;) {
		refused("/flood");
		syscall(SYS_keyctl, 0, 0);
	}
	return unused;
}

static void *hundred(void *ret_count)
{
	for (int i = 0; i < 100; i++)
		*(int *)ret_count += refused("/count") < 0 && errno == EPERM;
	return ret_count;
}

static void count_of(int threads)
{
	pthread_t thread[100];
	int counts[100] = {0};
	int sum = 0;
	for (int i = 0; i < threads; i++)
		pthread_create(&thread[i], 0, hundred, &counts[i]);
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], 0);
		sum += counts[i];
	}
	printf("refused: %d\n", sum);
}

static void pointers(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *two = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(two + page, page);
	memset(two, 'x', page);
	tell("nowhere", refused(0));
	tell("unmapped", refused(two + page));
	tell("of the kernel", refused((char *)0xffff888000000000));
	tell("beyond all", refused((char *)UINTPTR_MAX));
	tell("up to the end", refused(two + page - 8));
	mprotect(two, page, PROT_NONE);
	tell("forbidden", refused(two));
	// Lengths that are none: of connect, which a profile refuses.
	tell("long", syscall(SYS_connect, 0, two + page, 0xffffffffu));
	tell("negative", syscall(SYS_connect, 0, "\1\0name", -1));
	tell("short", syscall(SYS_connect, 0, "\1\0name", 1));
	tell("none", syscall(SYS_connect, 0, "\1\0name", 0));
}

// The memory is a file's, and who serves that answers when he likes.
static void mapped(const char *file)
{
	char *memory = mmap(0, 4096, PROT_READ, MAP_PRIVATE, open(file, O_RDONLY), 0);
	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	// Nothing is read ahead, so that the one read is waited for.
	madvise(memory, 4096, MADV_RANDOM);
	for (int i = 0; i < 3; i++)
		tell("mapped", refused(memory));
	tell("own", refused("/own"));
}

int main(int count, char **words)
{
	if (count == 3 && strcmp(words[1], "flood") == 0) {
		pthread_t thread;
		puts("floods");
		fflush(stdout);
		for (int i = atoi(words[2]); i > 1; i--)
			pthread_create(&thread, 0, flood, 0);
		flood(0);
	}
	if (count == 3 && strcmp(words[1], "count") == 0)
		count_of(atoi(words[2]));
	if (count == 3 && strcmp(words[1], "mapped") == 0)
		mapped(words[2]);
	if (count == 2 && strcmp(words[1], "pointers") == 0)
		pointers();
	return 0;
}
