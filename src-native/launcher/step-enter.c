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

struct outcome step_enter(struct child *child, const struct step_enter *step)
{
	struct page *shared = child->page;
	void *page;
	PASS(child_own_files(child));
	PASS(close_others(child, step->kept));
	// The supervisor believes what is in its page, and who may trace the new process could write it.
	PASS(memory_shared(sizeof(*shared), &page));
	memcpy(page, shared, sizeof(*shared));
	TRY(madvise, shared, sizeof(*shared), SYS_MADV_DONTFORK);
	const long forked = sys_clone_beside(&shared->entered);
	if (forked < 0)
		return REFUSED(clone, -forked);
	if (forked > 0)
		sys_exit_group(0);
	child->page = page;
	child->has_entered = 1;
	// While the supervisor lives there is nothing to read: the socket tells of its death, as the pidfd has done.
	child->supervisor = child->report;
	PASS(child_hold(child));
	if (!child->keeps_session)
		TRY(setsid);
	return DONE;
}
