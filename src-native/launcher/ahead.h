// SPDX-License-Identifier: MIT
// What a spare has ahead of its plan, beside its namespaces: an empty mount namespace and a sysfs. The kernel looks at
// every process when a root is replaced, pivot_root(2), and at every sysfs when one is mounted. So that is done while
// nobody waits.
//
// Both belong to the child's own user and network namespaces, and hold nothing of the host. Where one cannot be made,
// the step does its work itself.
#pragma once
#include "child.h"

struct supervisor;
struct step_mount;

// In the page: nothing is there.
void ahead_none(struct page *page);
// In a spare's child: opens its namespaces for who makes it, and says so.
struct outcome ahead_ask(struct child *child, uint64_t namespaces);
// In its supervisor: makes it, once the child has asked. Returns when that is done, or cannot be.
void ahead_make(struct supervisor *self);
// Closes what was not used.
void ahead_close(struct page *page);

// In the child, before it gets other namespaces of these types, or shows its own to a hook: what does not fit any more
// is closed.
void ahead_forget(struct child *child, uint64_t namespaces);
// Whether the sysfs is what `step` mounts. Then it is the caller's.
int ahead_take_sysfs(struct child *child, const struct step_mount *step, int *ret_tree);
// Leaves the mounts for the empty mount namespace, and takes only those on the child's root along. 0 in `ret_left`:
// there is none, or what is there cannot be copied.
struct outcome ahead_leave(struct child *child, int *ret_left);
