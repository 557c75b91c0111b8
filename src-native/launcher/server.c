// SPDX-License-Identifier: MIT
#include "server.h"
#include "clear.h"
#include "memory.h"
#include "serve.h"

struct outcome server_room(struct server *server, uint64_t most, unsigned char **ret_room)
{
	const uint32_t head = sizeof(uint32_t);
	if (server->used + head + most > SERVER_ANSWER_MAX)
		return REFUSED(read, SYS_EMSGSIZE);
	*ret_room = server->answer + server->used + head;
	return DONE;
}

void server_give(struct server *server, uint32_t size)
{
	memcpy(server->answer + server->used, &size, sizeof(size));
	server->used += (uint32_t)sizeof(size) + size;
}

struct outcome server_slot(const struct server *server, uint64_t slot, int *ret_fd)
{
	*ret_fd = server->slots[slot];
	return *ret_fd < 0 ? REFUSED(fcntl, SYS_EBADF) : DONE;
}

void server_fill(struct server *server, uint64_t slot, int fd)
{
	if (server->slots[slot] >= 0)
		sys_close(server->slots[slot]);
	server->slots[slot] = fd;
	server->is_new[slot] = 1;
}

struct outcome server_copy(int from, int into, uint64_t *offset, uint64_t length, uint64_t *ret_size)
{
	*ret_size = 0;
	while (*ret_size < length) {
		const long sent = sys_sendfile(into, from, offset, length - *ret_size);
		if (sent < 0 && sent != -SYS_EINTR)
			return REFUSED(sendfile, -sent);
		if (sent == 0)
			break;
		*ret_size += sent > 0 ? (uint64_t)sent : 0;
	}
	return DONE;
}

// One file that was read would be half a megabyte for as long as the container stays. Not at once: what follows uses it
// again.
static void trim_when_calm(struct server *server)
{
	const struct sys_timespec calm = {0, 50000000};
	struct pollfd asked = {.fd = server->requests, .events = POLLIN};
	if (server->is_trimmed || sys_ppoll(&asked, 1, &calm) != 0)
		return;
	memory_forget(server->request, SERVER_REQUEST_MAX);
	memory_forget(server->answer, SERVER_ANSWER_MAX);
	// What the child and its maker had there. A server's own stands elsewhere.
	memory_forget_statics();
	memory_trim();
	server->is_trimmed = 1;
}

// Takes the next request whole. Returns 0 where nobody can ask any more, or what was said is no request.
static const struct server_request *next_request(struct server *server)
{
	const struct server_request *request = (const struct server_request *)server->request;
	size_t size = 0;
	trim_when_calm(server);
	// The next one comes when this one is answered: nothing is behind it.
	while (size < sizeof(*request) || size < request->size) {
		const long got = sys_read(server->requests, server->request + size, SERVER_REQUEST_MAX - size);
		if (got == -SYS_EINTR)
			continue;
		if (got <= 0)
			return 0;
		size += (size_t)got;
		if (size >= sizeof(*request) && request->size > SERVER_REQUEST_MAX)
			return 0;
	}
	server->is_trimmed = 0;
	if (size != request->size || plan_check_served(server->request, size, server->slot_count))
		return 0;
	return request;
}

// Returns whether somebody takes it.
static int send_answer(const struct server *server)
{
	for (size_t sent = 0; sent < server->used;) {
		struct sys_iovec iov = {server->answer + sent, server->used - sent};
		const struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
		const long result = sys_sendmsg(server->requests, &message, SYS_MSG_NOSIGNAL);
		if (result < 0 && result != -SYS_EINTR)
			return 0;
		sent += result > 0 ? (size_t)result : 0;
	}
	return 1;
}

// What a refused list has opened would stay open, and nobody knows which slots that are.
static void close_new(struct server *server)
{
	for (uint32_t i = 0; i < server->slot_count; i++) {
		if (!server->is_new[i] || server->slots[i] < 0)
			continue;
		sys_close(server->slots[i]);
		server->slots[i] = -1;
	}
}

static void perform(struct server *server, const struct server_request *request)
{
	const struct record *record = (const struct record *)(request + 1);
	struct server_answer answer = {.number = request->number};
	memset(server->is_new, 0, server->slot_count);
	server->number = request->number;
	server->used = sizeof(answer);
	for (; answer.done < request->count; record = plan_next(record), answer.done++) {
		const struct outcome outcome = serve_dispatch(server, record);
		if (!outcome.error)
			continue;
		answer.syscall = outcome.syscall;
		answer.error = outcome.error;
		close_new(server);
		break;
	}
	answer.size = server->used;
	memcpy(server->answer, &answer, sizeof(answer));
}

// What it keeps for somebody is of no use to anybody else. Those who use it still have it until they have ended.
static void clear_in_the_end(const struct server *server)
{
	const struct flock all = {.l_type = F_WRLCK};
	if (server->clears == NO_SLOT || server->slots[server->clears] < 0)
		return;
	if (server->lock != NO_SLOT && server->slots[server->lock] >= 0)
		while (sys_fcntl(server->slots[server->lock], F_OFD_SETLKW, (long)&all) == -SYS_EINTR)
			;
	clear_directory(server->slots[server->clears]);
}

void server_run(struct server *server)
{
	const struct server_request *request;
	while ((request = next_request(server))) {
		perform(server, request);
		if (!send_answer(server))
			break;
	}
	clear_in_the_end(server);
	sys_exit_group(0);
}
