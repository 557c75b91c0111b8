// SPDX-License-Identifier: MIT
// The addon's export table. Each function is one act of the kernel's, synchronous and short: no thread, no decision.
#include "args.h"

static const struct {
	const char *name;
	napi_callback function;
} EXPORTS[] = {
	{"sealedMemfd", addon_sealed_memfd},
	{"launcherMemfd", addon_launcher_memfd},
	{"launcherBytes", addon_launcher_bytes},
	{"contents", addon_contents},
	{"socketpair", addon_socketpair},
	{"pipe", addon_pipe},
	{"duplicate", addon_duplicate},
	{"send", addon_send},
	{"receive", addon_receive},
	{"read", addon_read},
	{"flock", addon_flock},
	{"lock", addon_lock},
	{"setBlocking", addon_set_blocking},
	{"close", addon_close},
	{"hold", addon_hold},
	{"letGo", addon_let_go},
	{"watch", addon_watch},
	{"openLine", addon_open_line},
	{"divideLimit", addon_divide_limit},
	{"stamps", addon_stamps},
	{"landlockVersion", addon_landlock_version},
	{"mount", addon_mount},
	{"umount2", addon_umount2},
	{"pivotRoot", addon_pivot_root},
	{"fsopen", addon_fsopen},
	{"fspick", addon_fspick},
	{"fsconfig", addon_fsconfig},
	{"fsmount", addon_fsmount},
	{"openTree", addon_open_tree},
	{"moveMount", addon_move_mount},
	{"mountSetattr", addon_mount_setattr},
	{"openat2", addon_openat2},
	{"chroot", addon_chroot},
	{"unshare", addon_unshare},
	{"setns", addon_setns},
	{"sethostname", addon_sethostname},
	{"setdomainname", addon_setdomainname},
	{"prctl", addon_prctl},
	{"prctlRead", addon_prctl_read},
	{"capget", addon_capget},
	{"capset", addon_capset},
	{"setgroups", addon_setgroups},
	{"setresuid", addon_setresuid},
	{"setresgid", addon_setresgid},
	{"pidfdOpen", addon_pidfd_open},
	{"pidfdSendSignal", addon_pidfd_send_signal},
	{"pidfdGetfd", addon_pidfd_getfd},
};

NAPI_MODULE_INIT()
{
	for (size_t i = 0; i < sizeof(EXPORTS) / sizeof(*EXPORTS); i++) {
		napi_value function;
		napi_create_function(env, EXPORTS[i].name, NAPI_AUTO_LENGTH, EXPORTS[i].function, 0, &function);
		napi_set_named_property(env, exports, EXPORTS[i].name, function);
	}
	return exports;
}
