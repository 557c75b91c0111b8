// SPDX-License-Identifier: MIT
#include "guard.h"
#include <linux/prctl.h>
#include "kept.h"
#include "orphans.h"
#include "pids.h"
#include "supervisor.h"

enum {
	// So long Node waits for it.
	PATIENCE_NS = 1000000000,
	PAUSE_NS = 1000000,
	PAUSE_LAST_NS = 100000000,
};

int guard_is_needed(const struct plan *plan)
{
	const struct plan_header *header = plan->header;
	const struct record *record = plan_record(plan, header->steps_offset);
	for (uint32_t i = 0; i < header->steps_count; i++, record = plan_next(record)) {
		// A server runs no program, and starts nothing: it ends with its supervisor.
		if (record->op == STEP_SERVE || (record->op == STEP_INIT && header->clone & CLONE_NEWPID))
			return 0;
	}
	return 1;
}

// A supervisor that ends by itself leaves nobody.
static void end_orphans(const struct page *page)
{
	const struct cgroups cgroups = CGROUPS_NONE;
	const uint64_t began = timing_now();
	int64_t pause = PAUSE_NS;
	while (orphans_are_left()) {
		// Whose parent was killed is this process's child the next time.
		orphans_end(&cgroups, 0);
		if (timing_now() - began >= PATIENCE_NS) {
			// Node and who reads from the container wait no longer. The range of ids stays held.
			kept_close_others(0, page->slots, page->kept);
			pause = pause * 2 < PAUSE_LAST_NS ? pause * 2 : PAUSE_LAST_NS;
		}
		timing_pause(pause);
	}
}

struct outcome guard_make(struct supervisor *self)
{
	// Not CLONE_VM: neither can be hurt by the other's memory. It is waited for without a signal, by __WALL.
	struct clone_args args = {.flags = CLONE_FILES};
	const long pid = TRY(clone3, &args, sizeof(args));
	if (pid > 0) {
		pids_wait((int)pid, 0);
		end_orphans(self->page);
		sys_exit_group(0);
	}
	self->guarded = 1;
	// It is not inherited. prctl(2)
	TRY(prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0);
	return DONE;
}
