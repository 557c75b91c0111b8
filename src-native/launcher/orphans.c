// SPDX-License-Identifier: MIT
// Ends what a container without a pid namespace leaves behind: it became the supervisor's own by
// PR_SET_CHILD_SUBREAPER, so nobody hides by double forking. proc(5), /proc/PID/task/TID/children
#include "orphans.h"
#include "pids.h"
#include "text.h"

void orphans_end(struct supervisor *self)
{
	for (;;) {
		struct rusage usage = {0};
		long pid = sys_wait4(-1, 0, SYS_WNOHANG | SYS_WALL, &usage);
		if (pid == -SYS_ECHILD)
			return;
		if (pid > 0)
			supervisor_count(self, &usage);
		if (pid != 0)
			continue;
		char path[64];
		char list[1024];
		char *at = text_number(text_copy(path, "/proc/self/task/"), (uint64_t)sys_getpid());
		*text_copy(at, "/children") = 0;
		long file = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
		// A kernel, or a /proc, that does not tell. Where there is no more room there will be again, and they
		// are there still.
		if (file < 0 && file != -SYS_ENFILE && file != -SYS_EMFILE && file != -SYS_ENOMEM)
			return;
		long length = file < 0 ? 0 : sys_read((int)file, list, sizeof(list));
		if (file >= 0)
			sys_close((int)file);
		pids_end(list, length < 0 ? 0 : (size_t)length);
		cgroups_end(&self->cgroups);
		const struct sys_timespec pause = {0, 1000000};
		sys_ppoll(0, 0, &pause);
	}
}
