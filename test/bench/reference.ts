/**
 * The C program to compare with: reference.c, compiled for this run, with the paths that carrel's plan has on this
 * machine.
 */

import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Container, type Plan } from '#lib/index.js';
import { CAPABILITIES, RESOURCES, SECCOMP_FLAGS, type SeccompFlag } from '#lib/plan/constants.js';

const SOURCES = ['reference.c', 'reference-root.c'].map((name) =>
  fileURLToPath(new URL(`../../../test/bench/${name}`, import.meta.url)),
);

/** What reference.c does, step by step; a plan that has others is compared with less than it does. */
const KNOWN: ReadonlySet<string> = new Set([
  'barrier',
  'bind',
  'chdir',
  'denySetgroups',
  'device',
  'directory',
  'exec',
  'idmap',
  'init',
  'joinSessionKeyring',
  'linkUp',
  'mask',
  'mount',
  'noNewPrivileges',
  'omit',
  'openTree',
  'pivotRoot',
  'propagation',
  'readonlyPath',
  'seccomp',
  'setCapabilities',
  'setGidMap',
  'setGroups',
  'setDomainname',
  'setHostname',
  'setRlimit',
  'setUidMap',
  'setUser',
  'symlink',
  'sysctl',
  'umask',
  'unshare',
]);

export class Reference {
  readonly #program: string;
  readonly #args: readonly string[];
  /** What it makes, as carrel would. */
  readonly plan: Plan;
  /** Steps of carrel's plan that reference.c does not make. */
  readonly missing: readonly string[];

  private constructor(program: string, args: readonly string[], plan: Plan) {
    this.#program = program;
    this.#args = args;
    this.plan = plan;
    this.missing = unknownSteps(plan);
  }

  /** Compiles it into `directory`. Returns the reason where there is no compiler. */
  static compile(rootfs: string, directory: string): Reference | string {
    if (spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status !== 0) return 'no gcc';
    const program = join(directory, 'reference');
    const { status, stderr } = spawnSync('gcc', ['-O2', '-o', program, ...SOURCES], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`gcc could not compile ${SOURCES.join(' and ')}:\n${stderr}`);
    const plan = new Container().rootfs(rootfs).plan('true', [], { stdio: 'ignore' });
    return new Reference(program, [rootfs, ...argumentsFor(plan, directory)], plan);
  }

  /** The command line that makes `count` containers. */
  command(count: number): readonly [file: string, ...args: string[]] {
    return [this.#program, String(count), ...this.#args];
  }

  /** Makes `count` containers, one after the other. Returns the time of each in nanoseconds. */
  async measure(count: number): Promise<readonly number[]> {
    // The first pays for the pages of a program that has just started.
    const [file, ...args] = this.command(count + 1);
    const { stdout } = await promisify(execFile)(file, args);
    const times = stdout.trimEnd().split('\n').map(Number);
    if (times.length !== count + 1 || !times.every((time) => time > 0)) throw new Error(`reference: ${stdout}`);
    return times.slice(1);
  }
}

/** What of the plan differs between machines, as arguments; the filter as a file in `directory`. */
function argumentsFor({ steps }: Plan, directory: string): readonly string[] {
  const acts = steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
  const map = acts.find((act) => act.op === 'setUidMap');
  const [, first = 0, count = 0] = map?.ranges ?? [];
  const kept = steps.find((step) => step.op === 'setCapabilities')?.bounding ?? [];
  const bits = kept.reduce((sum, name) => sum | CAPABILITIES[name], 0n);
  const rest = steps.flatMap((step) => {
    switch (step.op) {
      case 'mask':
        return [`m${step.target}`];
      case 'readonlyPath':
        return [`r${step.target}`];
      case 'sysctl':
        return [`s${step.path}=${step.value}`];
      case 'setRlimit':
        return [`l${RESOURCES[step.resource]}=${step.soft}:${step.hard}`];
      case 'seccomp':
        return [`f${flagsOf(step.flags)}${filterFile(step.filter, directory)}`];
      case 'exec':
        return step.paths.map((path) => `x${path}`);
      default:
        return [];
    }
  });
  return [String(count > 1 ? first : 0), String(bits), ...rest];
}

function flagsOf(names: readonly SeccompFlag[]): number {
  return names.reduce((sum, name) => sum | SECCOMP_FLAGS[name], 0);
}

function filterFile(filter: Uint8Array, directory: string): string {
  const path = join(directory, 'reference-filter');
  writeFileSync(path, filter);
  return path;
}

function unknownSteps({ before, steps, after }: Plan): readonly string[] {
  const acts = steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
  const all = [...before, ...acts, ...steps, ...after].map(({ op }) => op);
  return [...new Set(all)].filter((op) => !KNOWN.has(op));
}
