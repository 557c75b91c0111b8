// SPDX-License-Identifier: MIT
// Who performs steps: the supervisor, or the child. And the page that both share from before the clone.
#pragma once
#include "plan.h"
#include "timing.h"

struct owned;
struct cgroups;
struct relay;
struct supervisor;

// Shared between supervisor, child and init. The child writes where it is before each step, and why it was refused.
struct page {
	uint32_t index;
	uint32_t refused;
	// Which list it stands in: its own, or that of the clone, where what clone3 does for others was refused to it.
	uint32_t list;
	int32_t syscall;
	int32_t error;
	uint32_t detail;
	// Why a helper program could not be executed.
	struct outcome helper;
	// Set by init before it reaps the command: until then the command's pid cannot have been given to another process.
	uint32_t command_over;
	int32_t command_status;
	// The descriptor in each slot, the same for both while they share their descriptors (CLONE_FILES). -1: empty.
	int32_t slots[SLOTS_MAX];
	char message[sizeof(((struct frame *)0)->message)];
};

struct actor {
	const struct plan *plan;
	struct page *page;
	// Container column: every target is resolved below it. At first the host's root, then the last mount on "/".
	int root;
	// Container column: how many mounts it has attached on "/", one on top of the other.
	uint32_t roots;
	// Container column: what it has mounted itself; owned by child.c, used by layer.c.
	struct owned *owned;
	// Container column: the socket to the supervisor; it is closed by exec, which is how the supervisor knows.
	int report;
	// Container column: a pidfd of the supervisor, which every child dies with.
	int supervisor;
	// Container column: its descriptors are no longer shared with the supervisor.
	int owns_files;
	// Container column: what exec sets for the command.
	uint32_t umask;
	// Container column: until it has passed a barrier, the same user's processes may look into it. For an ordinary user's
	// supervisor, which could not write its maps otherwise, and hooks, which could not open its namespaces. proc(5)
	int dumpable;
	// Host column: the child that the acts are for.
	int child;
	// Owned by the supervisor, which the child has a copy of.
	struct timing *timing;
	// Host column: the supervisor that this is a part of.
	struct supervisor *self;
	// Host column: an act was broken off, because something has happened that ends the container: watch.c hears of it next.
	int broken_off;
	// Host column: who waits at the barrier, as the kernel says.
	int waiting;
	// Host column: what cgroup.c watches; owned by the supervisor.
	struct cgroups *cgroups;
	// Host column: what is told of the container when it is over; owned by the supervisor.
	struct frame *frame;
	// Host column: what relay.c carries; owned by the supervisor.
	struct relay *relay;
};

typedef struct outcome (*step_function)(struct actor *, const void *record);

// What the child says on the report socket, one byte each; the kernel adds who said it. SO_PASSCRED in unix(7)
enum { REPORT_BARRIER = 'b', REPORT_COMMAND = 'c' };

struct outcome step_barrier(struct actor *actor, const void *record);
struct outcome step_bind(struct actor *actor, const void *record);
struct outcome step_chdir(struct actor *actor, const void *record);
struct outcome step_controlling_terminal(struct actor *actor, const void *record);
struct outcome step_deny_setgroups(struct actor *actor, const void *record);
struct outcome step_device(struct actor *actor, const void *record);
struct outcome step_directory(struct actor *actor, const void *record);
struct outcome step_enter_cgroup(struct actor *actor, const void *record);
struct outcome step_exec(struct actor *actor, const void *record);
struct outcome step_fchown(struct actor *actor, const void *record);
struct outcome step_file(struct actor *actor, const void *record);
struct outcome step_idmap(struct actor *actor, const void *record);
struct outcome step_init(struct actor *actor, const void *record);
struct outcome step_join_session_keyring(struct actor *actor, const void *record);
struct outcome step_limit_cpu_time(struct actor *actor, const void *record);
struct outcome step_link_up(struct actor *actor, const void *record);
struct outcome step_make_cgroup(struct actor *actor, const void *record);
struct outcome step_mask(struct actor *actor, const void *record);
struct outcome step_mount(struct actor *actor, const void *record);
struct outcome step_mount_setattr(struct actor *actor, const void *record);
struct outcome step_newgidmap(struct actor *actor, const void *record);
struct outcome step_newuidmap(struct actor *actor, const void *record);
struct outcome step_no_new_privileges(struct actor *actor, const void *record);
struct outcome step_omit(struct actor *actor, const void *record);
struct outcome step_open_namespace(struct actor *actor, const void *record);
struct outcome step_open_terminal(struct actor *actor, const void *record);
struct outcome step_open_tree(struct actor *actor, const void *record);
struct outcome step_pivot_root(struct actor *actor, const void *record);
struct outcome step_propagation(struct actor *actor, const void *record);
struct outcome step_read_counter(struct actor *actor, const void *record);
struct outcome step_readonly_path(struct actor *actor, const void *record);
struct outcome step_rmdir(struct actor *actor, const void *record);
struct outcome step_remove_cgroup(struct actor *actor, const void *record);
struct outcome step_set_capabilities(struct actor *actor, const void *record);
struct outcome step_set_affinity(struct actor *actor, const void *record);
struct outcome step_set_domainname(struct actor *actor, const void *record);
struct outcome step_set_gid_map(struct actor *actor, const void *record);
struct outcome step_set_groups(struct actor *actor, const void *record);
struct outcome step_set_hostname(struct actor *actor, const void *record);
struct outcome step_set_oom_score_adj(struct actor *actor, const void *record);
struct outcome step_set_priority(struct actor *actor, const void *record);
struct outcome step_set_rlimit(struct actor *actor, const void *record);
struct outcome step_set_time_offset(struct actor *actor, const void *record);
struct outcome step_set_uid_map(struct actor *actor, const void *record);
struct outcome step_set_user(struct actor *actor, const void *record);
struct outcome step_relay(struct actor *actor, const void *record);
struct outcome step_setns(struct actor *actor, const void *record);
struct outcome step_symlink(struct actor *actor, const void *record);
struct outcome step_sysctl(struct actor *actor, const void *record);
struct outcome step_umask(struct actor *actor, const void *record);
struct outcome step_end_frozen(struct actor *actor, const void *record);
struct outcome step_unshare(struct actor *actor, const void *record);
struct outcome step_watch_oom(struct actor *actor, const void *record);
struct outcome step_write_cgroup(struct actor *actor, const void *record);
