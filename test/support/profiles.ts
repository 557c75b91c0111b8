/** What a profile says of a call, read off the profile itself; and the profiles that Debian packages bring. */

import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { checkSeccomp, type SeccompArgument, type SeccompProfile, type SeccompRule } from '#lib/definition/seccomp.js';
import { type Machine, rulesOf } from '#lib/seccomp/rules.js';
import { SYSCALLS } from '#lib/seccomp/syscalls.js';

/** From the strictest on. */
const ACTIONS = [
  ['SCMP_ACT_KILL_PROCESS', 0x80000000],
  ['SCMP_ACT_KILL_THREAD', 0],
  ['SCMP_ACT_KILL', 0],
  ['SCMP_ACT_TRAP', 0x30000],
  ['SCMP_ACT_ERRNO', 0x50000],
  ['SCMP_ACT_TRACE', 0x7ff00000],
  ['SCMP_ACT_LOG', 0x7ffc0000],
  ['SCMP_ACT_ALLOW', 0x7fff0000],
] as const;

const number = (action: string): number => ACTIONS.find(([name]) => name === action)?.[1] ?? Number.NaN;
const place = (action: string): number => ACTIONS.findIndex(([name]) => name === action);

/** One call at a time, rule by rule, with whole numbers: nothing that the compiler has thought of. */
export function meaning(profile: SeccompProfile, machine: Machine, name: string, args: readonly bigint[]): number {
  const arch = machine.arch === 'x64' ? 'amd64' : 'arm64';
  const isNewer = (release: string): boolean => {
    const [major = 0, minor = 0] = release.split('.').map(Number);
    return machine.kernel[0] * 1000 + machine.kernel[1] >= major * 1000 + minor;
  };
  const fitting = profile.syscalls.filter((rule) => {
    if (!rule.names.includes(name)) return false;
    const { includes = {}, excludes = {} } = rule;
    if (includes.caps?.some((one) => !machine.capabilities.includes(one))) return false;
    if (includes.arches?.length && !includes.arches.includes(arch)) return false;
    if (includes.minKernel !== undefined && !isNewer(includes.minKernel)) return false;
    if (excludes.caps?.some((one) => machine.capabilities.includes(one))) return false;
    if (excludes.arches?.includes(arch)) return false;
    if (excludes.minKernel !== undefined && isNewer(excludes.minKernel)) return false;
    const comparisons = rule.args ?? [];
    const isOne = comparisons.some((a, i) => comparisons.some((b, j) => i !== j && a.index === b.index));
    const holds = (one: SeccompArgument): boolean => compare(one, args[one.index] ?? 0n);
    return isOne ? comparisons.some(holds) : comparisons.every(holds);
  });
  const [strictest] = [...fitting].sort((a, b) => place(a.action) - place(b.action));
  return strictest === undefined
    ? (number(profile.defaultAction) | (profile.defaultErrnoRet ?? 0)) >>> 0
    : (number(strictest.action) | (strictest.errnoRet ?? 0)) >>> 0;
}

function compare({ op, value, valueTwo = 0 }: SeccompArgument, given: bigint): boolean {
  const other = BigInt(value);
  switch (op) {
    case 'SCMP_CMP_NE':
      return given !== other;
    case 'SCMP_CMP_LT':
      return given < other;
    case 'SCMP_CMP_LE':
      return given <= other;
    case 'SCMP_CMP_EQ':
      return given === other;
    case 'SCMP_CMP_GE':
      return given >= other;
    case 'SCMP_CMP_GT':
      return given > other;
    case 'SCMP_CMP_MASKED_EQ':
      return (given & other) === BigInt(valueTwo);
  }
}

/** Arguments around every number that the profile compares those of `name` with. */
export function boundaries(profile: SeccompProfile, name: string): readonly (readonly bigint[])[] {
  const all = profile.syscalls.filter(({ names }) => names.includes(name)).flatMap(({ args = [] }) => args);
  const interesting = (index: number): readonly bigint[] => {
    const values = all
      .filter((one) => one.index === index)
      .flatMap(({ value, valueTwo = 0 }) => [BigInt(value), BigInt(valueTwo), BigInt(value) ^ BigInt(valueTwo)]);
    const near = values.flatMap((value) => [value, value - 1n, value + 1n, value | (1n << 32n), value | (1n << 63n)]);
    return [...new Set([0n, 1n, ...near, (1n << 32n) - 1n, 1n << 32n, (1n << 64n) - 1n])].map((value) =>
      BigInt.asUintN(64, value),
    );
  };
  const indexes = [...new Set(all.map(({ index }) => index))];
  return indexes.reduce<readonly (readonly bigint[])[]>(
    (lists, index) =>
      lists.flatMap((list) =>
        interesting(index).map((value) =>
          Array.from({ length: 6 }, (_, at) => (at === index ? value : (list[at] ?? 0n))),
        ),
      ),
    [[0n, 0n, 0n, 0n, 0n, 0n]],
  );
}

/** Profiles of other projects, as Debian packages install them. */
export const PROFILE_FILES = {
  docker: '/usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json',
  podman: '/usr/share/containers/seccomp.json',
} as const;

export function hasProfiles(): boolean {
  return Object.values(PROFILE_FILES).every((file) => existsSync(file));
}

export function profileOf(whose: keyof typeof PROFILE_FILES): SeccompProfile {
  return checkSeccomp(JSON.parse(readFileSync(PROFILE_FILES[whose], 'utf8'))) as SeccompProfile;
}

/** The rules of a profile that count on this machine, whatever calls they name. */
export function countingRules(profile: SeccompProfile, machine: Machine): readonly SeccompRule[] {
  return profile.syscalls.filter(
    (rule) =>
      rulesOf({ defaultAction: 'SCMP_ACT_KILL', syscalls: [{ ...rule, names: ['read'] }] }, machine).calls.size > 0,
  );
}

/** All names of an architecture. */
export function callsOf({ arch }: Machine): readonly (readonly [name: string, number: number])[] {
  return Object.entries(SYSCALLS[arch]);
}

export const errnoVerdict = (name: keyof typeof constants.errno): number => 0x50000 | constants.errno[name];
export const ALLOWED = 0x7fff0000;
