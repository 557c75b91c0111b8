// SPDX-License-Identifier: MIT
// What the supervisor and the child perform in the same way: it needs no more than what both have.
#pragma once
#include "page.h"
#include "plan.h"

struct outcome both_fchown(const struct page *page, const struct step_fchown *step);
// Opens a namespace by its entry in /proc. Where what is there is none, it is open all the same.
struct outcome both_open_nsfs(int at, const char *path, int *ret_fd);
struct outcome both_open_namespace(const struct plan *plan, struct page *page, const struct step_open_namespace *step);
// Opens what is at the step's `source`, a path of the host, without copying its mount. -1: the step has a descriptor
// instead, and has to have one of both.
struct outcome both_open_source(const struct plan *plan, const struct step_open_tree *step, int *ret_fd);
struct outcome both_set_groups(const struct plan *plan, const struct step_set_groups *step);
// Of the process `pid`, 0 for this one.
struct outcome both_set_rlimit(int pid, const struct step_set_rlimit *step);
struct outcome both_setns(const struct page *page, const struct step_setns *step);
