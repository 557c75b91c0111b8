// SPDX-License-Identifier: MIT
// The launcher's bytes inside the addon. LAUNCHER_PATH comes from binding.gyp.
	.section .rodata
	.balign 16
	.globl launcher_begin, launcher_end
	.hidden launcher_begin
	.hidden launcher_end
launcher_begin:
	.incbin LAUNCHER_PATH
launcher_end:
	.section .note.GNU-stack, "", %progbits
