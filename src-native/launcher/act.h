// SPDX-License-Identifier: MIT
// Acts on the host, which the supervisor performs: one function a step.
// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.
#pragma once
#include "supervisor.h"

// Performs the step that `record` is of; plan_check has seen that it is one of these.
struct outcome act_dispatch(struct supervisor *self, const struct record *record);

struct outcome act_deny_setgroups(struct supervisor *self, const struct step_deny_setgroups *step);
struct outcome act_set_uid_map(struct supervisor *self, const struct step_set_uid_map *step);
struct outcome act_set_gid_map(struct supervisor *self, const struct step_set_gid_map *step);
struct outcome act_newuidmap(struct supervisor *self, const struct step_newuidmap *step);
struct outcome act_newgidmap(struct supervisor *self, const struct step_newgidmap *step);
struct outcome act_fchown(struct supervisor *self, const struct step_fchown *step);
struct outcome act_idmap(struct supervisor *self, const struct step_idmap *step);
struct outcome act_set_groups(struct supervisor *self, const struct step_set_groups *step);
struct outcome act_make_cgroup(struct supervisor *self, const struct step_make_cgroup *step);
struct outcome act_open_cgroup(struct supervisor *self, const struct step_open_cgroup *step);
struct outcome act_nest_cgroup(struct supervisor *self, const struct step_nest_cgroup *step);
struct outcome act_write_cgroup(struct supervisor *self, const struct step_write_cgroup *step);
struct outcome act_end_frozen(struct supervisor *self, const struct step_end_frozen *step);
struct outcome act_watch_oom(struct supervisor *self, const struct step_watch_oom *step);
struct outcome act_enter_cgroup(struct supervisor *self, const struct step_enter_cgroup *step);
struct outcome act_limit_cpu_time(struct supervisor *self, const struct step_limit_cpu_time *step);
struct outcome act_read_counter(struct supervisor *self, const struct step_read_counter *step);
struct outcome act_remove_cgroup(struct supervisor *self, const struct step_remove_cgroup *step);
struct outcome act_open_namespace(struct supervisor *self, const struct step_open_namespace *step);
struct outcome act_setns(struct supervisor *self, const struct step_setns *step);
struct outcome act_set_time_offset(struct supervisor *self, const struct step_set_time_offset *step);
struct outcome act_connect_network(struct supervisor *self, const struct step_connect_network *step);
struct outcome act_open_tree(struct supervisor *self, const struct step_open_tree *step);
struct outcome act_remove_target(struct supervisor *self, const struct step_remove_target *step);
struct outcome act_rmdir(struct supervisor *self, const struct step_rmdir *step);
struct outcome act_relay(struct supervisor *self, const struct step_relay *step);
struct outcome act_set_rlimit(struct supervisor *self, const struct step_set_rlimit *step);
struct outcome act_set_priority(struct supervisor *self, const struct step_set_priority *step);
struct outcome act_set_oom_score_adj(struct supervisor *self, const struct step_set_oom_score_adj *step);
struct outcome act_end_descendants(struct supervisor *self, const struct step_end_descendants *step);
