// SPDX-License-Identifier: MIT
#include "cgroups.h"
#include "text.h"

enum { OOM_LOOKS = 100, CLOCK_LEAST_US = 500 };

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

void cgroups_end(const struct cgroups *cgroups)
{
	for (uint32_t i = 0; i < cgroups->count; i++)
		if (cgroup_end_at_once(cgroups->held[i].directory))
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
	if (cgroup_count(&cgroups->oom, &kills).error) {
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
	if (cgroup_count(&cgroups->cpu, &used).error == 0) {
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
