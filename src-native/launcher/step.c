// SPDX-License-Identifier: MIT
// Steps of the container, which the child performs: which function performs which.
// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.
#include "step.h"

// NOLINTNEXTLINE(readability-function-size)
struct outcome step_dispatch(struct child *child, const struct record *record)
{
	switch (record->op) {
	case STEP_BARRIER:
		return step_barrier(child, (const struct step_barrier *)record);
	case STEP_OMIT:
		return step_omit(child, (const struct step_omit *)record);
	case STEP_ASSERT_REFUSED:
		return step_assert_refused(child, (const struct step_assert_refused *)record);
	case STEP_INIT:
		return step_init(child, (const struct step_init *)record);
	case STEP_ENTER:
		return step_enter(child, (const struct step_enter *)record);
	case STEP_EXEC:
		return step_exec(child, (const struct step_exec *)record);
	case STEP_AWAIT_PLAN:
		return step_await_plan(child, (const struct step_await_plan *)record);
	case STEP_GIVE:
		return step_give(child, (const struct step_give *)record);
	case STEP_HOLD:
		return step_hold(child, (const struct step_hold *)record);
	case STEP_EXIT:
		return step_exit(child, (const struct step_exit *)record);
	case STEP_SERVE:
		return step_serve(child, (const struct step_serve *)record);
	case STEP_FCHOWN:
		return step_fchown(child, (const struct step_fchown *)record);
	case STEP_SET_GROUPS:
		return step_set_groups(child, (const struct step_set_groups *)record);
	case STEP_SET_USER:
		return step_set_user(child, (const struct step_set_user *)record);
	case STEP_UNSHARE:
		return step_unshare(child, (const struct step_unshare *)record);
	case STEP_NEST_NAMESPACES:
		return step_nest_namespaces(child, (const struct step_nest_namespaces *)record);
	case STEP_OPEN_NAMESPACE:
		return step_open_namespace(child, (const struct step_open_namespace *)record);
	case STEP_SETNS:
		return step_setns(child, (const struct step_setns *)record);
	case STEP_SET_HOSTNAME:
		return step_set_hostname(child, (const struct step_set_hostname *)record);
	case STEP_SET_DOMAINNAME:
		return step_set_domainname(child, (const struct step_set_domainname *)record);
	case STEP_SYSCTL:
		return step_sysctl(child, (const struct step_sysctl *)record);
	case STEP_LINK_UP:
		return step_link_up(child, (const struct step_link_up *)record);
	case STEP_NEW_NETWORK:
		return step_new_network(child, (const struct step_new_network *)record);
	case STEP_ADD_VETH:
		return step_add_veth(child, (const struct step_add_veth *)record);
	case STEP_ADD_ADDRESS:
		return step_add_address(child, (const struct step_add_address *)record);
	case STEP_ADD_ROUTE:
		return step_add_route(child, (const struct step_add_route *)record);
	case STEP_REMOVE_ROUTE:
		return step_remove_route(child, (const struct step_remove_route *)record);
	case STEP_LISTEN_TCP:
		return step_listen_tcp(child, (const struct step_listen_tcp *)record);
	case STEP_BIND_UDP:
		return step_bind_udp(child, (const struct step_bind_udp *)record);
	case STEP_PROPAGATION:
		return step_propagation(child, (const struct step_propagation *)record);
	case STEP_OPEN_TREE:
		return step_open_tree(child, (const struct step_open_tree *)record);
	case STEP_CAPTURE_TREE:
		return step_capture_tree(child, (const struct step_capture_tree *)record);
	case STEP_MOUNT:
		return step_mount(child, (const struct step_mount *)record);
	case STEP_BIND:
		return step_bind(child, (const struct step_bind *)record);
	case STEP_DEVICE:
		return step_device(child, (const struct step_device *)record);
	case STEP_MOUNT_SETATTR:
		return step_mount_setattr(child, (const struct step_mount_setattr *)record);
	case STEP_MASK:
		return step_mask(child, (const struct step_mask *)record);
	case STEP_READONLY_PATH:
		return step_readonly_path(child, (const struct step_readonly_path *)record);
	case STEP_PIVOT_ROOT:
		return step_pivot_root(child, (const struct step_pivot_root *)record);
	case STEP_OPEN_DIRECTORY:
		return step_open_directory(child, (const struct step_open_directory *)record);
	case STEP_DIRECTORY:
		return step_directory(child, (const struct step_directory *)record);
	case STEP_FILE:
		return step_file(child, (const struct step_file *)record);
	case STEP_REPLACE_FILE:
		return step_replace_file(child, (const struct step_replace_file *)record);
	case STEP_SYMLINK:
		return step_symlink(child, (const struct step_symlink *)record);
	case STEP_MAKE_TARGET:
		return step_make_target(child, (const struct step_make_target *)record);
	case STEP_CHMOD:
		return step_chmod(child, (const struct step_chmod *)record);
	case STEP_COPY_PERMISSIONS:
		return step_copy_permissions(child, (const struct step_copy_permissions *)record);
	case STEP_SET_XATTR:
		return step_set_xattr(child, (const struct step_set_xattr *)record);
	case STEP_LOCK_FILE:
		return step_lock_file(child, (const struct step_lock_file *)record);
	case STEP_OPEN_TERMINAL:
		return step_open_terminal(child, (const struct step_open_terminal *)record);
	case STEP_CONTROLLING_TERMINAL:
		return step_controlling_terminal(child, (const struct step_controlling_terminal *)record);
	case STEP_SET_RLIMIT:
		return step_set_rlimit(child, (const struct step_set_rlimit *)record);
	case STEP_SET_AFFINITY:
		return step_set_affinity(child, (const struct step_set_affinity *)record);
	case STEP_UMASK:
		return step_umask(child, (const struct step_umask *)record);
	case STEP_JOIN_SESSION_KEYRING:
		return step_join_session_keyring(child, (const struct step_join_session_keyring *)record);
	case STEP_CHDIR:
		return step_chdir(child, (const struct step_chdir *)record);
	case STEP_SET_CAPABILITIES:
		return step_set_capabilities(child, (const struct step_set_capabilities *)record);
	case STEP_NO_NEW_PRIVILEGES:
		return step_no_new_privileges(child, (const struct step_no_new_privileges *)record);
	case STEP_SECCOMP:
		return step_seccomp(child, (const struct step_seccomp *)record);
	case STEP_SECCOMP_REPORT:
		return step_seccomp_report(child, (const struct step_seccomp_report *)record);
	case STEP_CREATE_RULESET:
		return step_create_ruleset(child, (const struct step_create_ruleset *)record);
	case STEP_ADD_PATH_RULE:
		return step_add_path_rule(child, (const struct step_add_path_rule *)record);
	case STEP_ADD_PORT_RULE:
		return step_add_port_rule(child, (const struct step_add_port_rule *)record);
	case STEP_RESTRICT_SELF:
		return step_restrict_self(child, (const struct step_restrict_self *)record);
	case STEP_SET_EXEC_LABEL:
		return step_set_exec_label(child, (const struct step_set_exec_label *)record);
	}
	__builtin_trap();
}
