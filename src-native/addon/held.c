// SPDX-License-Identifier: MIT
// Descriptors that close with the thread that has opened them, however it ends: no stream of Node's has them.
#include "args.h"

static void close_held(void *fd)
{
	sys_close((int)(intptr_t)fd);
}

void held_add(napi_env env, int fd)
{
	napi_add_env_cleanup_hook(env, close_held, (void *)(intptr_t)fd);
}

// hold(descriptor): void
napi_value addon_hold(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	if (args_int(&args, 0, &fd))
		held_add(env, fd);
	return 0;
}

// letGo(descriptor): void. One that is held: Deno panics for others.
napi_value addon_let_go(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	if (args_int(&args, 0, &fd))
		napi_remove_env_cleanup_hook(env, close_held, (void *)(intptr_t)fd);
	return 0;
}
