// SPDX-License-Identifier: MIT
// Bytes as a sealed file in memory: nobody can change them once they are handed over. And what such a file holds.
// memfd_create(2)
#include <linux/memfd.h>
#include "args.h"

#ifndef MFD_EXEC
#define MFD_NOEXEC_SEAL 0x8u
#define MFD_EXEC        0x10u
#endif

// The launcher, embedded by launcher.S.
extern const unsigned char launcher_begin[] __attribute__((visibility("hidden")));
extern const unsigned char launcher_end[] __attribute__((visibility("hidden")));

// Returns the descriptor, or throws.
static napi_value sealed(napi_env env, const char *name, unsigned int flags, const unsigned char *bytes, size_t size)
{
	// An executable that its user may not read makes a process that nobody of the same user may trace, from its
	// first instruction on. ptrace(2), execve(2)
	const uint32_t mode = flags & MFD_EXEC ? 0111 : 0;
	const char *syscall = "memfd_create";
	long fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | flags);
	// Both flags are since 6.3; before, every memfd could be executed. FIXME: remove when the floor is 6.3
	if (fd == -SYS_EINVAL)
		fd = sys_memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	long result = fd;
	if (fd >= 0 && mode) {
		syscall = "fchmod";
		result = sys_fchmod((int)fd, mode);
	}
	while (result >= 0 && size > 0) {
		syscall = "write";
		result = sys_write((int)fd, bytes, size);
		if (result > 0) {
			bytes += result;
			size -= (size_t)result;
		}
	}
	if (result >= 0) {
		syscall = "fcntl";
		result = sys_fcntl((int)fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	}
	if (result >= 0)
		return result_int(env, fd);
	if (fd >= 0)
		sys_close((int)fd);
	return throw_errno(env, syscall, result);
}

// sealedMemfd(bytes): number
napi_value addon_sealed_memfd(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	void *bytes;
	size_t size;
	if (!args_buffer(&args, 0, &bytes, &size))
		return 0;
	return sealed(env, "carrel-plan", MFD_NOEXEC_SEAL, bytes, size);
}

// launcherMemfd(): number
napi_value addon_launcher_memfd(napi_env env, napi_callback_info info)
{
	(void)info;
	return sealed(env, "carrel", MFD_EXEC, launcher_begin, (size_t)(launcher_end - launcher_begin));
}

// launcherBytes(): Buffer
napi_value addon_launcher_bytes(napi_env env, napi_callback_info info)
{
	napi_value buffer;
	(void)info;
	if (napi_create_buffer_copy(env, (size_t)(launcher_end - launcher_begin), launcher_begin, 0, &buffer) !=
		napi_ok)
		return throw_errno(env, "mmap", -SYS_ENOMEM);
	return buffer;
}

// contents(descriptor): Buffer
napi_value addon_contents(napi_env env, napi_callback_info info)
{
	struct args args = args_read(env, info);
	napi_value buffer;
	unsigned char *bytes;
	struct stat stat;
	int32_t fd;
	if (!args_int(&args, 0, &fd))
		return 0;
	long result = sys_fstat(fd, &stat);
	if (result < 0)
		return throw_errno(env, "fstat", result);
	const size_t size = (size_t)stat.st_size;
	if (napi_create_buffer(env, size, (void **)&bytes, &buffer) != napi_ok)
		return throw_errno(env, "mmap", -SYS_ENOMEM);
	for (size_t read = 0; read < size; read += (size_t)result) {
		result = sys_pread64(fd, bytes + read, size - read, (long)read);
		if (result <= 0)
			return throw_errno(env, "pread64", result < 0 ? result : -SYS_EIO);
	}
	return buffer;
}
