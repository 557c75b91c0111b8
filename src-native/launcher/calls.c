// SPDX-License-Identifier: MIT
#include "calls.h"
#include <linux/ioctl.h>
#include "entry.h"
#include "filter.h"
#include "memory.h"
#include "text.h"
#include "timing.h"

enum {
	// How long reading a process's memory may take: what is there is read at once.
	READING_NS = 1000000000,
	// Beyond as many as are told, answers take a tenth of one processor: nothing counts them for the container.
	SHARE = 10,
	ANSWERS_AT_A_TIME = 64,
	NO_ARGUMENT = 6,
	// MAX_ERRNO of include/linux/err.h
	ERROR_MOST = 4095,
};
// Wakes who waits on the processor of who answers: nothing else is to be done there. Linux 6.6
static const unsigned long SET_FLAGS = SECCOMP_IOW(4, __u64); // SECCOMP_IOCTL_NOTIF_SET_FLAGS
static const uintptr_t SYNC_WAKE_UP = 1; // SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP

static size_t aligned(size_t size)
{
	return (size + OUTBOX_ALIGNMENT - 1) / OUTBOX_ALIGNMENT * OUTBOX_ALIGNMENT;
}

struct outcome calls_begin(struct calls *calls, const struct plan *plan)
{
	const struct record *record = plan_record(plan, plan->header->steps_offset);
	void *told;
	for (uint32_t i = 0; i < plan->header->steps_count && !calls->step; i++, record = plan_next(record))
		if (record->op == STEP_SECCOMP_REPORT)
			calls->step = (const struct step_seccomp_report *)record;
	if (!calls->step)
		return DONE;
	calls->plan = plan;
	PASS(memory_private(VIOLATIONS_MAX * aligned(sizeof(struct message_violation)), &told));
	calls->told = told;
	return reader_make(&calls->reader);
}

uint32_t calls_take(struct calls *calls, int listener)
{
	calls->listener = listener;
	sys_ioctl(listener, SET_FLAGS, (const void *)SYNC_WAKE_UP);
	return (uint32_t)calls->step->slot;
}

struct pollfd calls_poll(const struct calls *calls)
{
	const int waits = calls->until != 0;
	return (struct pollfd){
		.fd = calls->is_reading ? calls->reader.socket
		      : waits           ? -1
					: calls->listener,
		.events = POLLIN,
	};
}

const struct sys_timespec *calls_patience(
	const struct calls *calls, const struct sys_timespec *usual, struct sys_timespec *room)
{
	if (calls->until == 0)
		return usual;
	const uint64_t now = timing_now();
	const uint64_t left = calls->until > now ? calls->until - now : 0;
	*room = (struct sys_timespec){(int64_t)(left / 1000000000), (int64_t)(left % 1000000000)};
	const int is_sooner = !usual || usual->seconds > room->seconds ||
			      (usual->seconds == room->seconds && usual->nanoseconds > room->nanoseconds);
	return is_sooner ? room : usual;
}

// The error that the filter itself answers with.
static uint32_t error_of(const struct calls *calls)
{
	const uint32_t verdict =
		filter_run((const struct sock_filter *)(const void *)(calls->plan->base + calls->step->filter.offset),
			&calls->call.data);
	const uint32_t error = verdict & SECCOMP_RET_DATA;
	// As the kernel answers where there is no listener: for a plan whose two filters do not belong together.
	if ((verdict & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO || error == 0)
		return SYS_ENOSYS;
	return error < ERROR_MOST ? error : ERROR_MOST;
}

// Which argument of the call the list names; NO_ARGUMENT: none.
static uint64_t argument_in(const struct calls *calls, struct wire_list list)
{
	for (uint32_t i = 0; i + 1 < list.count; i += 2)
		if (plan_number_at(calls->plan, list, i) == (uint64_t)calls->call.data.nr)
			return plan_number_at(calls->plan, list, i + 1);
	return NO_ARGUMENT;
}

// Whether the reader is to tell more of the call.
static int ask_reader(struct calls *calls)
{
	const int pid = (int)calls->call.pid;
	const uint64_t *args = (const uint64_t *)calls->call.data.args;
	const uint64_t path = argument_in(calls, calls->step->paths);
	const uint64_t address = argument_in(calls, calls->step->addresses);
	if (path < NO_ARGUMENT)
		return reader_ask(&calls->reader, pid, args[path], READER_MOST);
	return address < NO_ARGUMENT - 1 && reader_ask(&calls->reader, pid, args[address], (uint32_t)args[address + 1]);
}

// The process that a thread belongs to; 0: that is not known.
static int process_of(int thread)
{
	static const char FIELD[] = "\nTgid:\t";
	char text[512];
	int file = -1;
	if (entry_open(thread, "status", O_RDONLY, &file).error)
		return 0;
	const long size = sys_read(file, text, sizeof(text) - 1);
	sys_close(file);
	text[size < 0 ? 0 : size] = 0;
	for (long i = 0; i + (long)sizeof(FIELD) <= size; i++)
		if (memcmp(text + i, FIELD, sizeof(FIELD) - 1) == 0)
			return (int)text_read_number(text + i + sizeof(FIELD) - 1);
	return 0;
}

// What the process is called, as ps(1) shows it. proc_pid_comm(5)
static uint32_t name_of(int process, char *ret_name, uint32_t most)
{
	int file = -1;
	if (entry_open(process, "comm", O_RDONLY, &file).error)
		return 0;
	const long size = sys_read(file, ret_name, most);
	sys_close(file);
	// A newline ends it.
	return size > 0 ? (uint32_t)size - 1 : 0;
}

static int is_there(const struct calls *calls)
{
	return sys_ioctl(calls->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &calls->call.id) == 0;
}

// Tells Node of the call, with `size` bytes that the reader has read.
static void tell(struct calls *calls, struct outbox *outbox, uint32_t size)
{
	enum { NAME_MOST = MESSAGE_BYTES_MAX - READER_MOST };
	struct message_violation *message = (struct message_violation *)(void *)(calls->told + calls->told_size);
	struct sys_timespec now;
	const int thread = (int)calls->call.pid;
	const int process = process_of(thread);
	sys_clock_gettime(SYS_CLOCK_REALTIME, &now);
	message->time_s = (uint32_t)now.seconds;
	message->time_us = (uint32_t)(now.nanoseconds / 1000);
	message->argument = (uint32_t)calls->call.data.args[0];
	message->pid = process ? process : thread;
	message->call = (uint32_t)calls->call.data.nr;
	message->error = error_of(calls);
	message->name_length = name_of(message->pid, message->bytes, NAME_MOST);
	memcpy(message->bytes + message->name_length, calls->reader.bytes, size);
	// Else its number may be another's meanwhile, whose name and memory these are. seccomp_unotify(2)
	if (!is_there(calls))
		return;
	const size_t whole = offsetof(struct message_violation, bytes) + message->name_length + size;
	calls->told_size += (uint32_t)aligned(whole);
	calls->told_count++;
	outbox_follow(outbox, MESSAGE_VIOLATION, &message->head, whole);
}

// Where answers have taken more than their share, none is given for a while.
static void rest(struct calls *calls)
{
	// Not those that were told: who calls may be gone each time, or nobody listens.
	if (calls->taken <= VIOLATIONS_MAX || ++calls->answers < ANSWERS_AT_A_TIME)
		return;
	struct sys_timespec spent;
	sys_clock_gettime(SYS_CLOCK_PROCESS_CPUTIME_ID, &spent);
	const uint64_t cpu = (uint64_t)spent.seconds * 1000000000 + (uint64_t)spent.nanoseconds;
	const uint64_t now = timing_now();
	const uint64_t end = calls->since + (cpu - calls->cpu) * SHARE;
	if (calls->since && end > now)
		calls->until = end;
	calls->since = calls->until ? calls->until : now;
	calls->cpu = cpu;
	calls->answers = 0;
}

static void answer(struct calls *calls)
{
	const struct seccomp_notif_resp response = {.id = calls->call.id, .error = -(int32_t)error_of(calls)};
	// It may have ended meanwhile, or a signal has interrupted it: then it calls again.
	if (sys_ioctl(calls->listener, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0)
		calls->count++;
	rest(calls);
}

// Takes the next call. Returns whether there is one.
static int take_next(struct calls *calls)
{
	calls->call = (struct seccomp_notif){0};
	const long taken = sys_ioctl(calls->listener, SECCOMP_IOCTL_NOTIF_RECV, &calls->call);
	// Who is not served here has to be served by the kernel, which says ENOSYS.
	if (taken < 0 && taken != -SYS_ENOENT && taken != -SYS_EINTR) {
		sys_close(calls->listener);
		calls->listener = -1;
	}
	calls->taken += taken == 0;
	return taken == 0;
}

static void finish_reading(struct calls *calls, struct outbox *outbox, short events)
{
	const long size = events ? reader_hear(&calls->reader) : -1;
	calls->is_reading = 0;
	calls->until = 0;
	if (size < 0) {
		reader_end(&calls->reader);
		calls->unread++;
	}
	tell(calls, outbox, size < 0 ? 0 : (uint32_t)size);
	answer(calls);
}

void calls_go_on(struct calls *calls, struct outbox *outbox, short events)
{
	if (calls->until && !(calls->is_reading && events) && timing_now() < calls->until)
		return;
	if (calls->is_reading) {
		finish_reading(calls, outbox, events);
		return;
	}
	calls->until = 0;
	// Nobody is left under the filter. seccomp_unotify(2), since 5.9
	if (events & POLLHUP)
		calls->listener = -1;
	if (!(events & POLLIN) || !take_next(calls))
		return;
	const int is_told = outbox->channel >= 0 && calls->told_count < VIOLATIONS_MAX;
	if (is_told && ask_reader(calls)) {
		calls->is_reading = 1;
		calls->until = timing_now() + READING_NS;
		return;
	}
	if (is_told)
		tell(calls, outbox, 0);
	answer(calls);
}
