// SPDX-License-Identifier: MIT
// Processes by descriptor, which, other than a number, can never come to mean another process. pidfd_open(2)
#include "args.h"

// pidfdOpen(pid, flags): number. pidfd_open(2); the kernel makes it close-on-exec
napi_value addon_pidfd_open(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t pid;
	uint32_t flags;
	if (!args_int(&args, 0, &pid) || !args_uint(&args, 1, &flags))
		return 0;
	return result_number(env, "pidfd_open", sys_pidfd_open(pid, flags));
}

// pidfdSendSignal(process, signal): void. pidfd_send_signal(2)
napi_value addon_pidfd_send_signal(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t pid_fd;
	int32_t signal;
	if (!args_int(&args, 0, &pid_fd) || !args_int(&args, 1, &signal))
		return 0;
	return result_none(env, "pidfd_send_signal", sys_pidfd_send_signal(pid_fd, signal));
}

// pidfdGetfd(process, descriptor): number. pidfd_getfd(2); the kernel makes it close-on-exec
napi_value addon_pidfd_getfd(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t pid_fd;
	int32_t target_fd;
	if (!args_int(&args, 0, &pid_fd) || !args_int(&args, 1, &target_fd))
		return 0;
	return result_number(env, "pidfd_getfd", sys_pidfd_getfd(pid_fd, target_fd));
}

// divideLimit(process, resource, divisor): void. Of the soft limit, which it divides; none stays none. prlimit(2)
napi_value addon_divide_limit(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t pid;
	uint32_t resource;
	uint32_t divisor;
	uint64_t limit[2];
	if (!args_int(&args, 0, &pid) || !args_uint(&args, 1, &resource) || !args_uint(&args, 2, &divisor))
		return 0;
	long result = sys_prlimit64(pid, resource, 0, limit);
	if (result == 0 && limit[0] != ~0ull) {
		limit[0] /= divisor;
		result = sys_prlimit64(pid, resource, limit, 0);
	}
	return result_none(env, "prlimit64", result);
}
