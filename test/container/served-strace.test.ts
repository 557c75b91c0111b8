/** A list of steps that a server performs is held to strace(1), as plans are. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { Plan } from 'carrel';
import { native } from '#lib/launch/native.js';
import { encodeRequest } from '#lib/plan/serving-bytes.js';
import type { ServedStep } from '#lib/plan/steps.js';
import { difference, onlyLooks } from '../support/calls.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { expectedServed } from '../support/served-calls.js';
import { everyServedStep } from '../support/served-list.js';
import { type Call, trace, traceProgram } from '../support/trace.js';

/** Without namespaces: what a server does there, it does everywhere. */
const plan: Plan = {
  before: [],
  clone: [],
  steps: [
    { op: 'openDirectory', slot: 3, path: '/proc/self/fd' },
    { op: 'serve', requests: 0, own: 3, kept: [1] },
  ],
  after: [],
  slots: ['requests', 'lane', 'stderr', 'own', 'passing', 'directory'],
  received: 3,
  kept: 0,
  detached: false,
  timeoutMs: 0,
  timeoutSignal: 9,
};

const SLOTS = { lane: 1, passing: 4, held: [5] } as const;

/** The calls by which it performs the list, and does not only look. */
function callsOf(steps: readonly ServedStep[]): readonly Call[] {
  const { socketpair, trySend, close } = native();
  const [ours, theirs] = socketpair();
  const [lane, laneTheirs] = socketpair();
  try {
    assert.equal(trySend(ours, encodeRequest(1, steps), []), undefined);
    assert.equal(trySend(lane, Buffer.alloc(4), [lane]), undefined);
    close(ours);
    const calls = trace(plan, [theirs, laneTheirs]);
    const begun = calls.findIndex(({ name }) => name === 'umask' && calls.length > 0);
    const server = calls.filter(({ args }) => args.includes('"/proc/self/fd"'))[0]?.pid;
    const own = calls.slice(begun).filter(({ pid }) => pid === server);
    const from = own.findIndex(({ name, args }) => name === 'umask' && args.startsWith('022'));
    return own.slice(from + 1).filter((call) => !onlyLooks(call));
  } finally {
    for (const descriptor of [theirs, lane, laneTheirs]) close(descriptor);
  }
}

/** What a server does with lists, and does not only look: behind all that its plan says. */
function served(calls: readonly Call[]): readonly Call[] {
  const from = calls.findIndex(({ name, args }) => name === 'umask' && args.startsWith('022'));
  const isAnswer = ({ name, args }: Call): boolean => name === 'sendmsg' && !args.includes('SCM_RIGHTS');
  // Behind a list it gives back memory, and at last itself.
  const others = ['madvise', 'exit_group'];
  return calls.slice(from + 1).filter((call) => !onlyLooks(call) && !isAnswer(call) && !others.includes(call.name));
}

/** Asks a container for files and connections, of which none is refused, and tells which lists that were. */
const PROGRAM = `
import { writeFileSync } from 'node:fs';
import { subscribe } from 'node:diagnostics_channel';
import { Container } from ${JSON.stringify(import.meta.resolve('carrel'))};
const lists = [];
subscribe('carrel:served', ({ steps }) => lists.push(steps));
const server = "require('node:net').createServer((socket) => socket.end()).listen(5432, () => console.log('listens'))";
const box = await new Container().start('node', ['-e', server], { ready: { line: 'listens' } });
await box.files.mkdir('/tmp/a');
await box.files.writeFile('/tmp/a/b', 'text');
await box.files.readFile('/tmp/a/b');
await box.files.rename('/tmp/a/b', '/tmp/c');
await box.files.rm('/tmp/c');
(await box.connect(5432)).destroy();
const listener = await box.listen(80, () => {});
await box[Symbol.asyncDispose]();
writeFileSync(process.argv[1], JSON.stringify(lists));
`;

/** Bytes, as JSON has them. */
function revive(_: string, value: unknown): unknown {
  const { type, data } = (value ?? {}) as { readonly type?: string; readonly data?: readonly number[] };
  return type === 'Buffer' && data !== undefined ? Buffer.from(data) : value;
}

suite('what a list says is what strace sees', requires('strace', 'some-root'), () => {
  test('of a list that has every step', () => {
    const directory = mkdtempSync(join(tmpdir(), 'served-'));
    try {
      writeFileSync(join(directory, 'there'), 'text');
      const steps = everyServedStep(directory, SLOTS);
      // Behind them comes the answer, and the end.
      const around = ['sendmsg', 'exit_group'];
      const calls = callsOf(steps);
      const given = calls.filter(({ name, args }) => !around.includes(name) || args.includes('SCM_RIGHTS'));
      assert.equal(difference(steps.flatMap(expectedServed), given), undefined);
    } finally {
      removeTree(directory);
    }
  });

  test('of what files and ports of a running container are', () => {
    const directory = mkdtempSync(join(tmpdir(), 'served-'));
    try {
      const told = join(directory, 'told');
      const calls = traceProgram([process.execPath, '--input-type=module', '--eval', PROGRAM, told]);
      const lists = JSON.parse(readFileSync(told, 'utf8'), revive) as readonly (readonly ServedStep[])[];
      const isOfPorts = (list: readonly ServedStep[]): boolean => list[0]?.op === 'socket';
      // One server is for files, one for ports. What takes several lists in a row would have another.
      const own = calls.filter(({ name, args }) => name === 'openat' && args.includes('"/proc/self/fd"'));
      const servers = new Set(own.map(({ pid }) => pid));
      const traced = [...servers].map((server) => served(calls.filter(({ pid }) => pid === server)));
      for (const ofPorts of [false, true]) {
        const steps = lists.filter((list) => isOfPorts(list) === ofPorts).flat();
        assert.ok(steps.length > 5, JSON.stringify(steps));
        const seen = traced.filter((one) => one.some(({ name }) => name === 'socket') === ofPorts);
        assert.equal(seen.length, 1);
        assert.equal(difference(steps.flatMap(expectedServed), seen[0] ?? []), undefined);
      }
    } finally {
      removeTree(directory);
    }
  });

  test('one that says something else is noticed', () => {
    const directory = mkdtempSync(join(tmpdir(), 'served-'));
    try {
      const [step] = [{ op: 'mkdirat', path: join(directory, 'd'), mode: 0o700 }] as const;
      const other = { ...step, path: join(directory, 'e') };
      const calls = callsOf([step]).filter(({ name }) => name === 'mkdirat');
      assert.match(difference(expectedServed(other), calls) ?? '', /instead of mkdirat/);
      assert.equal(difference(expectedServed(step), calls), undefined);
    } finally {
      removeTree(directory);
    }
  });
});
