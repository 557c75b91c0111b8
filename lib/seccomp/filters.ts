/** Filters of system calls, as the kernel takes them: programs of classic BPF. */

/** Allows every call, for the sake of its listener: one instruction, BPF_RET | BPF_K of SECCOMP_RET_ALLOW. */
export const ALLOW_ALL: Uint8Array = Uint8Array.of(0x06, 0, 0, 0, 0, 0, 0xff, 0x7f);
