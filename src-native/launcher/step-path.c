// SPDX-License-Identifier: MIT
// Steps that make directories, files and links inside, write to a file there, lock it, or enter a directory.
#include <linux/magic.h>
#include "layer.h"
#include "path.h"
#include "step.h"
#include "text.h"
#include "tree.h"

struct outcome step_open_directory(struct child *child, const struct step_open_directory *step)
{
	const char *path = plan_string(child->plan, step->path);
	child->page->slots[step->slot] = (int)TRY(openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	return DONE;
}

struct outcome step_directory(struct child *child, const struct step_directory *step)
{
	return path_make_directory(child, plan_string(child->plan, step->target), (uint32_t)step->mode);
}

static struct outcome write_all(const struct child *child, struct wire_bytes content, int file)
{
	const unsigned char *at = child->plan->base + content.offset;
	for (uint32_t left = content.length; left;) {
		uint32_t written = (uint32_t)TRY(write, file, at, left);
		at += written;
		left -= written;
	}
	return DONE;
}

static struct outcome write_whole(const struct child *child, struct wire_bytes content, int file)
{
	PASS(write_all(child, content, file));
	TRY(close, file);
	return DONE;
}

// Covers the file that is there by one in memory, read-only: the one below stays as it is.
static struct outcome cover_file(const struct child *child, const struct step_file *step, int target)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};
	if (!child->owned->has_mounts)
		return REFUSED(openat, SYS_EEXIST);
	int memory = -1;
	PASS(tree_memory(&memory));
	int file = (int)TRY(openat, memory, "file", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (uint32_t)step->mode);
	PASS(write_whole(child, step->content, file));
	// The kernel copies a part of a detached mount since 6.15 only: for that it is attached for a moment.
	// open_tree(2)
	TRY(move_mount, memory, "", child->root, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	int tree = (int)TRY(open_tree, memory, "file", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	TRY(fchdir, memory);
	TRY(umount2, ".", SYS_MNT_DETACH);
	TRY(chdir, "/");
	TRY(close, memory);
	TRY(mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr));
	return path_cover(tree, target);
}

struct outcome step_file(struct child *child, const struct step_file *step)
{
	const char *target = plan_string(child->plan, step->target);
	int file = -1;
	struct outcome outcome = path_open(child, target, O_PATH, 0, &file);
	if (outcome.error == 0)
		return cover_file(child, step, file);
	if (outcome.error != SYS_ENOENT)
		return outcome;
	PASS(path_make_file(child, target, (uint32_t)step->mode, &file));
	return write_whole(child, step->content, file);
}

// A name that nothing in any directory has, and that nobody knows before.
static struct outcome make_name(char *ret_name)
{
	uint64_t number;
	TRY(getrandom, &number, sizeof(number), 0);
	*text_number(text_copy(ret_name, ".carrel-"), number) = 0;
	return DONE;
}

// The mode last: a write by who is not root takes set-id bits away. The file is in its place when it is whole.
static struct outcome fill_and_rename(const struct child *child, const struct step_replace_file *step, int file,
	int above, const char *aside, const char *name)
{
	PASS(write_all(child, step->content, file));
	TRY(fchmod, file, (uint32_t)step->mode);
	TRY(close, file);
	TRY(renameat, above, aside, above, name);
	return DONE;
}

struct outcome step_replace_file(struct child *child, const struct step_replace_file *step)
{
	char aside[32];
	const char *name;
	int above = -1;
	PASS(path_make_above(child, plan_string(child->plan, step->target), &above, &name));
	PASS(make_name(aside));
	int file = (int)TRY(openat, above, aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	const struct outcome outcome = fill_and_rename(child, step, file, above, aside, name);
	// A container that stays would keep it.
	if (outcome.error)
		sys_unlinkat(above, aside, 0);
	sys_close(above);
	return outcome;
}

struct outcome step_sysctl(struct child *child, const struct step_sysctl *step)
{
	struct sys_statfs statfs;
	int base = -1;
	int file = -1;
	// The real /proc, or the write would land in a file of the image's. CVE-2025-52881
	PASS(path_open(child, "/proc/sys", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS, &base));
	TRY(fstatfs, base, &statfs);
	if (statfs.type != PROC_SUPER_MAGIC)
		return REFUSED(fstatfs, SYS_EINVAL);
	PASS(path_open_below(
		base, plan_string(child->plan, step->path), O_WRONLY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV, &file));
	TRY(write, file, plan_string(child->plan, step->value), step->value.length);
	TRY(close, file);
	TRY(close, base);
	return DONE;
}

struct outcome step_symlink(struct child *child, const struct step_symlink *step)
{
	int parent = -1;
	const char *name;
	PASS(path_parent(child, plan_string(child->plan, step->target), &parent, &name));
	TRY(symlinkat, plan_string(child->plan, step->text), parent, name);
	TRY(close, parent);
	return DONE;
}

// Opens what `place` holds for reading, and locks it for as long as that is open: then no other plan takes it away.
// What this user may not read is none of carrel's making. Nothing but a directory or a file is opened at all.
static struct outcome hold_target(int place, int *ret_fd)
{
	char path[32];
	struct stat stat;
	TRY(fstat, place, &stat);
	*ret_fd = -1;
	if ((stat.st_mode & SYS_S_IFMT) != SYS_S_IFDIR && (stat.st_mode & SYS_S_IFMT) != SYS_S_IFREG)
		return DONE;
	*text_number(text_copy(path, "/proc/self/fd/"), (uint64_t)place) = 0;
	long fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC, 0);
	if (fd == -SYS_EACCES)
		return DONE;
	if (fd < 0)
		return REFUSED(openat, -fd);
	TRY(flock, (int)fd, SYS_LOCK_SH | SYS_LOCK_NB);
	// Removed between the two: it would be mounted on, and seen by nobody.
	TRY(fstat, (int)fd, &stat);
	if (stat.st_nlink == 0)
		return REFUSED(flock, SYS_ENOENT);
	*ret_fd = (int)fd;
	return DONE;
}

static struct outcome make_empty(int parent, const char *name, uint64_t type, int *ret_made)
{
	long made;
	if (type == SYS_S_IFDIR) {
		made = sys_mkdirat(parent, name, 0755);
	} else {
		made = sys_openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (made >= 0)
			TRY(close, (int)made);
	}
	*ret_made = made >= 0;
	if (made < 0 && made != -SYS_EEXIST)
		return type == SYS_S_IFDIR ? REFUSED(mkdirat, -made) : REFUSED(openat, -made);
	return DONE;
}

struct outcome step_make_target(struct child *child, const struct step_make_target *step)
{
	int parent = -1;
	int place = -1;
	int made = 0;
	int passing = 0;
	const char *name;
	PASS(path_above(child, plan_string(child->plan, step->target), &parent, &name));
	PASS(layer_has(child, parent, &passing));
	PASS(make_empty(parent, name, step->type, &made));
	if (made)
		place = (int)TRY(openat, parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	else
		PASS(path_open(child, plan_string(child->plan, step->target), O_PATH, 0, &place));
	PASS(hold_target(place, &child->page->slots[step->slot]));
	TRY(close, place);
	if (made && !passing)
		child->page->slots[step->parent] = parent;
	else
		TRY(close, parent);
	return DONE;
}

static struct outcome enter(const struct child *child, const char *path)
{
	int directory = -1;
	PASS(path_open(child, path, O_PATH | O_DIRECTORY, 0, &directory));
	TRY(fchdir, directory);
	TRY(close, directory);
	return DONE;
}

static int is_missing(struct outcome outcome)
{
	return outcome.error == SYS_ENOENT || outcome.error == SYS_ENOTDIR;
}

struct outcome step_chdir(struct child *child, const struct step_chdir *step)
{
	const struct outcome first = enter(child, plan_string(child->plan, step->target));
	struct outcome outcome = first;
	for (uint32_t i = 0; is_missing(outcome) && i < step->alternatives.count; i++) {
		outcome = enter(child, plan_string_at(child->plan, step->alternatives, i));
		child->page->path = i + 1;
	}
	if (!is_missing(outcome))
		return outcome;
	child->page->path = 0;
	return first;
}

// What can be read only: a descriptor of a path alone takes no fchmod. One that would wait, such as a FIFO, does not.
static struct outcome open_to_read(const struct child *child, struct wire_bytes path, int *ret_file)
{
	return path_open(child, plan_string(child->plan, path), O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, ret_file);
}

struct outcome step_chmod(struct child *child, const struct step_chmod *step)
{
	int file = -1;
	PASS(open_to_read(child, step->target, &file));
	TRY(fchmod, file, (uint32_t)step->mode);
	TRY(close, file);
	return DONE;
}

struct outcome step_copy_permissions(struct child *child, const struct step_copy_permissions *step)
{
	struct stat stat;
	int model = -1;
	int target = -1;
	PASS(path_open(child, plan_string(child->plan, step->model), O_PATH | O_DIRECTORY, 0, &model));
	TRY(fstat, model, &stat);
	TRY(close, model);
	PASS(open_to_read(child, step->target, &target));
	TRY(fchown, target, stat.st_uid, stat.st_gid);
	TRY(fchmod, target, stat.st_mode & 07777);
	TRY(close, target);
	return DONE;
}

struct outcome step_set_xattr(struct child *child, const struct step_set_xattr *step)
{
	int file = -1;
	PASS(open_to_read(child, step->target, &file));
	TRY(fsetxattr, file, plan_string(child->plan, step->name), plan_string(child->plan, step->value),
		step->value.length);
	TRY(close, file);
	return DONE;
}

struct outcome step_lock_file(struct child *child, const struct step_lock_file *step)
{
	const struct flock all = {.l_type = F_RDLCK};
	int file = -1;
	// The supervisor has it by the descriptors that both share. Behind init this one would end with exec.
	if (child->owns_files)
		return REFUSED(fcntl, SYS_EINVAL);
	PASS(open_to_read(child, step->target, &file));
	// Of the open file, not of the process: closing another descriptor of it would end that one. fcntl(2)
	TRY(fcntl, file, F_OFD_SETLK, (long)&all);
	child->page->held[step->slot] = 1;
	child->page->slots[step->slot] = file;
	return DONE;
}
