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

// What it knows, and right behind it the room for what it is asked: both are small most of the time.
static struct outcome make_room(uint32_t slots, struct server **ret_server)
{
	const size_t known = sizeof(struct server) + slots * (sizeof(int32_t) + sizeof(uint8_t));
	const size_t aligned = (known + sizeof(uint64_t) - 1) & -sizeof(uint64_t);
	void *memory;
	void *answer;
	PASS(memory_private(aligned + SERVER_REQUEST_MAX, &memory));
	PASS(memory_private(SERVER_ANSWER_MAX, &answer));
	struct server *server = memory;
	server->slot_count = slots;
	server->slots = (int32_t *)(server + 1);
	server->is_new = (uint8_t *)(server->slots + slots);
	server->request = (unsigned char *)memory + aligned;
	server->list.base = server->request;
	server->answer = answer;
	*ret_server = server;
	return DONE;
}

struct outcome step_serve(struct child *child, const struct step_serve *step)
{
	// A file that grows beyond RLIMIT_FSIZE is refused by EFBIG then. setrlimit(2)
	const struct sys_sigaction ignored = {.handler = SYS_SIG_IGN};
	struct server *server;
	PASS(make_room(child->plan->header->slots, &server));
	server->clears = step->clears;
	server->lock = step->lock;
	TRY(rt_sigaction, SYS_SIGXFSZ, &ignored);
	PASS(child_own_files(child));
	PASS(part(child, step, server));
	sys_umask(child->umask);
	memory_trim();
	server_run(server);
}
