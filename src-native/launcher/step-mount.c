// SPDX-License-Identifier: MIT
// Steps that mount. A mount is built detached and gets its attributes before it is attached: it is never seen half done.
#include <linux/magic.h>
#include "path.h"
#include "text.h"

enum { TREE_RECURSIVE = 0x8000 }; // AT_RECURSIVE, linux/fcntl.h

static struct outcome set_attributes(int fd, uint64_t attributes, unsigned int recursive)
{
	struct mount_attr attr = {.attr_set = attributes};
	if (attributes)
		TRY(mount_setattr, fd, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr));
	return DONE;
}

static struct outcome copy_tree(int dir_fd, const char *path, unsigned int flags, int *ret_tree)
{
	*ret_tree = (int)TRY(open_tree, dir_fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
	return DONE;
}

// A copy of a host device's mount, once it is sure that it is that device and not what somebody put in its place.
static struct outcome device_tree(const char *path, uint64_t device, int *ret_tree)
{
	struct stat stat;
	int fd = (int)TRY(openat, AT_FDCWD, path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	TRY(fstat, fd, &stat);
	if ((stat.st_mode & SYS_S_IFMT) != SYS_S_IFCHR || stat.st_rdev != device)
		return REFUSED(fstat, SYS_ENODEV);
	PASS(copy_tree(fd, "", AT_EMPTY_PATH, ret_tree));
	TRY(close, fd);
	return DONE;
}

// The kernel's encoding of a device number for small numbers, which all of these are. stat(2), makedev(3)
static uint64_t device_number(uint64_t major, uint64_t minor)
{
	return major << 8 | minor;
}

// Sets one option, "key" or "key=value".
static struct outcome set_option(int context, const char *option)
{
	char key[64];
	size_t length = 0;
	while (option[length] && option[length] != '=')
		length++;
	if (option[length] == 0) {
		TRY(fsconfig, context, FSCONFIG_SET_FLAG, option, 0, 0);
		return DONE;
	}
	if (length >= sizeof(key))
		return REFUSED(fsconfig, SYS_EINVAL);
	memcpy(key, option, length);
	key[length] = 0;
	TRY(fsconfig, context, FSCONFIG_SET_STRING, key, option + length + 1, 0);
	return DONE;
}

static struct outcome new_mount(const struct actor *actor, const struct step_mount *step, int context, int *ret_tree)
{
	for (uint32_t i = 0; i < step->options.count; i++)
		PASS(set_option(context, plan_string_at(actor->plan, step->options, i)));
	TRY(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
	// fsmount takes the same MOUNT_ATTR_* as mount_setattr, but for nosymfollow before 6.1: the mount is detached still.
	*ret_tree = (int)TRY(fsmount, context, FSMOUNT_CLOEXEC, 0);
	return set_attributes(*ret_tree, step->attributes, 0);
}

struct outcome step_mount(struct actor *actor, const void *record)
{
	const struct step_mount *step = record;
	int context = (int)TRY(fsopen, plan_string(actor->plan, step->type), FSOPEN_CLOEXEC);
	int tree = -1;
	struct outcome outcome = new_mount(actor, step, context, &tree);
	if (outcome.error) {
		// What the kernel has to say about it: "e overlay: …". fsopen(2)
		long length = sys_read(context, actor->page->message, sizeof(actor->page->message) - 1);
		actor->page->message[length > 0 ? length : 0] = 0;
		return outcome;
	}
	TRY(close, context);
	return path_attach(actor, tree, plan_string(actor->plan, step->target), O_DIRECTORY,
		step->nofollow ? RESOLVE_NO_SYMLINKS : 0);
}

struct outcome step_open_tree(struct actor *actor, const void *record)
{
	const struct step_open_tree *step = record;
	int tree = -1;
	PASS(copy_tree(AT_FDCWD, plan_string(actor->plan, step->source), step->recursive ? TREE_RECURSIVE : 0, &tree));
	actor->page->slots[step->slot] = tree;
	return DONE;
}

static struct outcome make_target(const struct actor *actor, int tree, const char *target)
{
	struct stat stat;
	int file = -1;
	TRY(fstat, tree, &stat);
	if ((stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR)
		return path_make_directory(actor, target, 0755);
	struct outcome outcome = path_make_file(actor, target, 0644, &file);
	if (outcome.error == SYS_EEXIST)
		return DONE;
	PASS(outcome);
	TRY(close, file);
	return DONE;
}

struct outcome step_bind(struct actor *actor, const void *record)
{
	const struct step_bind *step = record;
	const char *target = plan_string(actor->plan, step->target);
	unsigned int recursive = step->recursive ? TREE_RECURSIVE : 0;
	int tree = -1;
	if (step->slot == NO_SLOT)
		PASS(copy_tree(AT_FDCWD, plan_string(actor->plan, step->source), recursive, &tree));
	else
		tree = actor->page->slots[step->slot];
	PASS(set_attributes(tree, step->attributes, recursive));
	if (step->create)
		PASS(make_target(actor, tree, target));
	return path_attach(actor, tree, target, 0, 0);
}

struct outcome step_device(struct actor *actor, const void *record)
{
	const struct step_device *step = record;
	const char *target = plan_string(actor->plan, step->target);
	int tree = -1;
	int file = -1;
	PASS(device_tree(plan_string(actor->plan, step->source), device_number(step->major, step->minor), &tree));
	PASS(set_attributes(tree, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0));
	PASS(path_make_file(actor, target, 0666, &file));
	return path_cover(tree, file);
}

struct outcome step_mount_setattr(struct actor *actor, const void *record)
{
	const struct step_mount_setattr *step = record;
	int target = -1;
	PASS(path_open(actor, plan_string(actor->plan, step->target), O_PATH, 0, &target));
	PASS(set_attributes(target, step->attributes, 0));
	TRY(close, target);
	return DONE;
}

static struct outcome empty_directory(int *ret_tree)
{
	int context = (int)TRY(fsopen, "tmpfs", FSOPEN_CLOEXEC);
	TRY(fsconfig, context, FSCONFIG_SET_STRING, "mode", "555", 0);
	TRY(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
	*ret_tree = (int)TRY(fsmount, context, FSMOUNT_CLOEXEC,
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	TRY(close, context);
	return DONE;
}

struct outcome step_mask(struct actor *actor, const void *record)
{
	const struct step_mask *step = record;
	struct stat stat;
	int target = -1;
	int tree = -1;
	struct outcome outcome = path_open(actor, plan_string(actor->plan, step->target), O_PATH, 0, &target);
	if (outcome.error == SYS_ENOENT || outcome.error == SYS_ENOTDIR)
		return DONE;
	PASS(outcome);
	TRY(fstat, target, &stat);
	if ((stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR) {
		PASS(empty_directory(&tree));
	} else {
		// The host's own null, checked; a container's could be a link to what it wants to see. CVE-2025-31133
		PASS(device_tree("/dev/null", device_number(1, 3), &tree));
		PASS(set_attributes(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0));
	}
	return path_cover(tree, target);
}

struct outcome step_readonly_path(struct actor *actor, const void *record)
{
	const struct step_readonly_path *step = record;
	int target = -1;
	int tree = -1;
	struct outcome outcome = path_open(actor, plan_string(actor->plan, step->target), O_PATH, 0, &target);
	if (outcome.error == SYS_ENOENT || outcome.error == SYS_ENOTDIR)
		return DONE;
	PASS(outcome);
	PASS(copy_tree(target, "", AT_EMPTY_PATH | TREE_RECURSIVE, &tree));
	PASS(set_attributes(tree, MOUNT_ATTR_RDONLY, TREE_RECURSIVE));
	return path_cover(tree, target);
}

struct outcome step_propagation(struct actor *actor, const void *record)
{
	const struct step_propagation *step = record;
	struct mount_attr attr = {.propagation = step->type};
	int target = -1;
	PASS(path_open(actor, plan_string(actor->plan, step->target), O_PATH, 0, &target));
	TRY(mount_setattr, target, "", AT_EMPTY_PATH | TREE_RECURSIVE, &attr, sizeof(attr));
	TRY(close, target);
	return DONE;
}

struct outcome step_pivot_root(struct actor *actor, const void *record)
{
	(void)record;
	TRY(fchdir, actor->root);
	// With "." twice the old root lands on top of the new one, and no directory for it is needed. pivot_root(2)
	TRY(pivot_root, ".", ".");
	TRY(umount2, ".", SYS_MNT_DETACH);
	TRY(chdir, "/");
	return DONE;
}
