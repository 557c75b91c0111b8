// SPDX-License-Identifier: MIT
// What a plan does about the network beside a container's: those of its steps that a spare's child performs ahead of
// the plan. To make a network namespace and a cable takes longer than all else of them.
//
// They are copied out of the last plan, so that no other part of it is kept. A plan whose own are the same goes on
// behind them; for any other the child makes its network namespace anew.
#pragma once
#include "child.h"

enum { NETWORKS_SIZE = 8192 };

struct networks {
	// How many steps; 0: there are none, or more than fit.
	uint32_t count;
	uint32_t size;
	// Records, one behind the other, and behind them what their fields point to.
	_Alignas(uint64_t) unsigned char bytes[NETWORKS_SIZE];
};

// Those of a plan. None where it sets what new interfaces begin with: they would have begun before.
void networks_of(const struct plan *plan, struct networks *ret_networks);
int networks_equal(const struct networks *left, const struct networks *right);

// In a spare's child: performs them. What they open is in the page then. Where one is refused, the child makes its
// network namespace anew.
void networks_make(struct child *child, const struct networks *networks);
// In the child, at the first of the plan's own, which are the same: puts what was opened into their slots. Returns how
// many steps are done.
uint32_t networks_take(const struct child *child, const struct record *record);
// Closes what was opened.
void networks_close(struct page *page);
