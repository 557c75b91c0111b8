/** The cgroups of one container, from Node's side: read and written by libuv's pool, so that nothing waits for them. */

import { promises } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { resolveLimits } from '../compile/limits.js';
import type { Limits } from '../definition/limits.js';
import { noCgroup } from '../errors/errors.js';
import type { Counter } from '../plan/constants.js';
import type { Plan } from '../plan/plan.js';
import type { StepOf } from '../plan/steps.js';
import {
  BASE,
  type CgroupFacts,
  type CgroupFile,
  type CgroupHierarchy,
  type CgroupWrite,
  COUNTED,
  CURRENT,
  controllersOf,
  FREEZER,
} from './files.js';
import { probeCgroups } from './probe.js';
import { sweep } from './sweep.js';

interface Made {
  readonly path: string;
  /** The one that it is in: carrel's base, or a container's. */
  readonly above: string;
  readonly hierarchy: CgroupHierarchy;
  /** What it was made for; the files of other controllers may be missing. */
  readonly files: readonly string[];
}

type Numbers = { readonly [K in Counter | keyof typeof CURRENT]: number | undefined };

/**
 * How hard it is to get a resource: shares of time, in percent, in which some or all of the processes waited for it.
 */
export interface Pressure {
  /** Where some of them waited. */
  readonly some: PressureLine;
  /** Where all of them waited. Of CPU since Linux 5.13, and 0 there. */
  readonly full: PressureLine | undefined;
}

/** One line of a pressure file. */
export interface PressureLine {
  /** Percent of the last 10 seconds, 0 to 100. */
  readonly avg10: number;
  /** Percent of the last 60 seconds. */
  readonly avg60: number;
  /** Percent of the last 300 seconds. */
  readonly avg300: number;
  /** Milliseconds in all. */
  readonly totalMs: number;
}

/** Between two looks whether all is frozen. */
const LONGEST_PAUSE_MS = 50;

export class CgroupControl {
  readonly #made: readonly Made[];
  readonly #facts: CgroupFacts;

  private constructor(made: readonly Made[], facts: CgroupFacts) {
    this.#made = made;
    this.#facts = facts;
  }

  /** Those that the plan makes; `undefined` where it makes none. */
  static of(plan: Plan): CgroupControl | undefined {
    if (!plan.before.some(({ op }) => op === 'makeCgroup' || op === 'nestCgroup')) return undefined;
    const facts = probeCgroups();
    const made = plan.before.flatMap((step): readonly Made[] => {
      if (step.op === 'nestCgroup') return madeWithin(step, plan, facts);
      if (step.op !== 'makeCgroup') return [];
      const { parent, base, name = '', enable } = step;
      const hierarchy = facts.hierarchies.find((one) => one.parent === parent);
      if (hierarchy === undefined) return [];
      const files = hierarchy.files.filter(
        (file) => hierarchy.version === 1 || enable.includes(file.split('.', 1)[0] ?? '') || isCore(file),
      );
      return [{ path: join(parent, base, name), above: join(parent, base), hierarchy, files }];
    });
    return new CgroupControl(made, facts);
  }

  /** Removes what a supervisor has left that was killed, or could not remove it. */
  sweep(): void {
    for (const { hierarchy, above } of this.#made) sweep(hierarchy.parent, above);
  }

  /** All numbers that the host tells. */
  async numbers(): Promise<Numbers> {
    const tables = { ...COUNTED, ...CURRENT } as Readonly<
      Record<string, { readonly 1?: CgroupFile; readonly 2?: CgroupFile }>
    >;
    const read = Object.entries(tables).map(async ([name, versions]) => [name, await this.#number(versions)] as const);
    return Object.fromEntries(await Promise.all(read)) as Numbers;
  }

  /** Version 1: what is called swap is memory and swap. */
  get countsSwapWithMemory(): boolean {
    return this.#having('memory')?.hierarchy.version === 1;
  }

  /** Version 2, where the kernel counts it. */
  async pressure(resource: 'cpu' | 'memory' | 'io'): Promise<Pressure | undefined> {
    const made = this.#made.find(
      ({ hierarchy, files }) => hierarchy.version === 2 && files.includes(`${resource}.pressure`),
    );
    const text = made && (await readText(join(made.path, `${resource}.pressure`)));
    const some = text === undefined ? undefined : pressureLine(text, 'some');
    return text === undefined || some === undefined ? undefined : { some, full: pressureLine(text, 'full') };
  }

  /**
   * Freezes all processes, or lets them go on. Resolves when they are, or nobody wants it any more; to `false` where
   * the container's cgroup has gone. Only one call at a time: two would undo each other's words.
   */
  async freeze(frozen: boolean, isWanted: () => boolean): Promise<boolean> {
    const made = this.#having('freezer');
    if (made === undefined) throw noCgroup(frozen ? 'pause()' : 'resume()');
    const { words, state } = FREEZER[made.hierarchy.version];
    // A process that just makes a system call is frozen when that is done.
    for (let pause = 1; isWanted(); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      // Each time anew: the supervisor thaws it when its time is up, and what the command does not end by then goes on.
      if (!(await writeIfThere(join(made.path, words.file), frozen ? words.freeze : words.thaw))) return false;
      const text = await readText(join(made.path, state.file));
      if (text === undefined) return false;
      if (state.frozen.test(text) === frozen) return true;
      await sleep(pause);
      // Version 1 can stay in the state FREEZING for ever: seen where children were born meanwhile, whom their parent
      // waits for by vfork(2). All go on for a while, and once more.
      if (frozen && made.hierarchy.version === 1 && pause === LONGEST_PAUSE_MS) {
        await writeIfThere(join(made.path, words.file), words.thaw);
        await sleep(pause);
      }
    }
    return true;
  }

  async frozen(): Promise<boolean | undefined> {
    const made = this.#having('freezer');
    if (made === undefined) return undefined;
    const { state } = FREEZER[made.hierarchy.version];
    const text = await readText(join(made.path, state.file));
    return text === undefined ? undefined : state.frozen.test(text);
  }

  /** Its CPUs, where cgroups below it may have no others: in version 1. `undefined` elsewhere. */
  async strictCpus(): Promise<string | undefined> {
    const made = this.#having('cpuset');
    if (made?.hierarchy.version !== 1) return undefined;
    return (await readText(join(made.path, 'cpuset.cpus')))?.trim();
  }

  /** What is to be written for other limits, of the controllers that it has. */
  async resolve(changes: Limits): Promise<readonly CgroupWrite[]> {
    const limits = await this.#withSwap(changes);
    const hierarchies = this.#made.map(({ hierarchy, files }) => ({ ...hierarchy, files }));
    const obstacles = ['update() can change limits of controllers that the container was started with'];
    return resolveLimits(limits, { ...this.#facts, hierarchies, obstacles, remedy: 'set such a limit at the start' })
      .writes;
  }

  /**
   * Writes them. Of two that bound each other the one goes first that can: version 1 has no memory beyond memory and
   * swap.
   */
  async apply(writes: readonly CgroupWrite[]): Promise<void> {
    const left = [...writes];
    let refused: unknown;
    for (let at = 0; left.length > 0; ) {
      const next = left[at];
      if (next === undefined) throw refused;
      try {
        await this.#write(next);
        left.splice(at, 1);
        at = 0;
      } catch (error) {
        refused ??= error;
        at += 1;
      }
    }
  }

  /** Version 1 limits memory and swap together: what is to stay as it is of the two is asked of the kernel. */
  async #withSwap(limits: Limits): Promise<Limits> {
    if (limits.memory === undefined && limits.swap === undefined) return limits;
    const made = this.#having('memory');
    if (made?.hierarchy.version !== 1 || !made.files.includes('memory.memsw.limit_in_bytes')) return limits;
    const limitOf = async (file: string): Promise<number> => Number(await readText(join(made.path, file)));
    const [memory, both] = [await limitOf('memory.limit_in_bytes'), await limitOf('memory.memsw.limit_in_bytes')];
    const swap = limits.swap ?? (both < UNLIMITED ? both - memory : undefined);
    return { ...limits, memory: limits.memory ?? memory, ...(swap === undefined ? {} : { swap }) };
  }

  async #write({ controller, file, value }: CgroupWrite): Promise<void> {
    const made = this.#made.find(
      ({ hierarchy, files }) => controllersOf(hierarchy).includes(controller) && files.includes(file),
    );
    if (made !== undefined) await write(join(made.path, file), value);
  }

  #having(controller: string): Made | undefined {
    const having = this.#made.filter(({ hierarchy }) => controllersOf(hierarchy).includes(controller));
    return having.find(({ hierarchy }) => hierarchy.version === 2) ?? having[0];
  }

  async #number(versions: { readonly 1?: CgroupFile; readonly 2?: CgroupFile }): Promise<number | undefined> {
    for (const { path, hierarchy, files } of this.#made) {
      const file = versions[hierarchy.version];
      if (file === undefined || !files.includes(file.file) || !controllersOf(hierarchy).includes(file.controller))
        continue;
      const text = await readText(join(path, file.file));
      const sum = text === undefined ? undefined : sumOf(text, file.key);
      if (sum !== undefined) return Math.floor(sum / (file.divisor ?? 1));
    }
    return undefined;
  }
}

/** One in a container's, to which all that the hierarchy has is handed down. */
function madeWithin(
  { within, name = '' }: StepOf<'nestCgroup'>,
  { before }: Plan,
  facts: CgroupFacts,
): readonly Made[] {
  const opened = before.find((step) => step.op === 'openCgroup' && step.slot === within);
  if (opened?.op !== 'openCgroup') return [];
  const { path: above } = opened;
  const hierarchy = facts.hierarchies.find(({ parent }) => above.startsWith(`${join(parent, BASE)}/`));
  return hierarchy === undefined ? [] : [{ path: join(above, name), above, hierarchy, files: hierarchy.files }];
}

/** Whether every cgroup of version 2 has the file, whatever its controllers. cgroup-v2.rst, "Core Interface Files" */
function isCore(file: string): boolean {
  return file.startsWith('cgroup.') || file === 'cpu.stat' || file.endsWith('.pressure');
}

/** The sum of the numbers behind a word, or the first number; as `cgroup.c` reads it. */
function sumOf(text: string, key: string | undefined): number | undefined {
  if (key === undefined) return /^\d+/.test(text) ? Number.parseInt(text, 10) : undefined;
  const numbers = [...text.matchAll(new RegExp(`(?<=^|[ \\n])${key}[ =](\\d+)`, 'g'))].map(([, digits]) =>
    Number(digits),
  );
  return numbers.length === 0 ? undefined : numbers.reduce((sum, number) => sum + number, 0);
}

/** "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", psi.rst */
function pressureLine(text: string, kind: 'some' | 'full'): PressureLine | undefined {
  const line = new RegExp(`^${kind} avg10=(\\S+) avg60=(\\S+) avg300=(\\S+) total=(\\d+)$`, 'm').exec(text);
  if (line === null) return undefined;
  const [avg10 = 0, avg60 = 0, avg300 = 0, total = 0] = line.slice(1).map(Number);
  return { avg10, avg60, avg300, totalMs: total / 1000 };
}

/** In version 1 no limit is a very large one, PAGE_COUNTER_MAX. */
const UNLIMITED = 2 ** 62;

/** `undefined` where it is gone. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return await promises.readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

async function writeIfThere(path: string, value: string): Promise<boolean> {
  try {
    await write(path, value);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

/** In one write, to a file that is there. */
async function write(path: string, value: string): Promise<void> {
  const file = await promises.open(path, 'r+');
  try {
    await file.write(value);
  } finally {
    await file.close();
  }
}
