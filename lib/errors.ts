/** Every error class, every sentence about a failure, and the hints. */

import { constants } from 'node:os';
import { getSystemErrorMap, inspect } from 'node:util';
import { describe } from './plan/explain.js';
import type { Step } from './plan/steps.js';

/** The base of all errors of carrel's own. */
export class CarrelError extends Error {
  override readonly name: string = 'CarrelError';
  /** For programs: `ERR_…`, or the name of the kernel's error, as Node's system errors have it. */
  readonly code: string;
  /** What most likely helps. */
  declare readonly hint?: string;

  constructor(code: string, message: string, hint?: string) {
    super(hint === undefined ? message : `${message}\n  hint: ${hint}`);
    this.code = code;
    if (hint !== undefined) this.hint = hint;
  }
}

/** Where in a plan a step stands. */
export interface StepPlace {
  /** The list that it is in; `clone` is the clone itself. */
  readonly list: 'before' | 'clone' | 'steps' | 'acts' | 'after';
  /** Its place in that list, from 0; for `acts`, the place of the barrier. */
  readonly index: number;
  /** How many steps that list has. */
  readonly total: number;
}

/** A step of a plan was refused by the kernel. The command has not run, and nothing is left of the container. */
export class StepError extends CarrelError {
  override readonly name: string = 'StepError';
  /** The kernel's error number, negative, as in Node's system errors. */
  readonly errno: number;
  /** The system call that was refused. */
  readonly syscall: string;
  /** The path that the step was about, if it was about one. */
  declare readonly path?: string;
  /** The step as it stands in the plan; none where the clone itself was refused. */
  declare readonly step?: Step;
  readonly index: number;
  /** The builder call that the step came from. */
  declare readonly option?: string;

  /** @internal */
  constructor(refusal: Refusal) {
    const { place, step, syscall, errno, path } = refusal;
    super(errorName(errno), stepMessage(refusal), refusal.hint ?? hintFor(refusal));
    this.errno = -errno;
    this.syscall = syscall;
    this.index = place.index;
    if (path !== undefined) this.path = path;
    if (step !== undefined) this.step = step;
    if (step?.from !== undefined) this.option = step.from;
  }
}

/** What is known of a refused step. */
export interface Refusal {
  readonly place: StepPlace;
  readonly step?: Step;
  readonly syscall: string;
  /** Positive. */
  readonly errno: number;
  /** What the kernel itself said about a mount. */
  readonly message?: string;
  readonly path?: string;
  readonly hint?: string;
  readonly uid: number;
}

/** Error numbers that Node has no name for, errno(3): mount(2), setns(2) and damaged file systems give them. */
const NAMES: Readonly<Record<number, string>> = { 15: 'ENOTBLK', 87: 'EUSERS', 117: 'EUCLEAN' };

/** The kernel's name of an error number: `ENOENT`. Node's own map has only the errors that libuv knows. */
export function errorName(errno: number): string {
  return Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? NAMES[errno] ?? `E${errno}`;
}

/** Sentences of strerror(3) that Node's map lacks, for errors that starting a container or a system call can meet. */
const TEXTS: Readonly<Record<string, string>> = {
  EDQUOT: 'disk quota exceeded',
  ENOEXEC: 'exec format error',
  ENOLCK: 'no locks available',
  ENOTBLK: 'block device required',
  ESTALE: 'stale file handle',
  EUCLEAN: 'structure needs cleaning',
  EUSERS: 'too many users',
};

function errorText(errno: number): string {
  return getSystemErrorMap().get(-errno)?.[1] ?? TEXTS[errorName(errno)] ?? `error ${errno}`;
}

/** What a refused system call was about: the path, and of two paths the second. */
export interface SystemErrorPaths {
  readonly path?: string;
  readonly dest?: string;
}

/** A refused system call as Node's own system errors have it: like `fs`’s with a path, like `process.kill`’s without. */
export function systemError(syscall: string, errno: number, paths: SystemErrorPaths = {}): NodeJS.ErrnoException {
  const code = errorName(-errno);
  const { path, dest } = paths;
  const about = [path, dest].filter((text) => text !== undefined).map((text) => `'${text}'`);
  const message =
    about.length === 0 ? `${syscall} ${code}` : `${code}: ${errorText(-errno)}, ${syscall} ${about.join(' -> ')}`;
  return Object.assign(new Error(message), { errno, code, syscall, ...paths });
}

function stepMessage({ place, step, errno, message, syscall }: Refusal): string {
  const what = step === undefined ? 'clone the container’s process' : describe(step);
  const said = message === undefined || message === '' ? errorText(errno) : message;
  const where = { before: 'before the clone', clone: 'at the clone', after: 'after the end', acts: '', steps: '' }[
    place.list
  ];
  const number = where === '' ? `step ${place.index + 1} of ${place.total}` : where;
  const from = step?.from === undefined ? '' : `, from ${step.from}`;
  return `${what}: ${errorName(errno)}, ${said} (${syscall}, ${number}${from})`;
}

interface Hint {
  readonly op?: Step['op'] | 'clone';
  readonly error: string;
  readonly when?: (refusal: Refusal) => boolean;
  readonly text: (refusal: Refusal) => string;
}

/** (step, error) → what most likely helps. The first that fits is given. */
const HINTS: readonly Hint[] = [
  {
    op: 'clone',
    error: 'EPERM',
    when: ({ uid }) => uid !== 0,
    text: () =>
      'an ordinary user needs user namespaces: keep "user" among the namespaces, and see that ' +
      'kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns allow them',
  },
  { op: 'clone', error: 'EPERM', text: () => 'the caller lacks CAP_SYS_ADMIN, or an outer sandbox forbids namespaces' },
  { op: 'clone', error: 'ENOSPC', text: () => 'a limit of user.max_*_namespaces is reached, or 0: see sysctl -a' },
  {
    op: 'clone',
    error: 'ENOSYS',
    text: () => 'an outer sandbox filters clone3; carrel needs Linux 5.15 without that filter',
  },
  {
    op: 'setUidMap',
    error: 'EPERM',
    text: () => 'user namespaces are restricted on this host, by AppArmor or an outer container',
  },
  {
    op: 'idmap',
    error: 'EINVAL',
    text: () =>
      'this file system cannot show its owners mapped (overlayfs and most network file systems cannot): ' +
      'put the directory on ext4, xfs, btrfs, or on tmpfs with Linux 6.3',
  },
  {
    op: 'mount',
    error: 'EPERM',
    when: ({ step }) => step?.op === 'mount' && step.type === 'proc',
    text: () =>
      'the /proc around this process is partly hidden, as in Docker and Kubernetes: the kernel then refuses a new one',
  },
  {
    op: 'mount',
    error: 'ELOOP',
    text: () => 'the root filesystem has a symbolic link there; carrel mounts only on a real directory',
  },
  {
    op: 'mount',
    error: 'ENOENT',
    text: ({ path }) => `make the directory ${path} in the root filesystem; carrel does not write into it`,
  },
  {
    op: 'bind',
    error: 'ENOENT',
    text: ({ step }) =>
      step?.op === 'bind' && step.source !== undefined && step.target === '/'
        ? `${step.source} does not exist on the host`
        : step?.op === 'bind' && step.source !== undefined
          ? `see that ${step.source} exists on the host, and ${step.target} in the root filesystem; carrel does not write into it`
          : 'make the target in the root filesystem; carrel does not write into it',
  },
  {
    op: 'bind',
    error: 'ENOTDIR',
    text: () => 'a directory can be bound on a directory only, a file on a file only',
  },
  {
    op: 'openNamespace',
    error: 'ESRCH',
    text: () => 'the process whose namespace it was has ended; its pid is another process’s now',
  },
  { op: 'openNamespace', error: 'ENOENT', text: ({ path }) => `no process has ${path}: it has ended, or never was` },
  {
    op: 'openNamespace',
    error: 'EACCES',
    text: () => 'only who may trace a process sees its namespaces: it is another user’s, or has more rights. ptrace(2)',
  },
  {
    op: 'openNamespace',
    error: 'EINVAL',
    text: ({ step, path }) => `${path} is no namespace of the type ${step?.op === 'openNamespace' ? step.type : ''}`,
  },
  {
    op: 'setns',
    error: 'EPERM',
    text: () => 'to join a namespace takes CAP_SYS_ADMIN over it: join the user namespace that it belongs to as well',
  },
  {
    op: 'setTimeOffset',
    error: 'ERANGE',
    text: () =>
      'a clock cannot go back beyond 0, which is when the machine was started, nor on for more than about 146 years',
  },
  { op: 'openTree', error: 'ENOENT', text: ({ path }) => `${path} does not exist on the host` },
  { op: 'chdir', error: 'ENOENT', text: ({ path }) => `${path} does not exist in the container` },
  {
    op: 'chdir',
    error: 'ELOOP',
    text: () => 'the path leads through one of /proc’s links, which could lead out of the container',
  },
  { op: 'chdir', error: 'EACCES', text: () => 'the user of the command may not enter that directory' },
  {
    op: 'joinSessionKeyring',
    error: 'EDQUOT',
    text: () => 'this user’s keys are used up: raise kernel.keys.maxkeys and kernel.keys.maxbytes',
  },
  { op: 'exec', error: 'ENOEXEC', text: () => 'it is no program for this architecture, or a script without a #! line' },
  {
    op: 'exec',
    error: 'EACCES',
    text: () => 'the file is not executable for this user, or its file system is mounted noexec',
  },
  { op: 'exec', error: 'E2BIG', text: () => 'arguments and environment together are too long: see getconf ARG_MAX' },
  { op: 'exec', error: 'ETXTBSY', text: () => 'somebody has the program open for writing' },
];

function hintFor(refusal: Refusal): string | undefined {
  const op = refusal.place.list === 'clone' ? 'clone' : refusal.step?.op;
  const error = errorName(refusal.errno);
  return HINTS.find((hint) => hint.op === op && hint.error === error && (hint.when?.(refusal) ?? true))?.text(refusal);
}

/** A command ended otherwise than with exit code 0, and `check: true` was asked for. */
export class ExitError<Result = unknown> extends CarrelError {
  override readonly name: string = 'ExitError';
  /** The whole result, output included. */
  readonly result: Result;

  constructor(message: string, result: Result) {
    super('ERR_EXIT', message);
    this.result = result;
  }
}

/** An argument of the wrong type, as Node words it. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return withCode(new TypeError(`${name} must be ${expected}. Received ${shown(value)}`), 'ERR_INVALID_ARG_TYPE');
}

/** An argument of the right type with an impossible value. */
export function invalidValue(name: string, expected: string, value: unknown): TypeError {
  return withCode(new TypeError(`${name} must be ${expected}. Received ${shown(value)}`), 'ERR_INVALID_ARG_VALUE');
}

/** A number outside its range. */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  return withCode(new RangeError(`${name} must be ${range}. Received ${shown(value)}`), 'ERR_OUT_OF_RANGE');
}

/** A misspelt option, with the name that was probably meant. */
export function unknownOption(where: string, name: string, known: readonly string[]): TypeError {
  const near = nearest(name, known);
  const meant = near === undefined ? `It takes ${known.join(', ')}` : `Did you mean "${near}"?`;
  return withCode(new TypeError(`${where} has no option "${name}". ${meant}`), 'ERR_INVALID_ARG_VALUE');
}

/** Two parts of a definition that exclude each other. */
export function contradiction(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** A process whose namespaces are not known. */
export function notStarted(name: string): TypeError {
  return withCode(
    new TypeError(`${name} must be a process that runs: wait for its "spawn" event, and join it before it ends`),
    'ERR_INVALID_ARG_VALUE',
  );
}

/** A hook has thrown. */
export function hookFailed(cause: unknown): CarrelError {
  const error = new CarrelError(
    'ERR_HOOK',
    `a hook failed: ${cause instanceof Error ? cause.message : inspect(cause)}`,
  );
  error.cause = cause;
  return error;
}

/** Where carrel cannot run at all. */
export function unsupported(reason: string): CarrelError {
  return new CarrelError('ERR_UNSUPPORTED', `carrel cannot start containers here: ${reason}`);
}

export function launcherFailed(cause: Error): CarrelError {
  const error = new CarrelError(
    'ERR_LAUNCHER',
    `carrel's launcher could not be started: ${cause.message}`,
    'it is executed from memory: /proc must be mounted, and vm.memfd_noexec must not be 2',
  );
  error.cause = cause;
  return error;
}

export function supervisorLost(): CarrelError {
  return new CarrelError('ERR_SUPERVISOR_LOST', 'the launcher or the supervisor was killed before the command ran');
}

export function supervisorFailed(syscall: string, errno: number): CarrelError {
  const what = `${syscall}: ${errorName(errno)}, ${errorText(errno)}`;
  return new CarrelError('ERR_SUPERVISOR', `the supervisor could not prepare for the container: ${what}`);
}

export function noIdRange(): CarrelError {
  return new CarrelError(
    'ERR_NO_ID_RANGE',
    'no range of 65,536 ids is free for another container',
    'all are in use by running containers, or reserved by /etc/subuid and /etc/subgid',
  );
}

export function planRejected(rule: number): CarrelError {
  return new CarrelError('ERR_INVALID_PLAN', `the launcher rejected the plan as malformed (plan.c, line ${rule})`);
}

function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}

function shown(value: unknown): string {
  const text = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 80 });
  return value !== null && ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
    ? `${typeof value} ${text}`
    : text;
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const scored = known.map((candidate) => ({
    candidate,
    distance: distance(name.toLowerCase(), candidate.toLowerCase()),
  }));
  const best = scored.sort((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(2, name.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
