// SPDX-License-Identifier: MIT
// Opens and writes what the host's /proc has of a process, once it is sure that it is /proc.
#include "entry.h"
#include <linux/magic.h>
#include "memory.h"
#include "text.h"

struct outcome entry_check(void)
{
	char self[24];
	char shown[24];
	size_t length = (size_t)(text_number(self, (uint64_t)sys_getpid()) - self);
	long size = TRY(readlinkat, AT_FDCWD, "/proc/self", shown, sizeof(shown));
	if ((size_t)size != length || memcmp(self, shown, length) != 0)
		return REFUSED(readlinkat, SYS_ESRCH);
	return DONE;
}

struct outcome entry_open(int pid, const char *name, int flags, int *ret_fd)
{
	char path[64];
	struct sys_statfs statfs;
	PASS(entry_check());
	char *end = text_number(text_copy(path, "/proc/"), (uint64_t)pid);
	end = text_copy(end, "/");
	*text_copy(end, name) = 0;
	*ret_fd = (int)TRY(openat, AT_FDCWD, path, flags | O_CLOEXEC, 0);
	TRY(fstatfs, *ret_fd, &statfs);
	if (statfs.type != PROC_SUPER_MAGIC && statfs.type != NSFS_MAGIC)
		return REFUSED(fstatfs, SYS_EINVAL);
	return DONE;
}

struct outcome entry_write(int pid, const char *name, const char *text, size_t length)
{
	int file = -1;
	PASS(entry_open(pid, name, O_WRONLY, &file));
	TRY(write, file, text, length);
	TRY(close, file);
	return DONE;
}

int entry_is_of_dying(int pid)
{
	// include/linux/sched.h; the same in every kernel. It is set before the process gives up its memory, and with
	// it its entries.
	enum { PF_EXITING = 4 };
	// Of proc_pid_stat(5): the flags are the seventh field behind the name, which may have spaces and brackets
	// itself.
	enum { FLAGS = 7 };
	char text[512];
	int file = -1;
	if (entry_open(pid, "stat", O_RDONLY, &file).error)
		return 0;
	long length = sys_read(file, text, sizeof(text));
	sys_close(file);
	long at = length;
	while (at > 0 && text[at - 1] != ')')
		at--;
	for (int fields = 0; at < length && fields < FLAGS; at++)
		fields += text[at] == ' ';
	unsigned int flags = 0;
	for (; at < length && text_is_digit(text[at]); at++)
		flags = flags * 10 + (unsigned int)(text[at] - '0');
	return (flags & PF_EXITING) != 0;
}
