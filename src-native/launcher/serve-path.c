// SPDX-License-Identifier: MIT
// What a server does with what is at a path. Each is found once, and acted on by its descriptor.
#include "inside.h"
#include "memory.h"
#include "serve.h"

// Makes a call, and closes what it was about.
#define TRY_AND_CLOSE(found, name, ...)                      \
	do {                                                 \
		const long tried_ = sys_##name(__VA_ARGS__); \
		sys_close(found);                            \
		if (tried_ < 0)                              \
			return REFUSED(name, -tried_);       \
	} while (0)

static struct outcome tell(struct server *server, int fd)
{
	unsigned char *room;
	struct stat stat;
	TRY(fstat, fd, &stat);
	const struct server_stat told = {
		.ino = stat.st_ino,
		.dev = stat.st_dev,
		.size = (uint64_t)stat.st_size,
		.blocks = (uint64_t)stat.st_blocks,
		.atime_s = (int64_t)stat.st_atime,
		.mtime_s = (int64_t)stat.st_mtime,
		.ctime_s = (int64_t)stat.st_ctime,
		.atime_ns = (uint32_t)stat.st_atime_nsec,
		.mtime_ns = (uint32_t)stat.st_mtime_nsec,
		.ctime_ns = (uint32_t)stat.st_ctime_nsec,
		.mode = stat.st_mode,
		.nlink = (uint32_t)stat.st_nlink,
		.uid = stat.st_uid,
		.gid = stat.st_gid,
		.rdev = (uint32_t)stat.st_rdev,
	};
	PASS(server_room(server, sizeof(told), &room));
	memcpy(room, &told, sizeof(told));
	server_give(server, sizeof(told));
	return DONE;
}

struct outcome serve_fstat(struct server *server, const struct step_fstat *step)
{
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	return tell(server, fd);
}

struct outcome serve_stat(struct server *server, const struct step_stat *step)
{
	int found = -1;
	PASS(inside_find(server, step->at, step->path, !step->nofollow, &found));
	const struct outcome outcome = tell(server, found);
	sys_close(found);
	return outcome;
}

struct outcome serve_mkdirat(struct server *server, const struct step_mkdirat *step)
{
	const char *name;
	int above = -1;
	PASS(inside_above(server, step->at, step->path, &above, &name));
	TRY_AND_CLOSE(above, mkdirat, above, name, (uint32_t)step->mode);
	return DONE;
}

struct outcome serve_unlinkat(struct server *server, const struct step_unlinkat *step)
{
	const char *name;
	int above = -1;
	PASS(inside_above(server, step->at, step->path, &above, &name));
	TRY_AND_CLOSE(above, unlinkat, above, name, step->directory ? SYS_AT_REMOVEDIR : 0);
	return DONE;
}

// Two names, and what each stands in.
struct both_ends {
	int above;
	int to_above;
	const char *name;
	const char *to_name;
};

static struct outcome find_both(
	const struct server *server, uint64_t at, struct wire_bytes path, struct wire_bytes to, struct both_ends *ret)
{
	PASS(inside_above(server, at, path, &ret->above, &ret->name));
	const struct outcome outcome = inside_above(server, at, to, &ret->to_above, &ret->to_name);
	if (outcome.error)
		sys_close(ret->above);
	return outcome;
}

static void close_both(const struct both_ends *ends)
{
	sys_close(ends->above);
	sys_close(ends->to_above);
}

struct outcome serve_renameat(struct server *server, const struct step_renameat *step)
{
	struct both_ends ends = {-1, -1, 0, 0};
	PASS(find_both(server, NO_SLOT, step->path, step->to, &ends));
	const long renamed = sys_renameat(ends.above, ends.name, ends.to_above, ends.to_name);
	close_both(&ends);
	return renamed < 0 ? REFUSED(renameat, -renamed) : DONE;
}

struct outcome serve_linkat(struct server *server, const struct step_linkat *step)
{
	struct both_ends ends = {-1, -1, 0, 0};
	PASS(find_both(server, step->at, step->path, step->to, &ends));
	const long linked = sys_linkat(ends.above, ends.name, ends.to_above, ends.to_name);
	close_both(&ends);
	return linked < 0 ? REFUSED(linkat, -linked) : DONE;
}

struct outcome serve_symlinkat(struct server *server, const struct step_symlinkat *step)
{
	const char *name;
	int above = -1;
	PASS(inside_above(server, step->at, step->path, &above, &name));
	TRY_AND_CLOSE(above, symlinkat, plan_string(&server->list, step->text), above, name);
	return DONE;
}

struct outcome serve_readlinkat(struct server *server, const struct step_readlinkat *step)
{
	unsigned char *room;
	int found = -1;
	PASS(server_room(server, SYS_PATH_MAX, &room));
	PASS(inside_find(server, step->at, step->path, 0, &found));
	const long size = sys_readlinkat(found, "", (char *)room, SYS_PATH_MAX);
	sys_close(found);
	// Of what is no link it is told that there is nothing by that name. readlink(2)
	if (size < 0)
		return REFUSED(readlinkat, size == -SYS_ENOENT ? SYS_EINVAL : -size);
	server_give(server, (uint32_t)size);
	return DONE;
}

struct outcome serve_fchmodat(struct server *server, const struct step_fchmodat *step)
{
	char name[INSIDE_NAME_MAX];
	int found = -1;
	PASS(inside_find(server, step->at, step->path, 1, &found));
	inside_name(found, name);
	TRY_AND_CLOSE(found, fchmodat, server->own, name, (uint32_t)step->mode & 07777);
	return DONE;
}

struct outcome serve_fchownat(struct server *server, const struct step_fchownat *step)
{
	int found = -1;
	PASS(inside_find(server, step->at, step->path, !step->nofollow, &found));
	TRY_AND_CLOSE(found, fchownat, found, "", (uint32_t)step->uid, (uint32_t)step->gid, AT_EMPTY_PATH);
	return DONE;
}

struct outcome serve_utimensat(struct server *server, const struct step_utimensat *step)
{
	const struct sys_timespec times[2] = {
		{step->atime_s, (int64_t)step->atime_ns}, {step->mtime_s, (int64_t)step->mtime_ns}};
	int found = -1;
	PASS(inside_find(server, step->at, step->path, !step->nofollow, &found));
	TRY_AND_CLOSE(found, utimensat, found, "", times, AT_EMPTY_PATH);
	return DONE;
}

struct outcome serve_faccessat(struct server *server, const struct step_faccessat *step)
{
	char name[INSIDE_NAME_MAX];
	int found = -1;
	PASS(inside_find(server, step->at, step->path, 1, &found));
	inside_name(found, name);
	TRY_AND_CLOSE(found, faccessat, server->own, name, (int)step->mode);
	return DONE;
}
