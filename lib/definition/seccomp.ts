/** Which system calls a container's programs can make. */

import { constants } from 'node:os';
import { contradiction, invalidType, invalidValue, outOfRange } from '../errors/errors.js';
import {
  CAPABILITIES,
  type Capability,
  SECCOMP_ACTIONS,
  SECCOMP_FLAGS,
  type SeccompAction,
  type SeccompFlag,
} from '../plan/constants.js';
import { array, boolean, distinct, integer, knownOptions, object, oneOf, text } from './checks.js';

/** A comparison with an argument of a call, as OCI has it. */
export type SeccompOperator =
  | 'SCMP_CMP_NE'
  | 'SCMP_CMP_LT'
  | 'SCMP_CMP_LE'
  | 'SCMP_CMP_EQ'
  | 'SCMP_CMP_GE'
  | 'SCMP_CMP_GT'
  | 'SCMP_CMP_MASKED_EQ';

const OPERATORS: readonly SeccompOperator[] = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
];

/** Compares all 64 bits of an argument, without a sign. The kernel itself looks at the lower 32 of an int. */
export interface SeccompArgument {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** What it is compared with; for `SCMP_CMP_MASKED_EQ` the mask. */
  readonly value: number | string;
  /** For `SCMP_CMP_MASKED_EQ`: what the bits of the mask are. Default: 0. */
  readonly valueTwo?: number | string;
  readonly op: SeccompOperator;
}

/** When a rule counts, as Docker's profiles have it. */
export interface SeccompCondition {
  /** Of the bounding set: for `includes` all of them, for `excludes` any. */
  readonly caps?: readonly Capability[];
  /** Architectures as Go names them: `amd64`, `arm64`. Any of them. */
  readonly arches?: readonly string[];
  /** The kernel's release is this one or later: `4.8`. */
  readonly minKernel?: string;
}

/** What becomes of some calls. Of several rules that fit a call the strictest counts. */
export interface SeccompRule {
  /** As syscalls(2) names them. Names that this architecture does not have are left out. */
  readonly names: readonly string[];
  readonly action: SeccompAction;
  /** For `SCMP_ACT_ERRNO` the error, for `SCMP_ACT_TRACE` the message. Default: 1, EPERM. */
  readonly errnoRet?: number;
  /**
   * The rule fits where all of these are true. Where two of them have one index it fits where any is true, as for other
   * runtimes. Default: none.
   */
  readonly args?: readonly SeccompArgument[];
  /** The rule counts where all of this is so. Default: always. */
  readonly includes?: SeccompCondition;
  /** The rule does not count where any of this is so. Default: never. */
  readonly excludes?: SeccompCondition;
}

/** A profile as OCI has it in `linux.seccomp`, and Docker in a file. */
export interface SeccompProfile {
  /** What becomes of calls that no rule fits. */
  readonly defaultAction: SeccompAction;
  /** As `errnoRet` of a rule. */
  readonly defaultErrnoRet?: number;
  /** Default: none. */
  readonly flags?: readonly SeccompFlag[];
  readonly syscalls: readonly SeccompRule[];
}

/** A profile whose refusals are told: carrel's own, or one of the caller's. */
export interface ReportedSeccomp {
  readonly profile: 'default' | SeccompProfile;
  readonly report: true;
}

/** carrel's own profile, none, or one of the caller's; or one whose refusals are told. */
export type Seccomp = 'default' | 'unconfined' | SeccompProfile | ReportedSeccomp;

/**
 * The same as a caller gives it. The profile of a file may also have `architectures` and `archMap`, and its rules
 * `name`, `errno`, `comment`, and `null` for what they lack. `{ profile, report }` is what the two arguments of
 * {@link Container.seccomp} are.
 */
export type SeccompInput = Seccomp | Readonly<Record<string, unknown>>;

/** How {@link Container.seccomp} takes a profile. */
export interface SeccompOptions {
  /** Tells of refused calls. Default: `false`. */
  readonly report?: boolean | undefined;
}

/** What the arguments of {@link Container.seccomp} are as one. */
export function withOptions(profile: SeccompInput | undefined, options: SeccompOptions): SeccompInput {
  knownOptions('seccomp()', options, ['report']);
  return { profile: profile ?? 'default', report: options.report };
}

/** What of a profile file carrel takes beside {@link SeccompProfile}, and what it does with it. */
const PROFILE = ['defaultAction', 'defaultErrnoRet', 'defaultErrno', 'flags', 'syscalls', 'architectures', 'archMap'];
const RULE = ['names', 'name', 'action', 'errnoRet', 'errno', 'args', 'includes', 'excludes', 'comment'];
const ACTIONS = Object.keys(SECCOMP_ACTIONS);
/** The actions that carry a number, and the highest that the kernel takes: MAX_ERRNO, and 16 bits. seccomp(2) */
const NUMBERED: Readonly<Record<string, number>> = { SCMP_ACT_ERRNO: 4095, SCMP_ACT_TRACE: 65_535 };

export function checkSeccomp(value: unknown): Seccomp {
  if (typeof value !== 'object' || value === null || !('profile' in value)) return checkProfile(value);
  knownOptions('seccomp', value, ['profile', 'report']);
  const { profile, report } = value as { readonly profile: unknown; readonly report?: unknown };
  const checked = checkProfile(profile ?? 'default');
  if (!boolean('seccomp.report', report ?? false)) return checked;
  if (checked === 'unconfined') throw contradiction('seccomp.report: "unconfined" refuses nothing that it could tell');
  return { profile: checked, report: true };
}

function checkProfile(value: unknown): Exclude<Seccomp, ReportedSeccomp> {
  if (typeof value === 'string') return oneOf('seccomp', value, ['default', 'unconfined']) as 'default' | 'unconfined';
  object('seccomp', value);
  knownOptions('seccomp', value as object, PROFILE);
  const { defaultAction, defaultErrnoRet, defaultErrno, ...given } = value as Readonly<Record<string, unknown>>;
  const action = actionOf('seccomp.defaultAction', defaultAction);
  checkArchitectures(given);
  const flags = listOf('seccomp.flags', given.flags);
  return {
    ...withNumber('defaultErrnoRet', 'seccomp.defaultErrnoRet', action, defaultErrnoRet, defaultErrno),
    defaultAction: action,
    ...(flags.length > 0
      ? { flags: distinct('seccomp.flags', flags, Object.keys(SECCOMP_FLAGS)) as readonly SeccompFlag[] }
      : {}),
    syscalls: listOf('seccomp.syscalls', given.syscalls).map((rule, at) => ruleOf(`seccomp.syscalls[${at}]`, rule)),
  };
}

function ruleOf(at: string, value: unknown): SeccompRule {
  object(at, value);
  knownOptions(at, value as object, RULE);
  const { name, names, errnoRet, errno, args, includes, excludes, ...given } = value as Readonly<
    Record<string, unknown>
  >;
  if ((isNone(name) || name === '') === isNone(names)) {
    throw contradiction(`${at} must have names, a list, or name, one text`);
  }
  const action = actionOf(`${at}.action`, given.action);
  const all = isNone(names) ? [text(`${at}.name`, name)] : array(`${at}.names`, names);
  if (all.length === 0) throw invalidValue(`${at}.names`, 'a list with a name', names);
  const comparisons = listOf(`${at}.args`, args).map((one, index) => argumentOf(`${at}.args[${index}]`, one));
  return {
    names: all.map((one, index) => callName(`${at}.names[${index}]`, one)),
    action,
    ...withNumber('errnoRet', `${at}.errnoRet`, action, errnoRet, errno),
    ...(comparisons.length > 0 ? { args: comparisons } : {}),
    ...conditionOf('includes', `${at}.includes`, includes),
    ...conditionOf('excludes', `${at}.excludes`, excludes),
  };
}

/** Whether there is such a call differs from machine to machine, and is asked at the start. */
function callName(at: string, value: unknown): string {
  const name = text(at, value);
  if (!/^[a-z_][a-z0-9_]{0,63}$/i.test(name)) throw invalidValue(at, 'the name of a system call', value);
  return name;
}

function actionOf(at: string, value: unknown): SeccompAction {
  if (value === 'SCMP_ACT_NOTIFY') throw invalidValue(at, 'an action without a listener, which carrel has not', value);
  return oneOf(at, value, ACTIONS) as SeccompAction;
}

/** The number that an action carries, under the name that it has there. */
function withNumber<Name extends string>(
  name: Name,
  at: string,
  action: SeccompAction,
  number: unknown,
  errno: unknown,
): { readonly [K in Name]?: number } {
  const most = NUMBERED[action];
  const named = isNone(errno) || errno === '' ? undefined : errnoOf(at, errno);
  if (most === undefined) {
    // Docker's files say 0 where they mean nothing.
    if ((isNone(number) || number === 0) && named === undefined) return {};
    throw contradiction(`${at}: ${action} has no number; SCMP_ACT_ERRNO and SCMP_ACT_TRACE have`);
  }
  const given = isNone(number) ? undefined : integer(at, number, 0, most);
  if (given !== undefined && named !== undefined && given !== named)
    throw contradiction(`${at} is ${given}, but the name beside it means ${named}`);
  return { [name]: given ?? named ?? constants.errno.EPERM } as { readonly [K in Name]?: number };
}

function errnoOf(at: string, value: unknown): number {
  const names = constants.errno as Readonly<Record<string, number>>;
  return names[oneOf(at.replace(/Ret$/, ''), value, Object.keys(names))] as number;
}

function argumentOf(at: string, value: unknown): SeccompArgument {
  object(at, value);
  knownOptions(at, value as object, ['index', 'value', 'valueTwo', 'op']);
  const given = value as Readonly<Record<string, unknown>>;
  const op = oneOf(`${at}.op`, given.op, OPERATORS) as SeccompOperator;
  const index = integer(`${at}.index`, given.index, 0, 5);
  const number = sixtyFourBits(`${at}.value`, given.value);
  const second = isNone(given.valueTwo) ? undefined : sixtyFourBits(`${at}.valueTwo`, given.valueTwo);
  if (op !== 'SCMP_CMP_MASKED_EQ') {
    // OCI has it beside every operator, as 0.
    if (second !== undefined && BigInt(second) !== 0n)
      throw invalidValue(`${at}.valueTwo`, 'left out: SCMP_CMP_MASKED_EQ alone has it', given.valueTwo);
    return { index, value: number, op };
  }
  const wanted = second ?? 0;
  if ((BigInt(wanted) & ~BigInt(number)) !== 0n)
    throw invalidValue(`${at}.valueTwo`, 'within the mask, value: else it is never true', given.valueTwo);
  return { index, value: number, valueTwo: wanted, op };
}

/** A number where JSON can hold it, else its hexadecimal digits. */
function sixtyFourBits(at: string, value: unknown): number | string {
  if (typeof value !== 'string' && typeof value !== 'number') throw invalidType(at, 'a number', value);
  if (typeof value === 'string' && !/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(value))
    throw invalidValue(at, 'a number, or digits such as "0xffffffffffffffff"', value);
  if (typeof value === 'number' && !(Number.isSafeInteger(value) && value >= 0))
    throw outOfRange(at, 'a whole number from 0 to 2^53 − 1, or a text such as "0xffffffffffffffff"', value);
  const number = BigInt(value);
  if (number >= 1n << 64n) throw outOfRange(at, 'below 2^64', value);
  return number <= Number.MAX_SAFE_INTEGER ? Number(number) : `0x${number.toString(16)}`;
}

function conditionOf<Name extends string>(
  name: Name,
  at: string,
  value: unknown,
): { readonly [K in Name]?: SeccompCondition } {
  if (isNone(value)) return {};
  object(at, value);
  knownOptions(at, value as object, ['caps', 'arches', 'minKernel']);
  const { caps, arches, minKernel } = value as Readonly<Record<string, unknown>>;
  const condition: SeccompCondition = {
    ...(isNone(caps)
      ? {}
      : {
          caps: distinct(`${at}.caps`, array(`${at}.caps`, caps), Object.keys(CAPABILITIES)) as readonly Capability[],
        }),
    ...(isNone(arches)
      ? {}
      : { arches: array(`${at}.arches`, arches).map((one, index) => text(`${at}.arches[${index}]`, one)) }),
    ...(isNone(minKernel) || minKernel === '' ? {} : { minKernel: release(`${at}.minKernel`, minKernel) }),
  };
  return Object.keys(condition).length === 0
    ? {}
    : ({ [name]: condition } as { readonly [K in Name]?: SeccompCondition });
}

function release(at: string, value: unknown): string {
  const given = text(at, value);
  if (!/^\d{1,5}\.\d{1,5}$/.test(given)) throw invalidValue(at, 'a release such as "4.8"', value);
  return given;
}

/** They say which calls of other architectures a program can make. In a container of carrel's it can make none. */
function checkArchitectures({ architectures, archMap }: Readonly<Record<string, unknown>>): void {
  const name = (at: string, value: unknown): void => {
    if (!/^SCMP_ARCH_[A-Z0-9_]+$/.test(text(at, value)))
      throw invalidValue(at, 'a name such as "SCMP_ARCH_X86_64"', value);
  };
  for (const [index, one] of listOf('seccomp.architectures', architectures).entries())
    name(`seccomp.architectures[${index}]`, one);
  for (const [index, entry] of listOf('seccomp.archMap', archMap).entries()) {
    const at = `seccomp.archMap[${index}]`;
    object(at, entry);
    knownOptions(at, entry as object, ['architecture', 'subArchitectures']);
    const { architecture, subArchitectures } = entry as Readonly<Record<string, unknown>>;
    name(`${at}.architecture`, architecture);
    for (const [place, one] of listOf(`${at}.subArchitectures`, subArchitectures).entries())
      name(`${at}.subArchitectures[${place}]`, one);
  }
}

/** Go writes null for what it does not have. */
function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function listOf(at: string, value: unknown): readonly unknown[] {
  return isNone(value) ? [] : array(at, value);
}
