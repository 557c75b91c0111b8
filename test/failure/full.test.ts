/** Node that does not read what supervisors tell: no supervisor waits for it with anything else to do. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type ContainerProcess } from '#lib/index.js';
import { type Channel, channel } from '#lib/launch/channel.js';
import { lane } from '#lib/launch/lane.js';
import { request } from '#lib/launch/launcher.js';
import type { Line } from '#lib/launch/line.js';
import { native } from '#lib/launch/native.js';
import { encode } from '#lib/plan/encode.js';
import { encodeMessage } from '#lib/plan/message-bytes.js';
import type { MessageOf, Notice } from '#lib/plan/messages.js';
import type { Plan } from '#lib/plan/plan.js';
import { useCleanHost } from '../support/host.js';
import { ancestors, attempt, readProcesses, servers } from '../support/processes.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { Screen } from '../support/screen.js';
import { until } from '../support/waiting.js';

const box = new Container();

useCleanHost({ warmUp: () => box.run('true') });

const COUNT = 500;
const TIMEOUT_MS = 500;
/** Far less than the loop stands still, and room for a machine that is busy. */
const LONGEST_MS = 5000;
/** For a container to be gone while nothing of Node's own goes on. */
const PATIENCE_MS = 30_000;

/** How many processes have this command line. */
function countOf(...command: readonly string[]): number {
  const line = command.map((word) => `${word}\0`).join('');
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')) === line).length;
}

/** The event loop stands still until `done`, or for too long. */
function standStill(done: () => boolean): boolean {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  const begun = performance.now();
  while (!done() && performance.now() - begun < PATIENCE_MS) Atomics.wait(wait, 0, 0, 20);
  return done();
}

suite('an event loop that stands still', () => {
  test(`keeps none of ${COUNT} containers beyond its time`, async () => {
    const name = `${process.pid}.25`;
    const children = Array.from({ length: COUNT }, () =>
      box.spawn('sleep', [name], { stdio: 'ignore', timeout: TIMEOUT_MS }),
    );
    // Some come to be only when others are gone.
    let quiet = 0;
    standStill(() => {
      quiet = countOf('sleep', name) === 0 ? quiet + 1 : 0;
      return quiet > 10;
    });
    for (const { reason, usage } of await Promise.all(children.map(({ result }) => result))) {
      assert.equal(reason, 'timeout');
      assert.ok(usage.wallMs < LONGEST_MS, `${usage.wallMs} ms`);
    }
  });
});

/** A supervisor in whose time the channel is full, and nobody reads it, until the event loop goes on. */
interface Silenced {
  readonly line: Line;
  /** Node's end of the line. */
  readonly descriptor: number;
  /** Where the command's output ends when it does. */
  readonly output: number;
  /** How many notices fill the channel. */
  readonly filled: number;
  /** All that is told in the end. */
  readonly heard: Promise<readonly Notice[]>;
}

const command: Plan = {
  before: [],
  clone: [],
  steps: [{ op: 'exec', paths: ['/bin/sleep'], args: ['sleep', '600'], env: [], stdio: [0, 0, 0] }],
  after: [],
  slots: ['output'],
  received: 1,
  kept: 0,
  detached: false,
  timeoutMs: TIMEOUT_MS,
  timeoutSignal: 9,
};

/** From its return on the event loop has not turned, and does not before the next `await`. */
function silence(plan: Plan, kept: readonly number[] = []): Silenced {
  const { sealedMemfd, pipe, trySend, close } = native();
  const opened = open();
  const { line, theirs } = opened;
  const { supervisor } = line;
  const [output, write] = pipe();
  const memfd = sealedMemfd(encode(plan));
  const filler = encodeMessage({ kind: 'oom', supervisor, kills: 1 });
  let filled = 0;
  while (trySend(channel().theirs, filler, []) === undefined) filled += 1;
  let error: Error | undefined = new Error('it waits');
  request({ supervisor, descriptors: [memfd, theirs, ...kept, write], session: 'new' }, (sent) => {
    error = sent;
  });
  assert.equal(error, undefined);
  for (const descriptor of [memfd, theirs, ...kept, write]) close(descriptor);
  return { ...opened, output, filled };
}

function open(): Pick<Silenced, 'line' | 'descriptor' | 'heard'> & { readonly theirs: number } {
  const notices: Notice[] = [];
  const before = sockets();
  let opened: ReturnType<Channel['open']> | undefined;
  const heard = new Promise<readonly Notice[]>((resolve, reject) => {
    opened = channel().open({
      notice: (notice, descriptors) => {
        notices.push(notice);
        for (const one of descriptors) native().close(one);
      },
      lineEnded: (error) => (error === undefined ? resolve(notices) : reject(error)),
    });
  });
  assert.ok(opened !== undefined);
  const { theirs } = opened;
  const [descriptor, none] = [...sockets()].filter((fd) => !before.has(fd) && fd !== theirs);
  assert.ok(descriptor !== undefined && none === undefined);
  return { ...opened, descriptor, heard };
}

/** This process's. */
function sockets(): ReadonlySet<number> {
  const all = readdirSync('/proc/self/fd');
  const isSocket = (fd: string): boolean =>
    attempt(() => readlinkSync(`/proc/self/fd/${fd}`))?.startsWith('socket:') === true;
  return new Set(all.filter(isSocket).map(Number));
}

/** Waits for the command's end, by the end of its output; closes that. */
function awaitEnd({ output }: Silenced): void {
  assert.equal(readSync(output, Buffer.alloc(1)), 0);
  native().close(output);
}

/** The processes of carrel's that are there beside the launcher. */
function supervisors(): readonly number[] {
  return servers().flatMap(({ pid, state }) => (state === 'Z' ? [] : [pid]));
}

suite('a channel that is full', () => {
  test('keeps no time-out from being kept, and all that was told arrives when it is read', async () => {
    const silenced = silence(command);
    awaitEnd(silenced);
    const notices = await silenced.heard;
    const said = notices.slice(silenced.filled);
    assert.deepEqual(
      said.map(({ kind }) => kind),
      ['running', 'exited'],
    );
    const exited = said[1] as MessageOf<'exited'>;
    assert.equal(exited.ending, 'timeout');
    assert.ok(exited.wallNs < LONGEST_MS * 1e6, `${exited.wallNs} ns`);
  });

  test('is no reason to hold what was kept for the container', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'full-')), 'held');
    const held = openSync(path, 'a');
    assert.ok(native().tryLock(held));
    const plan: Plan = { ...command, slots: ['held', 'output'], received: 2, kept: 1 };
    const exec = { ...plan.steps[0], stdio: [1, 1, 1] } as Plan['steps'][number];
    const silenced = silence({ ...plan, steps: [exec] }, [held]);
    awaitEnd(silenced);
    const again = openSync(path, 'a');
    assert.ok(standStill(() => native().tryLock(again)));
    native().close(again);
    removeTree(dirname(path));
    // It has nothing left but the way to Node, which root may see.
    // And a guard above it, which has the same descriptors. A spare has their name until it has its own.
    assert.ok(standStill(() => supervisors().length === 2));
    const [supervisor] = supervisors();
    const open = attempt(() => readdirSync(`/proc/${supervisor}/fd`)) ?? [];
    const targets = open.map((fd) => attempt(() => readlinkSync(`/proc/${supervisor}/fd/${fd}`)) ?? '');
    if (open.length > 0) assert.equal(targets.filter((target) => target !== '/dev/null').length, 3, targets.join());
    assert.equal((await silenced.heard).at(-1)?.kind, 'exited');
  });

  test('keeps no supervisor whose line Node closes', () => {
    const silenced = silence(command);
    awaitEnd(silenced);
    assert.ok(supervisors().length > 0);
    silenced.line.close();
    assert.ok(standStill(() => supervisors().length === 0));
  });

  test('takes an order of Node’s that comes with a descriptor, which nobody keeps', async () => {
    const silenced = silence({ ...command, timeoutMs: 0 });
    const { line, descriptor } = silenced;
    const [read, write] = native().pipe();
    const order = encodeMessage({ kind: 'signal', supervisor: line.supervisor, signal: 9 });
    assert.equal(native().trySend(descriptor, order, [write]), undefined);
    native().close(write);
    awaitEnd(silenced);
    assert.equal(readSync(read, Buffer.alloc(1)), 0);
    native().close(read);
    const last = (await silenced.heard).at(-1) as MessageOf<'exited'>;
    assert.deepEqual([last.kind, last.ending], ['exited', 'signal']);
  });

  for (const [what, bytes] of [
    ['an order for another supervisor', () => encodeMessage({ kind: 'go', supervisor: 2 ** 32 - 1 })],
    ['what is no order', () => Buffer.alloc(16, 1)],
    ['a signal that there is none', (supervisor: number) => encodeMessage({ kind: 'signal', supervisor, signal: 65 })],
  ] as const)
    test(`ends the container where Node says ${what}`, async () => {
      const silenced = silence({ ...command, timeoutMs: 0 });
      const { line, descriptor } = silenced;
      assert.equal(native().trySend(descriptor, bytes(line.supervisor), []), undefined);
      awaitEnd(silenced);
      assert.equal((await silenced.heard).length, silenced.filled);
    });
});

suite('a line that is full', () => {
  /** While its supervisor is stopped, gives a terminal so many sizes that not all of them fit. */
  async function resizeOften(child: ContainerProcess, act: () => void): Promise<void> {
    const [, , supervisor = 0] = ancestors(child.pid ?? 0);
    process.kill(supervisor, 'SIGSTOP');
    await until(() => readProcesses().get(supervisor)?.state === 'T');
    for (let columns = 1; columns <= 2000; columns += 1) assert.equal(child.resize(columns, 50), true);
    act();
    process.kill(supervisor, 'SIGCONT');
  }

  test('keeps no order from coming, in its turn', async () => {
    await using child = box.spawn('sh', ['-c', 'while :; do stty size; sleep 0.05; done'], { terminal: true });
    const screen = new Screen(child);
    await screen.until(/24 80/);
    await resizeOften(child, () => {});
    await screen.until(/50 2000/);
  });

  test('keeps no signal from coming that kill() has taken', async () => {
    const child = box.spawn('sleep', ['600'], { terminal: true });
    child.stdout?.resume();
    await once(child, 'spawn');
    await resizeOften(child, () => assert.equal(child.kill('SIGKILL'), true));
    assert.equal((await child.result).reason, 'killed');
  });
});

suite('a lane that is full', () => {
  test('has a message wait for its descriptor, and those behind it', async () => {
    const nobody = lane().open();
    const number = Buffer.alloc(4);
    number.writeUInt32LE(nobody);
    const [read, write] = native().pipe();
    while (native().trySend(lane().theirs, number, [write]) === undefined);
    native().close(write);
    const child = box.spawn('true', [], { timing: true });
    const { stdout } = child;
    assert.ok(stdout !== null);
    for await (const _ of stdout);
    await sleep(50);
    assert.equal(child.exitCode, null);
    lane().close(nobody);
    assert.equal(readSync(read, Buffer.alloc(1)), 0);
    native().close(read);
    assert.equal((await child.result).exitCode, 0);
    assert.ok(child.timing?.some(({ step }) => step?.op === 'exec'));
  });
});

suite('too many descriptors under way', requires('root', 'strace'), () => {
  /** What is told of a command whose supervisor is refused to send so often. */
  async function endOf(times: number): Promise<readonly [code: number | null, timed: boolean]> {
    const child = box.spawn('cat', [], { stdio: ['pipe', 'ignore', 'inherit'], timing: true });
    await once(child, 'spawn');
    const [, , supervisor = 0] = ancestors(child.pid ?? 0);
    const inject = `inject=sendmsg:error=ETOOMANYREFS:when=1..${times}`;
    const strace = spawn('strace', ['-p', String(supervisor), '-o', '/dev/null', '-e', 'trace=sendmsg', '-e', inject], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    await once(strace.stderr, 'data');
    child.stdin?.end();
    const { exitCode } = await child.result;
    await once(strace, 'close');
    return [exitCode, child.timing !== undefined];
  }

  test('is waited out', async () => {
    assert.deepEqual(await endOf(5), [0, true]);
  });

  test('for too long costs the times, and nothing else', async () => {
    // It tries once at first, and then a hundred times, 10 ms apart.
    assert.deepEqual(await endOf(101), [0, false]);
  });
});
