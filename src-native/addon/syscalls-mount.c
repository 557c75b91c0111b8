// SPDX-License-Identifier: MIT
// Mounts in Node's own process, one system call a function. Descriptors are close-on-exec at birth.
#include "args.h"

// mount(source | null, target, type | null, flags, data | null): void. mount(2)
napi_value addon_mount(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	const char *source;
	const char *target;
	const char *type;
	uint32_t flags;
	const char *data;
	if (!args_string(&args, 0, &source) || !args_string(&args, 1, &target) || !args_string(&args, 2, &type) ||
		!args_uint(&args, 3, &flags) || !args_string(&args, 4, &data))
		return 0;
	return result_none(env, "mount", sys_mount(source, target, type, flags, data));
}

// umount2(target, flags): void. umount(2)
napi_value addon_umount2(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	const char *target;
	int32_t flags;
	if (!args_string(&args, 0, &target) || !args_int(&args, 1, &flags))
		return 0;
	return result_none(env, "umount2", sys_umount2(target, flags));
}

// pivotRoot(newRoot, putOld): void. pivot_root(2)
napi_value addon_pivot_root(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	const char *new_root;
	const char *put_old;
	if (!args_string(&args, 0, &new_root) || !args_string(&args, 1, &put_old))
		return 0;
	return result_none(env, "pivot_root", sys_pivot_root(new_root, put_old));
}

// fsopen(type): number. fsopen(2)
napi_value addon_fsopen(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	const char *type;
	if (!args_string(&args, 0, &type))
		return 0;
	return result_number(env, "fsopen", sys_fsopen(type, FSOPEN_CLOEXEC));
}

// fspick(directory, path, flags): number. fspick(2)
napi_value addon_fspick(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t dir_fd;
	const char *path;
	uint32_t flags;
	if (!args_int(&args, 0, &dir_fd) || !args_string(&args, 1, &path) || !args_uint(&args, 2, &flags))
		return 0;
	return result_number(env, "fspick", sys_fspick(dir_fd, path, FSPICK_CLOEXEC | flags));
}

// fsconfig(context, command, key | null, value | null, aux): void. fsconfig(2)
napi_value addon_fsconfig(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fs_fd;
	uint32_t command;
	const char *key;
	const char *value;
	int32_t aux;
	if (!args_int(&args, 0, &fs_fd) || !args_uint(&args, 1, &command) || !args_string(&args, 2, &key) ||
		!args_string(&args, 3, &value) || !args_int(&args, 4, &aux))
		return 0;
	return result_none(env, "fsconfig", sys_fsconfig(fs_fd, command, key, value, aux));
}

// fsmount(context, attributes): number. fsmount(2)
napi_value addon_fsmount(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fs_fd;
	uint32_t attributes;
	if (!args_int(&args, 0, &fs_fd) || !args_uint(&args, 1, &attributes))
		return 0;
	return result_number(env, "fsmount", sys_fsmount(fs_fd, FSMOUNT_CLOEXEC, attributes));
}

// openTree(directory, path, flags): number. open_tree(2)
napi_value addon_open_tree(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t dir_fd;
	const char *path;
	uint32_t flags;
	if (!args_int(&args, 0, &dir_fd) || !args_string(&args, 1, &path) || !args_uint(&args, 2, &flags))
		return 0;
	return result_number(env, "open_tree", sys_open_tree(dir_fd, path, OPEN_TREE_CLOEXEC | flags));
}

// moveMount(fromDirectory, from, toDirectory, to, flags): void. move_mount(2)
napi_value addon_move_mount(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t from_fd;
	const char *from;
	int32_t to_fd;
	const char *to;
	uint32_t flags;
	if (!args_int(&args, 0, &from_fd) || !args_string(&args, 1, &from) || !args_int(&args, 2, &to_fd) ||
		!args_string(&args, 3, &to) || !args_uint(&args, 4, &flags))
		return 0;
	return result_none(env, "move_mount", sys_move_mount(from_fd, from, to_fd, to, flags));
}

// mountSetattr(directory, path, flags, set, clear, propagation, userNamespace): void. mount_setattr(2)
napi_value addon_mount_setattr(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t dir_fd;
	const char *path;
	uint32_t flags;
	uint32_t set;
	uint32_t clear;
	uint32_t propagation;
	uint32_t userns_fd;
	if (!args_int(&args, 0, &dir_fd) || !args_string(&args, 1, &path) || !args_uint(&args, 2, &flags) ||
		!args_uint(&args, 3, &set) || !args_uint(&args, 4, &clear) || !args_uint(&args, 5, &propagation) ||
		!args_uint(&args, 6, &userns_fd))
		return 0;
	struct mount_attr attr = {
		.attr_set = set,
		.attr_clr = clear,
		.propagation = propagation,
		.userns_fd = userns_fd,
	};
	return result_none(env, "mount_setattr", sys_mount_setattr(dir_fd, path, flags, &attr, sizeof(attr)));
}
