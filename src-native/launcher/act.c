// SPDX-License-Identifier: MIT
// Acts on the host, which the supervisor performs: which function performs which.
// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.
#include "act.h"

// NOLINTNEXTLINE(readability-function-size)
struct outcome act_dispatch(struct supervisor *self, const struct record *record)
{
	switch (record->op) {
	case STEP_DENY_SETGROUPS:
		return act_deny_setgroups(self, (const struct step_deny_setgroups *)record);
	case STEP_SET_UID_MAP:
		return act_set_uid_map(self, (const struct step_set_uid_map *)record);
	case STEP_SET_GID_MAP:
		return act_set_gid_map(self, (const struct step_set_gid_map *)record);
	case STEP_NEWUIDMAP:
		return act_newuidmap(self, (const struct step_newuidmap *)record);
	case STEP_NEWGIDMAP:
		return act_newgidmap(self, (const struct step_newgidmap *)record);
	case STEP_FCHOWN:
		return act_fchown(self, (const struct step_fchown *)record);
	case STEP_IDMAP:
		return act_idmap(self, (const struct step_idmap *)record);
	case STEP_SET_GROUPS:
		return act_set_groups(self, (const struct step_set_groups *)record);
	case STEP_MAKE_CGROUP:
		return act_make_cgroup(self, (const struct step_make_cgroup *)record);
	case STEP_OPEN_CGROUP:
		return act_open_cgroup(self, (const struct step_open_cgroup *)record);
	case STEP_NEST_CGROUP:
		return act_nest_cgroup(self, (const struct step_nest_cgroup *)record);
	case STEP_WRITE_CGROUP:
		return act_write_cgroup(self, (const struct step_write_cgroup *)record);
	case STEP_END_FROZEN:
		return act_end_frozen(self, (const struct step_end_frozen *)record);
	case STEP_WATCH_OOM:
		return act_watch_oom(self, (const struct step_watch_oom *)record);
	case STEP_ENTER_CGROUP:
		return act_enter_cgroup(self, (const struct step_enter_cgroup *)record);
	case STEP_LIMIT_CPU_TIME:
		return act_limit_cpu_time(self, (const struct step_limit_cpu_time *)record);
	case STEP_READ_COUNTER:
		return act_read_counter(self, (const struct step_read_counter *)record);
	case STEP_REMOVE_CGROUP:
		return act_remove_cgroup(self, (const struct step_remove_cgroup *)record);
	case STEP_OPEN_NAMESPACE:
		return act_open_namespace(self, (const struct step_open_namespace *)record);
	case STEP_SETNS:
		return act_setns(self, (const struct step_setns *)record);
	case STEP_SET_TIME_OFFSET:
		return act_set_time_offset(self, (const struct step_set_time_offset *)record);
	case STEP_CONNECT_NETWORK:
		return act_connect_network(self, (const struct step_connect_network *)record);
	case STEP_OPEN_TREE:
		return act_open_tree(self, (const struct step_open_tree *)record);
	case STEP_REMOVE_TARGET:
		return act_remove_target(self, (const struct step_remove_target *)record);
	case STEP_RMDIR:
		return act_rmdir(self, (const struct step_rmdir *)record);
	case STEP_RELAY:
		return act_relay(self, (const struct step_relay *)record);
	case STEP_SET_RLIMIT:
		return act_set_rlimit(self, (const struct step_set_rlimit *)record);
	case STEP_SET_PRIORITY:
		return act_set_priority(self, (const struct step_set_priority *)record);
	case STEP_SET_OOM_SCORE_ADJ:
		return act_set_oom_score_adj(self, (const struct step_set_oom_score_adj *)record);
	case STEP_END_DESCENDANTS:
		return act_end_descendants(self, (const struct step_end_descendants *)record);
	}
	__builtin_trap();
}
