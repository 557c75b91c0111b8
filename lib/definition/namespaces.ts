/** Which namespaces a container has of its own or joins, with their names and clocks. */

import { contradiction, hasEnded, invalidType, invalidValue, notStarted, withRemedy } from '../errors/errors.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import { array, hostPath, integer, knownOptions, object, oneOf, text } from './checks.js';

/** A namespace that exists, by a file that stands for it: `/proc/PID/ns/net`, or a bind mount of such a file. */
export interface NamespaceHandle {
  /** An absolute path on the host. */
  readonly path: string;
  /**
   * The inode number that the namespace must have: it shows that another process has the pid now. `0`: any.
   */
  readonly inode: number;
}

/** A namespace that a container joins instead of having a new one. */
export interface JoinedNamespace extends NamespaceHandle {
  /** Of which kind it is. */
  readonly type: Namespace;
}

/** Something that is in namespaces: a {@link ContainerProcess} that runs. */
export interface InNamespaces {
  /** `undefined` as long as it does not run, which is an error. */
  readonly namespaces: Readonly<Record<Namespace, NamespaceHandle>> | undefined;
}

/** What to join: a file of the host, a handle, or a process of another container. */
export type NamespaceSource = string | URL | Partial<NamespaceHandle> | InNamespaces;

/**
 * A new namespace by its name, or namespaces to join: `{ network: '/proc/123/ns/net' }`, or as OCI writes it,
 * `{ type, path }`.
 */
export type NamespaceEntry =
  | Namespace
  | { readonly [Type in Namespace]?: NamespaceSource }
  | { readonly type: Namespace; readonly path?: string; readonly inode?: number };

/** How far a clock of the container is from the host's. OCI `linux.timeOffsets`. */
export interface TimeOffset {
  /** Seconds, negative for the past. */
  readonly secs: number;
  /** Nanoseconds on top, 0 to 999,999,999. */
  readonly nanosecs: number;
}

/** Clocks that a time namespace shifts. CLOCK_REALTIME, the date, is the machine's everywhere. time_namespaces(7) */
export type Clock = 'monotonic' | 'boottime';
/** How far each clock is from the host's; one that is left out is the host's. */
export type TimeOffsets = { readonly [C in Clock]?: TimeOffset };
/** How far each clock is to be from the host's: milliseconds, or seconds and nanoseconds as OCI has them. */
export type TimeOffsetsInput = { readonly [C in Clock]?: number | Partial<TimeOffset> };

/**
 * The namespaces that a container has of its own by default. `time` is not among them: nothing leaks by clocks.
 */
export const DEFAULT_NAMESPACES: readonly Namespace[] = Object.freeze([
  'user',
  'mount',
  'pid',
  'network',
  'ipc',
  'uts',
  'cgroup',
] as const);

const NAMES = Object.keys(NAMESPACES) as readonly Namespace[];

export function checkNamespaces(value: unknown): readonly (Namespace | JoinedNamespace)[] {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    const joins =
      'namespaces' in value ? '[{ network: child }]' : '[child.namespaces] to join them all, or [{ network: child }]';
    throw withRemedy(invalidType('namespaces', 'an array', value), joins);
  }
  const entries = array('namespaces', value).flatMap((entry, index) => checkEntry(`namespaces[${index}]`, entry));
  const kept = entries.filter((entry, index) => typeof entry !== 'string' || entries.indexOf(entry) === index);
  for (const name of NAMES) {
    if (kept.filter((entry) => typeOf(entry) === name).length > 1) {
      throw contradiction(`namespaces name "${name}" more than once: it is new, or joined, and one at a time`);
    }
  }
  return kept;
}

/** The namespaces that a container joins. */
export function joinedNamespaces(namespaces: readonly (Namespace | JoinedNamespace)[]): readonly JoinedNamespace[] {
  return namespaces.filter((entry) => typeof entry !== 'string');
}

function typeOf(entry: Namespace | JoinedNamespace): Namespace {
  return typeof entry === 'string' ? entry : entry.type;
}

function checkEntry(name: string, entry: unknown): readonly (Namespace | JoinedNamespace)[] {
  if (typeof entry === 'string') return [oneOf(name, entry, NAMES) as Namespace];
  if (entry === null || typeof entry !== 'object' || Array.isArray(entry)) {
    throw invalidType(name, 'a namespace’s name, or an object such as { network: "/proc/123/ns/net" }', entry);
  }
  if ('namespaces' in entry)
    throw withRemedy(invalidType(name, 'an object that names the namespaces to join', entry), '{ network: child }');
  if ('type' in entry) {
    knownOptions(name, entry, ['type', 'path', 'inode']);
    const { type, ...handle } = entry as { type: unknown; path?: unknown };
    const checked = oneOf(`${name}.type`, type, NAMES) as Namespace;
    return [handle.path === undefined ? checked : checkSource(`${name}`, checked, handle)];
  }
  knownOptions(name, entry, NAMES);
  const joins = Object.entries(entry).filter(([, source]) => source !== undefined);
  if (joins.length === 0) throw invalidValue(name, 'an object that names at least one namespace', entry);
  return joins.map(([type, source]) => checkSource(`${name}.${type}`, type as Namespace, source));
}

function checkSource(name: string, type: Namespace, source: unknown): JoinedNamespace {
  if (typeof source === 'string' || source instanceof URL) return { type, path: hostPath(name, source), inode: 0 };
  object(name, source);
  if ('namespaces' in (source as object)) {
    checkRuns(name, source as object);
    return { type, ...checkRunning(name, (source as InNamespaces).namespaces?.[type]) };
  }
  return { type, ...checkHandle(name, source as object) };
}

/** Of a container that has ended the handles are there, and nothing behind them is. */
export function checkRuns(what: string, source: object): void {
  if ('state' in source && source.state === 'ended') throw hasEnded(what);
}

/** The namespace of something that runs. */
export function checkRunning(name: string, source: unknown): NamespaceHandle {
  if (source === undefined) throw notStarted(name);
  object(name, source);
  const handle = checkHandle(name, source as object);
  if (handle.inode === 0) throw notStarted(name);
  return handle;
}

function checkHandle(name: string, source: object): NamespaceHandle {
  knownOptions(name, source, ['path', 'inode']);
  const { path, inode } = source as { path?: unknown; inode?: unknown };
  return { path: hostPath(`${name}.path`, path), inode: integer(`${name}.inode`, inode ?? 0, 0, 0xffffffff) };
}

export function checkHostname(value: unknown): string {
  return checkHostPart('hostname', value);
}

export function checkDomainname(value: unknown): string {
  return checkHostPart('domainname', value);
}

function checkHostPart(part: string, value: unknown): string {
  const name = text(part, value);
  // The kernel holds 64 bytes, gethostname(2); letters, digits, '-' and '.' as hostname(7) has it.
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$/.test(name)) {
    throw invalidValue(part, '1 to 64 letters, digits, "-" and ".", with a letter or digit at both ends', value);
  }
  return name;
}

const CLOCK_NAMES: readonly Clock[] = ['monotonic', 'boottime'];
/** What fits into the plan; the kernel itself takes up to about 146 years. */
const SECONDS_MOST = 2 ** 31 - 1;

export function checkTimeOffsets(value: unknown): TimeOffsets {
  object('timeOffsets', value);
  knownOptions('timeOffsets', value as object, CLOCK_NAMES);
  const offsets = Object.entries(value as TimeOffsetsInput).filter(([, offset]) => offset !== undefined);
  return Object.fromEntries(offsets.map(([clock, offset]) => [clock, checkOffset(`timeOffsets.${clock}`, offset)]));
}

function checkOffset(name: string, value: unknown): TimeOffset {
  if (typeof value === 'number') {
    const ms = integer(name, value, -SECONDS_MOST * 1000, SECONDS_MOST * 1000);
    const secs = Math.floor(ms / 1000);
    return { secs, nanosecs: (ms - secs * 1000) * 1_000_000 };
  }
  object(name, value);
  knownOptions(name, value as object, ['secs', 'nanosecs']);
  const { secs, nanosecs } = value as Partial<TimeOffset>;
  return {
    secs: integer(`${name}.secs`, secs ?? 0, -SECONDS_MOST, SECONDS_MOST),
    nanosecs: integer(`${name}.nanosecs`, nanosecs ?? 0, 0, 999_999_999),
  };
}
