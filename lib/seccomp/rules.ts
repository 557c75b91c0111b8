/**
 * What a profile means on one machine: for each number of a system call, what becomes of it. Pure.
 *
 * Of several rules that fit a call the strictest counts, as the kernel does with several filters; where none fits, the
 * profile's default action counts. The order of rules means nothing, except between two of one action.
 */

import type { SeccompArgument, SeccompCondition, SeccompProfile, SeccompRule } from '../definition/seccomp.js';
import { unknownName } from '../errors/errors.js';
import { type Capability, SECCOMP_ACTIONS, type SeccompAction } from '../plan/constants.js';
import { type Architecture, FOREIGN_SYSCALLS, SYSCALLS } from './syscalls.js';

/** What a profile's conditions are about. */
export interface Machine {
  readonly arch: Architecture;
  /** The kernel's release: `[6, 1]`. */
  readonly kernel: readonly [major: number, minor: number];
  /** The bounding set. */
  readonly capabilities: readonly Capability[];
}

/** What becomes of a call: `SECCOMP_RET_*`, with its number in the lower 16 bits. seccomp(2) */
export type Verdict = number;

/** A verdict, and what has to be true of the arguments; nothing where the list is empty. */
export interface Case {
  readonly verdict: Verdict;
  readonly args: readonly SeccompArgument[];
}

/** A profile on one machine. */
export interface Rules {
  readonly arch: Architecture;
  /** What becomes of a call that has no cases, or fits none of them. */
  readonly otherwise: Verdict;
  /** By number: cases from the strictest on. After one without arguments there is no other. */
  readonly calls: ReadonlyMap<number, readonly Case[]>;
}

export function rulesOf(profile: SeccompProfile, machine: Machine): Rules {
  const numbers = SYSCALLS[machine.arch];
  const calls = new Map<number, Case[]>();
  for (const [at, rule] of profile.syscalls.entries()) {
    const cases = applies(rule, machine) ? casesOf(rule) : [];
    for (const [index, name] of rule.names.entries()) {
      const number = Object.hasOwn(numbers, name) ? numbers[name] : undefined;
      if (number === undefined) checkLeftOut(`seccomp.syscalls[${at}].names[${index}]`, name, rule, profile, machine);
      else if (cases.length > 0) calls.set(number, [...(calls.get(number) ?? []), ...cases]);
    }
  }
  return {
    arch: machine.arch,
    otherwise: verdictOf(profile.defaultAction, profile.defaultErrnoRet),
    calls: new Map([...calls].map(([number, cases]) => [number, fromStrictest(cases)])),
  };
}

export function verdictOf(action: SeccompAction, number = 0): Verdict {
  // Unsigned: SCMP_ACT_KILL_PROCESS is the highest bit.
  return (SECCOMP_ACTIONS[action] | number) >>> 0;
}

/**
 * A rule that allows what this machine does not have, allows nothing. One that refuses it leaves a hole where the name
 * is misspelt, or newer than carrel.
 */
function checkLeftOut(at: string, name: string, rule: SeccompRule, profile: SeccompProfile, { arch }: Machine): void {
  if (strictness(verdictOf(rule.action)) >= strictness(verdictOf(profile.defaultAction))) return;
  const others = Object.values(SYSCALLS).some((numbers) => Object.hasOwn(numbers, name));
  if (others || FOREIGN_SYSCALLS.includes(name)) return;
  throw unknownName(at, name, Object.keys(SYSCALLS[arch]));
}

function applies({ includes = {}, excludes = {} }: SeccompRule, machine: Machine): boolean {
  const has = (name: Capability): boolean => machine.capabilities.includes(name);
  const wanted =
    (includes.caps ?? []).every(has) && onArch(includes, machine) !== false && onKernel(includes, machine) !== false;
  const unwanted =
    (excludes.caps ?? []).some(has) || onArch(excludes, machine) === true || onKernel(excludes, machine) === true;
  return wanted && !unwanted;
}

/** Go's names, which Docker's profiles have. */
const GO_ARCH: Readonly<Record<Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/** `undefined` where the condition does not ask; an empty list of Docker's asks nothing. */
function onArch({ arches = [] }: SeccompCondition, { arch }: Machine): boolean | undefined {
  return arches.length === 0 ? undefined : arches.includes(GO_ARCH[arch]);
}

function onKernel({ minKernel }: SeccompCondition, { kernel: [major, minor] }: Machine): boolean | undefined {
  if (minKernel === undefined) return undefined;
  const [wantedMajor = 0, wantedMinor = 0] = minKernel.split('.').map(Number);
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

function casesOf({ action, errnoRet, args = [] }: SeccompRule): readonly Case[] {
  const verdict = verdictOf(action, errnoRet);
  const twice = new Set(args.map(({ index }) => index)).size < args.length;
  // As runc and crun do: libseccomp takes one comparison an argument.
  return twice ? args.map((one) => ({ verdict, args: [one] })) : [{ verdict, args }];
}

/** By the kernel's order, kernel/seccomp.c: as signed numbers, without the lower 16 bits. */
export function strictness(verdict: Verdict): number {
  return (verdict & 0xffff0000) | 0;
}

function fromStrictest(cases: readonly Case[]): readonly Case[] {
  if (cases.length === 1) return cases;
  const sorted = [...cases].sort((a, b) => strictness(a.verdict) - strictness(b.verdict));
  const last = sorted.findIndex(({ args }) => args.length === 0);
  return last < 0 ? sorted : sorted.slice(0, last + 1);
}

/** Whether a call by this name may get through, whatever its arguments. */
export function mayPass({ arch, otherwise, calls }: Rules, name: string): boolean {
  const number = SYSCALLS[arch][name];
  const cases = number === undefined ? [] : (calls.get(number) ?? []);
  const ends = cases.some(({ args }) => args.length === 0);
  const verdicts = [...cases.map(({ verdict }) => verdict), ...(ends ? [] : [otherwise])];
  return verdicts.some((verdict) => strictness(verdict) >= strictness(SECCOMP_ACTIONS.SCMP_ACT_LOG));
}
