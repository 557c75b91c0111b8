// SPDX-License-Identifier: MIT
// The addon's export table. Each function is one act of the kernel's, synchronous and short: no thread, no decision.
#include "args.h"

static const struct {
	const char *name;
	napi_callback function;
} EXPORTS[] = {
	{"sealedMemfd", addon_sealed_memfd},
	{"launcherMemfd", addon_launcher_memfd},
	{"socketpair", addon_socketpair},
	{"pipe", addon_pipe},
	{"send", addon_send},
	{"bindAbstract", addon_bind_abstract},
	{"close", addon_close},
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
