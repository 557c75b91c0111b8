// SPDX-License-Identifier: MIT
// What a server does to keep a copy of a tree: bytes and attributes go from one slot to another.
#include "inside.h"
#include "memory.h"
#include "serve.h"

// No extended attribute is larger. XATTR_SIZE_MAX
enum { ATTRIBUTE_MAX = 65536 };

struct outcome serve_mknodat(struct server *server, const struct step_mknodat *step)
{
	const char *name;
	int above = -1;
	PASS(inside_above(server, step->at, step->path, &above, &name));
	const long made = sys_mknodat(above, name, (uint32_t)(step->type | (step->mode & 07777)), 0);
	sys_close(above);
	return made < 0 ? REFUSED(mknodat, -made) : DONE;
}

// Copies the bytes from `at` to `end`, as far as there are any, and counts them.
static struct outcome copy_data(int fd, int into, uint64_t at, uint64_t end, uint64_t *count)
{
	uint64_t size;
	TRY(lseek, into, at, SYS_SEEK_SET);
	const struct outcome outcome = server_copy(fd, into, &at, end - at, &size);
	*count += size;
	return outcome;
}

// The next byte from `offset` on that is no hole, or is one; all ones where there is none.
static struct outcome seek(int fd, uint64_t offset, int whence, uint64_t *ret_found)
{
	const long found = sys_lseek(fd, offset, whence);
	if (found < 0 && found != -SYS_ENXIO)
		return REFUSED(lseek, -found);
	*ret_found = found < 0 ? ~(uint64_t)0 : (uint64_t)found;
	return DONE;
}

struct outcome serve_copy_range(struct server *server, const struct step_copy_range *step)
{
	const uint64_t end = step->offset + step->length;
	unsigned char *room;
	uint64_t told[2] = {0, 0};
	uint64_t at = 0;
	int fd;
	int into;
	PASS(server_slot(server, step->slot, &fd));
	PASS(server_slot(server, step->into, &into));
	PASS(server_room(server, sizeof(told), &room));
	PASS(seek(fd, step->offset, SYS_SEEK_DATA, &at));
	while (at < end) {
		uint64_t hole = end;
		PASS(seek(fd, at, SYS_SEEK_HOLE, &hole));
		if (hole > end)
			hole = end;
		PASS(copy_data(fd, into, at, hole, &told[1]));
		PASS(seek(fd, hole, SYS_SEEK_DATA, &at));
	}
	told[0] = at;
	memcpy(room, told, sizeof(told));
	server_give(server, sizeof(told));
	return DONE;
}

// What has no attributes has none of any name.
static int has_none(long result)
{
	return result == -SYS_ENODATA || result == -SYS_EOPNOTSUPP;
}

struct outcome serve_list_xattr(struct server *server, const struct step_list_xattr *step)
{
	unsigned char *room;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(server_room(server, ATTRIBUTE_MAX, &room));
	const long size = sys_flistxattr(fd, (char *)room, ATTRIBUTE_MAX);
	if (size < 0 && !has_none(size))
		return REFUSED(flistxattr, -size);
	server_give(server, size < 0 ? 0 : (uint32_t)size);
	return DONE;
}

struct outcome serve_get_xattr(struct server *server, const struct step_get_xattr *step)
{
	unsigned char *room;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(server_room(server, ATTRIBUTE_MAX, &room));
	const long size = sys_fgetxattr(fd, plan_string(&server->list, step->name), room, ATTRIBUTE_MAX);
	if (size < 0 && !has_none(size))
		return REFUSED(fgetxattr, -size);
	server_give(server, size < 0 ? 0 : (uint32_t)size);
	return DONE;
}

struct outcome serve_copy_xattr(struct server *server, const struct step_copy_xattr *step)
{
	static unsigned char value[ATTRIBUTE_MAX];
	const char *name = plan_string(&server->list, step->name);
	int fd;
	int into;
	PASS(server_slot(server, step->slot, &fd));
	PASS(server_slot(server, step->into, &into));
	const long size = sys_fgetxattr(fd, name, value, sizeof(value));
	if (has_none(size))
		return DONE;
	if (size < 0)
		return REFUSED(fgetxattr, -size);
	TRY(fsetxattr, into, name, value, (size_t)size);
	return DONE;
}

struct outcome serve_lock(struct server *server, const struct step_lock *step)
{
	const struct flock all = {.l_type = F_WRLCK};
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	TRY(fcntl, fd, F_OFD_SETLK, (long)&all);
	return DONE;
}
