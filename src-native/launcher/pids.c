// SPDX-License-Identifier: MIT
#include "pids.h"
#include "../sys.h"
#include "text.h"

long pids_end(const char *list, size_t length, int held)
{
	int number = 0;
	long count = 0;
	for (size_t i = 0; i < length; i++) {
		if (text_is_digit(list[i])) {
			number = number * 10 + (list[i] - '0');
			continue;
		}
		if (number > 0)
			sys_kill(number, SYS_SIGKILL);
		count += number > 0 && number != held;
		number = 0;
	}
	return count;
}

long pids_wait(int pid, int *ret_status)
{
	long waited;
	do
		waited = sys_wait4(pid, ret_status, SYS_WALL, 0);
	while (waited == -SYS_EINTR);
	return waited;
}
