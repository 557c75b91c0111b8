// SPDX-License-Identifier: MIT
// The frame around the steps of the container column: what every child does, then the list, then nothing.
#include "child.h"
#include <linux/close_range.h>
#include <linux/prctl.h>
#include "layer.h"

static const step_function STEPS[STEP_COUNT + 1] = {
	[STEP_BARRIER] = step_barrier,
	[STEP_FCHOWN] = step_fchown,
	[STEP_OPEN_NAMESPACE] = step_open_namespace,
	[STEP_SETNS] = step_setns,
	[STEP_OPEN_TREE] = step_open_tree,
	[STEP_UNSHARE] = step_unshare,
	[STEP_PROPAGATION] = step_propagation,
	[STEP_MOUNT] = step_mount,
	[STEP_OMIT] = step_omit,
	[STEP_BIND] = step_bind,
	[STEP_DEVICE] = step_device,
	[STEP_MOUNT_SETATTR] = step_mount_setattr,
	[STEP_SYSCTL] = step_sysctl,
	[STEP_MASK] = step_mask,
	[STEP_READONLY_PATH] = step_readonly_path,
	[STEP_DIRECTORY] = step_directory,
	[STEP_FILE] = step_file,
	[STEP_SYMLINK] = step_symlink,
	[STEP_PIVOT_ROOT] = step_pivot_root,
	[STEP_SET_HOSTNAME] = step_set_hostname,
	[STEP_SET_DOMAINNAME] = step_set_domainname,
	[STEP_LINK_UP] = step_link_up,
	[STEP_JOIN_SESSION_KEYRING] = step_join_session_keyring,
	[STEP_OPEN_TERMINAL] = step_open_terminal,
	[STEP_INIT] = step_init,
	[STEP_CONTROLLING_TERMINAL] = step_controlling_terminal,
	[STEP_SET_GROUPS] = step_set_groups,
	[STEP_SET_USER] = step_set_user,
	[STEP_SET_RLIMIT] = step_set_rlimit,
	[STEP_SET_AFFINITY] = step_set_affinity,
	[STEP_UMASK] = step_umask,
	[STEP_CHDIR] = step_chdir,
	[STEP_SET_CAPABILITIES] = step_set_capabilities,
	[STEP_NO_NEW_PRIVILEGES] = step_no_new_privileges,
	[STEP_EXEC] = step_exec,
};

__attribute__((noreturn)) static void refuse(struct page *page, uint32_t list, struct outcome outcome)
{
	page->list = list;
	page->syscall = outcome.syscall;
	page->error = outcome.error;
	__atomic_store_n(&page->refused, 1, __ATOMIC_RELEASE);
	sys_exit_group(125);
}

// What needs no plan.
static struct outcome begin(struct actor *actor)
{
	PASS(child_hold(actor));
	TRY(setsid);
	// The modes that steps ask for are the modes they get; exec sets the command's mask.
	sys_umask(0);
	actor->umask = 022;
	return DONE;
}

__attribute__((noreturn)) static void perform(struct actor *actor)
{
	const struct plan *plan = actor->plan;
	struct owned owned = {.has_mounts = (plan->header->clone & CLONE_NEWNS) != 0};
	actor->owned = &owned;
	actor->root = (int)sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (actor->root < 0)
		refuse(actor->page, LIST_STEPS, REFUSED(openat, -actor->root));
	const unsigned char *at = plan->base + plan->header->steps_offset;
	for (uint32_t i = 0; i < plan->header->steps_count; i++) {
		const struct record *record = (const struct record *)at;
		__atomic_store_n(&actor->page->index, i, __ATOMIC_RELAXED);
		timing_step(actor->timing, i);
		struct outcome outcome = STEPS[record->op](actor, record);
		if (outcome.error)
			refuse(actor->page, LIST_STEPS, outcome);
		at += record->size;
	}
	sys_exit_group(125);
}

void child_run(struct actor *actor)
{
	struct outcome outcome = begin(actor);
	if (outcome.error)
		refuse(actor->page, LIST_STEPS, outcome);
	perform(actor);
}

// Waits for the plan, which its supervisor has checked, and which is sealed. The mounts are those of this moment.
static struct outcome await_plan(struct actor *actor, struct plan *ret_plan)
{
	struct child_start start;
	long received;
	do
		received = sys_read(actor->report, &start, sizeof(start));
	while (received == -SYS_EINTR);
	if (received != sizeof(start))
		return REFUSED(read, received < 0 ? -received : SYS_ESRCH);
	sys_prctl(PR_SET_NAME, (unsigned long)"carrel", 0, 0);
	const long base = TRY(mmap, start.size, SYS_PROT_READ, SYS_MAP_PRIVATE, start.plan);
	*ret_plan = (struct plan){(const unsigned char *)base, (const struct plan_header *)base};
	actor->plan = ret_plan;
	if (ret_plan->header->clone & CLONE_NEWNS)
		TRY(unshare, CLONE_NEWNS);
	return DONE;
}

void child_run_ahead(struct actor *actor)
{
	const int dumpable = actor->dumpable;
	struct plan plan;
	// Nobody looks into it while it waits, however long that is.
	actor->dumpable = 0;
	struct outcome outcome = begin(actor);
	if (outcome.error == 0)
		outcome = await_plan(actor, &plan);
	actor->dumpable = dumpable;
	if (outcome.error == 0 && dumpable)
		outcome = child_hold(actor);
	if (outcome.error)
		refuse(actor->page, LIST_CLONE, outcome);
	perform(actor);
}

struct outcome child_say(const struct actor *actor, char what)
{
	struct sys_iovec iov = {&what, 1};
	struct sys_msghdr message = {.iov = &iov, .iov_count = 1};
	TRY(sendmsg, actor->report, &message, SYS_MSG_NOSIGNAL);
	return DONE;
}

struct outcome child_hold(const struct actor *actor)
{
	TRY(prctl, PR_SET_PDEATHSIG, SYS_SIGKILL, 0, 0);
	TRY(prctl, PR_SET_DUMPABLE, (unsigned long)actor->dumpable, 0, 0);
	// The supervisor may have died before the first line, or while a change of credentials had cleared the signal: then none
	// comes, and no end of the report socket either, since the child shares the supervisor's descriptors. prctl(2)
	struct pollfd death = {.fd = actor->supervisor, .events = POLLIN};
	const struct sys_timespec now = {0, 0};
	if (TRY(ppoll, &death, 1, &now) > 0)
		return REFUSED(ppoll, SYS_ESRCH);
	return DONE;
}

struct outcome child_own_files(struct actor *actor)
{
	if (!actor->owns_files)
		TRY(close_range, 3, ~0u, CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC);
	actor->owns_files = 1;
	return DONE;
}

struct outcome step_barrier(struct actor *actor, const void *record)
{
	(void)record;
	char go;
	PASS(child_say(actor, REPORT_BARRIER));
	// The supervisor performs the acts, and answers; or it ends this process.
	long received;
	do
		received = sys_read(actor->report, &go, 1);
	while (received == -SYS_EINTR);
	if (received != 1)
		return REFUSED(read, received < 0 ? -received : SYS_ESRCH);
	actor->dumpable = 0;
	return child_hold(actor);
}
