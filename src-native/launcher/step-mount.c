// SPDX-License-Identifier: MIT
// Steps that mount. A mount is built detached and gets its attributes before it is attached: it is never seen half
// done.
#include "ahead.h"
#include "both.h"
#include "layer.h"
#include "path.h"
#include "step.h"
#include "memory.h"
#include "text.h"
#include "tree.h"

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

static struct outcome new_mount(const struct child *child, const struct step_mount *step, int context, int *ret_tree)
{
	for (uint32_t i = 0; i < step->options.count; i++)
		PASS(set_option(context, plan_string_at(child->plan, step->options, i)));
	TRY(fsconfig, context, FSCONFIG_CMD_CREATE, 0, 0, 0);
	// With its attributes from the beginning: where the sysfs around is read-only, the kernel gives a user
	// namespace no other one. mnt_already_visible() in fs/namespace.c
	uint32_t now = (uint32_t)(step->attributes & ~(uint64_t)MOUNT_ATTR_NOSYMFOLLOW);
	*ret_tree = (int)TRY(fsmount, context, FSMOUNT_CLOEXEC, now);
	// fsmount takes that one since 6.1 only. The mount is detached still.
	return tree_set(*ret_tree, step->attributes & MOUNT_ATTR_NOSYMFOLLOW, 0);
}

// What the kernel has to say about a refused mount: "e overlay: …", an error, after warnings. fsopen(2)
static void read_message(struct page *page, int context)
{
	long length;
	do {
		length = sys_read(context, page->text, sizeof(page->text) - 1);
		page->text[length > 0 ? length : 0] = 0;
	} while (length > 0 && page->text[0] != 'e');
}

static struct outcome attach(struct child *child, const struct step_mount *step, int tree, int target)
{
	if (step->own)
		PASS(layer_own(child, tree));
	return path_attach(child, tree, plan_string(child->plan, step->target), target);
}

struct outcome step_mount(struct child *child, const struct step_mount *step)
{
	const char *path = plan_string(child->plan, step->target);
	int target = -1;
	int tree = -1;
	PASS(path_target(child, path, O_DIRECTORY, step->nofollow ? RESOLVE_NO_SYMLINKS : 0, &target));
	if (ahead_take_sysfs(child, step, &tree))
		return attach(child, step, tree, target);
	int context = (int)TRY(fsopen, plan_string(child->plan, step->type), FSOPEN_CLOEXEC);
	// Options that are relative paths count from the target: one longer than 255 bytes would be refused. A user
	// who may not enter the directory may mount on it still. fsconfig(2)
	sys_fchdir(target);
	struct outcome outcome = new_mount(child, step, context, &tree);
	if (outcome.error) {
		read_message(child->page, context);
		return outcome;
	}
	if (step->slot != NO_SLOT)
		child->page->slots[step->slot] = (int)TRY(openat, AT_FDCWD, plan_string(child->plan, step->made),
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	TRY(chdir, "/");
	TRY(close, context);
	return attach(child, step, tree, target);
}

// Takes `depth` mounts off the attached mount `tree`: what lies on its root hides it. umount2(2)
static struct outcome uncover(int tree, uint32_t depth)
{
	TRY(fchdir, tree);
	for (uint32_t i = 0; i < depth; i++)
		TRY(umount2, ".", SYS_MNT_DETACH);
	TRY(chdir, "/");
	return DONE;
}

// Copies the tree that `source` holds. A recursive copy of the process's own root has also what this child has mounted
// on it, which would hide the host's. Only of an attached mount can that be taken off, so it is attached for a moment.
static struct outcome copy_source(const struct child *child, int source, unsigned int recursive, int *ret_tree)
{
	int is_root = 0;
	PASS(tree_copy(source, "", AT_EMPTY_PATH | recursive, ret_tree));
	if (!recursive || child->roots == 0)
		return DONE;
	int root = (int)TRY(openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	PASS(tree_same(source, root, &is_root));
	TRY(close, root);
	if (!is_root)
		return DONE;
	int copy = *ret_tree;
	TRY(move_mount, copy, "", child->root, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	PASS(uncover(copy, child->roots));
	PASS(tree_copy(copy, "", AT_EMPTY_PATH | recursive, ret_tree));
	PASS(uncover(copy, 1));
	TRY(close, copy);
	return DONE;
}

// Opens by its path what `descriptor` holds, which was opened in another mount namespace. It is the same file, or none.
static struct outcome find_again(int descriptor, int *ret_fd)
{
	char link[32];
	char path[SYS_PATH_MAX];
	struct stat given;
	struct stat found;
	TRY(fstat, descriptor, &given);
	*text_number(text_copy(link, "/proc/self/fd/"), (uint64_t)descriptor) = 0;
	long length = TRY(readlinkat, AT_FDCWD, link, path, sizeof(path));
	if (length == sizeof(path))
		return REFUSED(readlinkat, SYS_ENAMETOOLONG);
	path[length] = 0;
	*ret_fd = (int)TRY(open_tree, AT_FDCWD, path, OPEN_TREE_CLOEXEC);
	TRY(fstat, *ret_fd, &found);
	if (given.st_dev != found.st_dev || given.st_ino != found.st_ino)
		return REFUSED(fstat, SYS_ESTALE);
	return DONE;
}

struct outcome step_open_tree(struct child *child, const struct step_open_tree *step)
{
	int source = -1;
	int tree = -1;
	PASS(both_open_source(child->plan, step, &source));
	if (source < 0)
		PASS(find_again(child->page->slots[step->descriptor], &source));
	PASS(copy_source(child, source, step->recursive ? AT_RECURSIVE : 0, &tree));
	TRY(close, source);
	child->page->slots[step->slot] = tree;
	return DONE;
}

struct outcome step_capture_tree(struct child *child, const struct step_capture_tree *step)
{
	int place = -1;
	PASS(path_open(child, plan_string(child->plan, step->target), O_PATH | O_DIRECTORY, 0, &place));
	PASS(tree_copy(place, "", AT_EMPTY_PATH, &child->page->slots[step->slot]));
	TRY(close, place);
	return DONE;
}

// Makes what the tree can be attached to: a directory for a directory, an empty file for all else.
static struct outcome make_target(struct child *child, int tree, const char *target)
{
	struct stat stat;
	int file = -1;
	TRY(fstat, tree, &stat);
	if ((stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR)
		return path_make_directory(child, target, 0755);
	PASS(path_make_file(child, target, 0644, &file));
	TRY(close, file);
	return DONE;
}

struct outcome step_bind(struct child *child, const struct step_bind *step)
{
	const char *path = plan_string(child->plan, step->target);
	unsigned int recursive = step->recursive ? AT_RECURSIVE : 0;
	int tree = -1;
	int target = -1;
	if (step->slot == NO_SLOT) {
		int source = (int)TRY(open_tree, AT_FDCWD, plan_string(child->plan, step->source), OPEN_TREE_CLOEXEC);
		PASS(copy_source(child, source, recursive, &tree));
		TRY(close, source);
	} else {
		tree = child->page->slots[step->slot];
	}
	PASS(tree_set(tree, step->attributes, recursive));
	struct outcome outcome = path_target(child, path, 0, 0, &target);
	if (outcome.error == SYS_ENOENT && step->create) {
		PASS(make_target(child, tree, path));
		outcome = path_target(child, path, 0, 0, &target);
	}
	PASS(outcome);
	PASS(path_attach(child, tree, path, target));
	// It is closed, and the supervisor, which shares its number, may get it for something else.
	if (step->slot != NO_SLOT && tree != child->root && !child->owns_files)
		child->page->slots[step->slot] = -1;
	return DONE;
}

struct outcome step_mount_setattr(struct child *child, const struct step_mount_setattr *step)
{
	int target = -1;
	PASS(path_open(child, plan_string(child->plan, step->target), O_PATH, 0, &target));
	PASS(tree_set(target, step->attributes, 0));
	TRY(close, target);
	return DONE;
}

struct outcome step_propagation(struct child *child, const struct step_propagation *step)
{
	struct mount_attr attr = {.propagation = step->type};
	int target = -1;
	PASS(path_open(child, plan_string(child->plan, step->target), O_PATH, 0, &target));
	TRY(mount_setattr, target, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
	TRY(close, target);
	if (step->type == MS_UNBINDABLE)
		child->has_unbindable = 1;
	return DONE;
}

static struct outcome pivot(struct child *child)
{
	TRY(fchdir, child->root);
	// With "." twice the old root lands on top of the new one, and no directory for it is needed. pivot_root(2)
	TRY(pivot_root, ".", ".");
	// Each mount on the old "/" lies on the one before it, and only the topmost is found. The new root is the last
	// one, and the old root itself comes last.
	for (uint32_t i = 0; i < child->roots; i++)
		TRY(umount2, ".", SYS_MNT_DETACH);
	child->roots = 0;
	return DONE;
}

struct outcome step_pivot_root(struct child *child, const struct step_pivot_root *step)
{
	(void)step;
	int left = 0;
	PASS(layer_seal(child));
	PASS(ahead_leave(child, &left));
	PASS(left ? DONE : pivot(child));
	TRY(chdir, "/");
	return tree_is_top(child->root);
}

struct outcome step_omit(struct child *child, const struct step_omit *step)
{
	(void)child;
	(void)step;
	return DONE;
}
