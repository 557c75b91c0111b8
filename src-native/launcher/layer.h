// SPDX-License-Identifier: MIT
// Private layers: what a container lacks is made in memory, over a directory, and never in a tree that somebody owns.
#pragma once
#include "child.h"

enum { OWNED_MOST = 1024, LAYERS_MOST = 64 };

// File systems that the plan itself has mounted, by their device numbers: what is missing may be made in them.
struct owned {
	uint32_t count;
	// The mounts are the child's own: what it covers, nobody else sees covered.
	int has_mounts;
	uint32_t layer_count;
	// Layers that are still open for what is to be made in them.
	int layers[LAYERS_MOST];
	uint64_t layer_devices[LAYERS_MOST];
	// The last: what is not used is no memory.
	uint64_t devices[OWNED_MOST];
};

// Notes that the file system of the detached mount `tree` is the plan's own.
struct outcome layer_own(const struct child *child, int tree);
// Replaces `parent`, a directory in which an entry is to be made, by a layer over it, unless its file system is the
// plan's own. The layer shows all its entries but `without`, if that is not 0; in an own file system that one is
// removed.
struct outcome layer_open(struct child *child, int *parent, const char *without);
// Whether `place` is in a layer: what is made there is gone with the container.
struct outcome layer_has(const struct child *child, int place, int *ret_has);
// Closes the layers for good: a write there would be gone with the container, so it is refused instead.
struct outcome layer_seal(const struct child *child);
