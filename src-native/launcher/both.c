// SPDX-License-Identifier: MIT
// The steps of both columns, apart from what only one side has to see to.
#include "both.h"
#include <linux/magic.h>
#include <linux/nsfs.h>
#include "resolve.h"
#include "tree.h"

enum { GROUPS_MOST = 256 };

struct outcome both_fchown(const struct page *page, const struct step_fchown *step)
{
	struct stat stat;
	int fd = page->slots[step->slot];
	TRY(fstat, fd, &stat);
	// A device stays its owner's: /dev/null once changed hands this way. CVE-2026-88265
	if ((stat.st_mode & SYS_S_IFMT) != SYS_S_IFIFO)
		return REFUSED(fchown, SYS_EINVAL);
	TRY(fchown, fd, (uint32_t)step->uid, (uint32_t)step->gid);
	return DONE;
}

struct outcome both_open_nsfs(int at, const char *path, int *ret_fd)
{
	struct sys_statfs statfs;
	// Without waiting: the path may turn out to be a FIFO.
	*ret_fd = (int)TRY(openat, at, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	TRY(fstatfs, *ret_fd, &statfs);
	return statfs.type == NSFS_MAGIC ? DONE : REFUSED(fstatfs, SYS_EINVAL);
}

struct outcome both_open_namespace(const struct plan *plan, struct page *page, const struct step_open_namespace *step)
{
	struct stat stat;
	int fd = -1;
	PASS(both_open_nsfs(
		step->at == NO_SLOT ? AT_FDCWD : page->slots[step->at], plan_string(plan, step->path), &fd));
	// NS_GET_NSTYPE in ioctl_ns(2), since 4.11
	if ((uint64_t)TRY(ioctl, fd, NS_GET_NSTYPE, 0) != step->type)
		return REFUSED(ioctl, SYS_EINVAL);
	TRY(fstat, fd, &stat);
	// The pid in the path may be another process's by now. A namespace's inode number is its own while it exists.
	if (step->inode && stat.st_ino != step->inode)
		return REFUSED(fstat, SYS_ESRCH);
	page->slots[step->slot] = fd;
	return DONE;
}

struct outcome both_open_source(const struct plan *plan, const struct step_open_tree *step, int *ret_fd)
{
	const char *path = plan_string(plan, step->source);
	const uint64_t links = step->nofollow ? RESOLVE_NO_SYMLINKS : 0;
	const int given = step->descriptor != NO_SLOT;
	*ret_fd = -1;
	if (given == (step->source.length > 0))
		return REFUSED(open_tree, SYS_EINVAL);
	if (given)
		return DONE;
	if (step->within.length) {
		int base = (int)TRY(
			openat, AT_FDCWD, plan_string(plan, step->within), O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
		PASS(resolve_open(base, path, O_PATH, RESOLVE_BENEATH | links, ret_fd));
		TRY(close, base);
		return DONE;
	}
	if (links)
		return resolve_open(AT_FDCWD, path, O_PATH, links, ret_fd);
	*ret_fd = (int)TRY(open_tree, AT_FDCWD, path, OPEN_TREE_CLOEXEC);
	return DONE;
}

struct outcome both_set_groups(const struct plan *plan, const struct step_set_groups *step)
{
	uint32_t groups[GROUPS_MOST];
	if (step->groups.count > GROUPS_MOST)
		return REFUSED(setgroups, SYS_EINVAL);
	for (uint32_t i = 0; i < step->groups.count; i++)
		groups[i] = (uint32_t)plan_number_at(plan, step->groups, i);
	TRY(setgroups, step->groups.count, groups);
	return DONE;
}

struct outcome both_set_rlimit(int pid, const struct step_set_rlimit *step)
{
	const uint64_t limit[2] = {step->soft, step->hard}; // struct rlimit64; all bits are RLIM64_INFINITY. prlimit(2)
	TRY(prlimit64, pid, (unsigned int)step->resource, limit, 0);
	return DONE;
}

struct outcome both_setns(const struct page *page, const struct step_setns *step)
{
	TRY(setns, page->slots[step->slot], (int)step->type);
	return DONE;
}
