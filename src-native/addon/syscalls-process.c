// SPDX-License-Identifier: MIT
// What Node's own process or the calling thread can change of itself, and openat2(2). One system call a function.
#include "args.h"

// openat2(directory, path, flags, mode, resolve): number. openat2(2)
napi_value addon_openat2(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t dir_fd;
	const char *path;
	uint32_t flags;
	uint32_t mode;
	uint32_t resolve;
	if (!args_int(&args, 0, &dir_fd) || !args_string(&args, 1, &path) || !args_uint(&args, 2, &flags) ||
		!args_uint(&args, 3, &mode) || !args_uint(&args, 4, &resolve))
		return 0;
	struct open_how how = {.flags = O_CLOEXEC | flags, .mode = mode, .resolve = resolve};
	return result_number(env, "openat2", sys_openat2(dir_fd, path, &how, sizeof(how)));
}

// chroot(path): void. chroot(2)
napi_value addon_chroot(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	const char *path;
	if (!args_string(&args, 0, &path))
		return 0;
	return result_none(env, "chroot", sys_chroot(path));
}

// unshare(flags): void. unshare(2)
napi_value addon_unshare(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	uint32_t flags;
	if (!args_uint(&args, 0, &flags))
		return 0;
	return result_none(env, "unshare", sys_unshare(flags));
}

// setns(descriptor, types): void. setns(2)
napi_value addon_setns(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	int32_t types;
	if (!args_int(&args, 0, &fd) || !args_int(&args, 1, &types))
		return 0;
	return result_none(env, "setns", sys_setns(fd, types));
}

// sethostname(bytes): void. sethostname(2)
napi_value addon_sethostname(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	void *name;
	size_t length;
	if (!args_buffer(&args, 0, &name, &length))
		return 0;
	return result_none(env, "sethostname", sys_sethostname(name, length));
}

// setdomainname(bytes): void. setdomainname(2)
napi_value addon_setdomainname(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	void *name;
	size_t length;
	if (!args_buffer(&args, 0, &name, &length))
		return 0;
	return result_none(env, "setdomainname", sys_setdomainname(name, length));
}

// prctl(option, a, b): number. For options whose arguments are no pointers. prctl(2)
napi_value addon_prctl(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t option;
	uint32_t a;
	uint32_t b;
	if (!args_int(&args, 0, &option) || !args_uint(&args, 1, &a) || !args_uint(&args, 2, &b))
		return 0;
	return result_number(env, "prctl", sys_prctl(option, a, b, 0));
}

// prctlRead(option): number. For options that store one int where their argument points. prctl(2)
napi_value addon_prctl_read(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t option;
	int number = 0;
	if (!args_int(&args, 0, &option))
		return 0;
	long result = sys_prctl(option, (unsigned long)&number, 0, 0);
	return result < 0 ? throw_errno(env, "prctl", result) : result_int(env, number);
}
