// SPDX-License-Identifier: MIT
// Acts about ids: who the container's users are on the host.
#include <linux/nsfs.h>
#include <linux/prctl.h>
#include "act.h"
#include "both.h"
#include "entry.h"
#include "map.h"
#include "pids.h"

static struct outcome write_map(const struct supervisor *self, const char *name, struct wire_list ranges)
{
	int file = -1;
	PASS(entry_open(self->child, name, O_WRONLY, &file));
	const struct outcome outcome = map_write(file, &self->plan, ranges);
	sys_close(file);
	return outcome;
}

// The user namespace above the child's, where that is not this process's own. -1: it is.
static struct outcome open_above(const struct supervisor *self, int *ret_namespace)
{
	struct stat above;
	struct stat own;
	int inner = -1;
	int ours = -1;
	PASS(entry_open(self->child, "ns/user", O_RDONLY, &inner));
	*ret_namespace = (int)TRY(ioctl, inner, NS_GET_PARENT, 0);
	TRY(close, inner);
	PASS(entry_open((int)sys_getpid(), "ns/user", O_RDONLY, &ours));
	TRY(fstat, *ret_namespace, &above);
	TRY(fstat, ours, &own);
	TRY(close, ours);
	if (above.st_dev != own.st_dev || above.st_ino != own.st_ino)
		return DONE;
	TRY(close, *ret_namespace);
	*ret_namespace = -1;
	return DONE;
}

static struct outcome write_map_in(const struct supervisor *self, int above, const char *name, struct wire_list ranges)
{
	TRY(setns, above, CLONE_NEWUSER);
	// A change of credentials may have it looked into. proc(5)
	TRY(prctl, PR_SET_DUMPABLE, 0, 0, 0);
	return write_map(self, name, ranges);
}

// A map is written from the namespace itself or from the one above. The child may have made one inside its first: then
// a process of its own goes there, since who has joined one does not come back. user_namespaces(7)
static struct outcome set_map(struct supervisor *self, const char *name, struct wire_list ranges)
{
	int above = -1;
	int status = 0;
	const struct outcome outcome = write_map(self, name, ranges);
	if (outcome.error != SYS_EPERM || open_above(self, &above).error || above < 0)
		return outcome;
	const int pid = (int)TRY(clone);
	if (pid == 0) {
		self->page->attempt = write_map_in(self, above, name, ranges);
		sys_exit_group(0);
	}
	TRY(close, above);
	const long waited = pids_wait(pid, &status);
	if (waited < 0 || status != 0)
		return REFUSED(wait4, waited < 0 ? -waited : SYS_ECHILD);
	return self->page->attempt;
}

struct outcome act_deny_setgroups(struct supervisor *self, const struct step_deny_setgroups *step)
{
	(void)step;
	return entry_write(self->child, "setgroups", "deny", 4);
}

struct outcome act_set_groups(struct supervisor *self, const struct step_set_groups *step)
{
	return both_set_groups(&self->plan, step);
}

struct outcome act_set_uid_map(struct supervisor *self, const struct step_set_uid_map *step)
{
	return set_map(self, "uid_map", step->ranges);
}

struct outcome act_set_gid_map(struct supervisor *self, const struct step_set_gid_map *step)
{
	return set_map(self, "gid_map", step->ranges);
}

struct outcome act_fchown(struct supervisor *self, const struct step_fchown *step)
{
	return both_fchown(self->page, step);
}
