// SPDX-License-Identifier: MIT
// What ioctl(2) is asked of a network interface: struct ifreq of linux/if.h, which wants the C library's headers.
// netdevice(7)
#pragma once
#include "memory.h"
#include "outcome.h"

enum { INTERFACE_NAME_MAX = 16 };

struct interface_request {
	char name[INTERFACE_NAME_MAX];
	union {
		int16_t flags;
		int32_t index;
		char rest[24];
	};
};
enum { INTERFACE_UP = 1 }; // IFF_UP

// Begins a request about the interface `name`.
static inline struct outcome interface_named(const char *name, size_t length, struct interface_request *ret_request)
{
	if (length >= INTERFACE_NAME_MAX)
		return REFUSED(ioctl, SYS_EINVAL);
	memcpy(ret_request->name, name, length);
	return DONE;
}
