// SPDX-License-Identifier: MIT
#include "inside.h"
#include "path.h"
#include "resolve.h"
#include "text.h"

// Where a path begins, and how it may lead on from there.
static struct outcome begin(const struct server *server, uint64_t at, int *ret_directory, uint64_t *ret_resolve)
{
	*ret_directory = AT_FDCWD;
	*ret_resolve = RESOLVE_NO_MAGICLINKS;
	if (at == NO_SLOT)
		return DONE;
	// What is in it may be somebody else's to swap.
	*ret_resolve |= RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
	return server_slot(server, at, ret_directory);
}

struct outcome inside_find(
	const struct server *server, uint64_t at, struct wire_bytes path, int follows, int *ret_found)
{
	uint64_t resolve;
	int directory;
	PASS(begin(server, at, &directory, &resolve));
	return resolve_open(
		directory, plan_string(&server->list, path), O_PATH | (follows ? 0 : O_NOFOLLOW), resolve, ret_found);
}

struct outcome inside_above(
	const struct server *server, uint64_t at, struct wire_bytes path, int *ret_above, const char **ret_name)
{
	const char *text = plan_string(&server->list, path);
	char above[SYS_PATH_MAX];
	uint64_t resolve;
	int directory;
	PASS(begin(server, at, &directory, &resolve));
	PASS(path_divide(text, at == NO_SLOT ? "/" : ".", above, ret_name));
	return resolve_open(directory, above, O_PATH | O_DIRECTORY, resolve, ret_above);
}

struct outcome inside_make(
	const struct server *server, uint64_t at, struct wire_bytes path, uint64_t flags, uint32_t mode, int *ret_fd)
{
	uint64_t resolve;
	int directory;
	PASS(begin(server, at, &directory, &resolve));
	return resolve_make(directory, plan_string(&server->list, path), flags | O_CREAT | O_NONBLOCK | O_NOCTTY,
		mode & 07777, resolve, ret_fd);
}

void inside_name(int found, char *ret_name)
{
	*text_number(ret_name, (uint64_t)found) = 0;
}

struct outcome inside_open(const struct server *server, int found, int flags, int *ret_fd)
{
	char name[INSIDE_NAME_MAX];
	inside_name(found, name);
	const long fd = sys_openat(server->own, name, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	sys_close(found);
	if (fd < 0)
		return REFUSED(openat, -fd);
	*ret_fd = (int)fd;
	return DONE;
}
