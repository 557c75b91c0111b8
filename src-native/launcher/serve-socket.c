// SPDX-License-Identifier: MIT
// Sockets that a server makes in the container's network: for Node, which gets them.
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/un.h>
#include "inside.h"
#include "memory.h"
#include "serve.h"
#include "text.h"

struct outcome serve_socket(struct server *server, const struct step_socket *step)
{
	const int type = SYS_SOCK_STREAM | SYS_SOCK_NONBLOCK | O_CLOEXEC;
	server_fill(server, step->slot, (int)TRY(socket, (int)step->domain, type, 0));
	return DONE;
}

// An address of the loopback, as long as it is.
struct loopback {
	union {
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	unsigned int size;
};

// That of the socket's own family.
static struct outcome loopback_of(int fd, uint64_t port, struct loopback *ret_loopback)
{
	const uint16_t ordered = __builtin_bswap16((uint16_t)port);
	int domain = 0;
	unsigned int size = sizeof(domain);
	TRY(getsockopt, fd, SYS_SOL_SOCKET, SYS_SO_DOMAIN, &domain, &size);
	*ret_loopback = (struct loopback){.size = 0};
	if (domain == SYS_AF_INET) {
		ret_loopback->address.v4 = (struct sockaddr_in){
			.sin_family = SYS_AF_INET,
			.sin_port = ordered,
			.sin_addr = {__builtin_bswap32(INADDR_LOOPBACK)},
		};
		ret_loopback->size = sizeof(struct sockaddr_in);
		return DONE;
	}
	if (domain != SYS_AF_INET6)
		return REFUSED(getsockopt, SYS_EAFNOSUPPORT);
	ret_loopback->address.v6 = (struct sockaddr_in6){.sin6_family = SYS_AF_INET6, .sin6_port = ordered};
	ret_loopback->address.v6.sin6_addr.in6_u.u6_addr8[15] = 1;
	ret_loopback->size = sizeof(struct sockaddr_in6);
	return DONE;
}

// On one and the same machine this takes no time, unless nobody accepts.
static struct outcome await_connection(int fd, uint64_t milliseconds)
{
	const struct sys_timespec time = {(int64_t)(milliseconds / 1000), (int64_t)(milliseconds % 1000) * 1000 * 1000};
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	int error = 0;
	unsigned int size = sizeof(error);
	if (TRY(ppoll, &ready, 1, &time) == 0)
		return REFUSED(connect, SYS_ETIMEDOUT);
	TRY(getsockopt, fd, SYS_SOL_SOCKET, SYS_SO_ERROR, &error, &size);
	return error ? REFUSED(connect, error) : DONE;
}

struct outcome serve_connect_tcp(struct server *server, const struct step_connect_tcp *step)
{
	struct loopback loopback;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(loopback_of(fd, step->port, &loopback));
	const long result = sys_connect(fd, &loopback.address, loopback.size);
	if (result == -SYS_EINPROGRESS)
		return await_connection(fd, step->timeout_ms);
	return result < 0 ? REFUSED(connect, -result) : DONE;
}

// An address of a Unix socket counts from the working directory, which is `directory` for this call.
static struct outcome address_at(int directory, const char *name, struct sockaddr_un *ret_address)
{
	const size_t length = text_length(name);
	*ret_address = (struct sockaddr_un){.sun_family = SYS_AF_UNIX};
	if (length >= sizeof(ret_address->sun_path))
		return REFUSED(bind, SYS_ENAMETOOLONG);
	memcpy(ret_address->sun_path, name, length);
	TRY(fchdir, directory);
	return DONE;
}

static struct outcome bind_at(int fd, int directory, const char *name)
{
	struct sockaddr_un address;
	PASS(address_at(directory, name, &address));
	const long result = sys_bind(fd, &address, sizeof(address));
	sys_chdir("/");
	return result < 0 ? REFUSED(bind, -result) : DONE;
}

// By its descriptor: what the path leads to may be something else by now.
static struct outcome connect_to(const struct server *server, int fd, int found)
{
	struct sockaddr_un address;
	char name[INSIDE_NAME_MAX];
	struct stat stat;
	TRY(fstat, found, &stat);
	if ((stat.st_mode & SYS_S_IFMT) != SYS_S_IFSOCK)
		return REFUSED(connect, SYS_ECONNREFUSED);
	inside_name(found, name);
	PASS(address_at(server->own, name, &address));
	const long result = sys_connect(fd, &address, sizeof(address));
	sys_chdir("/");
	return result < 0 ? REFUSED(connect, -result) : DONE;
}

struct outcome serve_connect_unix(struct server *server, const struct step_connect_unix *step)
{
	int found = -1;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(inside_find(server, NO_SLOT, step->path, 1, &found));
	const struct outcome outcome = connect_to(server, fd, found);
	sys_close(found);
	return outcome;
}

struct outcome serve_bind_tcp(struct server *server, const struct step_bind_tcp *step)
{
	const int on = 1;
	struct loopback loopback;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(loopback_of(fd, step->port, &loopback));
	TRY(setsockopt, fd, SYS_SOL_SOCKET, SYS_SO_REUSEADDR, &on, sizeof(on));
	TRY(bind, fd, &loopback.address, loopback.size);
	return DONE;
}

struct outcome serve_bind_unix(struct server *server, const struct step_bind_unix *step)
{
	const char *name;
	int above = -1;
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	PASS(inside_above(server, NO_SLOT, step->path, &above, &name));
	// Who may not write to it cannot connect. unix(7)
	const long mask = sys_umask(0);
	const struct outcome outcome = bind_at(fd, above, name);
	sys_umask((uint32_t)mask);
	sys_close(above);
	return outcome;
}

struct outcome serve_listen(struct server *server, const struct step_listen *step)
{
	int fd;
	PASS(server_slot(server, step->slot, &fd));
	TRY(listen, fd, (int)step->backlog);
	return DONE;
}
