/** What a container is: plain data, its defaults, and the checks of everything that a caller passes in. */

import { constants } from 'node:os';
import { isAbsolute, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contradiction, invalidType, invalidValue, outOfRange, unknownOption } from './errors.js';
import { CAPABILITIES, type Capability, NAMESPACES, type Namespace } from './plan/constants.js';
import { freezeDeep } from './plan/plan.js';

/** A directory or file of the host, shown in the container. Made by {@link bind}. */
export interface BindMount {
  readonly type: 'bind';
  /** An absolute path on the host. */
  readonly source: string;
  /** An absolute path in the container. */
  readonly target: string;
  readonly readonly: boolean;
  /** Whether mounts below the source come along. */
  readonly recursive: boolean;
}

/** An empty file system in memory. Made by {@link tmpfs}. */
export interface TmpfsMount {
  readonly type: 'tmpfs';
  /** An absolute path in the container. */
  readonly target: string;
  /** In bytes; `undefined`: the kernel's default, half of the memory. */
  readonly size?: number;
  /** Permissions of its root directory. */
  readonly mode: number;
}

export type Mount = BindMount | TmpfsMount;

/** Numbers of a user and a group in the container. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** Capabilities as OCI names them: the whole list, or changes to the default list. */
export type CapabilityChoice =
  | readonly Capability[]
  | { readonly add?: readonly Capability[]; readonly drop?: readonly Capability[] };

/** The whole definition of a container, as plain data. */
export interface ContainerDefinition {
  /** An absolute path of the host; `undefined`: the host's programs and none of its data. */
  readonly rootfs?: string;
  readonly readonly: boolean;
  readonly mounts: readonly Mount[];
  readonly namespaces: readonly Namespace[];
  readonly idmap: 'auto';
  readonly hostname?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly user: User;
  readonly capabilities: readonly Capability[];
  readonly noNewPrivileges: boolean;
  readonly init: boolean;
}

/** What may be given to `new Container()`: any part of a definition, in the forms that the builder takes. */
export interface DefinitionInput {
  readonly rootfs?: string | URL | undefined;
  readonly readonly?: boolean | undefined;
  readonly mounts?: readonly Mount[] | undefined;
  readonly namespaces?: readonly Namespace[] | undefined;
  readonly idmap?: 'auto' | undefined;
  readonly hostname?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  readonly user?: number | string | User | undefined;
  readonly capabilities?: CapabilityChoice | undefined;
  readonly noNewPrivileges?: boolean | undefined;
  readonly init?: boolean | undefined;
}

/** Docker's default list: what a root user in a container rarely misses, and cannot do harm with in namespaces of its own. */
export const DEFAULT_CAPABILITIES: readonly Capability[] = Object.freeze([
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_FSETID',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_NET_RAW',
  'CAP_SYS_CHROOT',
  'CAP_MKNOD',
  'CAP_AUDIT_WRITE',
  'CAP_SETFCAP',
] as const);

/** Every namespace that a container has of its own unless told otherwise. `time` is not among them: nothing leaks by clocks. */
export const DEFAULT_NAMESPACES: readonly Namespace[] = Object.freeze([
  'user',
  'mount',
  'pid',
  'network',
  'ipc',
  'uts',
  'cgroup',
] as const);

const DEFAULTS: ContainerDefinition = freezeDeep({
  readonly: false,
  mounts: [],
  namespaces: DEFAULT_NAMESPACES,
  idmap: 'auto',
  env: {},
  cwd: '/',
  user: { uid: 0, gid: 0 },
  capabilities: DEFAULT_CAPABILITIES,
  noNewPrivileges: true,
  init: true,
});

/** One check for each part of a definition: turns what the caller gave into what the definition holds, or throws. */
const PARTS: { readonly [K in keyof DefinitionInput]-?: (value: NonNullable<DefinitionInput[K]>) => unknown } = {
  rootfs: (value) => hostPath('rootfs', value),
  readonly: (value) => boolean('readonly', value),
  mounts: (value) => array('mounts', value).map((mount, index) => checkMount(`mounts[${index}]`, mount)),
  namespaces: (value) => distinct('namespaces', array('namespaces', value), Object.keys(NAMESPACES)),
  idmap: (value) => oneOf('idmap', value, ['auto']),
  hostname: checkHostname,
  env: (value) => checkEnv('env', value),
  cwd: (value) => containerPath('cwd', value),
  user: checkUser,
  capabilities: checkCapabilities,
  noNewPrivileges: (value) => boolean('noNewPrivileges', value),
  init: (value) => boolean('init', value),
};

/** Lays `changes` over a definition. Checks every part, and that the parts go together. */
export function define(base: ContainerDefinition | undefined, changes: DefinitionInput): ContainerDefinition {
  object('definition', changes);
  knownOptions('definition', changes, Object.keys(PARTS));
  const next: Record<string, unknown> = { ...(base ?? DEFAULTS) };
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) next[name] = (DEFAULTS as unknown as Record<string, unknown>)[name];
    else next[name] = (PARTS[name as keyof DefinitionInput] as (value: unknown) => unknown)(value);
    if (next[name] === undefined) delete next[name];
  }
  const definition = freezeDeep(next as unknown as ContainerDefinition);
  checkWhole(definition);
  return definition;
}

function checkWhole({ namespaces, rootfs, mounts, hostname }: ContainerDefinition): void {
  // Mounts made in the host's own mount namespace would stay on the host. mount_namespaces(7)
  if (!namespaces.includes('mount') && (rootfs !== undefined || mounts.length > 0)) {
    throw contradiction('rootfs and mounts need "mount" among the namespaces');
  }
  if (!namespaces.includes('uts') && hostname !== undefined) {
    throw contradiction('hostname needs "uts" among the namespaces: it would rename the host');
  }
}

/** Options of {@link bind}. */
export interface BindOptions {
  /** No write goes through, to mounts below neither. Default: `false`. */
  readonly readonly?: boolean;
  /** Mounts below the source come along. Default: `true`; an ordinary user cannot leave them behind. */
  readonly recursive?: boolean;
}

/**
 * Shows a directory or file of the host in the container: `mount(bind('/srv/data', '/data', { readonly: true }))`.
 *
 * Owners are mapped like those of the root file system: started by root, root in the container is root for the files
 * shown; started by an ordinary user, that user. Set-user-id bits and device files have no effect through it.
 * A missing target is made only where carrel's own file systems are; it is an error in a root file system of yours.
 *
 * @param source A path on the host. A relative one counts from the working directory.
 * @param target An absolute path in the container.
 * @throws TypeError with `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE`, naming the argument.
 * @see open_tree(2), move_mount(2), mount_setattr(2); Linux 5.12.
 */
export function bind(source: string | URL, target: string, options: BindOptions = {}): BindMount {
  object('options', options);
  knownOptions('bind()', options, ['readonly', 'recursive']);
  return freezeDeep({
    type: 'bind',
    source: hostPath('source', source),
    target: mountTarget('target', target),
    readonly: boolean('options.readonly', options.readonly ?? false),
    recursive: boolean('options.recursive', options.recursive ?? true),
  });
}

/** Options of {@link tmpfs}. */
export interface TmpfsOptions {
  /** Bytes, or a text such as `'64m'` (1024-based `k`, `m`, `g`). Default: the kernel's, half of the memory. */
  readonly size?: number | string;
  /** Permissions of the root directory. Default: `0o1777`, as /tmp has. */
  readonly mode?: number;
}

/**
 * Mounts an empty file system in memory: `mount(tmpfs('/scratch', { size: '64m' }))`. What is written there is gone with the container.
 *
 * @param target An absolute path in the container.
 * @throws TypeError or RangeError with Node's codes, naming the argument.
 * @see tmpfs(5)
 */
export function tmpfs(target: string, options: TmpfsOptions = {}): TmpfsMount {
  object('options', options);
  knownOptions('tmpfs()', options, ['size', 'mode']);
  const mode = options.mode ?? 0o1777;
  return freezeDeep({
    type: 'tmpfs',
    target: mountTarget('target', target),
    mode: integer('options.mode', mode, 0, 0o7777),
    ...(options.size === undefined ? {} : { size: bytes('options.size', options.size) }),
  });
}

function checkMount(name: string, value: unknown): Mount {
  object(name, value);
  const mount = value as Mount;
  const { type, target, ...options } = mount as unknown as Record<string, unknown>;
  if (type === 'tmpfs') return tmpfs(target as string, options as TmpfsOptions);
  if (type !== 'bind')
    throw invalidValue(`${name}.type`, '"bind" or "tmpfs"; use bind() and tmpfs() to make mounts', type);
  const { source, ...rest } = options;
  return bind(source as string, target as string, rest as BindOptions);
}

function checkHostname(value: unknown): string {
  const name = text('hostname', value);
  // The kernel holds 64 bytes, gethostname(2); letters, digits, '-' and '.' as hostname(7) has it.
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/.test(name)) {
    throw invalidValue('hostname', '1 to 64 letters, digits, "-" and ".", with a letter or digit at both ends', value);
  }
  return name;
}

/** Numbers only, so that no text can be taken for root by mistake (CVE-2026-30892). */
function checkUser(value: unknown): User {
  const most = 4294967294; // 2^32 − 1 means "leave as it is" to setresuid(2)
  if (typeof value === 'number') return { uid: integer('user', value, 0, most), gid: value };
  if (typeof value === 'string') {
    const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(value);
    if (match === null) throw invalidValue('user', 'a number or "uid:gid" in digits', value);
    const uid = integer('user', Number(match[1]), 0, most);
    return { uid, gid: match[2] === undefined ? uid : integer('user', Number(match[2]), 0, most) };
  }
  object('user', value);
  knownOptions('user', value as object, ['uid', 'gid']);
  const { uid, gid } = value as User;
  return { uid: integer('user.uid', uid, 0, most), gid: integer('user.gid', gid, 0, most) };
}

function checkCapabilities(value: CapabilityChoice): readonly Capability[] {
  if (Array.isArray(value)) return capabilityList('capabilities', value);
  object('capabilities', value);
  const { add, drop } = value as { add?: unknown; drop?: unknown };
  knownOptions('capabilities()', value, ['add', 'drop']);
  const dropped = capabilityList('capabilities.drop', drop ?? []);
  const kept = DEFAULT_CAPABILITIES.filter((name) => !dropped.includes(name));
  const added = capabilityList('capabilities.add', add ?? []);
  return [...kept, ...added.filter((name) => !kept.includes(name))];
}

function capabilityList(name: string, value: unknown): readonly Capability[] {
  return distinct(name, array(name, value), Object.keys(CAPABILITIES)) as readonly Capability[];
}

/** Names and values of an environment: no NUL anywhere, no `=` in a name. */
export function checkEnv(name: string, value: unknown): Readonly<Record<string, string>> {
  object(name, value);
  const env: [string, string][] = [];
  for (const [key, content] of Object.entries(value as Record<string, unknown>)) {
    if (content === undefined) continue;
    if (key === '' || key.includes('=') || key.includes('\0')) {
      throw invalidValue(`${name}: a variable's name`, 'not empty, without "=" and NUL', key);
    }
    env.push([key, text(`${name}.${key}`, content)]);
  }
  // Not by assignment: a variable may be called __proto__.
  return Object.fromEntries(env);
}

/** A path on the host, made absolute. */
function hostPath(name: string, value: unknown): string {
  if (value instanceof URL && value.protocol !== 'file:') throw invalidValue(name, 'a path or a file: URL', value.href);
  const path = text(name, value instanceof URL ? fileURLToPath(value) : value);
  if (path === '') throw invalidValue(name, 'a path', value);
  return isAbsolute(path) ? posix.normalize(path) : posix.join(process.cwd(), path);
}

/** An absolute path in the container. */
export function containerPath(name: string, value: unknown): string {
  const path = text(name, value);
  if (!path.startsWith('/')) throw invalidValue(name, 'an absolute path in the container', value);
  return posix.normalize(path).replace(/(?<=.)\/$/, '');
}

function mountTarget(name: string, value: unknown): string {
  const path = containerPath(name, value);
  if (path === '/') throw invalidValue(name, 'below "/": use rootfs() for the root', value);
  // Whoever covers /proc takes from every program, and from carrel, what the kernel says there. CVE-2019-16884
  if (path === '/proc' || path.startsWith('/proc/') || path === '/sys' || path.startsWith('/sys/')) {
    throw invalidValue(name, 'outside of /proc and /sys', value);
  }
  return path;
}

/** A text without NUL: to the kernel a NUL would end it. */
export function text(name: string, value: unknown): string {
  if (typeof value !== 'string') throw invalidType(name, 'a string', value);
  if (value.includes('\0')) throw invalidValue(name, 'a string without NUL', value);
  return value;
}

export function boolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw invalidType(name, 'true or false', value);
  return value;
}

export function integer(name: string, value: unknown, least: number, most: number): number {
  if (typeof value !== 'number') throw invalidType(name, 'a number', value);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw outOfRange(name, `a whole number from ${least} to ${most}`, value);
  }
  return value;
}

/** A size: bytes, or a text such as `'64m'`, 1024-based. */
export function bytes(name: string, value: unknown): number {
  if (typeof value === 'number') return integer(name, value, 1, Number.MAX_SAFE_INTEGER);
  const match = /^(\d+)([kmgt]?)b?$/i.exec(text(name, value));
  if (match === null) throw invalidValue(name, 'bytes, or a text such as "64m"', value);
  const size = Number(match[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf((match[2] ?? '').toLowerCase());
  return integer(name, size, 1, Number.MAX_SAFE_INTEGER);
}

/** A signal by its name or number, as a number. `0` is none here. signal(7) */
export function signalNumber(name: string, value: unknown): number {
  if (typeof value === 'number') return integer(name, value, 1, 64);
  const number = (constants.signals as Record<string, number>)[text(name, value)];
  if (number === undefined) throw invalidValue(name, 'a signal such as "SIGTERM"', value);
  return number;
}

export function object(name: string, value: unknown): void {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw invalidType(name, 'an object', value);
}

export function knownOptions(where: string, given: object, known: readonly string[]): void {
  const wrong = Object.keys(given).find((name) => !known.includes(name));
  if (wrong !== undefined) throw unknownOption(where, wrong, known);
}

export function oneOf(name: string, value: unknown, names: readonly string[]): string {
  const given = text(name, value);
  if (!names.includes(given))
    throw invalidValue(name, `one of ${names.map((known) => `"${known}"`).join(', ')}`, value);
  return given;
}

function array(name: string, value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw invalidType(name, 'an array', value);
  return value;
}

function distinct(name: string, values: readonly unknown[], names: readonly string[]): readonly string[] {
  return [...new Set(values.map((value, index) => oneOf(`${name}[${index}]`, value, names)))];
}
