// SPDX-License-Identifier: MIT
// What surrounds the steps of the container column: what every child does, then the list, then nothing.
#include <linux/close_range.h>
#include <linux/prctl.h>
#include "ahead.h"
#include "layer.h"
#include "networks.h"
#include "path.h"
#include "report.h"
#include "step.h"
#include "terminal.h"

__attribute__((noreturn)) static void refuse(const struct child *child, uint32_t list, struct outcome outcome)
{
	struct page *page = child->page;
	if (child->has_entered) {
		const struct report_refused refused = {page->index, page->path, outcome.syscall, outcome.error};
		report_refuse(child->report, &refused);
		sys_exit_group(STATUS_REFUSED);
	}
	page_refuse(page, list, outcome);
	sys_exit_group(STATUS_REFUSED);
}

// What needs no plan.
static struct outcome begin(struct child *child)
{
	PASS(child_hold(child));
	if (child->keeps_session)
		terminal_set_signals(0);
	else
		TRY(setsid);
	// The modes that steps ask for are the modes they get; exec sets the command's mask.
	sys_umask(0);
	child->umask = 022;
	return DONE;
}

__attribute__((noreturn)) static void perform(struct child *child)
{
	static struct owned owned;
	owned.has_mounts = (child->plan->header->clone & CLONE_NEWNS) != 0;
	child->owned = &owned;
	struct outcome outcome = path_set_root(child);
	if (outcome.error)
		refuse(child, LIST_STEPS, outcome);
	const struct record *record = plan_step(child->plan, 0);
	for (uint32_t i = 0; i < child->plan->header->steps_count;) {
		const int awaits = record->op == STEP_AWAIT_PLAN;
		for (uint32_t done = networks_take(child, record); done > 0; done--, i++)
			record = plan_next(record);
		__atomic_store_n(&child->page->index, i, __ATOMIC_RELAXED);
		timing_step(child->timing, i);
		outcome = step_dispatch(child, record);
		if (outcome.error)
			refuse(child, LIST_STEPS, outcome);
		// In its place the plan that has come has the next step.
		record = awaits ? plan_step(child->plan, i) : plan_next(record);
		i += !awaits;
	}
	sys_exit_group(STATUS_REFUSED);
}

void child_run(struct child *child)
{
	struct outcome outcome = begin(child);
	if (outcome.error)
		refuse(child, LIST_STEPS, outcome);
	perform(child);
}

struct outcome child_await_plan(struct child *child)
{
	static struct plan plan;
	uint32_t size = 0;
	int fd = -1;
	PASS(report_await_plan(child->report, &fd, &size));
	const long base = TRY(mmap, size, SYS_PROT_READ, SYS_MAP_PRIVATE, fd);
	TRY(close, fd);
	plan = (struct plan){(const unsigned char *)base, (const struct plan_header *)base};
	child->plan = &plan;
	return DONE;
}

// The mounts are those of the moment in which the plan comes.
static struct outcome await_first_plan(struct child *child)
{
	PASS(child_await_plan(child));
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	if (child->plan->header->clone & CLONE_NEWNS)
		TRY(unshare, CLONE_NEWNS);
	if (!child->page->renews_network && !child->renews_network)
		return DONE;
	networks_close(child->page);
	ahead_forget(child, CLONE_NEWNET);
	TRY(unshare, CLONE_NEWNET);
	return DONE;
}

void child_run_spare(struct child *child)
{
	const int dumpable = child->dumpable;
	// Nobody looks into it while it waits, however long that is.
	child->dumpable = 0;
	struct outcome outcome = begin(child);
	if (outcome.error == 0)
		outcome = ahead_ask(child, child->spare);
	if (outcome.error == 0 && child->networks && (child->spare & CLONE_NEWNET))
		networks_make(child, child->networks);
	if (outcome.error == 0)
		outcome = await_first_plan(child);
	child->dumpable = dumpable;
	if (outcome.error == 0 && dumpable)
		outcome = child_hold(child);
	if (outcome.error)
		refuse(child, LIST_CLONE, outcome);
	perform(child);
}

struct outcome child_hold(const struct child *child)
{
	TRY(prctl, PR_SET_PDEATHSIG, SYS_SIGKILL, 0, 0);
	TRY(prctl, PR_SET_DUMPABLE, (unsigned long)child->dumpable, 0, 0);
	// The supervisor may have died before the first line, or while a change of credentials had cleared the signal:
	// then no signal comes. The report socket does not end either, since the child shares the supervisor's
	// descriptors. prctl(2)
	struct pollfd death = {.fd = child->supervisor, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	if (TRY(ppoll, &death, 1, &now) > 0)
		return REFUSED(ppoll, SYS_ESRCH);
	return DONE;
}

struct outcome child_own_files(struct child *child)
{
	struct page *page = child->page;
	if (child->owns_files)
		return DONE;
	TRY(close_range, 3, ~0u, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC);
	for (uint32_t i = 0; i < child->plan->header->slots; i++)
		page->own[i] = page->slots[i] < 0;
	child->owns_files = 1;
	return DONE;
}
