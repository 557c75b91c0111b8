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

// Reads proc_pid_stat(5) of the process, from behind its name on, which may have spaces and brackets itself: a space is
// in front of each field. Returns where that begins, or 0.
static const char *read_stat(int pid, char *text, size_t size)
{
	int file = -1;
	if (entry_open(pid, "stat", O_RDONLY, &file).error)
		return 0;
	long at = sys_read(file, text, size - 1);
	sys_close(file);
	text[at < 0 ? 0 : at] = 0;
	while (at > 0 && text[at - 1] != ')')
		at--;
	return at > 0 ? text + at : 0;
}

// include/linux/sched.h; the same in every kernel. It is set before the process gives up its memory, and with it its
// entries.
enum { PF_EXITING = 4 };
// Which fields behind the name these are. proc_pid_stat(5)
enum { FLAGS = 7, THREADS = 18 };

static uint64_t read_field(const char *at, int field)
{
	for (int fields = 0; at && *at && fields < field; at++)
		fields += *at == ' ';
	return at ? text_read_number(at) : 0;
}

int entry_is_of_dying(int pid)
{
	char text[1024];
	return (read_field(read_stat(pid, text, sizeof(text)), FLAGS) & PF_EXITING) != 0;
}

int entry_is_of_dying_alone(int pid)
{
	char text[1024];
	const char *at = read_stat(pid, text, sizeof(text));
	return (read_field(at, FLAGS) & PF_EXITING) != 0 && read_field(at, THREADS) == 1;
}

uint64_t entry_namespace(int pid, const char *name)
{
	char path[64];
	struct stat stat;
	char *end = text_copy(text_number(text_copy(path, "/proc/"), (uint64_t)pid), "/ns/");
	*text_copy(end, name) = 0;
	return entry_check().error || sys_newfstatat(AT_FDCWD, path, &stat, 0) < 0 ? 0 : stat.st_ino;
}

int entry_exit_status(int pid, int *ret_status)
{
	char text[1024];
	const char *at = read_stat(pid, text, sizeof(text));
	const char *last = 0;
	for (; at && *at; at++)
		if (*at == ' ')
			last = at + 1;
	// Who may not look sees a 0 there, and no namespace.
	if (!last || entry_namespace(pid, "user") == 0)
		return 0;
	*ret_status = (int)text_read_number(last);
	return 1;
}
