/**
 * What is kept between two starts of one container is what would have been made anew, whichever single thing they
 * differ in.
 */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import type { Command, FramedCommand, Invocation } from '#lib/compile/command.js';
import { compile, type FrameInput } from '#lib/compile/container.js';
import type { ContainerDefinition } from '#lib/definition/definition.js';
import { bind, Container } from '#lib/index.js';
import { decode, encode } from '#lib/plan/encode.js';
import { complete, type Frame, type Own, split } from '#lib/plan/frame.js';
import { isSame, Memo } from '#lib/plan/memo.js';
import { freezeDeep, type Plan } from '#lib/plan/plan.js';
import { planWithKeptFrame } from '#lib/running/frames.js';
import { HOSTS, root } from '../support/hosts.js';
import { FIRST } from '../support/plans.js';
import { generator, type Random } from '../support/random.js';

const ROUNDS = 40;
const SEED = 20261129;

/**
 * Draws a value for each field; the compiler insists that none is missing, so a new field is drawn as soon as there is
 * one.
 */
type Draws<Value> = { readonly [K in keyof Value]-?: (random: Random) => Value[K] | undefined };

const INVOCATION: Draws<Invocation> = {
  file: (random) => random.pick(['sh', '/bin/sh', 'ls', './x']),
  args: (random) => random.list(3, () => random.text()),
  env: (random) => random.pick([{}, { PATH: '/opt' }, { A: random.text() }, { HOME: '/h', B: '' }]),
  timeoutMs: (random) => random.below(2 ** 40),
  timeoutSignal: (random) => 1 + random.below(64),
};

const FRAMED: Draws<FramedCommand> = {
  cwd: (random) => random.pick([undefined, '/', '/tmp', '/srv/x']),
  user: (random) =>
    random.pick([
      undefined,
      { uid: 0, gid: 0, additionalGids: [] },
      { uid: 5, gid: 6, additionalGids: [7] },
      { uid: 5, gid: 6, additionalGids: [8] },
    ]),
  rlimits: (random) =>
    random.pick([undefined, { nofile: { soft: 9, hard: 9 } }, { nofile: { soft: 8, hard: 9 } }, { core: UNLIMITED }]),
  stdio: (random) =>
    random.pick([
      ['pipe', 'pipe', 'pipe'],
      ['pipe', 'pipe', 'ignore'],
      ['ignore', 'descriptor', 'pipe', 'socket'],
      ['terminal', 'pipe', 'terminal'],
      [],
    ] as const),
  terminal: (random) => random.pick([undefined, { columns: 80, rows: 24 }, { columns: 81, rows: 24 }]),
  timed: (random) => random.boolean(),
  session: (random) => random.pick([undefined, 'inherit'] as const),
  detached: (random) => random.boolean(),
  hooked: (random) => random.boolean(),
};
const UNLIMITED = { soft: 'unlimited', hard: 'unlimited' } as const;

const SITUATION: Draws<Omit<FrameInput, 'command'>> = {
  host: (random) => random.pick(HOSTS),
  firstId: (random) => FIRST + random.below(9) * 65_536,
  users: (random) =>
    random.pick([{}, { passwd: PASSWD }, { passwd: PASSWD, group: 'adm:x:4:www\n' }, { problem: 'x' }]),
};
const PASSWD = 'www:x:33:34::/var/www:\n';

const BOXES: readonly ContainerDefinition[] = [
  new Container().limits({ cpuTime: 100, onUnsupported: 'warn' }),
  new Container()
    .rootfs('/srv/box')
    .mount(bind('/srv/a', '/a'))
    .user('www')
    .hook(() => {}),
  new Container().step({ op: 'setHostname', hostname: 'x' }, { before: 'exec' }).init(false),
].map((box) => box.toJSON());

type Situation = Omit<FrameInput, 'command'>;
interface Case {
  readonly invocation: Invocation;
  readonly framed: FramedCommand;
  readonly situation: Situation;
}

function drawn<Value>(draws: Draws<Value>, random: Random): Value {
  const fields = Object.entries(draws as Readonly<Record<string, (random: Random) => unknown>>);
  const values = fields.map(([name, draw]) => [name, draw(random)] as const);
  // Not there, and there as `undefined`, are two things.
  return freezeDeep(Object.fromEntries(values.filter(([, value]) => value !== undefined))) as Value;
}

function randomCase(random: Random): Case {
  return {
    invocation: drawn(INVOCATION, random),
    framed: drawn(FRAMED, random),
    situation: drawn(SITUATION, random),
  };
}

/** The same case but for one field. */
function changed(one: Case, part: keyof Case, name: string, draw: (random: Random) => unknown, random: Random): Case {
  const { [name]: _, ...rest } = one[part] as unknown as Readonly<Record<string, unknown>>;
  const value = draw(random);
  return { ...one, [part]: freezeDeep({ ...rest, ...(value === undefined ? {} : { [name]: value }) }) };
}

/** The plan and its bytes, or what was thrown. */
function outcome(make: () => Plan): unknown {
  try {
    const plan = make();
    return { plan, bytes: encode(plan).toString('base64') };
  } catch (error) {
    return String(error);
  }
}

/** By a plan that nothing is known of. */
function fresh(definition: ContainerDefinition, { invocation, framed, situation }: Case): unknown {
  const command: Command = { invocation, framed };
  return outcome(() =>
    structuredClone(compile(definition, command, situation.host, situation.firstId, situation.users)),
  );
}

function kept(definition: ContainerDefinition, { invocation, framed, situation }: Case): unknown {
  return outcome(() => planWithKeptFrame(definition, { invocation, framed }, situation));
}

describe('the frame of the last command', () => {
  const parts = { invocation: INVOCATION, framed: FRAMED, situation: SITUATION } as const;
  for (const [part, draws] of Object.entries(parts)) {
    for (const [name, draw] of Object.entries(draws as Readonly<Record<string, (random: Random) => unknown>>)) {
      test(`${part}.${name}: kept equals fresh where two commands differ in that alone`, () => {
        const random = generator(SEED);
        let differing = 0;
        for (let round = 0; round < ROUNDS; round += 1) {
          const definition = random.pick(BOXES);
          const one = randomCase(random);
          const other = changed(one, part as keyof Case, name, draw, random);
          if (!isSame(one, other)) differing += 1;
          for (const each of [one, other, one]) assert.deepEqual(kept(definition, each), fresh(definition, each));
        }
        assert.ok(differing > ROUNDS / 4, `${differing} pairs differ`);
      });
    }
  }

  test('is used for commands that differ in their invocation, and for no others', () => {
    const random = generator(SEED);
    const definition = new Container().toJSON();
    const situation = { host: root, firstId: FIRST, users: {} };
    const framed = { stdio: ['pipe', 'pipe', 'pipe'], timed: false, detached: false, hooked: false } as const;
    const frameOf = (command: Command): Frame => split(planWithKeptFrame(definition, command, situation)).frame;
    const first = frameOf({ invocation: drawn(INVOCATION, random), framed });
    assert.equal(frameOf({ invocation: drawn(INVOCATION, random), framed: { ...framed } }), first);
    assert.notEqual(frameOf({ invocation: drawn(INVOCATION, random), framed: { ...framed, hooked: true } }), first);
  });
});

describe('a memo', () => {
  const memo = new Memo((owner: { readonly name: string }, key: unknown) => ({ owner, key }));
  const owner = { name: 'one' };

  test('gives the value that it has as long as the key is the same in every part', () => {
    const first = memo.get(owner, { a: [1, { b: 'c' }] });
    assert.equal(memo.get(owner, { a: [1, { b: 'c' }] }), first);
    assert.notEqual(memo.get(owner, { a: [1, { b: 'd' }] }), first);
    assert.notEqual(memo.get({ name: 'one' }, { a: [1, { b: 'c' }] }), first);
  });

  for (const [one, other] of [
    [{ a: undefined }, {}],
    [{ a: 1 }, { b: 1 }],
    [[1], { 0: 1 }],
    [[1, 2], [1]],
    [null, {}],
    [0, -0],
    [1n, 1],
    [new Uint8Array([1]), new Uint8Array([2])],
  ] as const)
    test(`${inspect(one)} and ${inspect(other)} are not the same`, () => {
      assert.equal(isSame(one, other), false);
      assert.equal(isSame(other, one), false);
    });

  test('what is no number is the same as itself', () => assert.ok(isSame([Number.NaN], [Number.NaN])));
});

describe('a plan in two parts', () => {
  const ending = { op: 'exec', paths: ['/bin/true'], args: ['true'], env: [], stdio: [] } as const;
  const whole: Plan = compileOne();

  function compileOne(): Plan {
    const command = { invocation: drawn(INVOCATION, generator(1)), framed: drawn(FRAMED, generator(1)) };
    return compile(BOXES[1] as ContainerDefinition, command, root, FIRST, { passwd: PASSWD });
  }

  test('is the same plan again', () => {
    const { frame, own } = split(whole);
    assert.deepEqual(complete(frame, own), whole);
    assert.equal(split(complete(frame, own)).frame, frame);
  });

  test('one frame with and without an ending, and with others, is encoded as what it is each time', () => {
    const { frame, own } = split(whole);
    const owns: readonly Own[] = [
      own,
      { timeoutMs: 5, timeoutSignal: 3 },
      { ...own, ending },
      { ...own, ending: { ...ending, args: ['true', 'x'.repeat(9000)] } },
      { ...own, timeoutMs: 2 ** 40, timeoutSignal: 64 },
    ];
    for (const each of [...owns, ...owns]) {
      const made = complete(frame, each);
      assert.deepEqual(encode(made), encode(structuredClone(made)));
      assert.deepEqual(decode(encode(made)).timeoutMs, each.timeoutMs);
    }
  });
});
