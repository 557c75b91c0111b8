// SPDX-License-Identifier: MIT
// Tidies up on the host what overlayfs leaves behind in its work directory.
#include "act.h"
#include "memory.h"
#include "text.h"

// Empties a directory of what overlayfs calls by numbers while it works: "#1f". All else is somebody's. ovl_tempname()
// in fs/overlayfs/dir.c
static struct outcome remove_numbered(int directory)
{
	_Alignas(struct sys_dirent64) char buffer[4096];
	for (;;) {
		long size = TRY(getdents64, directory, buffer, sizeof(buffer));
		if (size == 0)
			return DONE;
		for (long at = 0; at < size;) {
			const struct sys_dirent64 *entry = (const struct sys_dirent64 *)(buffer + at);
			at += entry->length;
			if (entry->name[0] == '#')
				sys_unlinkat(directory, entry->name, 0);
		}
	}
}

// Opens the directory that `place` holds for reading. Without any permission only root could look into it, so its owner
// gives it some. That is done by the descriptor: a link may be in its place by now.
static struct outcome open_listing(int place, int *ret_fd)
{
	char path[32];
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	long fd = sys_openat(place, ".", flags, 0);
	if (fd == -SYS_EACCES) {
		*text_number(text_copy(path, "/proc/self/fd/"), (uint64_t)place) = 0;
		TRY(fchmodat, AT_FDCWD, path, 0700);
		fd = sys_openat(place, ".", flags, 0);
	}
	if (fd < 0)
		return REFUSED(openat, -fd);
	*ret_fd = (int)fd;
	return DONE;
}

struct outcome act_rmdir(struct supervisor *self, const struct step_rmdir *step)
{
	const char *name = plan_string(&self->plan, step->path) + step->path.length;
	char above[SYS_PATH_MAX];
	int directory = -1;
	while (name > plan_string(&self->plan, step->path) && name[-1] != '/')
		name--;
	size_t length = (size_t)(name - plan_string(&self->plan, step->path));
	if (length == 0 || length >= sizeof(above))
		return REFUSED(openat, SYS_EINVAL);
	memcpy(above, plan_string(&self->plan, step->path), length);
	above[length] = 0;
	long parent = sys_openat(AT_FDCWD, above, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (parent == -SYS_ENOENT)
		return DONE;
	if (parent < 0)
		return REFUSED(openat, -parent);
	long place = sys_openat((int)parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (place == -SYS_ENOENT)
		return DONE;
	if (place < 0)
		return REFUSED(openat, -place);
	PASS(open_listing((int)place, &directory));
	PASS(remove_numbered(directory));
	TRY(close, directory);
	TRY(close, (int)place);
	long removed = sys_unlinkat((int)parent, name, AT_REMOVEDIR);
	TRY(close, (int)parent);
	return removed < 0 && removed != -SYS_ENOTEMPTY ? REFUSED(unlinkat, -removed) : DONE;
}
