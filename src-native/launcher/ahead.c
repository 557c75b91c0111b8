// SPDX-License-Identifier: MIT
#include "ahead.h"
#include <linux/prctl.h>
#include "both.h"
#include "pids.h"
#include "report.h"
#include "step.h"
#include "supervisor.h"
#include "text.h"
#include "tree.h"

// Those of /sys in compile/mounts.ts.
enum { SYSFS_ATTRIBUTES = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };

static void close_one(int32_t *fd)
{
	if (*fd >= 0)
		sys_close(*fd);
	*fd = -1;
}

void ahead_none(struct page *page)
{
	page->ahead = (struct ahead){.user = -1, .network = -1, .mounts = -1, .sysfs = -1};
}

void ahead_close(struct page *page)
{
	close_one(&page->ahead.user);
	close_one(&page->ahead.network);
	close_one(&page->ahead.mounts);
	close_one(&page->ahead.sysfs);
}

struct outcome ahead_ask(struct child *child, uint64_t namespaces)
{
	struct ahead *ahead = &child->page->ahead;
	// Without a user namespace of its own the empty one would have to be made by the host's root.
	if (!(namespaces & CLONE_NEWUSER))
		return DONE;
	// By itself: nobody else may look into it. proc(5)
	if (both_open_nsfs(AT_FDCWD, "/proc/self/ns/user", &ahead->user).error)
		close_one(&ahead->user);
	if ((namespaces & CLONE_NEWNET) && both_open_nsfs(AT_FDCWD, "/proc/self/ns/net", &ahead->network).error)
		close_one(&ahead->network);
	return report_say(child->report, REPORT_ASKS);
}

// Makes the empty mount namespace. All that is in it is a directory that nobody can write to.
static struct outcome make_mounts(int *ret_mounts, int *ret_root)
{
	PASS(both_open_nsfs(AT_FDCWD, "/proc/self/ns/mnt", ret_mounts));
	PASS(tree_empty(ret_root));
	TRY(move_mount, *ret_root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	TRY(fchdir, *ret_root);
	// As step_pivot_root() does it.
	TRY(pivot_root, ".", ".");
	TRY(umount2, ".", SYS_MNT_DETACH);
	// Who goes there needs the same right.
	TRY(chroot, ".");
	return tree_is_top(*ret_root);
}

static struct outcome make(struct ahead *ahead)
{
	struct mount_attr private = {.propagation = MS_PRIVATE};
	int mounts = -1;
	int root = -1;
	TRY(setns, ahead->user, CLONE_NEWUSER);
	// The change of credentials may have opened its entries to others. prctl(2)
	TRY(prctl, PR_SET_DUMPABLE, 0, 0, 0);
	if (ahead->network >= 0)
		TRY(setns, ahead->network, CLONE_NEWNET);
	TRY(unshare, CLONE_NEWNS);
	TRY(mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &private, sizeof(private));
	// Refused where the caller's own is hidden in part: the step says so.
	if (ahead->network >= 0 && tree_new("sysfs", 0, SYSFS_ATTRIBUTES, &ahead->sysfs).error)
		close_one(&ahead->sysfs);
	const struct outcome outcome = make_mounts(&mounts, &root);
	if (root >= 0)
		sys_close(root);
	if (outcome.error)
		close_one(&mounts);
	ahead->mounts = mounts;
	return outcome;
}

// Whether the child has asked; 0 where it has ended before.
static int has_asked(const struct supervisor *self)
{
	struct report_heard said;
	struct pollfd polled[] = {
		{.fd = self->report, .events = POLLIN},
		{.fd = self->child_pidfd, .events = POLLIN},
	};
	long ready;
	do
		ready = sys_ppoll(polled, 2, 0);
	while (ready == -SYS_EINTR);
	return ready > 0 && polled[0].revents && report_hear(self->report, &said) == REPORT_ASKS;
}

void ahead_make(struct supervisor *self)
{
	struct ahead *ahead = &self->page->ahead;
	// It shares the descriptors, and nothing else. It is waited for without a signal, by __WALL.
	struct clone_args args = {.flags = CLONE_FILES};
	if (!has_asked(self) || ahead->user < 0)
		return;
	const long pid = sys_clone3(&args, sizeof(args));
	if (pid == 0) {
		make(ahead);
		sys_exit_group(0);
	}
	if (pid > 0)
		pids_wait((int)pid, 0);
	close_one(&ahead->user);
	close_one(&ahead->network);
}

// The number may be the supervisor's too. Once it is not, the supervisor closes its own when the command runs.
static int take(const struct child *child, int32_t *fd)
{
	const int taken = *fd;
	if (!child->owns_files)
		*fd = -1;
	return taken;
}

static void drop(const struct child *child, int32_t *fd)
{
	const int dropped = take(child, fd);
	if (dropped >= 0)
		sys_close(dropped);
}

void ahead_forget(struct child *child, uint64_t namespaces)
{
	struct ahead *ahead = &child->page->ahead;
	// It comes back to the namespaces that it leaves.
	if (child->is_ahead)
		return;
	if (namespaces & (CLONE_NEWUSER | CLONE_NEWNS))
		drop(child, &ahead->mounts);
	if (namespaces & (CLONE_NEWUSER | CLONE_NEWNET))
		drop(child, &ahead->sysfs);
}

int ahead_take_sysfs(struct child *child, const struct step_mount *step, int *ret_tree)
{
	if (child->owns_files || child->page->ahead.sysfs < 0 || step->attributes != SYSFS_ATTRIBUTES ||
		step->options.count > 0 || step->slot != NO_SLOT ||
		!text_equal(plan_string(child->plan, step->type), "sysfs"))
		return 0;
	*ret_tree = take(child, &child->page->ahead.sysfs);
	return 1;
}

struct outcome ahead_leave(struct child *child, int *ret_left)
{
	int tree = -1;
	*ret_left = 0;
	// A copy of mounts leaves out those that cannot be bound.
	if (child->owns_files || child->page->ahead.mounts < 0 || child->roots == 0 || child->has_unbindable)
		return DONE;
	const int mounts = take(child, &child->page->ahead.mounts);
	// Nobody is left in the mount namespace of before, so it ends, with all that is mounted there. A plan by hand
	// may have dropped a right that this needs, and pivot_root(2) does not.
	const int joined = tree_copy(child->root, "", AT_EMPTY_PATH | AT_RECURSIVE, &tree).error == 0 &&
			   sys_setns(mounts, CLONE_NEWNS) == 0;
	sys_close(mounts);
	if (!joined) {
		sys_close(tree);
		return DONE;
	}
	TRY(move_mount, tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH);
	TRY(fchdir, tree);
	TRY(chroot, ".");
	// Under the same number: a slot may have it.
	TRY(dup3, tree, child->root, O_CLOEXEC);
	TRY(close, tree);
	child->roots = 0;
	*ret_left = 1;
	return DONE;
}
