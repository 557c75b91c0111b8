// SPDX-License-Identifier: MIT
#include "cgroup.h"
#include "pids.h"
#include "resolve.h"
#include "text.h"

enum { FILE_LONGEST = 16384 };

struct outcome cgroup_open(int directory, const char *file, int flags, int *ret_fd)
{
	return resolve_open(directory, file, (uint64_t)flags | O_NOFOLLOW,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, ret_fd);
}

struct outcome cgroup_read(int directory, const char *file, char *ret_text, size_t *ret_length)
{
	int fd = -1;
	PASS(cgroup_open(directory, file, O_RDONLY, &fd));
	long length = sys_read(fd, ret_text, CGROUP_FILE_LONGEST - 1);
	sys_close(fd);
	if (length < 0)
		return REFUSED(read, -length);
	ret_text[length] = 0;
	*ret_length = (size_t)length;
	return DONE;
}

struct outcome cgroup_write(int directory, const char *file, const char *value, size_t length)
{
	int fd = -1;
	PASS(cgroup_open(directory, file, O_WRONLY, &fd));
	long written;
	do
		written = sys_write(fd, value, length);
	while (written == -SYS_EINTR);
	sys_close(fd);
	return written < 0 ? REFUSED(write, -written) : DONE;
}

// The number at `at`; whether there is one.
static int read_number(const char *at, uint64_t *ret_number)
{
	*ret_number = text_read_number(at);
	return text_is_digit(*at);
}

// The sum of the numbers behind the word `key` and a space or "=": "oom_kill 1", "8:0 rbytes=1 …", "8:0 Read 1".
static int sum_numbers(const char *text, const char *key, uint64_t *ret_sum)
{
	size_t length = text_length(key);
	uint64_t number;
	uint64_t sum = 0;
	int found = 0;
	if (length == 0)
		return read_number(text, ret_sum);
	for (const char *at = text; *at; at++) {
		if (at != text && at[-1] != ' ' && at[-1] != '\n')
			continue;
		size_t same = 0;
		while (same < length && at[same] == key[same])
			same++;
		if (same < length || (at[length] != ' ' && at[length] != '=') || !read_number(at + length + 1, &number))
			continue;
		sum += number;
		found = 1;
	}
	*ret_sum = sum;
	return found;
}

struct outcome cgroup_count(const struct cgroup_counter *counter, uint64_t *ret_number)
{
	char text[FILE_LONGEST];
	size_t size = 0;
	long count = 1;
	while (size < sizeof(text) - 1 && count != 0) {
		count = sys_pread64(counter->file, text + size, sizeof(text) - 1 - size, (long)size);
		if (count < 0 && count != -SYS_EINTR)
			return REFUSED(pread64, -count);
		size += count > 0 ? (size_t)count : 0;
	}
	text[size] = 0;
	if (size == 0 || !sum_numbers(text, counter->key, ret_number))
		return REFUSED(pread64, SYS_ENOENT);
	*ret_number /= counter->divisor ? counter->divisor : 1;
	return DONE;
}

int cgroup_end_at_once(int directory)
{
	return cgroup_write(directory, "cgroup.kill", "1", 1).error == 0;
}

void cgroup_end(int directory)
{
	char list[CGROUP_FILE_LONGEST];
	size_t length = 0;
	if (cgroup_end_at_once(directory) || cgroup_read(directory, "cgroup.procs", list, &length).error)
		return;
	pids_end(list, length, 0);
}
