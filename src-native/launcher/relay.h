// SPDX-License-Identifier: MIT
// Carries bytes between a terminal's master end and Node's socket, so that Node never holds a terminal. Node's end is
// an ordinary stream: nothing blocks its event loop, and the last bytes arrive however the container ends.
#pragma once
#include "../sys.h"

struct relay_buffer {
	uint32_t begin;
	uint32_t end;
	char bytes[4096];
};
struct relay {
	int master;
	int socket;
	int input_over; // Node ended its side
	int output_over; // nobody has the terminal open, and all was read
	struct relay_buffer in; // Node → terminal
	struct relay_buffer out; // terminal → Node
};

static inline int relay_open(const struct relay *relay)
{
	return relay->master >= 0 && relay->socket >= 0;
}
// Whether nothing that the terminal said is still to go to Node.
static inline int relay_is_empty(const struct relay *relay)
{
	return relay->out.begin == relay->out.end;
}
// What to poll for, on either end; nothing where there is no relay, and no more than the buffers can take.
struct pollfd relay_master(const struct relay *relay);
struct pollfd relay_socket(const struct relay *relay);
// Carries what can be carried without waiting.
void relay_carry(struct relay *relay, short master_events, short socket_events);
void relay_resize(const struct relay *relay, uint32_t columns, uint32_t rows);
// Nobody looks at the terminal any more. Its session gets SIGHUP, and reads the end of file. tty_ioctl(4), SIGHUP in
// signal(7)
void relay_hang_up(struct relay *relay);
