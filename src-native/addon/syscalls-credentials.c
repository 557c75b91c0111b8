// SPDX-License-Identifier: MIT
// Credentials of the calling thread. libc's functions of these names change all threads; the kernel knows only one at a
// time.
#include "args.h"

static uint64_t joined(uint32_t low, uint32_t high)
{
	return low | (uint64_t)high << 32;
}

// capget(thread): [effective, permitted, inheritable], as BigInts. capget(2)
napi_value addon_capget(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};
	napi_value array;
	if (!args_int(&args, 0, &header.pid))
		return 0;
	long result = sys_capget(&header, data);
	if (result < 0)
		return throw_errno(env, "capget", result);
	const uint64_t sets[] = {
		joined(data[0].effective, data[1].effective),
		joined(data[0].permitted, data[1].permitted),
		joined(data[0].inheritable, data[1].inheritable),
	};
	napi_create_array_with_length(env, 3, &array);
	for (uint32_t i = 0; i < 3; i++) {
		napi_value set;
		napi_create_bigint_uint64(env, sets[i], &set);
		napi_set_element(env, array, i, set);
	}
	return array;
}

// capset(effective, permitted, inheritable): void. capset(2)
napi_value addon_capset(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
	if (!args_uint64(&args, 0, &effective) || !args_uint64(&args, 1, &permitted) ||
		!args_uint64(&args, 2, &inheritable))
		return 0;
	struct __user_cap_data_struct data[] = {
		{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
	};
	return result_none(env, "capset", sys_capset(&header, data));
}

// setgroups(ids, as bytes): void. setgroups(2)
napi_value addon_setgroups(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	void *groups;
	size_t size;
	if (!args_buffer(&args, 0, &groups, &size))
		return 0;
	return result_none(env, "setgroups", sys_setgroups(size / sizeof(uint32_t), groups));
}

static napi_value set_ids(
	napi_env env, napi_callback_info info, const char *syscall, long (*set)(uint32_t, uint32_t, uint32_t))
{
	struct args args = args_read(env, info);
	uint32_t real;
	uint32_t effective;
	uint32_t saved;
	if (!args_uint(&args, 0, &real) || !args_uint(&args, 1, &effective) || !args_uint(&args, 2, &saved))
		return 0;
	return result_none(env, syscall, set(real, effective, saved));
}

// setresuid(real, effective, saved): void. setresuid(2)
napi_value addon_setresuid(napi_env env, napi_callback_info info)
{
	return set_ids(env, info, "setresuid", sys_setresuid);
}

// setresgid(real, effective, saved): void. setresgid(2)
napi_value addon_setresgid(napi_env env, napi_callback_info info)
{
	return set_ids(env, info, "setresgid", sys_setresgid);
}
