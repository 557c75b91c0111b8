// SPDX-License-Identifier: MIT
#include "terminal.h"
#include "../sys.h"

void terminal_set_signals(int ignore)
{
	static const int ALL[] = {SYS_SIGHUP, SYS_SIGINT, SYS_SIGQUIT, SYS_SIGTSTP, SYS_SIGTTIN, SYS_SIGTTOU};
	// SIG_IGN is 1, SIG_DFL is 0. sigaction(2)
	const struct sys_sigaction action = {.handler = (void (*)(int))(long)ignore};
	for (unsigned int i = 0; i < sizeof(ALL) / sizeof(ALL[0]); i++)
		sys_rt_sigaction(ALL[i], &action);
}
