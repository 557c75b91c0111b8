// SPDX-License-Identifier: MIT
// A supervisor that is made in advance, while nothing is asked for, with a child in new namespaces: most of what a start costs is the kernel's
// work on those. It waits for the next request; one that wants other namespaces is served by it as well, with a child of its own.
//
// The child has no mount namespace before it is needed: it would be the host's mounts of an earlier moment, and keep them busy.
#pragma once
#include "request.h"
#include "supervisor.h"

struct spare {
	// To it; -1: there is none.
	int socket;
	// The socket by which the last one was given its request. Closed later: while descriptors are under way the kernel looks for lost ones
	// whenever a socket is closed. unix(7)
	int used;
};

#define SPARE_NONE ((struct spare){-1, -1})

// In the launcher. Makes one with these namespaces, `*forecast`; where it cannot be made, `*forecast` is 0 from then on. Only the launcher returns.
void spare_make(struct spare *self, uint64_t *forecast);
// Hands a request over, and forgets the spare. Returns whether it has got it.
int spare_give(struct spare *self, const struct request *request);
// It goes, with its child.
void spare_end(struct spare *self);
// Closes what is left of the last one.
void spare_tidy(struct spare *self);
