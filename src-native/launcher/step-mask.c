// SPDX-License-Identifier: MIT
// Steps that put something over a single place: a device, nothing, or the same read-only.
#include "path.h"
#include "step.h"
#include "tree.h"

struct outcome step_device(struct child *child, const struct step_device *step)
{
	const char *target = plan_string(child->plan, step->target);
	int tree = -1;
	int file = -1;
	PASS(tree_device(plan_string(child->plan, step->source), step->major, step->minor, &tree));
	// Read-only is its inode, the host's: owner, mode and times. What is written goes to the device all the same.
	PASS(tree_set(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0));
	PASS(path_make_file(child, target, 0666, &file));
	return path_cover(tree, file);
}

struct outcome step_mask(struct child *child, const struct step_mask *step)
{
	struct stat stat;
	int target = -1;
	int tree = -1;
	struct outcome outcome = path_open(child, plan_string(child->plan, step->target), O_PATH, 0, &target);
	if (outcome.error == SYS_ENOENT || outcome.error == SYS_ENOTDIR)
		return DONE;
	PASS(outcome);
	TRY(fstat, target, &stat);
	if ((stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR) {
		PASS(tree_empty(&tree));
	} else {
		// The host's own null, checked; a container's could be a link to what it wants to see. CVE-2025-31133
		PASS(tree_device("/dev/null", 1, 3, &tree));
		PASS(tree_set(tree, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, 0));
	}
	return path_cover(tree, target);
}

struct outcome step_readonly_path(struct child *child, const struct step_readonly_path *step)
{
	int target = -1;
	int tree = -1;
	struct outcome outcome = path_open(child, plan_string(child->plan, step->target), O_PATH, 0, &target);
	if (outcome.error == SYS_ENOENT || outcome.error == SYS_ENOTDIR)
		return DONE;
	PASS(outcome);
	PASS(tree_copy(target, "", AT_EMPTY_PATH | AT_RECURSIVE, &tree));
	PASS(tree_set(tree, MOUNT_ATTR_RDONLY, AT_RECURSIVE));
	return path_cover(tree, target);
}
