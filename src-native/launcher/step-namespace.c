// SPDX-License-Identifier: MIT
// Steps about namespaces that are joined, made later than the clone, or set up before anybody is in them.
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/prctl.h>
#include "child.h"
#include "entry.h"
#include "layer.h"
#include "text.h"

struct outcome step_open_namespace(struct actor *actor, const void *record)
{
	const struct step_open_namespace *step = record;
	struct sys_statfs statfs;
	struct stat stat;
	// Without waiting: the path may turn out to be a FIFO.
	int fd = (int)TRY(openat, AT_FDCWD, plan_string(actor->plan, step->path), O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	TRY(fstatfs, fd, &statfs);
	if (statfs.type != NSFS_MAGIC)
		return REFUSED(fstatfs, SYS_EINVAL);
	// NS_GET_NSTYPE in ioctl_ns(2), since 4.11
	if ((uint64_t)TRY(ioctl, fd, NS_GET_NSTYPE, 0) != step->type)
		return REFUSED(ioctl, SYS_EINVAL);
	TRY(fstat, fd, &stat);
	// The pid in the path may be another process's by now. A namespace's inode number is its own while it exists.
	if (step->inode && stat.st_ino != step->inode)
		return REFUSED(fstat, SYS_ESRCH);
	actor->page->slots[step->slot] = fd;
	return DONE;
}

struct outcome step_setns(struct actor *actor, const void *record)
{
	const struct step_setns *step = record;
	TRY(setns, actor->page->slots[step->slot], (int)step->type);
	// Joining a user namespace changes credentials; the supervisor has no death signal.
	if (actor->report < 0) {
		TRY(prctl, PR_SET_DUMPABLE, 0, 0, 0);
		return DONE;
	}
	PASS(child_hold(actor));
	if (step->type == CLONE_NEWNS) {
		// Who made them sees what is done to them.
		actor->owned->has_mounts = 0;
		TRY(close, actor->root);
		actor->root = (int)TRY(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	}
	return DONE;
}

struct outcome step_unshare(struct actor *actor, const void *record)
{
	const struct step_unshare *step = record;
	TRY(unshare, step->namespaces);
	if (step->namespaces & CLONE_NEWNS)
		actor->owned->has_mounts = 1;
	return DONE;
}

struct outcome step_set_time_offset(struct actor *actor, const void *record)
{
	const struct step_set_time_offset *step = record;
	char text[64];
	uint64_t seconds = (uint64_t)(step->seconds < 0 ? -step->seconds : step->seconds);
	char *end = text_number(text, step->clock);
	end = text_copy(end, step->seconds < 0 ? " -" : " ");
	end = text_number(end, seconds);
	end = text_copy(end, " ");
	end = text_number(end, step->nanoseconds);
	return entry_write(actor, "timens_offsets", text, (size_t)(end - text));
}
