// SPDX-License-Identifier: MIT
// Steps about the process and what surrounds it: host name, and the endings.
#include "report.h"
#include "step.h"
#include "memory.h"

struct outcome step_set_hostname(struct child *child, const struct step_set_hostname *step)
{
	TRY(sethostname, plan_string(child->plan, step->hostname), step->hostname.length);
	return DONE;
}

struct outcome step_set_domainname(struct child *child, const struct step_set_domainname *step)
{
	TRY(setdomainname, plan_string(child->plan, step->domainname), step->domainname.length);
	return DONE;
}

// Puts the slots on descriptors 0 … count − 1, so that no move overwrites one that is still to be moved.
static struct outcome arrange_stdio(struct child *child, struct wire_list stdio)
{
	int fds[SLOTS_MAX];
	// The supervisor takes its end for the end of the steps: it must not come early.
	if (child->report < (int)stdio.count)
		child->report = (int)TRY(fcntl, child->report, F_DUPFD_CLOEXEC, stdio.count);
	for (uint32_t i = 0; i < stdio.count; i++) {
		uint64_t slot = plan_number_at(child->plan, stdio, i);
		fds[i] = slot == NO_SLOT ? -1 : child->page->slots[slot];
		if (fds[i] >= 0 && fds[i] < (int)stdio.count)
			fds[i] = (int)TRY(fcntl, fds[i], F_DUPFD_CLOEXEC, stdio.count);
	}
	// From the last one on: 0 is the launcher's /dev/null until its turn comes, and where a slot is empty.
	for (uint32_t i = stdio.count; i-- > 0;) {
		if (fds[i] >= 0 || i > 2)
			TRY(dup3, fds[i] >= 0 ? fds[i] : 0, (int)i, 0);
	}
	return DONE;
}

static struct outcome try_paths(
	struct child *child, const struct step_exec *step, const char *const *argv, const char *const *envp)
{
	struct outcome outcome = DONE;
	for (uint32_t i = 0; i < step->paths.count; i++) {
		const char *path = plan_string_at(child->plan, step->paths, i);
		int error = (int)-sys_execve(path, argv, envp);
		// Like execvp(3): a forbidden program is reported only where no other is found.
		if (outcome.error == 0 || error != SYS_ENOENT)
			outcome = REFUSED(execve, error);
		// The file is there, so what is missing is its interpreter.
		if (error == SYS_ENOENT && sys_faccessat(AT_FDCWD, path, 0) == 0) {
			child->page->path = i + 1;
			return REFUSED(execve, error);
		}
		if (error != SYS_ENOENT && error != SYS_ENOTDIR && error != SYS_EACCES) {
			child->page->path = i + 1;
			return outcome;
		}
		if (error == SYS_EACCES)
			child->page->path = i + 1;
	}
	return outcome;
}

// Fills in an array of pointers, and the NULL behind them. Returns where the next one begins.
static const char **fill_vector(const struct plan *plan, struct wire_list list, const char **ret_vector)
{
	for (uint32_t i = 0; i < list.count; i++)
		ret_vector[i] = plan_string_at(plan, list, i);
	ret_vector[list.count] = 0;
	return ret_vector + list.count + 1;
}

// There is no allocator, and 10,000 arguments are allowed. Few of them need no memory of their own, which takes longer
// than to fill it.
static struct outcome make_vectors(const struct plan *plan, const struct step_exec *step, const char *const **ret_argv,
	const char *const **ret_envp)
{
	enum { FEW = 256 };
	static const char *few[FEW];
	const size_t count = (size_t)step->args.count + step->env.count + 2;
	void *memory = few;
	if (count > FEW)
		PASS(memory_private(count * sizeof(char *), &memory));
	const char **argv = memory;
	const char **envp = fill_vector(plan, step->args, argv);
	fill_vector(plan, step->env, envp);
	*ret_argv = argv;
	*ret_envp = envp;
	return DONE;
}

struct outcome step_exec(struct child *child, const struct step_exec *step)
{
	const char *const *argv;
	const char *const *envp;
	PASS(make_vectors(child->plan, step, &argv, &envp));
	PASS(child_own_files(child));
	PASS(report_say(child->report, REPORT_COMMAND));
	PASS(arrange_stdio(child, step->stdio));
	sys_umask(child->umask);
	return try_paths(child, step, argv, envp);
}

struct outcome step_hold(struct child *child, const struct step_hold *step)
{
	(void)step;
	PASS(child_own_files(child));
	if (!child->has_init)
		return REFUSED(wait4, SYS_ESRCH);
	PASS(report_say(child->report, REPORT_COMMAND));
	// Nothing is refused any more: else init would stay for nobody.
	__atomic_store_n(&child->page->holds, 1, __ATOMIC_SEQ_CST);
	sys_exit_group(0);
}

struct outcome step_give(struct child *child, const struct step_give *step)
{
	int32_t descriptors[GIVEN_MAX];
	if (step->slots.count < 1 || step->slots.count > GIVEN_MAX)
		return REFUSED(sendmsg, SYS_EINVAL);
	// The supervisor has a table of its own then: there they belong.
	PASS(child_own_files(child));
	for (uint32_t i = 0; i < step->slots.count; i++)
		descriptors[i] = child->page->slots[plan_number_at(child->plan, step->slots, i)];
	return report_hand(child->report, REPORT_GIVEN, descriptors, step->slots.count);
}

struct outcome step_exit(struct child *child, const struct step_exit *step)
{
	PASS(child_own_files(child));
	// Who comes here has done all of the plan: it is the command, and has ended.
	PASS(report_say(child->report, REPORT_COMMAND));
	sys_exit_group((int)step->status);
}
