// SPDX-License-Identifier: MIT
#include "resolve.h"

// While files are renamed without a pause, 64 times ".." are refused up to 50 times in a row, 800 times ".." for ever.
enum { TRIES = 512 };

struct outcome resolve_open(int directory, const char *path, uint64_t flags, uint64_t resolve, int *ret_fd)
{
	return resolve_make(directory, path, flags, 0, resolve, ret_fd);
}

struct outcome resolve_make(
	int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve, int *ret_fd)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};
	long fd = -SYS_EAGAIN;
	// EAGAIN: something was renamed or mounted meanwhile, and the kernel could not be sure of "..". Who renames may
	// be the container. openat2(2)
	for (int tries = 0; tries < TRIES && (fd == -SYS_EAGAIN || fd == -SYS_EINTR); tries++)
		fd = sys_openat2(directory, path, &how, sizeof(how));
	if (fd < 0)
		return REFUSED(openat2, -fd);
	*ret_fd = (int)fd;
	return DONE;
}
