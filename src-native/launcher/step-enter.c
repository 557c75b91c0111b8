// SPDX-License-Identifier: MIT
// The step that goes on in a pid namespace which others are in already. They may be hostile, and look at whatever
// appears among them from its first moment on.
#include <linux/close_range.h>
#include "memory.h"
#include "report.h"
#include "step.h"

// The lowest kept descriptor from `from` on; -1: there is none.
static int next_kept(const struct child *child, struct wire_list kept, int from)
{
	int next = child->report >= from ? child->report : -1;
	if (child->root >= from && (next < 0 || child->root < next))
		next = child->root;
	for (uint32_t i = 0; i < kept.count; i++) {
		const uint64_t slot = plan_number_at(child->plan, kept, i);
		const int fd = slot == NO_SLOT ? -1 : child->page->slots[slot];
		if (fd >= from && (next < 0 || fd < next))
			next = fd;
	}
	return next;
}

// The first three are /dev/null here.
static struct outcome close_others(const struct child *child, struct wire_list kept)
{
	int from = 3;
	for (int next; (next = next_kept(child, kept, from)) >= 0; from = next + 1)
		if (next > from)
			TRY(close_range, (unsigned int)from, (unsigned int)next - 1, 0);
	TRY(close_range, (unsigned int)from, ~0u, 0);
	return DONE;
}

// The supervisor believes what is in its page, and who may trace the new process could write it. That one has another.
static struct outcome leave_page(struct child *child)
{
	static struct page own;
	struct page *shared = child->page;
	own = *shared;
	child->page = &own;
	child->has_entered = 1;
	TRY(munmap, shared, sizeof(*shared));
	return DONE;
}

// Until the process that it comes from has told the supervisor of it, and only ends.
static struct outcome await_former(const int *pipe)
{
	char byte;
	long got;
	TRY(close, pipe[1]);
	do
		got = sys_read(pipe[0], &byte, 1);
	while (got == -SYS_EINTR);
	TRY(close, pipe[0]);
	return DONE;
}

struct outcome step_enter(struct child *child, const struct step_enter *step)
{
	int told[2];
	PASS(child_own_files(child));
	PASS(close_others(child, step->kept));
	PASS(leave_page(child));
	TRY(pipe2, told, O_CLOEXEC);
	const long forked = sys_clone_beside();
	if (forked < 0)
		return REFUSED(clone, -forked);
	if (forked > 0) {
		report_entered(child->report, (int32_t)forked);
		sys_close(told[1]);
		sys_exit_group(0);
	}
	PASS(await_former(told));
	// While the supervisor lives there is nothing to read: the socket tells of its death, as the pidfd has done.
	child->supervisor = child->report;
	PASS(child_hold(child));
	if (!child->keeps_session)
		TRY(setsid);
	return DONE;
}
