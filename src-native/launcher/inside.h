// SPDX-License-Identifier: MIT
// Paths in a running container, as its server finds them. Its root directory is the container's, so nothing leads out
// of it but the magic links of /proc, which are refused. What others rename meanwhile cannot change what was found.
// Where a path begins in a slot, no link at all is followed.
#pragma once
#include "server.h"

// Finds what is at `path`, as a path alone: nothing is opened. A link at its end is followed, or found itself.
struct outcome inside_find(
	const struct server *server, uint64_t at, struct wire_bytes path, int follows, int *ret_found);
// Finds the directory above the last component of `path`, which `ret_name` points to.
struct outcome inside_above(
	const struct server *server, uint64_t at, struct wire_bytes path, int *ret_above, const char **ret_name);
// Opens, or makes, the file at `path`.
struct outcome inside_make(
	const struct server *server, uint64_t at, struct wire_bytes path, uint64_t flags, uint32_t mode, int *ret_fd);
// Opens what was found, and does not wait. Closes what was found.
struct outcome inside_open(const struct server *server, int found, int flags, int *ret_fd);
// The name by which what was found is found in the server's own descriptors.
enum { INSIDE_NAME_MAX = 24 };
void inside_name(int found, char *ret_name);
