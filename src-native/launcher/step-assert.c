// SPDX-License-Identifier: MIT
// The step that says what must be refused. It is tried in a process of its own, so that nothing of it stays here.
#include "memory.h"
#include "pids.h"
#include "step.h"

__attribute__((noreturn)) static void attempt(struct child *child, struct wire_list attempts)
{
	const struct record *record = plan_record(child->plan, attempts.offset);
	struct outcome outcome = child_hold(child);
	for (uint32_t i = 0; outcome.error == 0 && i < attempts.count; i++) {
		outcome = step_dispatch(child, record);
		record = plan_next(record);
	}
	child->page->attempt = outcome;
	sys_exit_group(0);
}

static int is_listed(const struct child *child, struct wire_list errnos, int32_t error)
{
	for (uint32_t i = 0; i < errnos.count; i++)
		if (plan_number_at(child->plan, errnos, i) == (uint64_t)error)
			return 1;
	return errnos.count == 0;
}

struct outcome step_assert_refused(struct child *child, const struct step_assert_refused *step)
{
	struct page *page = child->page;
	int32_t slots[SLOTS_MAX];
	const size_t size = child->plan->header->slots * sizeof(*slots);
	int status = 0;
	memcpy(slots, page->slots, size);
	const int pid = (int)TRY(clone);
	if (pid == 0)
		attempt(child, step->attempts);
	const long waited = pids_wait(pid, &status);
	if (waited < 0)
		return REFUSED(wait4, -waited);
	// What the attempt has opened ended with it, and what it had to say of its mounts and paths is not this step's.
	memcpy(page->slots, slots, size);
	page->path = 0;
	page->text[0] = 0;
	if (status != 0)
		return REFUSED(wait4, SYS_ECHILD);
	if (page->attempt.error == 0)
		return REFUSED(wait4, SYS_ECANCELED);
	return is_listed(child, step->errnos, page->attempt.error) ? DONE : page->attempt;
}
