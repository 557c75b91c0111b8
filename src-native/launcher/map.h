// SPDX-License-Identifier: MIT
// An id map as the kernel reads it. user_namespaces(7)
#pragma once
#include "outcome.h"
#include "plan.h"

// Writes the flat `ranges` of `plan` to the opened uid_map or gid_map.
struct outcome map_write(int file, const struct plan *plan, struct wire_list ranges);
