// SPDX-License-Identifier: MIT
// Acts that the host's own set-user-id programs perform: an ordinary user may map no ids but through them. newuidmap(1)
#include <linux/close_range.h>
#include "act.h"
#include "entry.h"
#include "memory.h"
#include "pids.h"
#include "text.h"
#include "watch.h"

enum { ARGUMENTS_BEFORE = 2 };

// argv of the helper: itself, the child's pid, then the numbers. In memory of the process that becomes the helper.
static struct outcome make_arguments(
	const struct supervisor *self, struct wire_bytes path, struct wire_list ranges, const char *const **ret_argv)
{
	size_t count = ARGUMENTS_BEFORE + (size_t)ranges.count;
	size_t vector = (count + 1) * sizeof(char *);
	void *memory;
	PASS(memory_private(vector + count * (TEXT_NUMBER_LONGEST + 1), &memory));
	const char **argv = memory;
	char *text = (char *)argv + vector;
	argv[0] = plan_string(&self->plan, path);
	for (size_t i = 1; i < count; i++) {
		uint64_t number = i == 1 ? (uint64_t)self->child
					 : plan_number_at(&self->plan, ranges, (uint32_t)(i - ARGUMENTS_BEFORE));
		argv[i] = text;
		// The memory is zero: each text ends where the next one begins, one byte later.
		text = text_number(text, number) + 1;
	}
	*ret_argv = argv;
	return DONE;
}

static struct outcome become_helper(
	const struct supervisor *self, struct wire_bytes path, struct wire_list ranges, int said)
{
	const char *const *argv;
	const char *const envp[] = {0};
	PASS(make_arguments(self, path, ranges, &argv));
	TRY(dup3, said, 2, 0);
	TRY(close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC);
	TRY(execve, plan_string(&self->plan, path), argv, envp);
	return DONE;
}

// What it says goes into the page's text, as far as there is room; the rest is read and lost, so that it never waits.
// Returns 0 where it is not waited for any longer.
static int listen(struct supervisor *self, int said)
{
	struct page *page = self->page;
	char lost[256];
	size_t length = 0;
	int waits;
	while ((waits = watch_for(self, said))) {
		size_t room = sizeof(page->text) - 1 - length;
		long count = room ? sys_read(said, page->text + length, room) : sys_read(said, lost, sizeof(lost));
		if (count == -SYS_EINTR)
			continue;
		if (count <= 0)
			break;
		length += room ? (size_t)count : 0;
	}
	page->text[length] = 0;
	return waits;
}

static struct outcome run_helper(struct supervisor *self, struct wire_bytes path, struct wire_list ranges)
{
	struct page *page = self->page;
	int said[2];
	int status = 0;
	// It takes the child's number for what /proc shows.
	PASS(entry_check());
	TRY(pipe2, said, O_CLOEXEC);
	page->helper = DONE;
	long pid = TRY(clone);
	if (pid == 0) {
		page->helper = become_helper(self, path, ranges, said[1]);
		sys_exit_group(127);
	}
	TRY(close, said[1]);
	self->broken_off = !listen(self, said[0]);
	TRY(close, said[0]);
	// It may wait for what never comes, such as a directory service. Its real user is this one still, whom kill(2)
	// asks for.
	if (self->broken_off && sys_kill((int)pid, SYS_SIGKILL) < 0)
		return REFUSED(kill, SYS_EINTR);
	pids_wait((int)pid, &status);
	if (self->broken_off)
		return REFUSED(wait4, SYS_EINTR);
	if (page->helper.error)
		return page->helper;
	page->helper_status = status;
	// It has said why; there is no error number for it.
	if (status != 0)
		return REFUSED(execve, SYS_EPERM);
	page->text[0] = 0;
	return DONE;
}

struct outcome act_newuidmap(struct supervisor *self, const struct step_newuidmap *step)
{
	return run_helper(self, step->path, step->ranges);
}

struct outcome act_newgidmap(struct supervisor *self, const struct step_newgidmap *step)
{
	return run_helper(self, step->path, step->ranges);
}
