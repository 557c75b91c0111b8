/** `plan_check` lets a valid plan pass, and refuses every other before any act. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ContainerStep, HostStep, Plan } from '#lib/index.js';
import { channel } from '#lib/launch/channel.js';
import { request } from '#lib/launch/launcher.js';
import { native } from '#lib/launch/native.js';
import { encode } from '#lib/plan/encode.js';
import { NO_SLOT } from '#lib/plan/fields.js';
import { offsetsOf, sizeOf } from '#lib/plan/layout.js';
import type { MessageOf, Notice } from '#lib/plan/messages.js';
import { type EndingOp, OPS, type StepOf } from '#lib/plan/steps.js';
import { HEADER, PLAN_MAX, RECORD_HEAD, SLOTS_MAX, WIRE_VERSION } from '#lib/plan/wire.js';
import { launcher } from '../support/launcher.js';
import { generator } from '../support/random.js';

const REFUSED = 125;
const at = offsetsOf(HEADER);

/**
 * Whatever a changed plan may do to mounts stays among itself; who may not have a mount namespace may not mount either.
 */
const isolate = ['unshare', '--mount', '--propagation', 'private'];
const prefix = spawnSync('unshare', [...isolate.slice(1), 'true'], { stdio: 'ignore' }).status === 0 ? isolate : [];

const exec: StepOf<'exec'> = { op: 'exec', paths: ['/bin/true'], args: ['true'], env: [], stdio: [0, 1, 2] };
/** One of each. Nobody asks the server anything. */
const endings = Object.values({
  exec,
  awaitPlan: { op: 'awaitPlan' },
  hold: { op: 'hold' },
  exit: { op: 'exit', status: 0 },
  serve: { op: 'serve', requests: 0, own: 1, kept: [] },
} satisfies { [O in EndingOp]: StepOf<O> });
/** To hold takes an init, and here nobody sends what a plan could go on with. */
const ENDED: { readonly [O in EndingOp]?: number } = { hold: REFUSED, awaitPlan: 128 + 9 };
/** Steps of the container that need no fields, and end no plan. */
const without = ['pivotRoot', 'joinSessionKeyring', 'init', 'noNewPrivileges'] as const;
const harmless: Plan = {
  before: [],
  clone: [],
  steps: [exec],
  after: [],
  slots: ['stdin', 'stdout', 'stderr'],
  received: 3,
  kept: 0,
  detached: false,
  timeoutMs: 0,
  timeoutSignal: 9,
};

/** Gives a plan to `launcher --once`, and returns its exit status. A launcher that a signal ended is a failure. */
function perform(bytes: Uint8Array): number {
  const memfd = native().sealedMemfd(bytes);
  try {
    return performFile(memfd);
  } finally {
    native().close(memfd);
  }
}

function performFile(descriptor: number): number {
  const [file = launcher, ...args] = [...prefix, launcher, '--once'];
  const { status, signal, error } = spawnSync(file, args, {
    cwd: '/',
    env: { PATH: process.env.PATH },
    stdio: ['ignore', 'ignore', 'ignore', descriptor],
  });
  if (error !== undefined) throw error;
  assert.equal(signal, null);
  assert.ok(status !== null);
  return status;
}

/** The harmless plan with some of its bytes replaced. */
function patched(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(encode(harmless));
  change(bytes);
  return bytes;
}

const header = (name: keyof typeof HEADER, value: number): Buffer =>
  patched((bytes) =>
    HEADER[name] === 'u64' ? bytes.writeBigUInt64LE(BigInt(value), at[name]) : bytes.writeUInt32LE(value, at[name]),
  );

test('a valid plan is performed, and its command’s exit code handed on', () => {
  assert.equal(perform(encode(harmless)), 0);
  assert.equal(perform(encode({ ...harmless, steps: [{ ...exec, paths: ['/bin/false'] }] })), 1);
});

test('a plan ends with each of the endings', () => {
  for (const ending of endings)
    assert.equal(perform(encode({ ...harmless, steps: [ending] })), ENDED[ending.op] ?? 0, ending.op);
});

test('a program that does not exist is a refusal', () => {
  assert.equal(perform(encode({ ...harmless, steps: [{ ...exec, paths: ['/bin/there/is/none'] }] })), REFUSED);
});

describe('a header is refused with', () => {
  const size = encode(harmless).length;
  const cases: readonly (readonly [name: keyof typeof HEADER, values: readonly number[]])[] = [
    ['magic', [0, 0x504c5242, 0xffffffff]],
    ['version', [0, WIRE_VERSION - 1, WIRE_VERSION + 1, 0xffffffff]],
    ['size', [0, size - 1, size + 1, PLAN_MAX + 1, 0xffffffff]],
    ['slots', [0, 2, SLOTS_MAX + 1, 0xffffffff]],
    ['received', [4, SLOTS_MAX, 0xffffffff]],
    ['timeoutSignal', [65, 0xffffffff]],
    ['clone', [1, 0x100, 0x400, 0x4000, 2 ** 40, Number.MAX_SAFE_INTEGER]],
    ['stepsOffset', [1, 4, size, size + 8, 0xfffffff8, 0xffffffff]],
    ['stepsCount', [0, 2, 0x10000000, 0xffffffff]],
    ['beforeCount', [1, 2, 0xffffffff]],
    ['afterCount', [1, 2, 0xffffffff]],
  ];
  for (const [name, values] of cases) {
    for (const value of values) {
      test(`${name} ${value}`, () => assert.equal(perform(header(name, value)), REFUSED));
    }
  }

  for (const list of ['before', 'after'] as const) {
    for (const offset of [0, 1, size, 0xfffffff8, 0xffffffff]) {
      test(`${list} at ${offset}, with a step there`, () => {
        const bytes = header(`${list}Offset`, offset);
        bytes.writeUInt32LE(1, at[`${list}Count`]);
        assert.equal(perform(bytes), REFUSED);
      });
    }
  }
});

test('more descriptors than were handed over are refused', () => {
  const bytes = header('slots', 4);
  assert.equal(perform(bytes), 0);
  bytes.writeUInt32LE(4, at.received);
  assert.equal(perform(bytes), REFUSED);
});

describe('a plan is refused that', () => {
  const whole = encode(harmless);
  const file: ContainerStep = { op: 'umask', mask: 0 };
  const steps = (...list: readonly unknown[]): Buffer =>
    encode({ ...harmless, steps: list as readonly ContainerStep[] });
  const field = (index: number, change: (bytes: Buffer, at: number) => void): Buffer =>
    patched((bytes) => change(bytes, bytes.readUInt32LE(at.stepsOffset) + RECORD_HEAD + 8 * index));
  const host: HostStep = { op: 'denySetgroups' };
  const barrier: ContainerStep = { op: 'barrier', acts: [], hook: false };

  /** Opens namespaces into these slots, of which there are five. */
  const filling = (before: readonly number[], inside: readonly number[]): Buffer => {
    const open = (slot: number): StepOf<'openNamespace'> => ({
      op: 'openNamespace',
      slot,
      path: '/proc/self/ns/ipc',
      type: 'ipc',
      inode: 0,
    });
    const slots = [...harmless.slots, 'one', 'other'];
    return encode({ ...harmless, before: before.map(open), steps: [...inside.map(open), exec], slots });
  };

  test('fills each slot once: it is performed', () => assert.equal(perform(filling([3], [4])), 0));

  const cases: Readonly<Record<string, () => Buffer>> = {
    'is empty': () => Buffer.alloc(0),
    'is all zeros': () => Buffer.alloc(4096),
    'ends in its header': () => whole.subarray(0, sizeOf(HEADER) - 1),
    'is cut off': () => whole.subarray(0, whole.length - 1),
    'is followed by a byte': () => Buffer.concat([whole, Buffer.alloc(1)]),
    'has no step': () => steps(),
    'does not end with an ending': () => steps(exec, barrier),
    'has no ending at all': () => steps(barrier),
    'has the host perform a step of the container': () =>
      encode({ ...harmless, before: [file as unknown as HostStep] }),
    'has the container perform a step of the host': () => steps(host, exec),
    'has a barrier in a barrier': () => steps({ op: 'barrier', acts: [barrier], hook: false }, exec),
    'has a step of the container in a barrier': () => steps({ op: 'barrier', acts: [file], hook: false }, exec),
    'names a slot that there is not': () =>
      encode({ ...harmless, before: [{ op: 'fchown', slot: 3, uid: 0, gid: 0 }] }),
    'leaves out a slot that is needed': () =>
      encode({ ...harmless, before: [{ op: 'fchown', slot: NO_SLOT, uid: 0, gid: 0 }] }),
    'hands on a slot that there is not': () => steps({ ...exec, stdio: [0, 1, 3] }),
    'hands on more descriptors than there may be slots': () =>
      steps({ ...exec, stdio: Array.from({ length: SLOTS_MAX + 1 }, () => 0) }),
    'tries no path': () => steps({ ...exec, paths: [] }),
    'has a NUL in a path': () => steps({ ...exec, paths: ['/bin/true\0/x'] }),
    'has a NUL in an argument': () => steps({ ...exec, args: ['true\0'] }),
    'has a NUL in a variable': () => steps({ ...exec, env: ['A=\0'] }),
    'has a step number 0': () => patched((bytes) => bytes.writeUInt32LE(0, bytes.readUInt32LE(at.stepsOffset))),
    'has a step of no known kind': () =>
      patched((bytes) => bytes.writeUInt32LE(Object.keys(OPS).length + 1, bytes.readUInt32LE(at.stepsOffset))),
    'has a step of another size': () =>
      patched((bytes) => bytes.writeUInt32LE(RECORD_HEAD, bytes.readUInt32LE(at.stepsOffset) + 4)),
    'has a list outside of it': () => field(0, (bytes, place) => bytes.writeUInt32LE(bytes.length, place)),
    'has a list that is not aligned': () =>
      field(0, (bytes, place) => bytes.writeUInt32LE(bytes.readUInt32LE(place) + 4, place)),
    'has a list of too many entries': () => field(1, (bytes, place) => bytes.writeUInt32LE(0xffffffff, place + 4)),
    'has a text outside of it': () =>
      field(0, (bytes, place) => bytes.writeUInt32LE(bytes.length, bytes.readUInt32LE(place))),
    'has a text that is too long': () =>
      field(0, (bytes, place) => bytes.writeUInt32LE(0xffffffff, bytes.readUInt32LE(place) + 4)),
    'has a text that its NUL ends early': () =>
      field(0, (bytes, place) => bytes.writeUInt32LE('/bin/true'.length + 1, bytes.readUInt32LE(place) + 4)),
    'has an attribute of no known name': () => {
      const bytes = Buffer.from(steps({ op: 'mountSetattr', target: '/', attributes: [] }, exec));
      bytes.writeBigUInt64LE(1n << 63n, bytes.readUInt32LE(at.stepsOffset) + RECORD_HEAD + 8);
      return bytes;
    },
    'fills a slot that it receives': () => filling([], [2]),
    'fills a slot twice': () => filling([], [3, 3]),
    'fills a slot twice, on the host and in the container': () => filling([3], [3]),
    'has a truth value of 2': () => {
      const bytes = Buffer.from(
        encode({
          ...harmless,
          before: [{ op: 'openTree', slot: 3, source: '/', recursive: true, nofollow: false }],
          slots: [...harmless.slots, 'tree'],
        }),
      );
      bytes.writeBigUInt64LE(2n, bytes.readUInt32LE(at.beforeOffset) + RECORD_HEAD + 16);
      return bytes;
    },
  };
  for (const [name, make] of Object.entries(cases)) {
    test(name, () => assert.equal(perform(make()), REFUSED));
  }

  for (const first of endings) {
    for (const last of endings) {
      const name = `goes on after ${first.op}, with ${last.op}`;
      test(name, () => assert.equal(perform(steps(first, last)), REFUSED));
    }
    test(`has the host perform ${first.op}`, () => {
      const act = first as unknown as HostStep;
      assert.equal(perform(encode({ ...harmless, before: [act] })), REFUSED);
      assert.equal(perform(encode({ ...harmless, after: [act] })), REFUSED);
      assert.equal(perform(steps({ op: 'barrier', acts: [act], hook: false }, exec)), REFUSED);
    });
  }

  test('could still be changed', () => {
    const path = join(tmpdir(), `carrel-plan-${process.pid}`);
    writeFileSync(path, whole);
    const unsealed = openSync(path, 'r');
    try {
      assert.ok(readFileSync(path).equals(whole));
      assert.equal(performFile(unsealed), REFUSED);
    } finally {
      closeSync(unsealed);
      rmSync(path);
    }
  });
});

test('a plan with any one byte changed is refused or performed, and never ends the launcher', () => {
  const random = generator(20);
  const seen = new Set<number>();
  const { length } = encode(harmless);
  for (let round = 0; round < 500; round += 1) {
    const place = random.below(length);
    const flip = 1 + random.below(255);
    const status = perform(patched((bytes) => bytes.writeUInt8((bytes[place] ?? 0) ^ flip, place)));
    seen.add(status);
    // 137: the changed byte gave it a time limit, and the supervisor ended the command by SIGKILL.
    assert.ok([0, REFUSED, 137].includes(status), `byte ${place} ^ ${flip}: status ${status}`);
  }
  assert.ok(seen.has(0) && seen.has(REFUSED));
});

describe('over the channel', () => {
  test('a plan that breaks a rule is told as such, with the rule, and nothing else follows', async () => {
    const notices = await tell(header('stepsCount', 0));
    assert.deepEqual(
      notices.map(({ kind }) => kind),
      ['rejected'],
    );
    assert.ok(ruleOf(notices) > 0);
  });

  for (const op of without) {
    test(`a plan that ends with ${op} is not begun`, async () => {
      const notices = await tell(encode({ ...harmless, steps: [{ op }], slots: [], received: 0 }));
      assert.deepEqual(
        notices.map(({ kind }) => kind),
        ['rejected'],
      );
    });
  }

  test('different rules are told apart', async () => {
    const magic = await tell(header('magic', 0));
    const clone = await tell(header('clone', 1));
    assert.notEqual(ruleOf(magic), ruleOf(clone));
  });

  test('the launcher goes on after a plan that it refused', async () => {
    await tell(header('magic', 0));
    const valid = encode({ ...harmless, steps: [{ ...exec, stdio: [] }], slots: [], received: 0 });
    const notices = await tell(valid);
    assert.deepEqual(
      notices.map(({ kind }) => kind),
      ['running', 'exited'],
    );
    assert.equal((notices[1] as MessageOf<'exited'>).waitStatus, 0);
  });
});

function ruleOf([notice]: readonly Notice[]): number {
  assert.equal(notice?.kind, 'rejected');
  return notice.rule;
}

/** Gives a plan to this process's launcher, and returns all that its supervisor tells. */
function tell(bytes: Uint8Array): Promise<readonly Notice[]> {
  const { sealedMemfd, close } = native();
  const memfd = sealedMemfd(bytes);
  return new Promise((resolve, reject) => {
    const notices: Notice[] = [];
    const { line, theirs } = channel().open({
      notice: (notice) => notices.push(notice),
      lineEnded: (error) => (error === undefined ? resolve(notices) : reject(error)),
    });
    request({ supervisor: line.supervisor, descriptors: [memfd, theirs], session: 'new' }, (error) => {
      close(memfd);
      close(theirs);
      if (error !== undefined) reject(error);
    });
  });
}
