// SPDX-License-Identifier: MIT
// A directory that is not empty is renamed into the top, where it is found again. So nothing has to be remembered, and
// no depth is too deep.
#include "clear.h"
#include "text.h"
#include "../sys.h"

enum { LISTING = 8192, NAME_MOST = 32 };

struct clearing {
	int top;
	// For names that nothing else has: what is in the top has no name that begins so.
	uint64_t number;
};

static int is_dots(const char *name)
{
	return text_equal(name, ".") || text_equal(name, "..");
}

// Returns whether anything has changed.
static int move_up(struct clearing *self, int directory, const char *name)
{
	char moved[NAME_MOST];
	*text_number(text_copy(moved, "carrel-moved-"), self->number++) = 0;
	return sys_renameat(directory, name, self->top, moved) == 0;
}

static int remove_entry(struct clearing *self, int directory, const char *name)
{
	long removed = sys_unlinkat(directory, name, 0);
	if (removed == -SYS_EISDIR)
		removed = sys_unlinkat(directory, name, AT_REMOVEDIR);
	// In the top it would only change its name.
	if (removed == -SYS_ENOTEMPTY && directory != self->top)
		return move_up(self, directory, name);
	return removed == 0;
}

// Goes once through all that is in a directory, and returns whether anything has changed.
static int go_through(struct clearing *self, int directory, int (*remove)(struct clearing *, int, const char *))
{
	_Alignas(struct sys_dirent64) char buffer[LISTING];
	int changed = 0;
	sys_lseek(directory, 0, SYS_SEEK_SET);
	for (;;) {
		const long size = sys_getdents64(directory, buffer, sizeof(buffer));
		if (size <= 0)
			return changed;
		for (long at = 0; at < size;) {
			const struct sys_dirent64 *entry = (const struct sys_dirent64 *)(buffer + at);
			at += entry->length;
			changed |= !is_dots(entry->name) && remove(self, directory, entry->name);
		}
	}
}

// Empties what is a directory in the top, and removes it.
static int remove_from_top(struct clearing *self, int top, const char *name)
{
	const long directory = sys_openat(top, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	int changed = 0;
	if (directory >= 0) {
		// What is removed while it is listed may hide what comes next.
		while (go_through(self, (int)directory, remove_entry))
			changed = 1;
		sys_close((int)directory);
	}
	return remove_entry(self, top, name) || changed;
}

void clear_directory(int top)
{
	struct clearing self = {.top = (int)sys_openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)};
	if (self.top < 0)
		return;
	while (go_through(&self, self.top, remove_from_top))
		;
	sys_close(self.top);
}
