// SPDX-License-Identifier: MIT
#include "args.h"

struct args args_read(napi_env env, napi_callback_info info)
{
	struct args args = {.env = env, .count = ARGS_MOST};
	napi_get_cb_info(env, info, &args.count, args.values, 0, 0);
	return args;
}

static int reject(napi_env env, const char *what)
{
	napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", what);
	return 0;
}

int args_int(const struct args *args, size_t index, int32_t *ret_number)
{
	if (napi_get_value_int32(args->env, args->values[index], ret_number) != napi_ok)
		return reject(args->env, "a number is needed");
	return 1;
}

int args_uint(const struct args *args, size_t index, uint32_t *ret_number)
{
	if (napi_get_value_uint32(args->env, args->values[index], ret_number) != napi_ok)
		return reject(args->env, "a number is needed");
	return 1;
}

int args_uint64(const struct args *args, size_t index, uint64_t *ret_number)
{
	bool lossless;
	if (napi_get_value_bigint_uint64(args->env, args->values[index], ret_number, &lossless) != napi_ok || !lossless)
		return reject(args->env, "a BigInt of 64 bits is needed");
	return 1;
}

int args_buffer(const struct args *args, size_t index, void **ret_data, size_t *ret_length)
{
	if (napi_get_buffer_info(args->env, args->values[index], ret_data, ret_length) != napi_ok)
		return reject(args->env, "a buffer is needed");
	return 1;
}

int args_ints(const struct args *args, size_t index, int32_t *ret_numbers, uint32_t most, uint32_t *ret_count)
{
	napi_value element;
	if (napi_get_array_length(args->env, args->values[index], ret_count) != napi_ok || *ret_count > most)
		return reject(args->env, "an array of not too many numbers is needed");
	for (uint32_t i = 0; i < *ret_count; i++) {
		if (napi_get_element(args->env, args->values[index], i, &element) != napi_ok ||
			napi_get_value_int32(args->env, element, &ret_numbers[i]) != napi_ok)
			return reject(args->env, "an array of numbers is needed");
	}
	return 1;
}

int args_string(const struct args *args, size_t index, const char **ret_string)
{
	napi_valuetype type;
	void *data;
	size_t length;
	*ret_string = 0;
	if (napi_typeof(args->env, args->values[index], &type) == napi_ok && type == napi_null)
		return 1;
	if (!args_buffer(args, index, &data, &length))
		return 0;
	if (length == 0 || ((const char *)data)[length - 1] != 0)
		return reject(args->env, "a buffer that ends with NUL is needed");
	*ret_string = data;
	return 1;
}

napi_value result_int(napi_env env, int64_t number)
{
	napi_value value;
	napi_create_int64(env, number, &value);
	return value;
}

napi_value result_none(napi_env env, const char *syscall, long result)
{
	return result < 0 ? throw_errno(env, syscall, result) : 0;
}

napi_value result_number(napi_env env, const char *syscall, long result)
{
	return result < 0 ? throw_errno(env, syscall, result) : result_int(env, result);
}

napi_value result_ints(napi_env env, const int *numbers, uint32_t count)
{
	napi_value array;
	napi_create_array_with_length(env, count, &array);
	for (uint32_t i = 0; i < count; i++)
		napi_set_element(env, array, i, result_int(env, numbers[i]));
	return array;
}

napi_value throw_errno(napi_env env, const char *syscall, long result)
{
	napi_value message;
	napi_value error;
	napi_value name;
	napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &name);
	napi_create_string_utf8(env, syscall, NAPI_AUTO_LENGTH, &message);
	napi_create_error(env, 0, message, &error);
	napi_set_named_property(env, error, "errno", result_int(env, result));
	napi_set_named_property(env, error, "syscall", name);
	napi_throw(env, error);
	return 0;
}
