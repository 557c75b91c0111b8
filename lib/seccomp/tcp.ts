/**
 * System calls that reach TCP behind Landlock's back, refused where it is to refuse ports. Without io_uring, and with
 * calls of this architecture only, no other way is known. landlock(7)
 */

import type { SeccompArgument, SeccompProfile, SeccompRule } from '../definition/seccomp.js';
import { int, masked } from './comparisons.js';

const refuse = (text: string, errnoRet: number, ...args: readonly SeccompArgument[]): SeccompRule => ({
  names: text.split(' '),
  action: 'SCMP_ACT_ERRNO',
  errnoRet,
  args,
});

const [EPERM, EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT] = [1, 93, 95, 97];
const [AF_SMC, IPPROTO_SMC, IPPROTO_MPTCP] = [43, 256, 262];
const MSG_FASTOPEN = 0x20000000;
const fastOpen = (index: number): SeccompArgument => masked(index, MSG_FASTOPEN, MSG_FASTOPEN);

/** Allows all else. The errors are those of a kernel that does not have it, so that programs go on without. */
export const TCP_GUARD: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [
    // They connect and bind TCP sockets of the kernel's own, which no rule is about.
    refuse('socket', EPROTONOSUPPORT, int(2, IPPROTO_MPTCP)),
    refuse('socket', EPROTONOSUPPORT, int(2, IPPROTO_SMC)),
    refuse('socket', EAFNOSUPPORT, int(0, AF_SMC)),
    // To send with it is to connect, and the kernel does not ask. tcp(7)
    refuse('sendto', EOPNOTSUPP, fastOpen(3)),
    refuse('sendmsg', EOPNOTSUPP, fastOpen(2)),
    refuse('sendmmsg', EOPNOTSUPP, fastOpen(3)),
    // It makes sockets and sends, and no filter sees it. io_uring(7)
    refuse('io_uring_setup', EPERM),
  ],
  flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'],
};
