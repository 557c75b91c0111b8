/** What this machine has of what containers need. */

import { release, tmpdir } from 'node:os';
import { hierarchyOf } from '../cgroup/files.js';
import { probeCgroups } from '../cgroup/probe.js';
import { canMapRange } from '../compile/ids.js';
import { landlockLacks } from '../compile/landlock.js';
import { hostPath, knownOptions, object } from '../definition/checks.js';
import { type DefinitionInput, define } from '../definition/definition.js';
import { CarrelError } from '../errors/errors.js';
import { probeLandlock } from '../host/landlock.js';
import { probe } from '../host/probe.js';
import { readSysctl } from '../host/sysctl.js';
import { native } from '../launch/native.js';
import { freezeDeep } from '../plan/plan.js';
import { type RunResult, run } from '../running/run.js';
import { attempt, type Trial, trialsFor } from './trials.js';

/** One thing that {@link doctor} has looked at. */
export interface Finding {
  /** What it is about: `'user namespace'`. */
  readonly name: string;
  /** Whether it is as it should be. */
  readonly ok: boolean;
  /** Whether the default container needs it; what is not needed is for some options only. */
  readonly needed: boolean;
  /** What was found; where it was refused, which step, by which system call, with which error. */
  readonly detail: string;
  /** What most likely helps. */
  readonly remedy?: string;
}

/** What {@link doctor} tells. Plain data, frozen. */
export interface DoctorReport {
  /** Whether everything that the default container needs is there. */
  readonly ok: boolean;
  /** In the order in which it was looked at. */
  readonly findings: readonly Finding[];
}

/** Options of {@link doctor}. */
export interface DoctorOptions {
  /**
   * A directory on the file system where root file systems will be: whether its owners can be mapped is tried there.
   * Default: the temporary directory.
   */
  readonly directory?: string | URL | undefined;
}

/** Older kernels lack mount_setattr(2) or parts of it. */
const FLOOR = [5, 15] as const;

/**
 * Whether carrel can work here at all: Linux on x64 or arm64, `/proc` mounted, and the native module loads. It never
 * throws, on any system. Whether this user may start a certain container, only its start tells, by an error that names
 * the refused step.
 */
export function isSupported(): boolean {
  try {
    probe();
    native();
    return true;
  } catch {
    return false;
  }
}

/**
 * Tries what containers need on this machine, as the user who asks, and says what would help. Each thing is tried by
 * doing it, in a child that ends with it; nothing is changed, and Node's own namespaces are left alone. It takes about
 * as long as twenty containers.
 *
 * Resolves on any system, with what was found; what is wrong is in the report.
 *
 * @throws TypeError naming a wrong option.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  object('options', options);
  knownOptions('doctor()', options, ['directory']);
  const directory = hostPath('directory', options.directory ?? tmpdir());
  const findings: Finding[] = [platform()];
  if (findings[0]?.ok === true) {
    const host = probe();
    for (const trial of trialsFor(host, directory)) findings.push(tried(trial, await attempt(trial, host)));
    findings.push(ids());
    // Root has ranges of its own.
    if (!canMapRange(host)) findings.push(await subordinateIds());
    findings.push(executableMemory(), cgroups(), landlock(), await whole());
  }
  return freezeDeep({ ok: findings.every(({ ok, needed }) => ok || !needed), findings });
}

function platform(): Finding {
  const detail = `${process.platform} ${release()} on ${process.arch}, Node.js ${process.versions.node}`;
  try {
    probe();
    native();
  } catch (error) {
    return { name: 'platform', ok: false, needed: true, detail: `${detail}: ${firstLine(error as Error)}` };
  }
  const [major = 0, minor = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  const ok = major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
  const remedy = `carrel is tested with Linux ${FLOOR.join('.')} and later: what follows tells what this kernel lacks`;
  return { name: 'platform', ok, needed: false, detail, ...(ok ? {} : { remedy }) };
}

function tried({ name, needed, detail }: Trial, error: Error | undefined): Finding {
  if (error === undefined) return { name, ok: true, needed, detail };
  return failed(name, needed, error);
}

function failed(name: string, needed: boolean, error: Error): Finding {
  const remedy = error instanceof CarrelError ? error.hint : undefined;
  return { name, ok: false, needed, detail: firstLine(error), ...(remedy === undefined ? {} : { remedy }) };
}

/** A message without its hint. */
function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? '';
}

function ids(): Finding {
  const range = canMapRange(probe());
  const detail = range
    ? 'each container has 65,536 ids that nobody else has'
    : 'a container has one id, which is yours: root inside is you';
  return { name: 'ids', ok: true, needed: false, detail };
}

/**
 * What idmap('subuid') takes: ranges of one's own, and for an ordinary user the helpers that map them. subuid(5),
 * newuidmap(1)
 */
async function subordinateIds(): Promise<Finding> {
  const name = 'subordinate ids';
  try {
    await runTrue({ idmap: 'subuid' });
    return { name, ok: true, needed: false, detail: "idmap('subuid') maps those of /etc/subuid and /etc/subgid" };
  } catch (error) {
    return failed(name, false, error as Error);
  }
}

/** memfd_create(2), sysctl vm.memfd_noexec, since Linux 6.3 */
function executableMemory(): Finding {
  const name = 'vm.memfd_noexec';
  const value = readSysctl(name);
  const ok = value !== '2';
  const detail = value === undefined ? 'this kernel has no such setting' : `is ${value}`;
  return {
    name,
    ok,
    needed: true,
    detail,
    ...(ok ? {} : { remedy: 'set it to 0 or 1: the launcher is executed from memory' }),
  };
}

/** What can be limited and counted, and by which version. cgroups(7) */
function cgroups(): Finding {
  const name = 'cgroups';
  const { hierarchies, obstacles, remedy } = probeCgroups();
  const all = ['memory', 'pids', 'cpu', 'cpuset', 'io', 'cpuacct', 'freezer'];
  const facts = { hierarchies, obstacles, remedy, cpus: 1 };
  const found = all.flatMap((controller) => {
    const hierarchy = hierarchyOf(facts, controller);
    return hierarchy === undefined ? [] : [{ controller, hierarchy }];
  });
  const missing = all.filter((controller) => found.every((one) => one.controller !== controller));
  const backends = ([2, 1] as const).flatMap((version) => {
    const names = found.filter(({ hierarchy }) => hierarchy.version === version).map(({ controller }) => controller);
    const [first] = found.filter(({ hierarchy }) => hierarchy.version === version);
    const place = version === 2 && first !== undefined ? `, below ${first.hierarchy.parent}` : '';
    return first === undefined ? [] : [`version ${version}: ${names.join(' ')}${place}`];
  });
  const lacks = missing.length === 0 ? [] : [`without ${missing.join(' ')}`, ...obstacles];
  return {
    name,
    ok: missing.length === 0,
    needed: false,
    detail: [...backends, ...lacks].join('; '),
    ...(missing.length === 0 ? {} : { remedy }),
  };
}

/** Which version of Landlock there is, and what of landlock() it lacks. landlock(7) */
function landlock(): Finding {
  const name = 'landlock';
  const { version, obstacle } = probeLandlock();
  if (version === 0)
    return { name, ok: false, needed: false, detail: `there is none: ${obstacle}`, remedy: LANDLOCK_REMEDY };
  const lacks = landlockLacks(version);
  const detail = [`version ${version}`, ...lacks].join('; ');
  return { name, ok: lacks.length === 0, needed: false, detail, ...(lacks.length === 0 ? {} : { remedy: NEWER }) };
}

const LANDLOCK_REMEDY = 'a kernel with CONFIG_SECURITY_LANDLOCK, and landlock in its boot parameter lsm=';
const NEWER = 'a newer kernel, or landlock({ onUnsupported: "warn" })';

/** All of it together. */
async function whole(): Promise<Finding> {
  const name = 'container';
  try {
    const { usage } = await runTrue({});
    return { name, ok: true, needed: true, detail: `the default one ran true in ${usage.wallMs.toFixed(1)} ms` };
  } catch (error) {
    return failed(name, true, error as Error);
  }
}

function runTrue(definition: DefinitionInput): Promise<RunResult<string | Buffer>> {
  return run(define(undefined, definition), [], { file: 'true', args: [], options: { check: true } });
}
