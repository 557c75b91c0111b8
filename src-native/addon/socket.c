// SPDX-License-Identifier: MIT
// Sockets and pipes, close-on-exec at birth, and descriptors sent over a socket. unix(7)
#include "args.h"
#include "../wire.h"

// socketpair(): [number, number]
napi_value addon_socketpair(napi_env env, napi_callback_info info)
{
	(void)info;
	int pair[2];
	long result = sys_socketpair(SYS_AF_UNIX, SYS_SOCK_STREAM | O_CLOEXEC, 0, pair);
	return result < 0 ? throw_errno(env, "socketpair", result) : result_ints(env, pair, 2);
}

// pipe(): [read end, write end]
napi_value addon_pipe(napi_env env, napi_callback_info info)
{
	(void)info;
	int pair[2];
	long result = sys_pipe2(pair, O_CLOEXEC);
	return result < 0 ? throw_errno(env, "pipe2", result) : result_ints(env, pair, 2);
}

// duplicate(descriptor): number
napi_value addon_duplicate(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	if (!args_int(&args, 0, &fd))
		return 0;
	const long result = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return result < 0 ? throw_errno(env, "fcntl", result) : result_int(env, (int)result);
}

// send(socket, bytes, descriptors): void. Never waiting.
napi_value addon_send(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	struct {
		struct sys_cmsghdr head;
		int32_t fds[RECEIVED_MAX + 2];
	} control = {.head = {.level = SYS_SOL_SOCKET, .type = SYS_SCM_RIGHTS}};
	struct sys_iovec iov;
	int32_t socket;
	uint32_t count;
	if (!args_int(&args, 0, &socket) || !args_buffer(&args, 1, &iov.base, &iov.length) ||
		!args_ints(&args, 2, control.fds, RECEIVED_MAX + 2, &count))
		return 0;
	control.head.length = sizeof(control.head) + sizeof(int32_t) * count;
	struct sys_msghdr message = {
		.iov = &iov,
		.iov_count = 1,
		.control = count > 0 ? &control : 0,
		.control_length = count > 0 ? (control.head.length + 7) & ~7ul : 0,
	};
	long result;
	do
		result = sys_sendmsg(socket, &message, SYS_MSG_NOSIGNAL | SYS_MSG_DONTWAIT);
	while (result == -SYS_EINTR);
	return result < 0 ? throw_errno(env, "sendmsg", result) : 0;
}

// receive(socket, bytes): [descriptor, ...] | undefined. Fills the bytes, or fails with EMSGSIZE where there are not so
// many. Never waiting: undefined where there is nothing.
napi_value addon_receive(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	struct {
		struct sys_cmsghdr head;
		int32_t fds[RECEIVED_MAX + 2];
	} control = {.head = {.length = sizeof(control.head)}};
	struct sys_iovec iov;
	int32_t socket;
	if (!args_int(&args, 0, &socket) || !args_buffer(&args, 1, &iov.base, &iov.length))
		return 0;
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	long result;
	do
		result = sys_recvmsg(socket, &message, SYS_MSG_CMSG_CLOEXEC | SYS_MSG_DONTWAIT);
	while (result == -SYS_EINTR);
	if (result == -SYS_EAGAIN)
		return 0;
	if (result < 0)
		return throw_errno(env, "recvmsg", result);
	uint32_t count = 0;
	if (message.control_length >= sizeof(control.head) && control.head.type == SYS_SCM_RIGHTS)
		count = (uint32_t)((control.head.length - sizeof(control.head)) / sizeof(int32_t));
	if ((size_t)result < iov.length) {
		while (count > 0)
			sys_close(control.fds[--count]);
		return throw_errno(env, "recvmsg", -SYS_EMSGSIZE);
	}
	return result_ints(env, control.fds, count);
}

// read(descriptor, bytes): number | undefined. Never waiting, though the descriptor may: only one that has something,
// or nobody at its other end, is read. Undefined for all else, errors included: a stream that reads it tells them.
napi_value addon_read(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	void *bytes;
	size_t size;
	int32_t fd;
	if (!args_int(&args, 0, &fd) || !args_buffer(&args, 1, &bytes, &size))
		return 0;
	const struct sys_timespec now = {0, 0};
	struct pollfd poll = {.fd = fd, .events = POLLIN};
	if (sys_ppoll(&poll, 1, &now) <= 0 || !(poll.revents & (POLLIN | POLLHUP)))
		return 0;
	long result = sys_read(fd, bytes, size);
	return result < 0 ? 0 : result_int(env, result);
}

// flock(descriptor): void. For nobody else, without waiting: the lock goes with the descriptor. flock(2)
napi_value addon_flock(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	if (!args_int(&args, 0, &fd))
		return 0;
	long result = sys_flock(fd, SYS_LOCK_EX | SYS_LOCK_NB);
	return result < 0 ? throw_errno(env, "flock", result) : 0;
}

// lock(path): number. The file, made where it is missing, with its lock; nothing where somebody else has that. It goes
// with the descriptor. flock(2)
napi_value addon_lock(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	const char *path;
	if (!args_string(&args, 0, &path))
		return 0;
	const long fd = sys_openat(AT_FDCWD, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return throw_errno(env, "openat", fd);
	if (sys_flock((int)fd, SYS_LOCK_EX | SYS_LOCK_NB) >= 0)
		return result_int(env, fd);
	sys_close((int)fd);
	return 0;
}

// setBlocking(descriptor): void. For all who have the same open file: programs do not expect EAGAIN. fcntl(2), F_SETFL
napi_value addon_set_blocking(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	if (!args_int(&args, 0, &fd))
		return 0;
	long result = sys_fcntl(fd, F_GETFL, 0);
	if (result >= 0)
		result = sys_fcntl(fd, F_SETFL, result & ~(long)O_NONBLOCK);
	return result < 0 ? throw_errno(env, "fcntl", result) : 0;
}

// close(descriptor): void
napi_value addon_close(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	int32_t fd;
	if (!args_int(&args, 0, &fd))
		return 0;
	long result = sys_close(fd);
	return result < 0 ? throw_errno(env, "close", result) : 0;
}
