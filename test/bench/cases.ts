/**
 * What is measured in a Node process, each from the call to the end of the command.
 *
 * The command is always the same file: `true` of the root filesystem's static busybox.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Peer } from './peers.js';

export interface Sample {
  /** From the call to the end of the command. */
  readonly totalNs: number;
  /** From the call to its return: nothing else happens in this Node process meanwhile. */
  readonly blockedNs: number;
}

/** Where things are: the same for all processes that measure one build of carrel. */
export interface Places {
  /** The address of carrel's module, of this checkout or another. */
  readonly library: string;
  readonly rootfs: string;
  /** Directories to stack are in this one, as `0`, `1` and so on. */
  readonly layers: string;
  /** What else starts containers, by name. */
  readonly peers: Readonly<Record<string, Peer>>;
}

export type Library = typeof import('#lib/index.js');

/** Something to start over and over. */
export interface Subject {
  /** Makes what one start takes, before its time begins. */
  ready?(): void | Promise<void>;
  /** Starts the command; the promise is its end, and rejects unless it ended with exit code 0. */
  start(): Promise<void>;
}

type Box = InstanceType<Library['Container']>;
type Pool = ReturnType<Box['pool']>;
type Running = Awaited<ReturnType<Box['start']>>;
type Case = (library: Library, places: Places) => Subject;

const VARIABLES = 10_000;
/** Files of a workspace that is forked. */
const WORKSPACE = 1000;
/** With the root filesystem they are 100. */
export const LAYERS = 99;
const QUIET = { stdio: 'ignore' } as const;
const POOLED = 4;
const PORT = 8080;
/** Ends each connection. */
const SERVER = `require('node:net').createServer((socket) => socket.end()).listen(${PORT})`;

/** For landlock(): it leaves a program most of what it had. */
export const POLICY = { read: '/', execute: '/', write: '/tmp' } as const;

const CASES: Readonly<Record<string, Case>> = {
  'carrel rootfs spawn': (library, places) => spawned(rooted(library, places)),
  'carrel rootfs spawn pipes': (library, places) => spawned(rooted(library, places), 'pipe'),
  'carrel rootfs run': (library, places) => run(rooted(library, places)),
  'carrel spawn': ({ Container }) => spawned(new Container()),
  'carrel run': ({ Container }) => run(new Container()),
  'carrel rootfs limits spawn': (library, places) =>
    spawned(rooted(library, places).limits({ memory: '64m', pids: 64 })),
  'carrel rootfs unfiltered spawn': (library, places) => spawned(rooted(library, places).seccomp('unconfined')),
  'carrel rootfs landlock spawn': (library, places) => spawned(rooted(library, places).landlock(POLICY)),
  'carrel running spawn': (library, places) => {
    let box: Running | undefined;
    return {
      async ready() {
        box ??= await rooted(library, places).start();
      },
      start: () => (box === undefined ? Promise.reject(new Error('not ready')) : ended(box.spawn('true', [], QUIET))),
    };
  },
  'carrel pool run': (library, places) => {
    let pool: Pool | undefined;
    return {
      async ready() {
        pool ??= rooted(library, places).pool({ size: POOLED });
        // What it is about is a container that is there.
        while (pool.idle < POOLED) await sleep(1);
      },
      start: async () => void (await pool?.run('true', { check: true })),
    };
  },
  'carrel running connect': ({ Container }) => {
    let box: Running | undefined;
    return {
      async ready() {
        box ??= await new Container().start('node', ['-e', SERVER], { ready: { port: PORT } });
      },
      async start() {
        (await box?.connect(PORT))?.destroy();
      },
    };
  },
  'carrel fork spawn': ({ Container }) => {
    let fork: Box | undefined;
    return {
      async ready() {
        fork ??= await prepared(new Container());
      },
      start: () => ended((fork ?? new Container()).spawn('true', [], { stdio: 'ignore' })),
    };
  },
  'carrel variables first spawn': (library, places) =>
    fresh((number) => rooted(library, places).env(variables(number))),
  'carrel variables spawn': (library, places) => spawned(rooted(library, places).env(variables(0))),
  'carrel layer spawn': (library, places) => spawned(layered(library, places, 1)),
  'carrel layers first spawn': (library, places) => fresh(() => layered(library, places, LAYERS)),
  'carrel layers spawn': (library, places) => spawned(layered(library, places, LAYERS)),
  'child_process spawn': (_library, { rootfs }) => {
    const path = join(rootfs, 'bin/true');
    return { start: () => ended(spawn(path, [], { stdio: 'ignore' })) };
  },
  'child_process spawn pipes': (_library, { rootfs }) => {
    const path = join(rootfs, 'bin/true');
    return { start: () => ended(spawn(path, [])) };
  },
  'child_process execFile': (_library, { rootfs }) => {
    const path = join(rootfs, 'bin/true');
    const run = promisify(execFile);
    return { start: async () => void (await run(path)) };
  },
};

export async function libraryOf({ library }: Places): Promise<Library> {
  return (await import(library)) as Library;
}

/** The case or the peer `name`. */
export function subjectOf(name: string, library: Library, places: Places): Subject {
  const known = CASES[name];
  if (known !== undefined) return known(library, places);
  const peer = places.peers[name];
  if (peer === undefined) throw new Error(`no ${name}`);
  return { start: () => ended(spawn(peer.file, peer.args, { stdio: 'ignore' })) };
}

/** Measures one start. */
export async function sampleOf(subject: Subject): Promise<Sample> {
  // Nothing is awaited where nothing has to be: of some at once, each would begin in a turn of its own.
  const ready = subject.ready?.();
  if (ready !== undefined) await ready;
  const began = process.hrtime.bigint();
  const end = subject.start();
  const blockedNs = Number(process.hrtime.bigint() - began);
  await end;
  return { totalNs: Number(process.hrtime.bigint() - began), blockedNs };
}

function rooted({ Container }: Library, { rootfs }: Places): Box {
  return new Container().rootfs(rootfs);
}

function layered({ Container, overlay }: Library, { layers, rootfs }: Places, count: number): Box {
  const lower = Array.from({ length: count }, (_, index) => join(layers, String(index)));
  return new Container().rootfs(overlay({ lower: [...lower, rootfs] }));
}

/** Begins with a workspace of so many files. Its snapshot goes with the process. */
async function prepared(box: Box): Promise<Box> {
  await using running = await box.start();
  const script = `mkdir /home/work; cd /home/work; for i in $(seq ${WORKSPACE}); do echo $i > $i; done`;
  await running.run('sh', ['-c', script], { check: true });
  return (await running.snapshot()).container;
}

function variables(number: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: VARIABLES }, (_, index) => [`VARIABLE_${index}`, `${number}`]));
}

function spawned(box: Box, stdio: 'ignore' | 'pipe' = 'ignore'): Subject {
  return { start: () => ended(box.spawn('true', [], { stdio })) };
}

function run(box: Box): Subject {
  return { start: async () => void (await box.run('true', [], { check: true })) };
}

/** Each start is the first one of its container: nothing of it is kept from an earlier start. */
function fresh(boxOf: (number: number) => Box): Subject {
  let [box, number] = [boxOf(0), 0];
  return {
    ready() {
      number += 1;
      box = boxOf(number);
    },
    start: () => ended(box.spawn('true', [], { stdio: 'ignore' })),
  };
}

function ended(child: ChildProcess | EventEmitter): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code: number | null, signal: string | null) => {
      if (code === 0) resolve();
      else reject(new Error(`the command ended with ${signal ?? `exit code ${code}`}`));
    });
  });
}
