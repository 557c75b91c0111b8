// SPDX-License-Identifier: MIT
// Acts about trees that the container is to have: copies of the host's mounts, and whose files are whose in them.
#include "act.h"
#include "both.h"
#include "entry.h"
#include "tree.h"

struct outcome act_open_tree(struct supervisor *self, const struct step_open_tree *step)
{
	const unsigned int flags = AT_EMPTY_PATH | (step->recursive ? AT_RECURSIVE : 0);
	int opened = -1;
	int tree = -1;
	PASS(both_open_source(&self->plan, step, &opened));
	PASS(tree_copy(opened < 0 ? self->page->slots[step->descriptor] : opened, "", flags, &tree));
	if (opened >= 0)
		TRY(close, opened);
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
