/** What this machine has of what containers need. */

import { release, tmpdir } from 'node:os';
import { probeCgroups } from '../cgroup/probe.js';
import { canMapRange } from '../compile/ids.js';
import { hostPath, knownOptions, object } from '../definition/checks.js';
import { type DefinitionInput, define } from '../definition/definition.js';
import { probe, probeWith } from '../host/probe.js';
import { allowedCpus, probeSurroundings } from '../host/surroundings.js';
import { readSysctl } from '../host/sysctl.js';
import { native } from '../launch/native.js';
import { freezeDeep } from '../plan/plan.js';
import { type RunResult, run } from '../running/run.js';
import { planOf } from '../running/spawn.js';
import { attempt } from './attempt.js';
import type { DoctorReport } from './findings.js';
import type { Planner } from './judge.js';
import { reportOf, unsupportedPlatform } from './report.js';
import type { Ground } from './trial.js';
import { trialsFor } from './trials.js';

/** Options of {@link doctor}. */
export interface DoctorOptions {
  /**
   * A directory on the file system where root file systems will be: whether its owners can be mapped is tried there.
   * Default: the temporary directory.
   */
  readonly directory?: string | URL | undefined;
}

/**
 * Whether carrel can work here at all: Linux on x64 or arm64, `/proc` mounted, and the native module loads. It never
 * throws, on any system. Whether this user may start a certain container, only its start tells, by an error that names
 * the refused step.
 */
export function isSupported(): boolean {
  return whyUnsupported() === undefined;
}

function whyUnsupported(): Error | undefined {
  try {
    probe();
    native();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/**
 * Tries what containers need on this machine, as the user who asks, and says what would help. It also says of each
 * option whether it works here. Each thing is tried by doing it, in a child that ends with it; nothing is changed, and
 * Node's own namespaces are left alone. It takes about as long as fifty containers.
 *
 * Resolves on any system, with what was found; what is wrong is in the report.
 *
 * @throws TypeError naming a wrong option.
 */
export async function doctor(options: DoctorOptions = {}): Promise<DoctorReport> {
  object('options', options);
  knownOptions('doctor()', options, ['directory']);
  const directory = hostPath('directory', options.directory ?? tmpdir());
  const system = `${process.platform} ${release()} on ${process.arch}, Node.js ${process.versions.node}`;
  const lack = whyUnsupported();
  return freezeDeep(lack === undefined ? await report(system, directory) : unsupportedPlatform(system, lack));
}

async function report(system: string, path: string): Promise<DoctorReport> {
  // Whatever options there are, so that all is asked for.
  const all = define(undefined, { landlock: { scope: ['signal'] }, apparmor: 'unconfined', network: 'outbound' });
  const host = probeWith(probeCgroups(), all);
  const [cpu] = allowedCpus();
  const ground: Ground = { host, path, ...(cpu === undefined ? {} : { cpu }) };
  const outcomes = new Map<string, Error | undefined>();
  for (const trial of trialsFor(ground)) outcomes.set(trial.name, await attempt(trial, host));
  const subordinate = canMapRange(host) ? undefined : await runTrue({ idmap: 'subuid' });
  const whole = await runTrue({});
  return reportOf({
    system,
    ground,
    surroundings: probeSurroundings(),
    outcome: ({ name }) => outcomes.get(name),
    subordinate: subordinate instanceof Error ? subordinate : undefined,
    memfd: readSysctl('vm.memfd_noexec'),
    whole: whole instanceof Error ? whole : whole.usage.wallMs,
    planFor,
  });
}

const planFor: Planner = ({ definition, terminal }) => {
  return planOf(define(undefined, definition), {}, { file: 'true', args: [], options: terminal ? { terminal } : {} });
};

async function runTrue(definition: DefinitionInput): Promise<RunResult<string | Buffer> | Error> {
  try {
    return await run(define(undefined, definition), {}, { file: 'true', args: [], options: { check: true } });
  } catch (error) {
    return error as Error;
  }
}
