// SPDX-License-Identifier: MIT
// The children of a process, as attackers outside of a container see them. proc_pid_task(5)
#pragma once
#include <stdio.h>

static inline int children_of(int pid, int *ret_children, int most)
{
	char path[64];
	int count = 0;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *file = fopen(path, "re");
	while (file && count < most && fscanf(file, "%d", &ret_children[count]) == 1)
		count++;
	if (file)
		fclose(file);
	return count;
}
