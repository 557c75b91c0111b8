/** Which refused calls are told, and what of their arguments. Pure. seccomp_unotify(2) */

import type { ReportedSeccomp, Seccomp } from '../definition/seccomp.js';
import { SECCOMP_ACTIONS } from '../plan/constants.js';
import { type Case, type Rules, strictness, type Verdict } from './rules.js';
import { type Architecture, SYSCALLS } from './syscalls.js';

/** `SECCOMP_RET_USER_NOTIF` of linux/seccomp.h: the call waits for the answer of who holds the listener. */
export const NOTIFIED = 0x7fc00000;
const ENOSYS = 38;

/** The profile alone, and whether its refusals are told. */
export function partsOf(seccomp: Seccomp): {
  readonly profile: Exclude<Seccomp, ReportedSeccomp>;
  readonly report: boolean;
} {
  if (typeof seccomp === 'object' && 'report' in seccomp) return seccomp;
  return { profile: seccomp, report: false };
}

/**
 * The rules with which each refusal by an error number waits for the supervisor, which answers with that number.
 * What ends the process stays as it is. So does what is no refusal, the error number 0, and what is not told:
 *
 * - clone3 where it does not exist. Libraries ask for it at each new process and thread, and take clone then.
 * - sendmsg: by that the listener comes to the supervisor. Nobody would answer that call.
 */
export function reportedRules(rules: Rules): Rules {
  const { arch, otherwise } = rules;
  const calls = new Map([...rules.calls].map(([number, cases]) => [number, cases.map(reported)]));
  for (const [name, isUntold] of Object.entries(UNTOLD)) {
    const number = SYSCALLS[arch][name];
    if (number === undefined) continue;
    const told = (one: Case): Case => (isUntold(one.verdict) ? one : reported(one));
    const cases = rules.calls.get(number) ?? [];
    const ends = cases.some(({ args }) => args.length === 0);
    calls.set(number, [...cases, ...(ends ? [] : [{ verdict: otherwise, args: [] }])].map(told));
  }
  return { arch, otherwise: reportedVerdict(otherwise), calls };
}

const UNTOLD: Readonly<Record<string, (verdict: Verdict) => boolean>> = {
  clone3: (verdict) => (verdict & 0xffff) === ENOSYS,
  sendmsg: () => true,
};

function reported(one: Case): Case {
  return { ...one, verdict: reportedVerdict(one.verdict) };
}

function reportedVerdict(verdict: Verdict): Verdict {
  const isRefusal = strictness(verdict) === SECCOMP_ACTIONS.SCMP_ACT_ERRNO && (verdict & 0xffff) !== 0;
  return isRefusal ? NOTIFIED : verdict;
}

/** For each call, which argument is the path that it is about; of two, the one that changes. */
const PATHS: Readonly<Record<string, number>> = {
  ...at(
    0,
    `access acct chdir chmod chown chroot creat execve getxattr lchown lgetxattr link listxattr llistxattr lremovexattr
    lsetxattr lstat mkdir mknod open pivot_root readlink removexattr rename rmdir setxattr stat statfs swapoff swapon
    truncate umount2 unlink uselib utime utimes`,
  ),
  ...at(
    1,
    `execveat faccessat faccessat2 fchmodat fchmodat2 fchownat file_getattr file_setattr fspick futimesat getxattrat
    inotify_add_watch linkat listxattrat mkdirat mknodat mount mount_setattr move_mount name_to_handle_at newfstatat
    open_tree open_tree_attr openat openat2 quotactl readlinkat removexattrat renameat renameat2 setxattrat statx
    symlink unlinkat utimensat`,
  ),
  ...at(2, 'symlinkat'),
  ...at(4, 'fanotify_mark'),
};

/** For each call, which argument is the address that it is about. Its length is the next one. */
const ADDRESSES: Readonly<Record<string, number>> = { ...at(1, 'bind connect'), ...at(4, 'sendto') };

/** The calls whose first argument is a family of addresses. */
const FAMILIES: readonly string[] = ['socket', 'socketpair'];

/** What of a call's arguments is told. */
export type Told = 'path' | 'address' | 'family';

export function toldOf(call: string): Told | undefined {
  if (Object.hasOwn(PATHS, call)) return 'path';
  if (Object.hasOwn(ADDRESSES, call)) return 'address';
  return FAMILIES.includes(call) ? 'family' : undefined;
}

/** The calls' numbers, each before that of the argument. */
export function toldArguments(arch: Architecture): { readonly paths: number[]; readonly addresses: number[] } {
  const pairs = (table: Readonly<Record<string, number>>): number[] =>
    Object.entries(table).flatMap(([name, index]) => {
      const number = SYSCALLS[arch][name];
      return number === undefined ? [] : [number, index];
    });
  return { paths: pairs(PATHS), addresses: pairs(ADDRESSES) };
}

function at(index: number, names: string): Readonly<Record<string, number>> {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, index]));
}
