// SPDX-License-Identifier: MIT
// What a server does with what is in slots: it opens, reads, writes, closes, and hands it over to Node.
#include "inside.h"
#include "memory.h"
#include "rights.h"
#include "serve.h"

static struct outcome check_kind(int fd, uint64_t kind)
{
	struct stat stat;
	TRY(fstat, fd, &stat);
	const uint32_t found = stat.st_mode & SYS_S_IFMT;
	if (found == kind)
		return DONE;
	if (kind == SYS_S_IFDIR)
		return REFUSED(openat2, SYS_ENOTDIR);
	if (found == SYS_S_IFDIR)
		return REFUSED(openat2, SYS_EISDIR);
	return REFUSED(openat2, found == SYS_S_IFLNK ? SYS_ELOOP : SYS_ENXIO);
}

// Somebody may put something else there in between.
static struct outcome make(const struct server *server, const struct step_open *step, int *ret_fd)
{
	PASS(inside_make(server, step->at, step->path, step->flags | (step->nofollow ? O_NOFOLLOW : 0),
		(uint32_t)step->mode, ret_fd));
	const struct outcome outcome = check_kind(*ret_fd, step->kind);
	if (outcome.error)
		sys_close(*ret_fd);
	return outcome;
}

struct outcome serve_open(struct server *server, const struct step_open *step)
{
	const int makes = (step->flags & O_CREAT) != 0;
	int fd = -1;
	int found = -1;
	struct outcome outcome = inside_find(server, step->at, step->path, !step->nofollow, &found);
	if (makes && (outcome.error == SYS_ENOENT || (step->flags & O_EXCL))) {
		if (found >= 0)
			sys_close(found);
		PASS(make(server, step, &fd));
		server_fill(server, step->slot, fd);
		return DONE;
	}
	PASS(outcome);
	outcome = check_kind(found, step->kind);
	if (outcome.error) {
		sys_close(found);
		return outcome;
	}
	const int directory = step->kind == SYS_S_IFDIR ? O_DIRECTORY : 0;
	PASS(inside_open(server, found, (int)(step->flags & ~(uint64_t)(O_CREAT | O_EXCL)) | directory, &fd));
	server_fill(server, step->slot, fd);
	return DONE;
}

struct outcome serve_close(struct server *server, const struct step_close *step)
{
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	server->slots[step->slot] = -1;
	// What was written may turn out to have no room only now.
	TRY(close, fd);
	return DONE;
}

struct outcome serve_pread(struct server *server, const struct step_pread *step)
{
	unsigned char *room;
	uint32_t size = 0;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(server_room(server, step->length, &room));
	while (size < step->length) {
		const long got = sys_pread64(fd, room + size, step->length - size, (long)(step->offset + size));
		if (got == -SYS_EINTR)
			continue;
		if (got < 0)
			return REFUSED(pread64, -got);
		if (got == 0)
			break;
		size += (uint32_t)got;
	}
	server_give(server, size);
	return DONE;
}

struct outcome serve_pwrite(struct server *server, const struct step_pwrite *step)
{
	const unsigned char *content = server->list.base + step->content.offset;
	uint32_t size = 0;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	while (size < step->content.length) {
		const long put =
			sys_pwrite64(fd, content + size, step->content.length - size, (long)(step->offset + size));
		if (put < 0 && put != -SYS_EINTR)
			return REFUSED(pwrite64, -put);
		size += put > 0 ? (uint32_t)put : 0;
	}
	return DONE;
}

struct outcome serve_sendfile(struct server *server, const struct step_sendfile *step)
{
	unsigned char *room;
	uint64_t size = 0;
	int from;
	int to;
	PASS(server_slot(server, step->slot, &from));
	PASS(server_slot(server, step->to, &to));
	PASS(server_room(server, sizeof(size), &room));
	PASS(server_copy(from, to, 0, step->length, &size));
	memcpy(room, &size, sizeof(size));
	server_give(server, sizeof(size));
	return DONE;
}

struct outcome serve_ftruncate(struct server *server, const struct step_ftruncate *step)
{
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	TRY(ftruncate, fd, step->length);
	return DONE;
}

struct outcome serve_getdents(struct server *server, const struct step_getdents *step)
{
	unsigned char *room;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(server_room(server, step->length, &room));
	server_give(server, (uint32_t)TRY(getdents64, fd, room, step->length));
	return DONE;
}

struct outcome serve_hand_over(struct server *server, const struct step_hand_over *step)
{
	int32_t descriptors[RECEIVED_MAX];
	const uint32_t count = step->slots.count;
	int lane;
	PASS(server_slot(server, step->lane, &lane));
	if (count == 0 || count > RECEIVED_MAX)
		return REFUSED(sendmsg, SYS_EINVAL);
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t slot = plan_number_at(&server->list, step->slots, i);
		if (slot == NO_SLOT)
			return REFUSED(sendmsg, SYS_EINVAL);
		PASS(server_slot(server, slot, &descriptors[i]));
	}
	// Who does not take them off keeps no list waiting.
	const long sent =
		rights_send(lane, &server->number, sizeof(server->number), descriptors, count, SYS_MSG_DONTWAIT);
	if (sent < 0)
		return REFUSED(sendmsg, -sent);
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t slot = plan_number_at(&server->list, step->slots, i);
		sys_close(server->slots[slot]);
		server->slots[slot] = -1;
	}
	return DONE;
}

struct outcome serve_take_over(struct server *server, const struct step_take_over *step)
{
	union {
		struct sys_cmsghdr head;
		char room[sizeof(struct sys_cmsghdr) + sizeof(int)];
	} control;
	uint32_t number;
	struct sys_iovec iov = {&number, sizeof(number)};
	struct sys_msghdr message = {
		.iov = &iov, .iov_count = 1, .control = &control, .control_length = sizeof(control)};
	int lane;
	int fd;
	PASS(server_slot(server, step->lane, &lane));
	// It was sent before this list was: where nothing is, nobody waits for it.
	TRY(recvmsg, lane, &message, SYS_MSG_CMSG_CLOEXEC | SYS_MSG_DONTWAIT);
	if (message.control_length < sizeof(control.head) + sizeof(int) || control.head.type != SYS_SCM_RIGHTS)
		return REFUSED(recvmsg, SYS_EBADF);
	memcpy(&fd, control.room + sizeof(control.head), sizeof(fd));
	server_fill(server, step->slot, fd);
	return DONE;
}
