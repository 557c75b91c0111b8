// SPDX-License-Identifier: MIT
#include "reader.h"
#include <linux/prctl.h>
#include "kept.h"
#include "memory.h"

enum {
	STANDARD = 3,
	// The smallest that the kernel has: what is mapped changes at a page's end only.
	SMALLEST_PAGE = 4096,
};

struct question {
	int32_t pid;
	uint32_t size;
	uint64_t address;
};

// Up to where nothing is mapped: within one area the kernel gives all or nothing. process_vm_readv(2)
static uint32_t read_memory(const struct question *question, char *ret_bytes)
{
	const uint64_t page_left = SMALLEST_PAGE - question->address % SMALLEST_PAGE;
	const uint64_t first = page_left < question->size ? page_left : question->size;
	const struct sys_iovec here = {ret_bytes, question->size};
	const struct sys_iovec there[] = {
		{(void *)(uintptr_t)question->address, first},
		{(void *)(uintptr_t)(question->address + first), question->size - first},
	};
	const long read = sys_process_vm_readv(question->pid, &here, there, 2);
	return read < 0 ? 0 : (uint32_t)read;
}

__attribute__((noreturn)) static void run(int socket, char *bytes)
{
	struct question question;
	sys_prctl(PR_SET_PDEATHSIG, SYS_SIGKILL, 0, 0);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel-reader", 0, 0);
	kept_close_others(STANDARD, &socket, 1);
	while (sys_read(socket, &question, sizeof(question)) == sizeof(question)) {
		const uint32_t size = read_memory(&question, bytes);
		if (sys_write(socket, &size, sizeof(size)) < 0)
			break;
	}
	sys_exit_group(0);
}

struct outcome reader_make(struct reader *reader)
{
	int pair[2];
	void *memory;
	PASS(memory_shared(READER_MOST, &memory));
	TRY(socketpair, SYS_AF_UNIX, SYS_SOCK_SEQPACKET | O_CLOEXEC, 0, pair);
	const long pid = TRY(clone);
	if (pid == 0)
		run(pair[1], memory);
	sys_close(pair[1]);
	*reader = (struct reader){pair[0], (int)pid, memory};
	return DONE;
}

int reader_ask(const struct reader *reader, int pid, uint64_t address, uint32_t size)
{
	const struct question question = {pid, size < READER_MOST ? size : READER_MOST, address};
	if (reader->socket < 0 || size == 0)
		return 0;
	struct sys_iovec iov = {(void *)(uintptr_t)&question, sizeof(question)};
	const struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	return sys_sendmsg(reader->socket, &message, SYS_MSG_NOSIGNAL | SYS_MSG_DONTWAIT) > 0;
}

long reader_hear(const struct reader *reader)
{
	uint32_t size = 0;
	const long received = sys_read(reader->socket, &size, sizeof(size));
	return received == sizeof(size) && size <= READER_MOST ? (long)size : -1;
}

void reader_end(struct reader *reader)
{
	if (reader->socket < 0)
		return;
	sys_kill(reader->pid, SYS_SIGKILL);
	sys_close(reader->socket);
	reader->socket = -1;
}
