// SPDX-License-Identifier: MIT
// Arguments in, results and errors out: what every function of the addon needs of Node-API.
#pragma once
#define NAPI_VERSION 9
#include <node_api.h>
#include "../sys.h"

enum { ARGS_MOST = 7 };

struct args {
	napi_env env;
	size_t count;
	napi_value values[ARGS_MOST];
};

struct args args_read(napi_env env, napi_callback_info info);
// Each returns 0 and has thrown a TypeError, when the argument is of another kind.
int args_int(const struct args *args, size_t index, int32_t *ret_number);
int args_uint(const struct args *args, size_t index, uint32_t *ret_number);
// A BigInt.
int args_uint64(const struct args *args, size_t index, uint64_t *ret_number);
int args_buffer(const struct args *args, size_t index, void **ret_data, size_t *ret_length);
// The array's numbers; at most `most`.
int args_ints(const struct args *args, size_t index, int32_t *ret_numbers, uint32_t most, uint32_t *ret_count);
// A path or another text of any length: a buffer that ends with NUL, or null for no text.
int args_string(const struct args *args, size_t index, const char **ret_string);

napi_value result_int(napi_env env, int64_t number);
// Nothing, or an exception where the result is a negative errno.
napi_value result_none(napi_env env, const char *syscall, long result);
// The number, or an exception where it is a negative errno.
napi_value result_number(napi_env env, const char *syscall, long result);
napi_value result_ints(napi_env env, const int *numbers, uint32_t count);
// Throws an Error with `errno` (negative, as Node's system errors have it) and `syscall`; `result` is the negative
// errno.
napi_value throw_errno(napi_env env, const char *syscall, long result);

// memfd.c
napi_value addon_sealed_memfd(napi_env env, napi_callback_info info);
napi_value addon_launcher_memfd(napi_env env, napi_callback_info info);
napi_value addon_launcher_bytes(napi_env env, napi_callback_info info);
napi_value addon_contents(napi_env env, napi_callback_info info);
// socket.c
napi_value addon_socketpair(napi_env env, napi_callback_info info);
napi_value addon_pipe(napi_env env, napi_callback_info info);
napi_value addon_duplicate(napi_env env, napi_callback_info info);
napi_value addon_send(napi_env env, napi_callback_info info);
napi_value addon_receive(napi_env env, napi_callback_info info);
napi_value addon_read(napi_env env, napi_callback_info info);
napi_value addon_flock(napi_env env, napi_callback_info info);
napi_value addon_lock(napi_env env, napi_callback_info info);
napi_value addon_set_blocking(napi_env env, napi_callback_info info);
napi_value addon_close(napi_env env, napi_callback_info info);
// held.c
napi_value addon_hold(napi_env env, napi_callback_info info);
napi_value addon_let_go(napi_env env, napi_callback_info info);
void held_add(napi_env env, int fd);
// line.c
napi_value addon_watch(napi_env env, napi_callback_info info);
napi_value addon_open_line(napi_env env, napi_callback_info info);
// stamps.c
napi_value addon_stamps(napi_env env, napi_callback_info info);
// landlock.c
napi_value addon_landlock_version(napi_env env, napi_callback_info info);
// syscalls-mount.c
napi_value addon_mount(napi_env env, napi_callback_info info);
napi_value addon_umount2(napi_env env, napi_callback_info info);
napi_value addon_pivot_root(napi_env env, napi_callback_info info);
napi_value addon_fsopen(napi_env env, napi_callback_info info);
napi_value addon_fspick(napi_env env, napi_callback_info info);
napi_value addon_fsconfig(napi_env env, napi_callback_info info);
napi_value addon_fsmount(napi_env env, napi_callback_info info);
napi_value addon_open_tree(napi_env env, napi_callback_info info);
napi_value addon_move_mount(napi_env env, napi_callback_info info);
napi_value addon_mount_setattr(napi_env env, napi_callback_info info);
// syscalls-process.c
napi_value addon_openat2(napi_env env, napi_callback_info info);
napi_value addon_chroot(napi_env env, napi_callback_info info);
napi_value addon_unshare(napi_env env, napi_callback_info info);
napi_value addon_setns(napi_env env, napi_callback_info info);
napi_value addon_sethostname(napi_env env, napi_callback_info info);
napi_value addon_setdomainname(napi_env env, napi_callback_info info);
napi_value addon_prctl(napi_env env, napi_callback_info info);
napi_value addon_prctl_read(napi_env env, napi_callback_info info);
// syscalls-credentials.c
napi_value addon_capget(napi_env env, napi_callback_info info);
napi_value addon_capset(napi_env env, napi_callback_info info);
napi_value addon_setgroups(napi_env env, napi_callback_info info);
napi_value addon_setresuid(napi_env env, napi_callback_info info);
napi_value addon_setresgid(napi_env env, napi_callback_info info);
// pidfd.c
napi_value addon_divide_limit(napi_env env, napi_callback_info info);
napi_value addon_pidfd_open(napi_env env, napi_callback_info info);
napi_value addon_pidfd_send_signal(napi_env env, napi_callback_info info);
napi_value addon_pidfd_getfd(napi_env env, napi_callback_info info);
