// SPDX-License-Identifier: MIT
// The steps that make a server of the child.
#include "kept.h"
#include "memory.h"
#include "report.h"
#include "server.h"
#include "step.h"

// The plan's slots that it keeps, at the same numbers. All else is closed, and so the supervisor knows that it serves.
static struct outcome part(struct child *child, const struct step_serve *step, struct server *server)
{
	int32_t kept[SLOTS_MAX];
	uint32_t count = 0;
	server->slot_count = child->plan->header->slots;
	for (uint32_t i = 0; i < server->slot_count; i++)
		server->slots[i] = -1;
	if (step->kept.count > SLOTS_MAX - 2)
		return REFUSED(close_range, SYS_EINVAL);
	for (uint32_t i = 0; i < step->kept.count; i++) {
		const uint64_t slot = plan_number_at(child->plan, step->kept, i);
		if (slot == NO_SLOT)
			continue;
		server->slots[slot] = child->page->slots[slot];
		kept[count++] = child->page->slots[slot];
	}
	kept[count++] = server->requests = child->page->slots[step->requests];
	kept[count++] = server->own = child->page->slots[step->own];
	PASS(report_say(child->report, REPORT_COMMAND));
	kept_close_others(0, kept, count);
	return DONE;
}

struct outcome step_serve(struct child *child, const struct step_serve *step)
{
	static struct server server;
	// A file that grows beyond RLIMIT_FSIZE is refused by EFBIG then. setrlimit(2)
	const struct sys_sigaction ignored = {.handler = SYS_SIG_IGN};
	void *request;
	void *answer;
	PASS(memory_private(SERVER_REQUEST_MAX, &request));
	PASS(memory_private(SERVER_ANSWER_MAX, &answer));
	server.request = request;
	server.list.base = request;
	server.answer = answer;
	TRY(rt_sigaction, SYS_SIGXFSZ, &ignored);
	PASS(child_own_files(child));
	PASS(part(child, step, &server));
	sys_umask(child->umask);
	server_run(&server);
}
