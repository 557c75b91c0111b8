// SPDX-License-Identifier: MIT
// Steps that take rights away. They come last before the ending.
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include "filter.h"
#include "report.h"
#include "step.h"

static struct outcome set_capabilities(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct data[2] = {
		{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32), (uint32_t)(inheritable >> 32)},
	};
	TRY(capset, &header, data);
	return DONE;
}

// The kernel may know more capabilities than the headers: drops one after the other until it knows no more.
// capabilities(7)
static struct outcome limit_bounding(uint64_t keep)
{
	for (unsigned long capability = 0; capability < 64; capability++) {
		if (keep >> capability & 1)
			continue;
		long dropped = sys_prctl(PR_CAPBSET_DROP, capability, 0, 0);
		// Who has no right to drop any is told that first. What is not there need not be dropped.
		if (dropped == -SYS_EPERM) {
			const long is_there = sys_prctl(PR_CAPBSET_READ, capability, 0, 0);
			dropped = is_there > 0 ? -SYS_EPERM : is_there;
		}
		if (dropped == -SYS_EINVAL)
			return DONE;
		if (dropped < 0)
			return REFUSED(prctl, -dropped);
	}
	return DONE;
}

struct outcome step_set_capabilities(struct child *child, const struct step_set_capabilities *step)
{
	(void)child;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct now[2];
	long read = sys_call(__NR_capget, (long)&header, (long)now, 0, 0, 0, 0);
	if (read < 0)
		return REFUSED(capget, -read);
	uint64_t permitted = (uint64_t)now[1].permitted << 32 | now[0].permitted;
	// A change of user has cleared the effective ones, and CAP_SETPCAP is needed to shrink the bounding set.
	PASS(set_capabilities(permitted, permitted, 0));
	PASS(limit_bounding(step->bounding));
	TRY(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0);
	// What is not permitted here cannot be given: the host's root may itself lack some.
	uint64_t kept = step->permitted & permitted;
	PASS(set_capabilities(step->effective & kept, kept, step->inheritable & permitted));
	for (unsigned long capability = 0; capability < 64; capability++)
		if (step->ambient >> capability & 1)
			TRY(prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0);
	return DONE;
}

struct outcome step_no_new_privileges(struct child *child, const struct step_no_new_privileges *step)
{
	(void)child;
	(void)step;
	TRY(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0);
	return DONE;
}

// A program as the kernel takes it. Returns whether it can be one.
static int program_in(const struct child *child, struct wire_bytes filter, struct sock_fprog *ret_program)
{
	const uint32_t count = filter.length / sizeof(struct sock_filter);
	*ret_program = (struct sock_fprog){
		.len = (unsigned short)count,
		.filter = (struct sock_filter *)(uintptr_t)(child->plan->base + filter.offset),
	};
	return filter.length % sizeof(struct sock_filter) == 0 && count <= BPF_MAXINSNS;
}

struct outcome step_seccomp(struct child *child, const struct step_seccomp *step)
{
	const unsigned int flags = (unsigned int)step->flags;
	struct sock_fprog program;
	if (!program_in(child, step->filter, &program))
		return REFUSED(seccomp, SYS_EINVAL);
	if (step->slot != NO_SLOT) {
		const long listener =
			sys_seccomp(SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
		if (listener >= 0)
			child->page->slots[step->slot] = (int)listener;
		if (listener != -SYS_EBUSY)
			return listener < 0 ? REFUSED(seccomp, -listener) : DONE;
	}
	TRY(seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	return DONE;
}

struct outcome step_seccomp_report(struct child *child, const struct step_seccomp_report *step)
{
	const unsigned int flags = (unsigned int)step->flags | SECCOMP_FILTER_FLAG_NEW_LISTENER;
	struct sock_fprog filter;
	struct sock_fprog reported;
	if (!program_in(child, step->filter, &filter) || !program_in(child, step->reported, &reported) ||
		!filter_check(filter.filter, filter.len))
		return REFUSED(seccomp, SYS_EINVAL);
	// The supervisor has a table of its own: there the listener belongs.
	PASS(child_own_files(child));
	// A signal does not end the wait for an answer that is on its way: else the call is made again, and told again.
	long listener = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &reported);
	// Until Linux 5.19.
	if (listener == -SYS_EINVAL)
		listener = sys_seccomp(SECCOMP_SET_MODE_FILTER, flags, &reported);
	if (listener < 0)
		return REFUSED(seccomp, -listener);
	const int32_t handed = (int32_t)listener;
	return report_hand(child->report, REPORT_LISTENER, &handed, 1);
}

struct outcome step_join_session_keyring(struct child *child, const struct step_join_session_keyring *step)
{
	(void)child;
	(void)step;
	TRY(keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0);
	return DONE;
}
