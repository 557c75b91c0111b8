// SPDX-License-Identifier: MIT
// Steps about ids: who the container's users are on the host, and who the command is inside.
#include <linux/prctl.h>
#include "child.h"
#include "entry.h"
#include "text.h"

// The kernel takes less than a page. user_namespaces(7)
enum { MAP_LONGEST = 4096, NUMBER_LONGEST = 21, RANGE_NUMBERS = 3, GROUPS_MOST = 256 };

static struct outcome write_map(const struct actor *actor, const char *name, struct wire_list ranges)
{
	char text[MAP_LONGEST + NUMBER_LONGEST];
	char *at = text;
	for (uint32_t i = 0; i < ranges.count; i++) {
		if (at >= text + MAP_LONGEST)
			return REFUSED(write, SYS_E2BIG);
		at = text_number(at, plan_number_at(actor->plan, ranges, i));
		*at++ = i % RANGE_NUMBERS == RANGE_NUMBERS - 1 ? '\n' : ' ';
	}
	return entry_write(actor, name, text, (size_t)(at - text));
}

struct outcome step_deny_setgroups(struct actor *actor, const void *record)
{
	(void)record;
	return entry_write(actor, "setgroups", "deny", 4);
}

struct outcome step_set_uid_map(struct actor *actor, const void *record)
{
	return write_map(actor, "uid_map", ((const struct step_set_uid_map *)record)->ranges);
}

struct outcome step_set_gid_map(struct actor *actor, const void *record)
{
	return write_map(actor, "gid_map", ((const struct step_set_gid_map *)record)->ranges);
}

struct outcome step_idmap(struct actor *actor, const void *record)
{
	const struct step_idmap *step = record;
	int user_namespace = -1;
	if (step->namespace == NO_SLOT)
		PASS(entry_open(actor, "ns/user", O_RDONLY, &user_namespace));
	else
		user_namespace = actor->page->slots[step->namespace];
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (uint64_t)user_namespace};
	TRY(mount_setattr, actor->page->slots[step->slot], "", AT_EMPTY_PATH | 0x8000 /* AT_RECURSIVE */, &attr,
		sizeof(attr));
	if (step->namespace == NO_SLOT)
		TRY(close, user_namespace);
	return DONE;
}

struct outcome step_fchown(struct actor *actor, const void *record)
{
	const struct step_fchown *step = record;
	struct stat stat;
	int fd = actor->page->slots[step->slot];
	TRY(fstat, fd, &stat);
	// A device stays its owner's: /dev/null once changed hands this way. CVE-2026-88265
	if ((stat.st_mode & SYS_S_IFMT) != SYS_S_IFIFO)
		return REFUSED(fchown, SYS_EINVAL);
	TRY(fchown, fd, (uint32_t)step->uid, (uint32_t)step->gid);
	return DONE;
}

struct outcome step_set_groups(struct actor *actor, const void *record)
{
	const struct step_set_groups *step = record;
	uint32_t groups[GROUPS_MOST];
	if (step->groups.count > GROUPS_MOST)
		return REFUSED(setgroups, SYS_EINVAL);
	for (uint32_t i = 0; i < step->groups.count; i++)
		groups[i] = (uint32_t)plan_number_at(actor->plan, step->groups, i);
	TRY(setgroups, step->groups.count, groups);
	return DONE;
}

struct outcome step_set_user(struct actor *actor, const void *record)
{
	const struct step_set_user *step = record;
	uint32_t uid = (uint32_t)step->uid;
	uint32_t gid = (uint32_t)step->gid;
	// Capabilities stay permitted, for the steps that follow; exec clears this flag. capabilities(7)
	TRY(prctl, PR_SET_KEEPCAPS, 1, 0, 0);
	TRY(setresgid, gid, gid, gid);
	TRY(setresuid, uid, uid, uid);
	return child_hold(actor);
}
