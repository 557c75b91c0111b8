// SPDX-License-Identifier: MIT
// Reads and writes a cgroup's files, and watches two of their numbers.
#include "cgroup.h"
#include "text.h"

enum { FILE_LONGEST = 16384, OOM_LOOKS = 100, CLOCK_LEAST_US = 500 };

struct outcome cgroup_open(int directory, const char *file, int flags, int *ret_fd)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC | O_NOFOLLOW),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	long fd;
	do
		fd = sys_openat2(directory, file, &how, sizeof(how));
	while (fd == -SYS_EAGAIN || fd == -SYS_EINTR);
	if (fd < 0)
		return REFUSED(openat2, -fd);
	*ret_fd = (int)fd;
	return DONE;
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

static int is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

// The number at `at`; whether there is one.
static int read_number(const char *at, uint64_t *ret_number)
{
	uint64_t number = 0;
	if (!is_digit(*at))
		return 0;
	for (; is_digit(*at); at++)
		number = number * 10 + (uint64_t)(*at - '0');
	*ret_number = number;
	return 1;
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

int cgroup_count(const struct cgroup_counter *counter, uint64_t *ret_number)
{
	char text[FILE_LONGEST];
	size_t size = 0;
	long count;
	while (size < sizeof(text) - 1 &&
		(count = sys_pread64(counter->file, text + size, sizeof(text) - 1 - size, (long)size)) > 0)
		size += (size_t)count;
	text[size] = 0;
	if (size == 0 || !sum_numbers(text, counter->key, ret_number))
		return 0;
	*ret_number /= counter->divisor ? counter->divisor : 1;
	return 1;
}

int cgroups_hold(const struct cgroups *cgroups, int fd)
{
	for (uint32_t i = 0; i < cgroups->count; i++)
		if (cgroups->held[i].directory == fd)
			return 1;
	return 0;
}

static void set_freezer(const struct cgroups *cgroups, const char *value)
{
	if (cgroups->freezer >= 0)
		cgroup_write(cgroups->freezer, cgroups->freezer_file, value, text_length(value));
}

void cgroups_thaw(const struct cgroups *cgroups)
{
	set_freezer(cgroups, cgroups->thaw);
}

// Cgroup v2 does it at once, cgroup.kill since 5.14: whoever forks meanwhile dies too. Returns whether it has.
static int end_at_once(int directory)
{
	return cgroup_write(directory, "cgroup.kill", "1", 1).error == 0;
}

void cgroup_end(int directory)
{
	char list[CGROUP_FILE_LONGEST];
	size_t length = 0;
	if (end_at_once(directory) || cgroup_read(directory, "cgroup.procs", list, &length).error)
		return;
	int number = 0;
	for (size_t i = 0; i < length; i++) {
		if (is_digit(list[i])) {
			number = number * 10 + (list[i] - '0');
			continue;
		}
		if (number > 0)
			sys_kill(number, SYS_SIGKILL);
		number = 0;
	}
}

void cgroups_end(const struct cgroups *cgroups)
{
	for (uint32_t i = 0; i < cgroups->count; i++)
		if (end_at_once(cgroups->held[i].directory))
			return;
	if (cgroups->count == 0)
		return;
	// What is frozen forks no more, and dies when it is thawed.
	set_freezer(cgroups, cgroups->freeze);
	cgroup_end(cgroups->held[0].directory);
	cgroups_thaw(cgroups);
}

struct pollfd cgroups_oom(const struct cgroups *cgroups)
{
	if (cgroups->oom_eventfd >= 0)
		return (struct pollfd){.fd = cgroups->oom_eventfd, .events = POLLIN};
	return (struct pollfd){.fd = cgroups->oom.file, .events = POLLPRI};
}

struct pollfd cgroups_cpu_clock(const struct cgroups *cgroups)
{
	return (struct pollfd){.fd = cgroups->cpu_clock, .events = POLLIN};
}

void cgroups_note_oom(struct cgroups *cgroups, short events)
{
	uint64_t times;
	if (cgroups->oom_looks > 0)
		cgroups->oom_looks--;
	if (cgroups->oom_eventfd < 0 || !events)
		return;
	sys_read(cgroups->oom_eventfd, &times, sizeof(times));
	cgroups->oom_looks = OOM_LOOKS;
}

int cgroups_more_oom_kills(struct cgroups *cgroups, uint64_t *ret_kills)
{
	uint64_t kills;
	if (cgroups->oom.file < 0)
		return 0;
	if (!cgroup_count(&cgroups->oom, &kills)) {
		// Somebody else has removed the cgroup: its file would be ready for ever.
		cgroups->oom.file = -1;
		cgroups->oom_eventfd = -1;
		return 0;
	}
	if (kills <= cgroups->oom_told)
		return 0;
	cgroups->oom_told = kills;
	cgroups->oom_looks = 0;
	*ret_kills = kills;
	return 1;
}

int cgroups_cpu_time_is_up(struct cgroups *cgroups)
{
	uint64_t used = 0;
	uint64_t wait = CLOCK_LEAST_US;
	if (cgroups->cpu.file < 0)
		return 0;
	if (cgroup_count(&cgroups->cpu, &used)) {
		if (used >= cgroups->cpu_limit_us)
			return 1;
		wait = (cgroups->cpu_limit_us - used) / (cgroups->cpu_cpus ? cgroups->cpu_cpus : 1);
		wait = wait < CLOCK_LEAST_US ? CLOCK_LEAST_US : wait;
	}
	const struct sys_itimerspec time = {.value = {(int64_t)(wait / 1000000), (int64_t)(wait % 1000000) * 1000}};
	uint64_t expirations;
	sys_read(cgroups->cpu_clock, &expirations, sizeof(expirations));
	sys_timerfd_settime(cgroups->cpu_clock, &time);
	return 0;
}

void cgroups_set_cpu_time(struct cgroups *cgroups, uint64_t milliseconds)
{
	const struct sys_itimerspec now = {.value = {0, 1}};
	cgroups->cpu_limit_us = milliseconds * 1000;
	if (cgroups->cpu_clock >= 0)
		sys_timerfd_settime(cgroups->cpu_clock, &now);
}
