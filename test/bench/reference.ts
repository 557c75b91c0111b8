/**
 * The C program to compare with: reference.c, compiled for this run, with the paths that carrel's plan has on this
 * machine.
 */

import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Container, type Plan } from '#lib/index.js';

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
  'openTree',
  'pivotRoot',
  'propagation',
  'readonlyPath',
  'setCapabilities',
  'setGidMap',
  'setGroups',
  'setDomainname',
  'setHostname',
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
  /** Steps of carrel's plan that reference.c does not make. */
  readonly missing: readonly string[];

  private constructor(program: string, args: readonly string[], missing: readonly string[]) {
    this.#program = program;
    this.#args = args;
    this.missing = missing;
  }

  /** Compiles it into `directory`. Returns the reason where there is no compiler. */
  static compile(rootfs: string, directory: string): Reference | string {
    if (spawnSync('gcc', ['--version'], { stdio: 'ignore' }).status !== 0) return 'no gcc';
    const program = join(directory, 'reference');
    const { status, stderr } = spawnSync('gcc', ['-O2', '-o', program, ...SOURCES], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`gcc could not compile ${SOURCES.join(' and ')}:\n${stderr}`);
    const plan = new Container().rootfs(rootfs).plan('true', [], { stdio: 'ignore' });
    return new Reference(program, [rootfs, ...argumentsFor(plan)], unknownSteps(plan));
  }

  /** Makes `count` containers, one after the other. Returns the time of each in nanoseconds. */
  async measure(count: number): Promise<readonly number[]> {
    // The first pays for the pages of a program that has just started.
    const { stdout } = await promisify(execFile)(this.#program, [String(count + 1), ...this.#args]);
    const times = stdout.trimEnd().split('\n').map(Number);
    if (times.length !== count + 1 || !times.every((time) => time > 0)) throw new Error(`reference: ${stdout}`);
    return times.slice(1);
  }
}

function argumentsFor({ steps }: Plan): readonly string[] {
  const acts = steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
  const map = acts.find((act) => act.op === 'setUidMap');
  const [, first = 0, count = 0] = map?.ranges ?? [];
  const paths = steps.flatMap((step) => {
    if (step.op === 'mask') return [`m${step.target}`];
    if (step.op === 'readonlyPath') return [`r${step.target}`];
    return step.op === 'exec' ? step.paths.map((path) => `x${path}`) : [];
  });
  return [String(count > 1 ? first : 0), ...paths];
}

function unknownSteps({ before, steps, after }: Plan): readonly string[] {
  const acts = steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
  const all = [...before, ...acts, ...steps, ...after].map(({ op }) => op);
  return [...new Set(all)].filter((op) => !KNOWN.has(op));
}
