// SPDX-License-Identifier: MIT
// Arguments in, results and errors out: what every function of the addon needs of Node-API.
#pragma once
#define NAPI_VERSION 9
#include <node_api.h>
#include "../sys.h"

enum { ARGS_MOST = 4 };

struct args {
	napi_env env;
	size_t count;
	napi_value values[ARGS_MOST];
};

struct args args_read(napi_env env, napi_callback_info info);
// Each returns 0 and has thrown a TypeError, when the argument is of another kind.
int args_int(const struct args *args, size_t index, int32_t *ret_number);
int args_buffer(const struct args *args, size_t index, void **ret_data, size_t *ret_length);
// The array's numbers; at most `most`.
int args_ints(const struct args *args, size_t index, int32_t *ret_numbers, uint32_t most, uint32_t *ret_count);
int args_text(const struct args *args, size_t index, char *ret_text, size_t size);

napi_value result_int(napi_env env, int64_t number);
napi_value result_pair(napi_env env, const int pair[2]);
// Throws an Error with `errno` (negative, as Node's system errors have it) and `syscall`; `result` is the negative errno.
napi_value throw_errno(napi_env env, const char *syscall, long result);

napi_value addon_sealed_memfd(napi_env env, napi_callback_info info);
napi_value addon_launcher_memfd(napi_env env, napi_callback_info info);
napi_value addon_socketpair(napi_env env, napi_callback_info info);
napi_value addon_pipe(napi_env env, napi_callback_info info);
napi_value addon_send(napi_env env, napi_callback_info info);
napi_value addon_bind_abstract(napi_env env, napi_callback_info info);
napi_value addon_close(napi_env env, napi_callback_info info);
