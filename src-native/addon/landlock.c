// SPDX-License-Identifier: MIT
// What the kernel's Landlock can do. landlock(7)
#include "args.h"

// landlockVersion(): number. LANDLOCK_CREATE_RULESET_VERSION in landlock_create_ruleset(2)
napi_value addon_landlock_version(napi_env env, napi_callback_info info)
{
	(void)info;
	return result_number(env, "landlock_create_ruleset", sys_landlock_create_ruleset(0, 0, SYS_LANDLOCK_VERSION));
}
