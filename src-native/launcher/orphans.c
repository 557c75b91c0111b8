// SPDX-License-Identifier: MIT
// Ends what a container without a pid namespace leaves behind: it became the supervisor's own by PR_SET_CHILD_SUBREAPER, so nobody
// hides by double forking. proc(5), /proc/PID/task/TID/children
#include "orphans.h"
#include "../sys.h"
#include "text.h"

void orphans_end(const struct cgroups *cgroups)
{
	for (;;) {
		long pid = sys_wait4(-1, 0, SYS_WNOHANG | SYS_WALL, 0);
		if (pid == -SYS_ECHILD)
			return;
		if (pid != 0)
			continue;
		char path[64];
		char list[1024];
		char *at = text_number(text_copy(path, "/proc/self/task/"), (uint64_t)sys_getpid());
		*text_copy(at, "/children") = 0;
		int file = (int)sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		long length = sys_read(file, list, sizeof(list));
		sys_close(file);
		int number = 0;
		for (long i = 0; i < length; i++) {
			if (list[i] >= '0' && list[i] <= '9') {
				number = number * 10 + (list[i] - '0');
				continue;
			}
			if (number > 0)
				sys_kill(number, SYS_SIGKILL);
			number = 0;
		}
		if (length <= 0)
			return;
		cgroups_end(cgroups);
		const struct sys_timespec pause = {0, 1000000};
		sys_ppoll(0, 0, &pause);
	}
}
