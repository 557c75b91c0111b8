// SPDX-License-Identifier: MIT
// Lines to supervisors, and what watches them: an epoll instance on which not this process waits, but the launcher.
// epoll(7)
#include "args.h"

// watch(): number
napi_value addon_watch(napi_env env, napi_callback_info info)
{
	(void)info;
	return result_number(env, "epoll_create1", sys_epoll_create1(EPOLL_CLOEXEC));
}

// openLine(watch, number): [ours, theirs]. The watch tells the number once when their end is closed. Ours is held.
napi_value addon_open_line(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t watch;
	uint32_t number;
	int pair[2];
	if (!args_int(&args, 0, &watch) || !args_uint(&args, 1, &number))
		return 0;
	long result = sys_socketpair(SYS_AF_UNIX, SYS_SOCK_STREAM | O_CLOEXEC, 0, pair);
	if (result < 0)
		return throw_errno(env, "socketpair", result);
	// That it hangs up is told unasked. epoll_ctl(2)
	struct epoll_event event = {.events = EPOLLONESHOT, .data = number};
	result = sys_epoll_ctl(watch, EPOLL_CTL_ADD, pair[0], &event);
	if (result < 0) {
		sys_close(pair[0]);
		sys_close(pair[1]);
		return throw_errno(env, "epoll_ctl", result);
	}
	held_add(env, pair[0]);
	return result_ints(env, pair, 2);
}
