// SPDX-License-Identifier: MIT
// What Node, the launcher, its supervisors and servers say to each other. Made by scripts/messages.ts from
// lib/plan/messages.ts and lib/plan/serving.ts, which draw it, and from lib/plan/times.ts. Do not edit.
#pragma once
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MESSAGE_START = 1,
	MESSAGE_SIGNAL = 2,
	MESSAGE_RESIZE = 3,
	MESSAGE_GO = 4,
	MESSAGE_CPU_TIME = 5,
	MESSAGE_TIMEOUT = 18,
	MESSAGE_ASK = 16,
	MESSAGE_PLAN = 19,
	MESSAGE_BARRIER = 6,
	MESSAGE_RUNNING = 7,
	MESSAGE_OOM = 8,
	MESSAGE_TIMING = 9,
	MESSAGE_EXITED = 10,
	MESSAGE_REFUSED = 11,
	MESSAGE_REJECTED = 12,
	MESSAGE_FAILED = 13,
	MESSAGE_GONE = 14,
	MESSAGE_AWAITS = 20,
	MESSAGE_STAYS = 17,
	MESSAGE_VIOLATION = 15,
};

enum { MESSAGE_TEXT_MAX = 280, MESSAGE_BYTES_MAX = 1040 };
enum { VIOLATIONS_MAX = 1000, GIVEN_MAX = 64 };

struct message_head {
	uint32_t kind;
	uint32_t size;
	uint32_t supervisor;
	uint32_t descriptors;
};
static_assert(offsetof(struct message_head, kind) == 0, "message_head");
static_assert(offsetof(struct message_head, size) == 4, "message_head");
static_assert(offsetof(struct message_head, supervisor) == 8, "message_head");
static_assert(offsetof(struct message_head, descriptors) == 12, "message_head");
static_assert(sizeof(struct message_head) == 16, "message_head");

struct message_start {
	struct message_head head;
};
static_assert(sizeof(struct message_start) == 16, "message_start");

struct message_signal {
	struct message_head head;
	uint32_t signal;
};
static_assert(offsetof(struct message_signal, signal) == 16, "message_signal");
static_assert(sizeof(struct message_signal) == 20, "message_signal");

struct message_resize {
	struct message_head head;
	uint32_t columns;
	uint32_t rows;
};
static_assert(offsetof(struct message_resize, columns) == 16, "message_resize");
static_assert(offsetof(struct message_resize, rows) == 20, "message_resize");
static_assert(sizeof(struct message_resize) == 24, "message_resize");

struct message_go {
	struct message_head head;
};
static_assert(sizeof(struct message_go) == 16, "message_go");

struct message_cpu_time {
	struct message_head head;
	uint64_t milliseconds;
};
static_assert(offsetof(struct message_cpu_time, milliseconds) == 16, "message_cpu_time");
static_assert(sizeof(struct message_cpu_time) == 24, "message_cpu_time");

struct message_timeout {
	struct message_head head;
	uint64_t milliseconds;
	uint32_t question;
};
static_assert(offsetof(struct message_timeout, milliseconds) == 16, "message_timeout");
static_assert(offsetof(struct message_timeout, question) == 24, "message_timeout");
static_assert(sizeof(struct message_timeout) == 32, "message_timeout");

struct message_ask {
	struct message_head head;
	uint32_t question;
};
static_assert(offsetof(struct message_ask, question) == 16, "message_ask");
static_assert(sizeof(struct message_ask) == 20, "message_ask");

struct message_plan {
	struct message_head head;
};
static_assert(sizeof(struct message_plan) == 16, "message_plan");

struct message_barrier {
	struct message_head head;
	uint32_t index;
	int32_t pid;
	uint32_t namespaces[8];
};
static_assert(offsetof(struct message_barrier, index) == 16, "message_barrier");
static_assert(offsetof(struct message_barrier, pid) == 20, "message_barrier");
static_assert(offsetof(struct message_barrier, namespaces) == 24, "message_barrier");
static_assert(sizeof(struct message_barrier) == 56, "message_barrier");

struct message_running {
	struct message_head head;
	int32_t pid;
	int32_t first;
	uint32_t namespaces[8];
};
static_assert(offsetof(struct message_running, pid) == 16, "message_running");
static_assert(offsetof(struct message_running, first) == 20, "message_running");
static_assert(offsetof(struct message_running, namespaces) == 24, "message_running");
static_assert(sizeof(struct message_running) == 56, "message_running");

struct message_oom {
	struct message_head head;
	uint64_t kills;
};
static_assert(offsetof(struct message_oom, kills) == 16, "message_oom");
static_assert(sizeof(struct message_oom) == 24, "message_oom");

struct message_timing {
	struct message_head head;
};
static_assert(sizeof(struct message_timing) == 16, "message_timing");

struct message_exited {
	struct message_head head;
	int32_t wait_status;
	uint32_t ending;
	uint32_t left;
	uint32_t guessed;
	uint32_t counted;
	uint32_t waited;
	uint32_t unread;
	uint64_t wall_ns;
	uint64_t user_us;
	uint64_t system_us;
	uint64_t max_rss_kb;
	uint64_t minor_faults;
	uint64_t major_faults;
	uint64_t blocks_in;
	uint64_t blocks_out;
	uint64_t voluntary_switches;
	uint64_t involuntary_switches;
	uint64_t violations;
	uint64_t counters[9];
};
static_assert(offsetof(struct message_exited, wait_status) == 16, "message_exited");
static_assert(offsetof(struct message_exited, ending) == 20, "message_exited");
static_assert(offsetof(struct message_exited, left) == 24, "message_exited");
static_assert(offsetof(struct message_exited, guessed) == 28, "message_exited");
static_assert(offsetof(struct message_exited, counted) == 32, "message_exited");
static_assert(offsetof(struct message_exited, waited) == 36, "message_exited");
static_assert(offsetof(struct message_exited, unread) == 40, "message_exited");
static_assert(offsetof(struct message_exited, wall_ns) == 48, "message_exited");
static_assert(offsetof(struct message_exited, user_us) == 56, "message_exited");
static_assert(offsetof(struct message_exited, system_us) == 64, "message_exited");
static_assert(offsetof(struct message_exited, max_rss_kb) == 72, "message_exited");
static_assert(offsetof(struct message_exited, minor_faults) == 80, "message_exited");
static_assert(offsetof(struct message_exited, major_faults) == 88, "message_exited");
static_assert(offsetof(struct message_exited, blocks_in) == 96, "message_exited");
static_assert(offsetof(struct message_exited, blocks_out) == 104, "message_exited");
static_assert(offsetof(struct message_exited, voluntary_switches) == 112, "message_exited");
static_assert(offsetof(struct message_exited, involuntary_switches) == 120, "message_exited");
static_assert(offsetof(struct message_exited, violations) == 128, "message_exited");
static_assert(offsetof(struct message_exited, counters) == 136, "message_exited");
static_assert(sizeof(struct message_exited) == 208, "message_exited");

struct message_refused {
	struct message_head head;
	uint32_t list;
	uint32_t index;
	uint32_t act;
	int32_t syscall;
	int32_t error;
	uint32_t path;
	int32_t helper_status;
	char text[MESSAGE_TEXT_MAX];
};
static_assert(offsetof(struct message_refused, list) == 16, "message_refused");
static_assert(offsetof(struct message_refused, index) == 20, "message_refused");
static_assert(offsetof(struct message_refused, act) == 24, "message_refused");
static_assert(offsetof(struct message_refused, syscall) == 28, "message_refused");
static_assert(offsetof(struct message_refused, error) == 32, "message_refused");
static_assert(offsetof(struct message_refused, path) == 36, "message_refused");
static_assert(offsetof(struct message_refused, helper_status) == 40, "message_refused");
static_assert(offsetof(struct message_refused, text) == 44, "message_refused");

struct message_rejected {
	struct message_head head;
	uint32_t rule;
};
static_assert(offsetof(struct message_rejected, rule) == 16, "message_rejected");
static_assert(sizeof(struct message_rejected) == 20, "message_rejected");

struct message_failed {
	struct message_head head;
	int32_t syscall;
	int32_t error;
};
static_assert(offsetof(struct message_failed, syscall) == 16, "message_failed");
static_assert(offsetof(struct message_failed, error) == 20, "message_failed");
static_assert(sizeof(struct message_failed) == 24, "message_failed");

struct message_gone {
	struct message_head head;
};
static_assert(sizeof(struct message_gone) == 16, "message_gone");

struct message_awaits {
	struct message_head head;
};
static_assert(sizeof(struct message_awaits) == 16, "message_awaits");

struct message_stays {
	struct message_head head;
	uint32_t question;
};
static_assert(offsetof(struct message_stays, question) == 16, "message_stays");
static_assert(sizeof(struct message_stays) == 20, "message_stays");

struct message_violation {
	struct message_head head;
	uint32_t time_s;
	uint32_t time_us;
	int32_t pid;
	uint32_t argument;
	uint32_t call;
	uint32_t error;
	uint32_t name_length;
	char bytes[MESSAGE_BYTES_MAX];
};
static_assert(offsetof(struct message_violation, time_s) == 16, "message_violation");
static_assert(offsetof(struct message_violation, time_us) == 20, "message_violation");
static_assert(offsetof(struct message_violation, pid) == 24, "message_violation");
static_assert(offsetof(struct message_violation, argument) == 28, "message_violation");
static_assert(offsetof(struct message_violation, call) == 32, "message_violation");
static_assert(offsetof(struct message_violation, error) == 36, "message_violation");
static_assert(offsetof(struct message_violation, name_length) == 40, "message_violation");
static_assert(offsetof(struct message_violation, bytes) == 44, "message_violation");

// What a supervisor reads: how long each is, 0: it is none of those; and how many descriptors come with it.
enum { ORDER_MAX = 32 };
static const uint8_t ORDER_SIZES[21] __attribute__((unused)) = {
	[MESSAGE_SIGNAL] = sizeof(struct message_signal),
	[MESSAGE_RESIZE] = sizeof(struct message_resize),
	[MESSAGE_GO] = sizeof(struct message_go),
	[MESSAGE_CPU_TIME] = sizeof(struct message_cpu_time),
	[MESSAGE_TIMEOUT] = sizeof(struct message_timeout),
	[MESSAGE_ASK] = sizeof(struct message_ask),
	[MESSAGE_PLAN] = sizeof(struct message_plan),
};
static const uint8_t ORDER_DESCRIPTORS[21] __attribute__((unused)) = {
	[MESSAGE_PLAN] = 1,
};

enum {
	LIST_BEFORE = 1,
	LIST_CLONE = 2,
	LIST_STEPS = 3,
	LIST_ACTS = 4,
	LIST_AFTER = 5,
};

enum {
	ENDING_NONE = 0,
	ENDING_TIMEOUT = 1,
	ENDING_SIGNAL = 2,
	ENDING_HANGUP = 3,
	ENDING_CPU_TIMEOUT = 4,
	ENDING_OOM = 5,
};

enum {
	LEFT_NOBODY = 0,
	LEFT_SOMEBODY = 1,
	LEFT_UNASKED = 2,
};

enum {
	MOMENT_FORKED = 0,
	MOMENT_CHECKED = 1,
	MOMENT_CLONED = 2,
	MOMENT_RUNNING = 3,
	MOMENT_ENDED = 4,
	MOMENT_REAPED = 5,
	MOMENT_OVER = 6,
};

// What comes with a message "timing".
struct times {
	uint32_t steps;
	uint32_t acts;
	uint64_t moments[7];
};
static_assert(offsetof(struct times, steps) == 0, "times");
static_assert(offsetof(struct times, acts) == 4, "times");
static_assert(offsetof(struct times, moments) == 8, "times");
static_assert(sizeof(struct times) == 64, "times");

struct act_time {
	uint32_t list;
	uint32_t index;
	uint32_t act;
	uint64_t at_ns;
};
static_assert(offsetof(struct act_time, list) == 0, "act_time");
static_assert(offsetof(struct act_time, index) == 4, "act_time");
static_assert(offsetof(struct act_time, act) == 8, "act_time");
static_assert(offsetof(struct act_time, at_ns) == 16, "act_time");
static_assert(sizeof(struct act_time) == 24, "act_time");

// What a server is asked, and answers.
enum { SERVER_REQUEST_MAX = 262144, SERVER_ANSWER_MAX = 1052672 };

struct server_request {
	uint32_t size;
	uint32_t number;
	uint32_t count;
	uint32_t reserved;
};
static_assert(offsetof(struct server_request, size) == 0, "server_request");
static_assert(offsetof(struct server_request, number) == 4, "server_request");
static_assert(offsetof(struct server_request, count) == 8, "server_request");
static_assert(offsetof(struct server_request, reserved) == 12, "server_request");
static_assert(sizeof(struct server_request) == 16, "server_request");

struct server_answer {
	uint32_t size;
	uint32_t number;
	uint32_t done;
	int32_t syscall;
	int32_t error;
	uint32_t reserved;
};
static_assert(offsetof(struct server_answer, size) == 0, "server_answer");
static_assert(offsetof(struct server_answer, number) == 4, "server_answer");
static_assert(offsetof(struct server_answer, done) == 8, "server_answer");
static_assert(offsetof(struct server_answer, syscall) == 12, "server_answer");
static_assert(offsetof(struct server_answer, error) == 16, "server_answer");
static_assert(offsetof(struct server_answer, reserved) == 20, "server_answer");
static_assert(sizeof(struct server_answer) == 24, "server_answer");

struct server_stat {
	uint64_t ino;
	uint64_t dev;
	uint64_t size;
	uint64_t blocks;
	int64_t atime_s;
	int64_t mtime_s;
	int64_t ctime_s;
	uint32_t atime_ns;
	uint32_t mtime_ns;
	uint32_t ctime_ns;
	uint32_t mode;
	uint32_t nlink;
	uint32_t uid;
	uint32_t gid;
	uint32_t rdev;
};
static_assert(offsetof(struct server_stat, ino) == 0, "server_stat");
static_assert(offsetof(struct server_stat, dev) == 8, "server_stat");
static_assert(offsetof(struct server_stat, size) == 16, "server_stat");
static_assert(offsetof(struct server_stat, blocks) == 24, "server_stat");
static_assert(offsetof(struct server_stat, atime_s) == 32, "server_stat");
static_assert(offsetof(struct server_stat, mtime_s) == 40, "server_stat");
static_assert(offsetof(struct server_stat, ctime_s) == 48, "server_stat");
static_assert(offsetof(struct server_stat, atime_ns) == 56, "server_stat");
static_assert(offsetof(struct server_stat, mtime_ns) == 60, "server_stat");
static_assert(offsetof(struct server_stat, ctime_ns) == 64, "server_stat");
static_assert(offsetof(struct server_stat, mode) == 68, "server_stat");
static_assert(offsetof(struct server_stat, nlink) == 72, "server_stat");
static_assert(offsetof(struct server_stat, uid) == 76, "server_stat");
static_assert(offsetof(struct server_stat, gid) == 80, "server_stat");
static_assert(offsetof(struct server_stat, rdev) == 84, "server_stat");
static_assert(sizeof(struct server_stat) == 88, "server_stat");
