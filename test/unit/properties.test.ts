/** A random definition on a random host is refused in a sentence, or compiles and loses nothing. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Command } from '#lib/compile/command.js';
import { compile } from '#lib/compile/container.js';
import { RANGE_FIRST, RANGE_SIZE } from '#lib/compile/ids.js';
import type { SeccompProfile } from '#lib/definition/seccomp.js';
import type { Host } from '#lib/host/facts.js';
import {
  bind,
  CarrelError,
  Container,
  type DefinitionInput,
  directory,
  file,
  overlay,
  type Plan,
  type Step,
  symlink,
  tmpfs,
} from '#lib/index.js';
import { moveIds } from '#lib/plan/compose.js';
import { CAPABILITIES, type Capability, NAMESPACES, type Namespace } from '#lib/plan/constants.js';
import { decode, encode } from '#lib/plan/encode.js';
import { describe as inWords } from '#lib/plan/sentences.js';
import { concat, equals, explain, parse, plan as planOf, stringify } from '#lib/plan.js';
import { HOSTS } from '../support/hosts.js';
import { ranges } from '../support/options-ids.js';
import { generator, type Random } from '../support/random.js';

const ROUNDS = 400;
const SEED = 20261124;

const USERS = { passwd: 'www:x:33:34::/var/www:\n', group: 'adm:x:4:www\n' };
const names = Object.keys(NAMESPACES) as Namespace[];
const capabilities = Object.keys(CAPABILITIES) as Capability[];
const PATHS = ['/srv/a', '/tmp/x/y', '/etc/hosts', '/dev/x', '/a b/ü:,\\"', '/run/../var'];

/** A valid value for each option; another one each time. */
const VALUES: { readonly [K in keyof DefinitionInput]-?: (random: Random) => DefinitionInput[K] } = {
  rootfs: (random) =>
    random.pick([
      '/srv/box',
      '/srv/my box',
      './relative',
      undefined,
      overlay({ lower: Array.from({ length: 1 + random.below(120) }, (_, index) => `/srv/:${index},\\ "`) }),
      overlay({ lower: '/srv/lower', upper: '/srv/disk/up', work: '/srv/disk/work' }),
    ]),
  readonly: (random) => random.boolean(),
  mounts: (random) =>
    random.list(4, () =>
      random.pick([
        bind(random.pick(PATHS), random.pick(PATHS), {
          readonly: random.boolean(),
          recursive: random.boolean(),
          optional: random.boolean(),
          idmapped: random.boolean(),
          nosuid: random.boolean(),
        }),
        tmpfs(random.pick(PATHS), {
          mode: random.below(0o7777),
          size: 1 + random.below(2 ** 40),
          noexec: random.boolean(),
        }),
        file(random.pick(PATHS), random.text(), { mode: random.below(0o7777) }),
        symlink(random.pick(PATHS), `x${random.text()}`),
        directory(random.pick(PATHS)),
      ]),
    ),
  mask: (random) => random.list(3, () => random.pick(PATHS)),
  proc: (random) => random.pick(['auto', 'new', 'bind', 'none'] as const),
  entrypoint: (random) => random.list(3, () => `x${random.text()}`),
  command: (random) => random.list(3, () => random.text()),
  namespaces: (random) =>
    names
      .filter(() => random.below(4) > 0)
      .map((name) => (random.below(8) === 0 ? { [name]: `/proc/${1 + random.below(30_000)}/ns/${name}` } : name)),
  idmap: (random) =>
    random.pick([
      'auto',
      'auto',
      'subuid',
      { uid: 1000, gid: 100 },
      { uid: ranges(1 + random.below(9)), gid: ranges(340) } as DefinitionInput['idmap'],
    ]),
  hostname: (random) => random.pick(['box', 'a.b-c', undefined]),
  domainname: (random) => random.pick(['example', 'a.b', undefined]),
  hosts: (random) =>
    Object.fromEntries(random.list(3, () => [`h${random.below(99)}`, random.pick(['::1', '10.0.0.1'])])),
  // It is for start(): others are refused.
  publish: (random) =>
    random.below(9) > 0 ? [] : [{ containerPort: 1 + random.below(9), port: random.below(65_536) }],
  network: (random) => random.pick(['none', 'host', undefined]),
  rlimits: (random) => ({
    nofile: random.below(2000),
    core: random.pick([0, 'unlimited', '1m', { soft: 0, hard: 'unlimited' }, undefined]),
  }),
  sysctl: (random) =>
    random.pick([{}, { 'net.ipv4.ip_forward': 1 }, { 'kernel.shmmni': '5' }, { 'kernel.domainname': 'x' }]),
  umask: (random) => random.below(0o777),
  nice: (random) => random.below(40) - 20,
  oomScoreAdj: (random) => random.below(2001) - 1000,
  cpuAffinity: (random) => random.pick([[random.below(8192)], '0-3,7', undefined]),
  limits: (random) =>
    random.pick([
      undefined,
      { onUnsupported: 'warn' } as const,
      {
        memory: 4096 + random.below(2 ** 40),
        pids: 1 + random.below(1000),
        cpus: 0.5,
        cpuTime: 1 + random.below(10_000),
        cpuset: '0-1',
        unified: { 'memory.high': `${random.below(2 ** 30)}` },
        onUnsupported: 'warn',
      } as const,
    ]),
  landlock: (random) =>
    random.pick([
      undefined,
      {
        read: random.list(4, () => random.pick(PATHS)),
        write: random.list(2, () => random.pick(PATHS)),
        execute: [random.pick(PATHS), '/'],
        connectTcp: random.list(3, () => random.below(65_536)),
        onUnsupported: 'warn',
      } as const,
      { bindTcp: [random.below(65_536)], scope: ['signal'], onUnsupported: 'warn' } as const,
    ]),
  apparmor: (random) => random.pick([undefined, 'carrel', '&carrel', 'a b//c']),
  selinux: (random) => random.pick([undefined, 'u:r:t', 'system_u:system_r:container_t:s0:c1,c2']),
  timeOffsets: (random) =>
    random.boolean() ? {} : { monotonic: random.below(1e9) - 5e8, boottime: random.below(1e9) },
  env: (random) => Object.fromEntries(random.list(4, () => [`V${random.below(99)}`, random.text()])),
  cwd: (random) => random.pick(['/', ...PATHS]),
  user: (random) =>
    random.pick([
      0,
      1000,
      '7:8',
      { uid: 70_000, gid: 1 },
      'www',
      'www:adm',
      'no',
      { uid: 1, gid: 2, additionalGids: [3] },
    ]),
  capabilities: (random) =>
    random.boolean()
      ? capabilities.filter(() => random.boolean())
      : random.boolean()
        ? { bounding: capabilities, permitted: capabilities.filter(() => random.boolean()) }
        : { add: capabilities.filter(() => random.boolean()), drop: capabilities.filter(() => random.boolean()) },
  noNewPrivileges: (random) => random.boolean(),
  seccomp: (random) => random.pick(['default', 'unconfined', profile(random)]),
  init: (random) => random.boolean(),
  steps: (random) =>
    random.list(2, () => ({
      step: random.pick([
        { op: 'openTree', slot: random.below(3), source: '/usr', recursive: true, nofollow: false } as const,
        { op: 'setHostname', hostname: 'other' } as const,
      ]),
      before: 'exec' as const,
    })),
};

function profile(random: Random): SeccompProfile {
  return {
    defaultAction: 'SCMP_ACT_ALLOW',
    flags: random.pick([[], ['SECCOMP_FILTER_FLAG_LOG']] as const),
    syscalls: random.list(3, () => ({
      names: random.pick([['ptrace'], ['bpf', 'keyctl', 'uselib']]),
      action: random.pick(['SCMP_ACT_ERRNO', 'SCMP_ACT_KILL', 'SCMP_ACT_LOG'] as const),
      args: random.list(
        2,
        () => ({ index: random.below(6), value: random.below(2 ** 40), op: 'SCMP_CMP_GT' }) as const,
      ),
      includes: random.pick([{}, { caps: ['CAP_SYS_ADMIN'] }, { arches: ['arm64'], minKernel: '5.16' }] as const),
    })),
  };
}

function definition(random: Random): DefinitionInput {
  const options = Object.entries(VALUES).filter(() => random.boolean());
  return Object.fromEntries(options.map(([name, value]) => [name, value(random)]));
}

function command(random: Random): Command {
  return {
    invocation: {
      file: random.pick(['sh', '/bin/sh', 'ü', '--bind']),
      args: random.list(5, () => random.text()),
      env: {},
      timeoutMs: random.below(2 ** 40),
      timeoutSignal: 1 + random.below(64),
    },
    framed: {
      stdio: random.pick([['pipe', 'pipe', 'pipe'], ['ignore', 'descriptor', 'pipe', 'socket', 'ignore'], []] as const),
      ...(random.boolean() ? {} : { terminal: { columns: 1 + random.below(500), rows: 1 + random.below(500) } }),
      detached: random.boolean(),
      timed: random.boolean(),
      hooked: random.boolean(),
    },
  };
}

/** What the definition says is refused in a sentence with Node's code; anything else is a fault of carrel's. */
function attempt<Result>(run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    assert.ok(error instanceof Error, String(error));
    const codes =
      error instanceof CarrelError
        ? /^ERR_(UNKNOWN_USER|UNKNOWN_GROUP|SUBORDINATE_IDS)$/
        : /^ERR_(INVALID_ARG_VALUE|INVALID_ARG_TYPE|OUT_OF_RANGE)$/;
    assert.match(String((error as NodeJS.ErrnoException).code), codes);
    assert.doesNotMatch(error.message, /undefined|\[object|NaN/);
    return undefined;
  }
}

function each(run: (random: Random, plan: Plan, box: Container, host: Host) => void): number {
  let compiled = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    const random = generator(SEED + round);
    const box = attempt(() => new Container(definition(random)));
    if (box === undefined) continue;
    for (const host of HOSTS) {
      const made = attempt(() => compile(box.toJSON(), command(random), host, RANGE_FIRST, USERS));
      if (made === undefined) continue;
      compiled += 1;
      run(random, made, box, host);
    }
  }
  return compiled;
}

const stepsOf = (plan: Plan): readonly Step[] => [
  ...plan.before,
  ...plan.steps.flatMap((step): readonly Step[] => (step.op === 'barrier' ? [step, ...step.acts] : [step])),
  ...plan.after,
];

describe('any definition', () => {
  test('comes back from its JSON', () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const box = attempt(() => new Container(definition(generator(SEED + round))));
      if (box === undefined) continue;
      assert.deepEqual(new Container(JSON.parse(JSON.stringify(box))).toJSON(), box.toJSON());
    }
  });

  test('compiles often enough for the rest to mean something', () => {
    assert.ok(each(() => {}) > ROUNDS, 'most are refused');
  });

  test('gives the same plan again', () => {
    each((_random, plan, box, host) => {
      const exec = plan.steps.at(-1);
      assert.equal(exec?.op, 'exec');
      assert.ok(Object.isFrozen(plan) && Object.isFrozen(plan.steps.at(-1)));
      assert.equal(box.toJSON(), box.toJSON());
      assert.ok(HOSTS.includes(host));
    });
  });

  test('is decoded as it was encoded', () => {
    each((_random, plan) => {
      const bytes = encode(plan);
      assert.deepEqual(bare(decode(bytes)), bare(plan));
      assert.ok(encode(decode(bytes)).equals(bytes));
    });
  });

  test('is read as it was written', () => {
    each((_random, plan) => {
      assert.deepEqual(parse(stringify(plan)), plan);
    });
  });

  test('is explained without loss: every step has its sentence, and no control character', () => {
    each((_random, plan) => {
      const text = explain(plan).replace(/\s+/g, '');
      for (const step of stepsOf(plan)) {
        if (step.op === 'barrier') continue;
        const sentence = inWords(step).replace(/\s+/g, '');
        assert.ok(sentence.length > 0 && !/undefined|\[object|NaN/.test(sentence), sentence);
        // What is too long for its column is broken in two, and may have the other column's words between.
        assert.ok(text.includes(sentence.slice(0, 12)), `${sentence} is not in it`);
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
      assert.doesNotMatch(explain(plan), /[\u0000-\u0009\u000b-\u001f\u007f]/);
    });
  });

  test('moves to another range of ids and back', () => {
    each((_random, plan) => {
      const moved = moveIds(plan, { from: RANGE_FIRST, to: RANGE_FIRST + RANGE_SIZE, count: RANGE_SIZE });
      assert.deepEqual(moveIds(moved, { from: RANGE_FIRST + RANGE_SIZE, to: RANGE_FIRST, count: RANGE_SIZE }), plan);
      if (plan.kept > 0) assert.ok(!equals(moved, plan));
    });
  });

  test('keeps its slots apart when plans are joined', () => {
    each((_random, plan) => {
      if (plan.kept > 0) return;
      const part = planOf({
        steps: [{ op: 'openTree', slot: 3, source: '/x', recursive: true, nofollow: false }],
        received: 3,
      });
      const both = concat(part, plan);
      assert.equal(both.steps.length, plan.steps.length + 1);
      const own = both.steps[0];
      const others = stepsOf(both).filter((step) => step !== own);
      assert.ok(own?.op === 'openTree' && own.slot >= both.received && own.slot < both.slots.length);
      for (const step of others) assert.ok(!('slot' in step) || step.slot !== own.slot, step.op);
    });
  });
});

/** What is sent of a plan: neither where steps come from, nor what slots are called, nor what cannot be had. */
function bare(plan: Plan): unknown {
  const strip = (step: Step): unknown => {
    const { from: _from, ...rest } = step as Step & { readonly acts?: readonly Step[] };
    return 'acts' in rest && rest.acts !== undefined ? { ...rest, acts: rest.acts.map(strip) } : rest;
  };
  return JSON.parse(
    JSON.stringify({
      ...plan,
      slots: plan.slots.length,
      degraded: undefined,
      // Flags are a set: on the wire they have no order.
      clone: [...plan.clone].sort(),
      before: plan.before.map(strip),
      steps: plan.steps.map(strip),
      after: plan.after.map(strip),
    }),
    (_key, value) =>
      Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? [...value].sort() : value,
  );
}
