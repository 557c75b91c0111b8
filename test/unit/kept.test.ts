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
import { bind, Container, file } from '#lib/index.js';
import { settled } from '#lib/plan/compose.js';
import { decode, encode } from '#lib/plan/encode.js';
import { complete, type Frame, type Own, split } from '#lib/plan/frame.js';
import { isSame } from '#lib/plan/memo.js';
import { freezeDeep, type Plan } from '#lib/plan/plan.js';
import { type Asked, askedBy, type Call, checkCommand, type SpawnOptions } from '#lib/running/command.js';
import { compileWithFrame, KnownCommand, knownCommand } from '#lib/running/kept.js';
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
  files: (random) => {
    const content = new TextEncoder().encode(random.text());
    return random.pick([undefined, [], [{ target: '/a', mode: 0o644, content }]]);
  },
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
  limits: (random) =>
    random.pick([
      undefined,
      { onUnsupported: 'warn' },
      { pids: 5, onUnsupported: 'warn' },
      { pids: 6, onUnsupported: 'warn' },
    ] as const),
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
  background: (random) => random.pick([undefined, 'keep'] as const),
  stays: (random) => random.pick([undefined, 'command', 'alone'] as const),
  collects: (random) => random.pick([undefined, true] as const),
  pooled: (random) => random.pick([undefined, 'commands', 'containers'] as const),
};
const UNLIMITED = { soft: 'unlimited', hard: 'unlimited' } as const;

const SITUATION: Draws<Omit<FrameInput, 'command'>> = {
  host: (random) => random.pick(HOSTS),
  firstId: (random) => FIRST + random.below(9) * 65_536,
  users: (random) =>
    random.pick([{}, { passwd: PASSWD }, { passwd: PASSWD, group: 'adm:x:4:www\n' }, { problem: 'x' }]),
  entered: (random) =>
    random.pick([undefined, { ids: { kind: 'range', first: FIRST } }, { ids: { kind: 'joined' } }] as const),
};
const PASSWD = 'www:x:33:34::/var/www:\n';

const BOXES: readonly ContainerDefinition[] = [
  new Container().limits({ cpuTime: 100, onUnsupported: 'warn' }),
  new Container().namespaces([]).landlock({ execute: '/usr', onUnsupported: 'warn' }).apparmor('carrel'),
  new Container()
    .rootfs('/srv/box')
    .mount(bind('/srv/a', '/a'))
    .user('www')
    .hook(() => {}),
  new Container().step({ op: 'setHostname', hostname: 'x' }, { before: 'exec' }).init(false),
  ...[true, false].map((report) => new Container().seccomp('default', { report })),
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
  return outcome(() => compileWithFrame(definition, { invocation, framed }, situation));
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
    const frameOf = (command: Command): Frame => split(compileWithFrame(definition, command, situation)).frame;
    const invocation = (): Invocation => ({ ...drawn(INVOCATION, random), files: [] });
    const first = frameOf({ invocation: invocation(), framed });
    assert.equal(frameOf({ invocation: invocation(), framed: { ...framed } }), first);
    assert.notEqual(frameOf({ invocation: invocation(), framed: { ...framed, hooked: true } }), first);
  });
});

const OPTIONS: Draws<SpawnOptions> = {
  stdio: (random) =>
    random.pick([undefined, 'pipe', 'ignore', ['ignore', 3, 'pipe', 'pipe'], [null, 'inherit']] as const),
  env: (random) => random.pick([undefined, {}, { A: random.text() }, { A: '1', B: '2' }, { B: '2', A: '1' }]),
  cwd: (random) => random.pick([undefined, '/', '/tmp', '/tmp/']),
  user: (random) => random.pick([undefined, 0, 'www', { uid: 5, gid: 6 }, { uid: 5, gid: 6, additionalGids: [7] }]),
  rlimits: (random) =>
    random.pick([
      undefined,
      { nofile: 9 },
      { nofile: { soft: 8, hard: 9 } },
      { nofile: 9, core: 0 },
      { core: 0, nofile: 9 },
    ]),
  limits: (random) =>
    random.pick([
      undefined,
      { onUnsupported: 'warn' },
      { pids: 5, onUnsupported: 'warn' },
      { pids: undefined, onUnsupported: 'warn' },
      { pids: 6 },
      { io: { '8:0': { rbps: '1m' } } },
    ] as const),
  timeout: (random) => random.pick([undefined, random.below(2 ** 40)]),
  killSignal: (random) => random.pick([undefined, 'SIGTERM', 15, 9] as const),
  signal: (random) => random.pick([undefined, new AbortController().signal]),
  terminal: (random) => random.pick([undefined, false, true, { columns: 90 }, { columns: 90, rows: 30 }]),
  session: (random) => random.pick([undefined, 'new', 'inherit'] as const),
  timing: (random) => random.pick([undefined, false, true]),
  detached: (random) => random.pick([undefined, false, true]),
  background: (random) => random.pick([undefined, 'end', 'keep'] as const),
  files: (random) =>
    random.pick([
      undefined,
      [],
      [file('/a', random.text())],
      [file('/a', 'x'), file('/b', 'x', { mode: 0o600 })],
      [file('/b', new Uint8Array([random.below(256)]))],
    ]),
};

const CALL: Draws<Omit<Call, 'options'> & SpawnOptions> = {
  file: INVOCATION.file,
  args: INVOCATION.args,
  ...OPTIONS,
};

/** What a command follows from, and its plan, or what was thrown. */
function outcomeOf(know: () => KnownCommand): unknown {
  try {
    const known = know();
    const situation = { host: root, firstId: FIRST, users: { passwd: PASSWD } };
    const { plan, bytes } = outcome(() => known.planIn(situation)) as Readonly<Record<string, unknown>>;
    return { stdio: known.stdio, plan: JSON.stringify(plan), bytes };
  } catch (error) {
    return String(error);
  }
}

function asked({ file, args, ...options }: Omit<Call, 'options'> & SpawnOptions): Asked {
  return askedBy({ file, args, options }, false);
}

describe('the last commands of a container', () => {
  const definition = new Container().rootfs('/srv/box').toJSON();
  const keptOf = (one: Asked): unknown => outcomeOf(() => knownCommand(definition, one));
  // By another definition, of which nothing is kept.
  const freshOf = (one: Asked): unknown => {
    const alike = structuredClone(definition);
    return outcomeOf(() => new KnownCommand(alike, checkCommand(structuredClone(one))));
  };

  for (const [name, draw] of Object.entries(CALL as Readonly<Record<string, (random: Random) => unknown>>))
    test(`${name}: kept equals fresh where two calls differ in that alone`, () => {
      const random = generator(SEED);
      for (let round = 0; round < ROUNDS; round += 1) {
        const one = drawn(CALL, random);
        const other = { ...one, [name]: draw(random) };
        for (const each of [one, other, one, other])
          assert.deepEqual(keptOf(asked(each)), freshOf(asked(each)), inspect(each));
      }
    });

  test('is checked, compiled and encoded once where it is the same again', () => {
    const call = (): Asked => asked({ file: 'sh', args: ['-c', 'x'], env: { A: '1' }, rlimits: { nofile: 9 } });
    const first = knownCommand(definition, call());
    assert.equal(knownCommand(definition, call()), first);
    const situation = { host: root, firstId: FIRST, users: {} };
    const plan = first.planIn(situation);
    assert.equal(knownCommand(definition, call()).planIn({ ...situation }), plan);
    assert.notEqual(first.planIn({ ...situation, host: { ...root, kernel: [9, 9] } }), plan);
  });

  test('is another as soon as the caller has changed what it gave', () => {
    const args = ['a'];
    const env: Record<string, string> = { A: '1' };
    const user = { uid: 5, gid: 6, additionalGids: [7] };
    const stdio: ('pipe' | 'ignore')[] = ['ignore', 'pipe'];
    const nofile = { soft: 1, hard: 2 };
    const one = asked({ file: 'x', args, env, user, stdio, rlimits: { nofile } });
    const changes: readonly (() => unknown)[] = [
      () => args.push('b'),
      () => (args[0] = 'c'),
      () => (env.B = '2'),
      () => (env.A = '3'),
      () => delete env.A,
      () => user.additionalGids.push(8),
      () => (user.gid = 9),
      () => (stdio[1] = 'ignore'),
      () => stdio.push('ignore'),
      () => (nofile.hard = 3),
    ];
    for (const change of changes) {
      const before = keptOf(one);
      assert.deepEqual(keptOf(one), before);
      change();
      assert.notDeepEqual(keptOf(one), before, String(change));
      assert.deepEqual(keptOf(one), freshOf(one), String(change));
    }
  });

  test('is checked each time where it has what is no plain value', () => {
    class File {
      readonly fd = 1;
    }
    class Env {
      readonly A = '1';
    }
    for (const call of [
      { file: 'x', args: [], stdio: [new File()] },
      { file: 'x', args: [], env: { ...new Env() }, user: Object.create({ uid: 1 }) },
      { file: 'x', args: [], env: new Env() as never },
      { file: 'x', args: ['x'.repeat(2 ** 21)] },
    ] as const) {
      const one = asked(call);
      assert.notEqual(checkOrThrow(one), checkOrThrow(one), inspect(call));
    }
    function checkOrThrow(one: Asked): unknown {
      try {
        return knownCommand(definition, one);
      } catch (error) {
        return error;
      }
    }
  });

  test('are few, and the first to go is the one that was not asked for', () => {
    const nth = (index: number): KnownCommand => knownCommand(definition, asked({ file: `x${index}`, args: [] }));
    const [first, second] = [nth(0), nth(1)];
    for (let index = 2; index < 8; index += 1) nth(index);
    assert.equal(nth(0), first);
    nth(8);
    assert.equal(nth(0), first);
    assert.notEqual(nth(1), second);
  });
});

describe('the bytes of a plan', () => {
  test('are those of the plan that is settled, whichever settlements came before', () => {
    const random = generator(SEED);
    const command = { invocation: drawn(INVOCATION, random), framed: drawn(FRAMED, random) };
    for (const box of [new Container(), new Container().limits({ cpuTime: 100, onUnsupported: 'warn' })]) {
      const plan = compileWithFrame(box.toJSON(), command, { host: root, firstId: FIRST, users: { passwd: PASSWD } });
      for (let round = 0; round < ROUNDS; round += 1) {
        const move = random.pick([undefined, { from: FIRST, to: FIRST + random.below(900) * 65_536, count: 65_536 }]);
        const settlement = { move, cgroup: random.pick([undefined, 'x', `name-${random.text()}`, 'y'.repeat(9000)]) };
        // Where a name stands differs, and what is said does not.
        assert.deepEqual(decode(encode(plan, settlement)), decode(encode(structuredClone(settled(plan, settlement)))));
      }
    }
  });
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
