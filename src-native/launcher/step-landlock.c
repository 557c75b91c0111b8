// SPDX-License-Identifier: MIT
// Steps of Landlock: a ruleset, its rules one by one, and the moment from which it holds. landlock(7)
#include "path.h"
#include "step.h"

// Of LANDLOCK_ACCESS_FS_*, what a rule about anything but a directory may allow: to execute, write, read, truncate, and
// ioctl(2) of devices. landlock_add_rule(2)
enum { ACCESS_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15 };

struct outcome step_create_ruleset(struct child *child, const struct step_create_ruleset *step)
{
	const struct sys_landlock_ruleset ruleset = {step->files, step->ports, step->scopes};
	// The kernel makes it close-on-exec.
	child->page->slots[step->slot] = (int)TRY(landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	return DONE;
}

struct outcome step_add_path_rule(struct child *child, const struct step_add_path_rule *step)
{
	struct stat stat;
	int target = -1;
	PASS(path_open(child, plan_string(child->plan, step->target), O_PATH, 0, &target));
	TRY(fstat, target, &stat);
	const int is_directory = (stat.st_mode & SYS_S_IFMT) == SYS_S_IFDIR;
	const struct sys_landlock_path rule = {
		.access = is_directory ? step->access : step->access & ACCESS_OF_FILES,
		.fd = target,
	};
	TRY(landlock_add_rule, child->page->slots[step->slot], SYS_LANDLOCK_RULE_PATH, &rule);
	TRY(close, target);
	return DONE;
}

struct outcome step_add_port_rule(struct child *child, const struct step_add_port_rule *step)
{
	const struct sys_landlock_port rule = {step->access, step->port};
	TRY(landlock_add_rule, child->page->slots[step->slot], SYS_LANDLOCK_RULE_PORT, &rule);
	return DONE;
}

struct outcome step_restrict_self(struct child *child, const struct step_restrict_self *step)
{
	TRY(landlock_restrict_self, child->page->slots[step->slot]);
	return DONE;
}
