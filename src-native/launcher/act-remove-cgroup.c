// SPDX-License-Identifier: MIT
// The act that removes a cgroup: it ends what is in it, and removes what is left in it of others.
#include "act.h"
#include "text.h"

enum { TRIES = 1000, PAUSE_NS = 1000000, PAUSES_DOUBLED = 5, LOCKS_HONOURED = 250 };

// A cgroup of a command that had entered. Its own supervisor removes it, which holds its lock, unless that was killed.
static void remove_below(int directory, const char *name, int is_patient)
{
	const int below = (int)sys_openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (below < 0)
		return;
	if (!is_patient || sys_flock(below, SYS_LOCK_EX | SYS_LOCK_NB) == 0) {
		cgroup_end(below);
		sys_unlinkat(directory, name, SYS_AT_REMOVEDIR);
	}
	sys_close(below);
}

// All that is below it. Nothing is deeper: cgroups are shown to a container, and given to none.
static void remove_all_below(int directory, int is_patient)
{
	_Alignas(struct sys_dirent64) char entries[4096];
	// A position of its own, from the beginning each time.
	const int list = (int)sys_openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	long size;
	while (list >= 0 && (size = sys_getdents64(list, entries, sizeof(entries))) > 0) {
		for (long at = 0; at < size;) {
			const struct sys_dirent64 *entry = (const struct sys_dirent64 *)(entries + at);
			if (entry->type == SYS_DT_DIR && !text_equal(entry->name, ".") &&
				!text_equal(entry->name, ".."))
				remove_below(directory, entry->name, is_patient);
			at += entry->length;
		}
	}
	if (list >= 0)
		sys_close(list);
}

// Returns what the last try to remove it has come to.
static long remove(struct supervisor *self, const struct cgroup *cgroup, int tries)
{
	long removed = 0;
	for (int i = 0; i < tries; i++) {
		removed = sys_unlinkat(cgroup->base, cgroup->name, SYS_AT_REMOVEDIR);
		if (removed != -SYS_EBUSY)
			break;
		// A process that has ended may still be counted for a moment.
		cgroups_end(&self->cgroups);
		cgroup_end(cgroup->directory);
		cgroups_thaw(&self->cgroups);
		remove_all_below(cgroup->directory, i < LOCKS_HONOURED);
		timing_pause((int64_t)PAUSE_NS << (i < PAUSES_DOUBLED ? 0 : 2));
	}
	return removed;
}

struct outcome act_remove_cgroup(struct supervisor *self, const struct step_remove_cgroup *step)
{
	struct cgroup *cgroup = self->cgroups.held;
	int directory = self->page->slots[step->slot];
	while (cgroup < self->cgroups.held + self->cgroups.count && cgroup->directory != directory)
		cgroup++;
	// It was not made: what stands before it in the plan was refused.
	if (directory < 0 || cgroup == self->cgroups.held + self->cgroups.count)
		return DONE;
	// Where somebody is left there is another time. reap.c
	const int is_last = self->notices.exited.left != LEFT_SOMEBODY;
	const long removed = remove(self, cgroup, is_last ? TRIES : 1);
	if (removed == -SYS_EBUSY && !is_last)
		return DONE;
	if (removed < 0 && removed != -SYS_ENOENT)
		return REFUSED(unlinkat, -removed);
	// One that is in another container's leaves that alone.
	if (!cgroup->base_name)
		return DONE;
	int parent = (int)TRY(openat, cgroup->base, "..", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	// Refused where another container's is in it.
	sys_unlinkat(parent, cgroup->base_name, SYS_AT_REMOVEDIR);
	sys_close(parent);
	return DONE;
}
