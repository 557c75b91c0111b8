// SPDX-License-Identifier: MIT
// A supervisor that is made in advance, while nothing is asked for, with a child in new namespaces: most of what a start costs is the kernel's
// work on those. It takes the next request itself; one that wants other namespaces is served by it as well, with a child of its own.
//
// The child has no mount namespace before it is needed: it would be the host's mounts of an earlier moment, and keep them busy.
#pragma once
#include "../sys.h"

// What became of it: it has taken a request; nobody wanted it, or it was too slow for one, and it is let go; it has ended, or could not be made.
enum spare_end { SPARE_USED, SPARE_UNWANTED, SPARE_LOST };

// In the launcher: makes one with the namespaces of `*forecast`, for requests on `requests`, and waits for its end; 0 is none, and it is lost. Where
// its child cannot be made, `*forecast` is 0 from then on.
enum spare_end spare_run(int requests, uint64_t *forecast);
