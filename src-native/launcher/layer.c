// SPDX-License-Identifier: MIT
// A private layer is a small tmpfs over a directory, into which the directory's entries are bound one by one. What is
// written to them lands where it did before; what is missing is made beside them in memory.
#include "layer.h"
#include "text.h"
#include "tree.h"

// Each entry costs a mount, and so the time of a system call each in this and every later copy of them.
enum { LISTING = 8192, ENTRIES_MOST = 4096 };

static struct outcome note(struct owned *owned, int tree)
{
	struct stat stat;
	TRY(fstat, tree, &stat);
	// One that is not noted is taken for somebody else's: it gets a layer.
	if (owned->count < OWNED_MOST)
		owned->devices[owned->count++] = stat.st_dev;
	return DONE;
}

struct outcome layer_own(const struct child *child, int tree)
{
	return note(child->owned, tree);
}

static int holds(const uint64_t *devices, uint32_t count, uint64_t device)
{
	for (uint32_t i = count; i-- > 0;) {
		if (devices[i] == device)
			return 1;
	}
	return 0;
}

static struct outcome show_link(int entry, int layer, const char *name)
{
	char text[SYS_PATH_MAX];
	long length = TRY(readlinkat, entry, "", text, sizeof(text));
	if (length == sizeof(text))
		return REFUSED(readlinkat, SYS_ENAMETOOLONG);
	text[length] = 0;
	TRY(symlinkat, text, layer, name);
	return DONE;
}

// Shows in the layer what is called `name` below: the same mounts, with the same attributes.
static struct outcome show_entry(int below, int layer, const char *name)
{
	struct stat stat;
	long entry = sys_openat(below, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	if (entry == -SYS_ENOENT)
		return DONE; // Somebody has removed it meanwhile.
	if (entry < 0)
		return REFUSED(openat, -entry);
	TRY(fstat, (int)entry, &stat);
	uint32_t type = stat.st_mode & SYS_S_IFMT;
	if (type == SYS_S_IFLNK) {
		PASS(show_link((int)entry, layer, name));
		TRY(close, (int)entry);
		return DONE;
	}
	if (type == SYS_S_IFDIR) {
		TRY(mkdirat, layer, name, 0755);
	} else {
		int file = (int)TRY(openat, layer, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
		TRY(close, file);
	}
	int tree = -1;
	PASS(tree_copy((int)entry, "", AT_EMPTY_PATH | AT_RECURSIVE, &tree));
	TRY(move_mount, tree, "", layer, name, MOVE_MOUNT_F_EMPTY_PATH);
	TRY(close, tree);
	TRY(close, (int)entry);
	return DONE;
}

static struct outcome show_entries(int below, int layer, const char *without)
{
	_Alignas(struct sys_dirent64) char buffer[LISTING];
	uint32_t shown = 0;
	int list = (int)TRY(openat, below, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	for (;;) {
		long size = TRY(getdents64, list, buffer, sizeof(buffer));
		if (size == 0)
			break;
		for (long at = 0; at < size;) {
			const struct sys_dirent64 *entry = (const struct sys_dirent64 *)(buffer + at);
			at += entry->length;
			if (text_equal(entry->name, ".") || text_equal(entry->name, ".."))
				continue;
			if (without && text_equal(entry->name, without))
				continue;
			if (++shown > ENTRIES_MOST)
				return REFUSED(move_mount, SYS_ENOSPC);
			PASS(show_entry(below, layer, entry->name));
		}
	}
	TRY(close, list);
	return DONE;
}

static struct outcome new_layer(int below, int *ret_tree)
{
	struct stat stat;
	TRY(fstat, below, &stat);
	PASS(tree_memory(ret_tree));
	int root = (int)TRY(openat, *ret_tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	// The kernel refuses an owner who does not exist in the container: then it is the container's root.
	sys_fchown(root, stat.st_uid, stat.st_gid);
	TRY(fchmod, root, stat.st_mode & 07777);
	TRY(close, root);
	return DONE;
}

static struct outcome seal(int layer)
{
	// The file system, not a mount of it: where a layer lies below another one, that shows it by a second mount.
	int context = (int)TRY(fspick, layer, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
	TRY(fsconfig, context, FSCONFIG_SET_FLAG, "ro", 0, 0);
	TRY(fsconfig, context, FSCONFIG_CMD_RECONFIGURE, 0, 0, 0);
	TRY(close, context);
	return DONE;
}

// Takes the place of what is called `name` in the plan's own file system. In a layer that is a mount, which stays below
// another layer.
static struct outcome give_way(const struct owned *owned, int parent, uint64_t device, const char *name, int *ret_again)
{
	long removed = name ? sys_unlinkat(parent, name, 0) : 0;
	*ret_again = removed == -SYS_EBUSY && holds(owned->layer_devices, owned->layer_count, device);
	if (removed < 0 && removed != -SYS_ENOENT && !*ret_again)
		return REFUSED(unlinkat, -removed);
	return DONE;
}

static struct outcome refuse_directory(int parent, const char *name)
{
	struct stat stat;
	if (name && sys_newfstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW) == 0 &&
		(stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR)
		return REFUSED(unlinkat, SYS_EISDIR);
	return DONE;
}

static struct outcome cover(struct child *child, int *parent, const char *without)
{
	struct owned *owned = child->owned;
	struct stat stat;
	int is_root = 0;
	int tree = -1;
	if (owned->layer_count == LAYERS_MOST)
		return REFUSED(fsmount, SYS_ENOSPC);
	PASS(tree_same(*parent, child->root, &is_root));
	PASS(new_layer(*parent, &tree));
	TRY(move_mount, tree, "", *parent, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	PASS(show_entries(*parent, tree, without));
	PASS(note(owned, tree));
	TRY(fstat, tree, &stat);
	owned->layer_devices[owned->layer_count] = stat.st_dev;
	owned->layers[owned->layer_count++] = tree;
	TRY(close, *parent);
	*parent = (int)TRY(fcntl, tree, F_DUPFD_CLOEXEC, 3);
	if (is_root) {
		child->root = tree;
		child->roots++;
	}
	return DONE;
}

struct outcome layer_open(struct child *child, int *parent, const char *without)
{
	const struct owned *owned = child->owned;
	struct stat stat;
	int again = 0;
	// In mounts that others see as well there can be no layer: then it is made where it was asked for.
	if (!owned->has_mounts)
		return DONE;
	PASS(refuse_directory(*parent, without));
	TRY(fstat, *parent, &stat);
	if (holds(owned->devices, owned->count, stat.st_dev)) {
		PASS(give_way(owned, *parent, stat.st_dev, without, &again));
		if (!again)
			return DONE;
	}
	return cover(child, parent, without);
}

struct outcome layer_has(const struct child *child, int place, int *ret_has)
{
	const struct owned *owned = child->owned;
	struct stat stat;
	TRY(fstat, place, &stat);
	*ret_has = holds(owned->layer_devices, owned->layer_count, stat.st_dev);
	return DONE;
}

struct outcome layer_seal(const struct child *child)
{
	struct owned *owned = child->owned;
	for (uint32_t i = 0; i < owned->layer_count; i++)
		PASS(seal(owned->layers[i]));
	// The descriptors stay, one may be the root; the ending closes them.
	owned->layer_count = 0;
	return DONE;
}
