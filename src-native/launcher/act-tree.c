// SPDX-License-Identifier: MIT
// Acts about trees that the container is to have: copies of the host's mounts, and whose files are whose in them.
#include "act.h"
#include "both.h"
#include "entry.h"
#include "tree.h"

struct outcome act_open_tree(struct supervisor *self, const struct step_open_tree *step)
{
	const unsigned int flags = AT_EMPTY_PATH | (step->recursive ? AT_RECURSIVE : 0);
	const int given = step->descriptor != NO_SLOT;
	int source = -1;
	int tree = -1;
	if (given == (step->source.length > 0))
		return REFUSED(open_tree, SYS_EINVAL);
	if (given)
		source = self->page->slots[step->descriptor];
	else
		PASS(both_open_source(&self->plan, step, &source));
	PASS(tree_copy(source, "", flags, &tree));
	if (!given)
		TRY(close, source);
	self->page->slots[step->slot] = tree;
	return DONE;
}

struct outcome act_idmap(struct supervisor *self, const struct step_idmap *step)
{
	int user_namespace = -1;
	if (step->namespace == NO_SLOT)
		PASS(entry_open(self->child, "ns/user", O_RDONLY, &user_namespace));
	else
		user_namespace = self->page->slots[step->namespace];
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_namespace};
	TRY(mount_setattr, self->page->slots[step->slot], "", AT_EMPTY_PATH | AT_RECURSIVE, &attr, sizeof(attr));
	if (step->namespace == NO_SLOT)
		TRY(close, user_namespace);
	return DONE;
}
