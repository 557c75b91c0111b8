/** The report of what was observed. Pure: a test observes what it likes, on hosts that it does not have. */

import { hierarchyOf } from '../cgroup/files.js';
import { canMapRange } from '../compile/ids.js';
import { landlockLacks } from '../compile/landlock.js';
import { hasNewProc } from '../compile/proc.js';
import { define } from '../definition/definition.js';
import { CarrelError, StepError } from '../errors/errors.js';
import type { Surroundings } from '../host/surroundings.js';
import type { DoctorReport, Finding } from './findings.js';
import { judge, type Planner } from './judge.js';
import { samplesFor } from './options.js';
import { surroundings } from './surroundings.js';
import type { Ground, Trial } from './trial.js';
import { trialsFor } from './trials.js';

/** What was observed. An error is what was refused. */
export interface Observed {
  /** In words: `'linux 6.1.0 on x64, Node.js 22.0.0'`. */
  readonly system: string;
  readonly ground: Ground;
  readonly surroundings: Surroundings;
  /** What came of a trial. */
  readonly outcome: (trial: Trial) => Error | undefined;
  /** What came of idmap('subuid'), where it is for this user. */
  readonly subordinate: Error | undefined;
  /** The setting vm.memfd_noexec, where the kernel has it. */
  readonly memfd: string | undefined;
  /** What came of a default container: how long it took, or what was refused. */
  readonly whole: number | Error;
  readonly planFor: Planner;
}

export function reportOf(observed: Observed): DoctorReport {
  const { ground, memfd, planFor, whole } = observed;
  const { host } = ground;
  const tried = trialsFor(ground).map((trial) => told(trial, observed.outcome(trial)));
  // Root has ranges of its own.
  const subordinate = canMapRange(host) ? [] : [subordinateIds(observed.subordinate)];
  const facts = [
    ids(ground),
    ...subordinate,
    executableMemory(memfd),
    cgroups(ground),
    landlock(ground),
    wayOut(ground),
  ];
  const found = [...tried, ...facts, container(whole)];
  const isRefused = found.some(({ name, ok, needed }) => !ok && (needed || name === 'new /proc'));
  const partlyHidden = !hasNewProc(define(undefined, {}), host);
  const around = surroundings(observed.surroundings, partlyHidden, isRefused);
  const findings = [platform(observed.system, host.kernel), around, ...found];
  return {
    ok: findings.every(({ ok, needed }) => ok || !needed),
    findings,
    options: judge(samplesFor(ground), findings, planFor),
  };
}

/** Older kernels lack mount_setattr(2) or parts of it. */
const FLOOR = [5, 15] as const;

function platform(detail: string, [major, minor]: readonly [number, number]): Finding {
  const ok = major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
  const remedy = `carrel is tested with Linux ${FLOOR.join('.')} and later: what follows tells what this kernel lacks`;
  return { name: 'platform', ok, needed: false, detail, ...(ok ? {} : { remedy }) };
}

/** Of a system that carrel does not work on at all. */
export function unsupportedPlatform(system: string, error: Error): DoctorReport {
  const detail = `${system}: ${firstLine(error)}`;
  return { ok: false, findings: [{ name: 'platform', ok: false, needed: true, detail }], options: [] };
}

type Told = Pick<Trial, 'needed' | 'detail'> & { readonly name: string };

function told({ name, needed, detail }: Told, error: Error | undefined): Finding {
  if (error === undefined) return { name, ok: true, needed, detail };
  const remedy = error instanceof CarrelError ? error.hint : undefined;
  return {
    name,
    ok: false,
    needed,
    detail: firstLine(error),
    ...(remedy === undefined ? {} : { remedy }),
    ...(error instanceof StepError ? { refused: refusedBy(error) } : {}),
  };
}

function refusedBy({ step, syscall, code }: StepError): NonNullable<Finding['refused']> {
  return { ...(step === undefined ? {} : { step: step.op }), syscall, code };
}

/** A message without its hint. */
function firstLine({ message }: Error): string {
  return message.split('\n', 1)[0] ?? '';
}

function ids({ host }: Ground): Finding {
  const detail = canMapRange(host)
    ? 'each container has 65,536 ids that nobody else has'
    : 'a container has one id, which is yours: root inside is you';
  return { name: 'ids', ok: true, needed: false, detail };
}

/**
 * What idmap('subuid') takes: ranges of one's own, and for an ordinary user the helpers that map them. subuid(5),
 * newuidmap(1)
 */
function subordinateIds(error: Error | undefined): Finding {
  const detail = "idmap('subuid') maps those of /etc/subuid and /etc/subgid";
  return told({ name: 'subordinate ids', needed: false, detail }, error);
}

/** memfd_create(2), sysctl vm.memfd_noexec, since Linux 6.3 */
function executableMemory(value: string | undefined): Finding {
  const ok = value !== '2';
  const detail = value === undefined ? 'this kernel has no such setting' : `is ${value}`;
  const remedy = 'the launcher is executed from memory: sysctl -w vm.memfd_noexec=1, or 0';
  return { name: 'vm.memfd_noexec', ok, needed: true, detail, ...(ok ? {} : { remedy }) };
}

/** What can be limited and counted, and by which version. cgroups(7) */
function cgroups({ host }: Ground): Finding {
  const facts = host.cgroups ?? { hierarchies: [], obstacles: [], remedy: '', cpus: 1 };
  const { obstacles, remedy } = facts;
  const all = ['memory', 'pids', 'cpu', 'cpuset', 'io', 'cpuacct', 'freezer'];
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
  const ok = missing.length === 0;
  const lacks = ok ? [] : [`without ${missing.join(' ')}`, ...obstacles];
  const detail = [...backends, ...lacks].join('; ');
  return { name: 'cgroups', ok, needed: false, detail, ...(ok ? {} : { remedy }) };
}

/** Which version of Landlock there is, and what of landlock() it lacks. landlock(7) */
function landlock({ host }: Ground): Finding {
  const name = 'landlock';
  const { version, obstacle } = host.landlock ?? { version: 0, obstacle: 'this host was not asked' };
  if (version === 0)
    return { name, ok: false, needed: false, detail: `there is none: ${obstacle}`, remedy: LANDLOCK_REMEDY };
  const lacks = landlockLacks(version);
  const detail = [`version ${version}`, ...lacks].join('; ');
  return { name, ok: lacks.length === 0, needed: false, detail, ...(lacks.length === 0 ? {} : { remedy: NEWER }) };
}

/** By which program a container can reach the network of the host, and beyond. pasta(1), slirp4netns(1) */
function wayOut({ host: { outbound } }: Ground): Finding {
  const program = outbound?.pasta ?? outbound?.slirp4netns;
  const name = 'way out';
  if (program === undefined) {
    const remedy = 'install the package passt, which has pasta, or the package slirp4netns';
    return { name, ok: false, needed: false, detail: 'neither pasta nor slirp4netns is in the PATH', remedy };
  }
  const detail = `network('outbound') is by ${program}`;
  if (outbound?.tun === true) return { name, ok: true, needed: false, detail };
  const remedy = 'load the kernel module tun, and give /dev/net/tun the mode 0666';
  return { name, ok: false, needed: false, detail: `${detail}, which cannot open /dev/net/tun`, remedy };
}

const LANDLOCK_REMEDY = 'a kernel with CONFIG_SECURITY_LANDLOCK, and landlock in its boot parameter lsm=';
const NEWER = 'a newer kernel, or landlock({ onUnsupported: "warn" })';

/** All of it together. */
function container(whole: number | Error): Finding {
  const name = 'container';
  if (typeof whole === 'number') {
    const detail = `the default one ran true in ${whole.toFixed(1)} ms`;
    return { name, ok: true, needed: true, detail };
  }
  return told({ name, needed: true, detail: '' }, whole);
}
