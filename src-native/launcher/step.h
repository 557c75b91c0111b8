// SPDX-License-Identifier: MIT
// Steps of the container, which the child performs: one function a step.
// Made by scripts/dispatch.ts from lib/plan/steps.ts. Do not edit.
#pragma once
#include "child.h"

// Performs the step that `record` is of; plan_check has seen that it is one of these.
struct outcome step_dispatch(struct child *child, const struct record *record);

struct outcome step_barrier(struct child *child, const struct step_barrier *step);
struct outcome step_omit(struct child *child, const struct step_omit *step);
struct outcome step_assert_refused(struct child *child, const struct step_assert_refused *step);
struct outcome step_init(struct child *child, const struct step_init *step);
struct outcome step_enter(struct child *child, const struct step_enter *step);
struct outcome step_exec(struct child *child, const struct step_exec *step);
struct outcome step_await_plan(struct child *child, const struct step_await_plan *step);
struct outcome step_give(struct child *child, const struct step_give *step);
struct outcome step_hold(struct child *child, const struct step_hold *step);
struct outcome step_exit(struct child *child, const struct step_exit *step);
struct outcome step_serve(struct child *child, const struct step_serve *step);
struct outcome step_fchown(struct child *child, const struct step_fchown *step);
struct outcome step_set_groups(struct child *child, const struct step_set_groups *step);
struct outcome step_set_user(struct child *child, const struct step_set_user *step);
struct outcome step_unshare(struct child *child, const struct step_unshare *step);
struct outcome step_nest_namespaces(struct child *child, const struct step_nest_namespaces *step);
struct outcome step_open_namespace(struct child *child, const struct step_open_namespace *step);
struct outcome step_setns(struct child *child, const struct step_setns *step);
struct outcome step_set_hostname(struct child *child, const struct step_set_hostname *step);
struct outcome step_set_domainname(struct child *child, const struct step_set_domainname *step);
struct outcome step_sysctl(struct child *child, const struct step_sysctl *step);
struct outcome step_link_up(struct child *child, const struct step_link_up *step);
struct outcome step_new_network(struct child *child, const struct step_new_network *step);
struct outcome step_add_veth(struct child *child, const struct step_add_veth *step);
struct outcome step_add_address(struct child *child, const struct step_add_address *step);
struct outcome step_add_route(struct child *child, const struct step_add_route *step);
struct outcome step_remove_route(struct child *child, const struct step_remove_route *step);
struct outcome step_listen_tcp(struct child *child, const struct step_listen_tcp *step);
struct outcome step_bind_udp(struct child *child, const struct step_bind_udp *step);
struct outcome step_propagation(struct child *child, const struct step_propagation *step);
struct outcome step_open_tree(struct child *child, const struct step_open_tree *step);
struct outcome step_capture_tree(struct child *child, const struct step_capture_tree *step);
struct outcome step_mount(struct child *child, const struct step_mount *step);
struct outcome step_bind(struct child *child, const struct step_bind *step);
struct outcome step_device(struct child *child, const struct step_device *step);
struct outcome step_mount_setattr(struct child *child, const struct step_mount_setattr *step);
struct outcome step_mask(struct child *child, const struct step_mask *step);
struct outcome step_readonly_path(struct child *child, const struct step_readonly_path *step);
struct outcome step_pivot_root(struct child *child, const struct step_pivot_root *step);
struct outcome step_open_directory(struct child *child, const struct step_open_directory *step);
struct outcome step_directory(struct child *child, const struct step_directory *step);
struct outcome step_file(struct child *child, const struct step_file *step);
struct outcome step_replace_file(struct child *child, const struct step_replace_file *step);
struct outcome step_symlink(struct child *child, const struct step_symlink *step);
struct outcome step_make_target(struct child *child, const struct step_make_target *step);
struct outcome step_chmod(struct child *child, const struct step_chmod *step);
struct outcome step_copy_permissions(struct child *child, const struct step_copy_permissions *step);
struct outcome step_set_xattr(struct child *child, const struct step_set_xattr *step);
struct outcome step_lock_file(struct child *child, const struct step_lock_file *step);
struct outcome step_open_terminal(struct child *child, const struct step_open_terminal *step);
struct outcome step_controlling_terminal(struct child *child, const struct step_controlling_terminal *step);
struct outcome step_set_rlimit(struct child *child, const struct step_set_rlimit *step);
struct outcome step_set_affinity(struct child *child, const struct step_set_affinity *step);
struct outcome step_umask(struct child *child, const struct step_umask *step);
struct outcome step_join_session_keyring(struct child *child, const struct step_join_session_keyring *step);
struct outcome step_chdir(struct child *child, const struct step_chdir *step);
struct outcome step_set_capabilities(struct child *child, const struct step_set_capabilities *step);
struct outcome step_no_new_privileges(struct child *child, const struct step_no_new_privileges *step);
struct outcome step_seccomp(struct child *child, const struct step_seccomp *step);
struct outcome step_seccomp_report(struct child *child, const struct step_seccomp_report *step);
struct outcome step_create_ruleset(struct child *child, const struct step_create_ruleset *step);
struct outcome step_add_path_rule(struct child *child, const struct step_add_path_rule *step);
struct outcome step_add_port_rule(struct child *child, const struct step_add_port_rule *step);
struct outcome step_restrict_self(struct child *child, const struct step_restrict_self *step);
struct outcome step_set_exec_label(struct child *child, const struct step_set_exec_label *step);
