// SPDX-License-Identifier: MIT
#include "lines.h"
#include "launcher.h"
#include "outbox.h"
#include "timing.h"

enum {
	SECOND_NS = 1000000000,
	// A supervisor that has told its end hangs up right behind that, and so does Node: then nothing is to be told.
	REST_NS = 5000000,
};

// What Node is told, and what has found no room: at most one, the others stay in the watch.
static struct message_gone gone;
static struct outbox outbox = {.channel = LAUNCHER_CHANNEL, .lane = -1, .line = -1};
// When the watch is looked at; 0: when it has something.
static uint64_t looks_at;

static void tell(void)
{
	struct epoll_event event;
	looks_at = 0;
	outbox_send(&outbox);
	while (outbox.count == 0 && sys_epoll_pwait(LAUNCHER_WATCH, &event, 1, 0) == 1) {
		outbox.supervisor = (uint32_t)event.data;
		OUTBOX_PUT(&outbox, MESSAGE_GONE, &gone);
	}
}

static struct pollfd poll_lines(void)
{
	const struct pollfd watch = {.fd = looks_at ? -1 : LAUNCHER_WATCH, .events = POLLIN};
	return outbox.count > 0 ? outbox_poll(&outbox) : watch;
}

int lines_wait(int fd, int64_t nanoseconds)
{
	const uint64_t until = nanoseconds < 0 ? UINT64_MAX : timing_now() + (uint64_t)nanoseconds;
	for (;;) {
		enum { AWAITED, LINES, COUNT };
		struct pollfd polled[COUNT] = {[AWAITED] = {.fd = fd, .events = POLLIN}, [LINES] = poll_lines()};
		const uint64_t next = looks_at && looks_at < until ? looks_at : until;
		uint64_t now = timing_now();
		const uint64_t rest = next > now ? next - now : 0;
		const struct sys_timespec time = {(int64_t)(rest / SECOND_NS), (int64_t)(rest % SECOND_NS)};
		sys_ppoll(polled, COUNT, next == UINT64_MAX ? 0 : &time);
		now = timing_now();
		if (polled[LINES].revents && outbox.count == 0)
			looks_at = now + REST_NS;
		else if (polled[LINES].revents || (looks_at && now >= looks_at))
			tell();
		if (polled[AWAITED].revents || now >= until)
			return polled[AWAITED].revents != 0;
	}
}
