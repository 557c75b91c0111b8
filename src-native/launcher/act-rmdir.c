// SPDX-License-Identifier: MIT
// Tidies up on the host: what overlayfs leaves in its work directory, and targets that were made for mounts.
#include "act.h"
#include "text.h"
#include "tree.h"

// Empties a directory of what overlayfs calls by numbers while it works: "#1f". All else is somebody's. ovl_tempname()
// in fs/overlayfs/dir.c
static struct outcome remove_numbered(int directory)
{
	_Alignas(struct sys_dirent64) char buffer[4096];
	for (;;) {
		long size = sys_getdents64(directory, buffer, sizeof(buffer));
		if (size == 0 || size == -SYS_ENOENT)
			return DONE; // ENOENT: somebody has removed it already.
		if (size < 0)
			return REFUSED(getdents64, -size);
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

// Whether `name` in `parent` is still the directory that `place` holds.
static struct outcome is_there(int parent, const char *name, int place, int *ret_same)
{
	long found = sys_openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	*ret_same = 0;
	if (found == -SYS_ENOENT)
		return DONE;
	if (found < 0)
		return REFUSED(openat, -found);
	PASS(tree_same(place, (int)found, ret_same));
	TRY(close, (int)found);
	return DONE;
}

struct outcome act_rmdir(struct supervisor *self, const struct step_rmdir *step)
{
	const char *name = plan_string(&self->plan, step->name);
	const int place = self->page->slots[step->slot];
	int directory = -1;
	int same = 0;
	if (place < 0)
		return DONE; // It was not made.
	PASS(open_listing(place, &directory));
	PASS(remove_numbered(directory));
	TRY(close, directory);
	// By what the kernel knows of it: a path may lead elsewhere by now.
	int parent = (int)TRY(openat, place, "..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	PASS(is_there(parent, name, place, &same));
	long removed = same ? sys_unlinkat(parent, name, AT_REMOVEDIR) : 0;
	TRY(close, parent);
	return removed < 0 && removed != -SYS_ENOTEMPTY ? REFUSED(unlinkat, -removed) : DONE;
}

struct outcome act_remove_target(struct supervisor *self, const struct step_remove_target *step)
{
	const char *name = plan_string(&self->plan, step->name);
	const int place = self->page->slots[step->slot];
	const int parent = self->page->slots[step->parent];
	struct stat stat;
	int same = 0;
	if (parent < 0 || place < 0)
		return DONE; // It was not made.
	// Another plan has something mounted there, which would be gone with the directory. flock(2)
	long locked = sys_flock(place, SYS_LOCK_EX | SYS_LOCK_NB);
	if (locked == -SYS_EAGAIN)
		return DONE;
	if (locked < 0)
		return REFUSED(flock, -locked);
	TRY(fstat, place, &stat);
	PASS(is_there(parent, name, place, &same));
	const int is_directory = (stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR;
	if (!same || (!is_directory && stat.st_size > 0))
		return DONE;
	long removed = sys_unlinkat(parent, name, is_directory ? AT_REMOVEDIR : 0);
	return removed < 0 && removed != -SYS_ENOTEMPTY ? REFUSED(unlinkat, -removed) : DONE;
}
