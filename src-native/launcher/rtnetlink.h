// SPDX-License-Identifier: MIT
// A message to the kernel about interfaces, addresses and routes of the network that the process is in, and its
// acknowledgement. It decides nothing: what is said is its caller's. rtnetlink(7)
#pragma once
#include <linux/rtnetlink.h>
#include "outcome.h"

// Room for the longest: a pair of interfaces.
struct rtnetlink {
	union {
		struct nlmsghdr head;
		char room[256];
	} message;
	size_t size;
};

// Begins a message of `type` with `body`, the fixed part of such a message.
void rtnetlink_begin(struct rtnetlink *message, uint16_t type, uint16_t flags, const void *body, size_t size);
// Adds an attribute. Where there is no room it is left out: who has a name has looked how long it is.
void rtnetlink_put(struct rtnetlink *message, uint16_t type, const void *value, size_t size);
// Adds one that has others: those that are added until it is closed. Returns where it begins.
size_t rtnetlink_open(struct rtnetlink *message, uint16_t type);
void rtnetlink_close(struct rtnetlink *message, size_t begins);
// Leaves room for `size` bytes that are zero, among the attributes.
void rtnetlink_skip(struct rtnetlink *message, size_t size);
// Sends it, and awaits what the kernel says of it.
struct outcome rtnetlink_send(struct rtnetlink *message);
// The number of an interface.
struct outcome rtnetlink_index(const char *name, size_t length, int *ret_index);
