// SPDX-License-Identifier: MIT
// The terminal's bytes, by way of two small buffers. A slow side makes only the other side of the terminal wait.
#include "relay.h"
#include <asm/ioctls.h>
#include "terminal.h"

static int full(const struct relay_buffer *buffer)
{
	return buffer->end == sizeof(buffer->bytes);
}

static int empty(const struct relay_buffer *buffer)
{
	return buffer->begin == buffer->end;
}

struct pollfd relay_master(const struct relay *relay)
{
	short events = 0;
	if (relay_open(relay) && !relay->output_over)
		events = (short)((full(&relay->out) ? 0 : POLLIN) | (empty(&relay->in) ? 0 : POLLOUT));
	// Without an event to wait for, POLLHUP would still be reported, again and again. poll(2)
	return (struct pollfd){.fd = events ? relay->master : -1, .events = events};
}

struct pollfd relay_socket(const struct relay *relay)
{
	if (!relay_open(relay))
		return (struct pollfd){.fd = -1};
	// Also without an event to wait for: POLLHUP is reported, and acted on at once.
	return (struct pollfd){.fd = relay->socket,
		.events = (short)((full(&relay->in) || relay->input_over ? 0 : POLLIN) |
				  (empty(&relay->out) ? 0 : POLLOUT))};
}

// Reads into the buffer. Returns what read(2) did.
static long fill(struct relay_buffer *buffer, int fd)
{
	long count = sys_read(fd, buffer->bytes + buffer->end, sizeof(buffer->bytes) - buffer->end);
	if (count > 0)
		buffer->end += (uint32_t)count;
	return count;
}

// `count` bytes of the buffer have been written.
static void poured(struct relay_buffer *buffer, long count)
{
	if (count > 0)
		buffer->begin += (uint32_t)count;
	if (empty(buffer))
		buffer->begin = buffer->end = 0;
}

static void pour_into_terminal(struct relay *relay)
{
	struct relay_buffer *in = &relay->in;
	poured(in, sys_write(relay->master, in->bytes + in->begin, in->end - in->begin));
}

// Returns what sendmsg(2) did; write(2) would end the supervisor by SIGPIPE once Node has closed its end.
static long pour_into_socket(struct relay *relay)
{
	struct relay_buffer *out = &relay->out;
	struct sys_iovec iov = {out->bytes + out->begin, out->end - out->begin};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	long count = sys_sendmsg(relay->socket, &message, SYS_MSG_NOSIGNAL | SYS_MSG_DONTWAIT);
	poured(out, count);
	return count;
}

static int failed(long result)
{
	return result < 0 && result != -SYS_EAGAIN && result != -SYS_EINTR;
}

static void stop(struct relay *relay)
{
	sys_close(relay->socket);
	relay->socket = -1;
}

void relay_hang_up(struct relay *relay)
{
	if (!relay_open(relay))
		return;
	stop(relay);
	sys_close(relay->master);
	relay->master = -1;
}

void relay_carry(struct relay *relay, short master_events, short socket_events)
{
	// Node has closed its end; where it has only ended its side, there is no POLLHUP. unix(7)
	if (socket_events & (POLLHUP | POLLERR)) {
		relay_hang_up(relay);
		return;
	}
	// Nobody has the terminal open who could read it: for what is kept, poll would tell of that again and again.
	// poll(2)
	if (master_events & POLLHUP)
		relay->in.begin = relay->in.end = 0;
	else if ((master_events & POLLOUT) && !empty(&relay->in))
		pour_into_terminal(relay);
	if ((master_events & (POLLIN | POLLHUP | POLLERR)) && !full(&relay->out)) {
		long count = fill(&relay->out, relay->master);
		// EIO: nobody has the terminal open any more, and all was read. tty_ioctl(4)
		relay->output_over = count == 0 || failed(count);
	}
	if ((socket_events & POLLIN) && !full(&relay->in) && !relay->input_over)
		relay->input_over = fill(&relay->in, relay->socket) == 0;
	// The socket may be full: then the rest waits in the buffer until there is room.
	if (!empty(&relay->out) && failed(pour_into_socket(relay)))
		relay_hang_up(relay);
	else if (relay->output_over && empty(&relay->out))
		stop(relay);
}

void relay_resize(const struct relay *relay, uint32_t columns, uint32_t rows)
{
	const struct window_size window = {.rows = (uint16_t)rows, .columns = (uint16_t)columns};
	if (relay->master >= 0)
		sys_ioctl(relay->master, TIOCSWINSZ, &window);
}
