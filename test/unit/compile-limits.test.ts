/** `compile` turns limits into steps, on machines with either version of cgroups, both, some, or none. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CgroupFacts } from '#lib/cgroup/files.js';
import type { CommandLimits } from '#lib/definition/limits.js';
import { CarrelError, type LimitsInput, type Plan } from '#lib/index.js';
import { settled } from '#lib/plan/compose.js';
import { encode } from '#lib/plan/encode.js';
import { explain, parse, stringify } from '#lib/plan.js';
import { CGROUPS, root } from '../support/hosts.js';
import { actsOf, all, plain, plan } from '../support/plans.js';

const { v1, v2, hybrid, delegated, none } = CGROUPS;

function planWith(limits: LimitsInput | undefined, cgroups: CgroupFacts, box = plain): Plan {
  return plan(box.limits(limits), { ...root, cgroups });
}

/** What is written where: `parent/file = value`. */
function writes(made: Plan): readonly string[] {
  const parents = new Map(all(made.before, 'makeCgroup').map(({ slot, parent }) => [slot, parent]));
  return all(made.before, 'writeCgroup').map(({ slot, file, value }) => `${parents.get(slot)}/${file} = ${value}`);
}

function counters(made: Plan): readonly string[] {
  return all(made.after, 'readCounter').map(({ counter }) => counter);
}

describe('without limits', () => {
  test('there is no cgroup, and nobody asks what the machine has of them', () => {
    const { cgroups: _none, ...host } = root;
    const made = plan(plain, host);
    assert.deepEqual(all(made.before, 'makeCgroup'), []);
    assert.deepEqual(made.after, []);
    assert.equal(made.degraded, undefined);
    assert.equal(made.steps.filter(({ op }) => op === 'barrier').length, 1);
    assert.equal(made.steps.filter(({ op }) => op === 'unshare').length, 1);
  });
});

describe('limits({})', () => {
  test('counts, and limits nothing', () => {
    const made = planWith({}, v2);
    assert.deepEqual(writes(made), ['/sys/fs/cgroup/memory.oom.group = 1']);
    assert.deepEqual(counters(made), [
      ...['memoryPeak', 'oomKills', 'cpu', 'cpuUser', 'cpuSystem', 'pidsPeak', 'ioRead', 'ioWritten'],
    ]);
    assert.equal(made.degraded, undefined);
  });
});

describe('limits of the command’s own', () => {
  const boxed = (container: LimitsInput | undefined, limits: CommandLimits): Plan =>
    plan(plain.limits(container), { ...root, cgroups: v2 }, { limits });

  test('are laid over the container’s, name by name', () => {
    const container = { memory: '64m', pids: 32, io: { '8:0': { rbps: 1000 } } };
    assert.deepEqual(boxed(container, { pids: 8, cpus: 1 }), planWith({ ...container, pids: 8, cpus: 1 }, v2));
    assert.deepEqual(boxed(container, {}), planWith(container, v2));
    const io = { '8:1': { wiops: 5 } };
    assert.deepEqual(boxed(container, { io }), planWith({ ...container, io }, v2));
  });

  test('make cgroups where the container has none', () => {
    assert.deepEqual(boxed(undefined, { pids: 8 }), planWith({ pids: 8 }, v2));
    assert.deepEqual(boxed(undefined, {}), planWith({}, v2));
  });

  test('say what happens where they cannot be', () => {
    const on = (limits: CommandLimits, container?: LimitsInput): Plan =>
      plan(plain.limits(container), { ...root, cgroups: none }, { limits });
    assert.throws(() => on({ pids: 8 }), { code: 'ERR_CGROUP_UNAVAILABLE' });
    assert.throws(() => on({ onUnsupported: 'error' }, { onUnsupported: 'warn' }), { code: 'ERR_CGROUP_UNAVAILABLE' });
    for (const made of [on({ pids: 8, onUnsupported: 'warn' }), on({ pids: 8 }, { onUnsupported: 'warn' })])
      assert.ok(made.degraded?.some((line) => line.startsWith('limits.pids: ')));
  });
});

describe('the cgroups', () => {
  test('of version 2: one, with the controllers that are used', () => {
    const [cgroup, ...others] = all(planWith({ cpus: 1 }, v2).before, 'makeCgroup');
    assert.deepEqual(others, []);
    assert.deepEqual([...(cgroup?.enable ?? [])].sort(), ['cpu', 'io', 'memory', 'pids']);
    assert.deepEqual([cgroup?.parent, cgroup?.base, cgroup?.name], ['/sys/fs/cgroup', 'carrel', undefined]);
    const [pinned] = all(planWith({ cpuset: '0' }, v2).before, 'makeCgroup');
    assert.deepEqual([...(pinned?.enable ?? [])].sort(), ['cpuset', 'io', 'memory', 'pids']);
  });

  test('of version 1: one for each controller that is used; a cpuset begins with what the one above has', () => {
    const made = planWith({ cpus: 1, cpuset: '0', io: { '8:0': { rbps: 1 } } }, v1);
    assert.deepEqual(
      all(made.before, 'makeCgroup').map(({ parent, inherit, enable }) => [parent.split('/').at(-1), inherit, enable]),
      [
        ['memory', [], []],
        ['pids', [], []],
        ['cpuacct', [], []],
        ['freezer', [], []],
        ['cpu', [], []],
        ['cpuset', ['cpuset.cpus', 'cpuset.mems'], []],
        ['blkio', [], []],
      ],
    );
  });

  test('of a hybrid machine: version 2 freezes and counts CPU time, version 1 limits', () => {
    const made = planWith({ memory: '64m' }, hybrid);
    assert.deepEqual(
      all(made.before, 'makeCgroup').map(({ parent, enable }) => [parent, enable]),
      [
        ['/sys/fs/cgroup/memory', []],
        ['/sys/fs/cgroup/pids', []],
        ['/sys/fs/cgroup/unified', []],
        // What Java wants to find before it believes in limits.
        ['/sys/fs/cgroup/cpu', []],
        ['/sys/fs/cgroup/cpuacct', []],
        ['/sys/fs/cgroup/cpuset', []],
      ],
    );
    const [freezer] = all(made.before, 'endFrozen');
    assert.deepEqual([freezer?.file, freezer?.freeze, freezer?.thaw], ['cgroup.freeze', '1', '0']);
  });

  test('are removed in the opposite order, after all was counted', () => {
    const made = planWith({}, v1);
    const ops = made.after.map(({ op }) => op);
    assert.ok(ops.lastIndexOf('readCounter') < ops.indexOf('removeCgroup'));
    const slots = all(made.before, 'makeCgroup').map(({ slot }) => slot);
    assert.deepEqual(
      all(made.after, 'removeCgroup').map(({ slot }) => slot),
      [...slots].reverse(),
    );
  });

  test('are entered by the command alone, after init and before its rights go, memory last', () => {
    const made = planWith({}, v1);
    const ops = made.steps.map(({ op }) => op);
    const barrier = ops.lastIndexOf('barrier');
    assert.ok(ops.indexOf('init') < barrier && barrier < ops.indexOf('joinSessionKeyring'));
    assert.equal(ops[barrier + 1], 'unshare', 'the root of the cgroup namespace is the cgroup that it is in');
    const [enter] = all(actsOf(made), 'enterCgroup');
    const memory = all(made.before, 'makeCgroup').find(({ parent }) => parent.endsWith('memory'));
    assert.equal(enter?.slots.at(-1), memory?.slot);
    assert.equal(enter?.slots.length, 4);
  });

  test('have a name when the plan is performed, the same in all hierarchies; a name of one’s own is kept', () => {
    const made = settled(planWith({}, v1), { cgroup: 'mine' });
    assert.deepEqual([...new Set(all(made.before, 'makeCgroup').map(({ name }) => name))], ['mine']);
    assert.ok(encode(planWith({}, v1), { cgroup: 'mine' }).length > encode(planWith({}, v1)).length);
    const again = settled(made, { cgroup: 'another' });
    assert.deepEqual(all(again.before, 'makeCgroup')[0]?.name, 'mine');
  });
});

describe('what is written', () => {
  const limits: LimitsInput = {
    memory: '64m',
    swap: '16m',
    pids: 32,
    cpus: 0.5,
    cpuWeight: 100,
    cpuset: '0-1',
    io: { '8:0': { rbps: 1000, wiops: 5 } },
  };

  test('with version 2', () => {
    assert.deepEqual(
      writes(planWith(limits, v2)).map((line) => line.replace('/sys/fs/cgroup/', '')),
      [
        'memory.max = 67108864',
        'memory.swap.max = 16777216',
        'pids.max = 32',
        'cpu.max = 50000 100000',
        'cpu.weight = 100',
        'cpuset.cpus = 0-1',
        'io.max = 8:0 rbps=1000 wiops=5',
        'memory.oom.group = 1',
      ],
    );
  });

  test('with version 1: swap and memory together after memory alone, the period before the quota', () => {
    assert.deepEqual(
      writes(planWith(limits, v1)).map((line) => line.replace(/\/sys\/fs\/cgroup\/\w+\//, '')),
      [
        'memory.limit_in_bytes = 67108864',
        'memory.memsw.limit_in_bytes = 83886080',
        'pids.max = 32',
        'cpu.cfs_period_us = 100000',
        'cpu.cfs_quota_us = 50000',
        'cpu.shares = 1024',
        'cpuset.cpus = 0-1',
        'blkio.throttle.read_bps_device = 8:0 1000',
        'blkio.throttle.write_iops_device = 8:0 5',
      ],
    );
  });

  test('memory without swap allows none', () => {
    assert.ok(writes(planWith({ memory: 8192 }, v2)).includes('/sys/fs/cgroup/memory.swap.max = 0'));
    assert.ok(
      writes(planWith({ memory: 8192 }, v1)).includes('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes = 8192'),
    );
    assert.ok(!writes(planWith({}, v2)).some((line) => line.includes('swap')));
  });

  test('weights become shares on the curve of the OCI runtimes', () => {
    const shares = [1, 100, 10_000].map((cpuWeight) => writes(planWith({ cpuWeight }, v1)).join());
    assert.deepEqual(
      shares.map((line) => Number(line.split(' = ')[1])),
      [2, 1024, 262_144],
    );
  });

  test('files of version 2 by their names', () => {
    const made = planWith({ unified: { 'memory.high': '1000' } }, v2);
    assert.ok(writes(made).includes('/sys/fs/cgroup/memory.high = 1000'));
  });
});

describe('an OOM kill', () => {
  test('ends all of the container, in version 2 by the kernel', () => {
    const [watch] = all(planWith({}, v2).before, 'watchOom');
    assert.deepEqual([watch?.file, watch?.control, watch?.end], ['memory.events', undefined, true]);
    const [old] = all(planWith({}, v1).before, 'watchOom');
    assert.deepEqual([old?.file, old?.control, old?.end], ['memory.oom_control', 'cgroup.event_control', true]);
  });

  for (const [name, facts] of Object.entries({ v1, v2 })) {
    test(`is only told, where that is asked for, ${name}`, () => {
      const made = planWith({ unified: { 'memory.oom.group': '0' } }, facts);
      assert.equal(all(made.before, 'watchOom')[0]?.end, false);
      assert.deepEqual(
        writes(made).filter((line) => line.includes('oom')),
        name === 'v2' ? ['/sys/fs/cgroup/memory.oom.group = 0'] : [],
      );
    });
  }
});

describe('cpuTime', () => {
  test('is kept from when the command has entered', () => {
    for (const [facts, file, key, divisor] of [
      [v2, 'cpu.stat', 'usage_usec', 1],
      [hybrid, 'cpu.stat', 'usage_usec', 1],
      [v1, 'cpuacct.usage', '', 1000],
    ] as const) {
      const acts = actsOf(planWith({ cpuTime: 1500 }, facts));
      const [limit] = all(acts, 'limitCpuTime');
      assert.deepEqual([limit?.file, limit?.key, limit?.divisor], [file, key, divisor]);
      assert.deepEqual([limit?.milliseconds, limit?.cpus], [1500, 4]);
      assert.ok(acts.findIndex(({ op }) => op === 'enterCgroup') < acts.findIndex(({ op }) => op === 'limitCpuTime'));
    }
  });
});

describe('what a machine cannot do', () => {
  const CASES: readonly (readonly [name: string, facts: CgroupFacts, limits: LimitsInput, said: RegExp])[] = [
    ['memory without cgroups', none, { memory: '64m' }, /limits\.memory .*memory is missing .*EACCES/],
    ['nothing but counting, without cgroups', none, {}, /limits\(\) needs a cgroup/],
    ['cpuTime without cgroups', none, { cpuTime: 1 }, /limits\.cpuTime .*cpuacct/],
    ['a controller that was not delegated', delegated, { cpus: 1 }, /limits\.cpus .*controller cpu is missing/],
    ['a file that the kernel lacks', delegated, { unified: { 'memory.zswap.max': '0' } }, /no memory\.zswap\.max/],
    ['a file of version 2 with version 1', v1, { unified: { 'memory.high': '1' } }, /unified\["memory\.high"\]/],
    ['swap without memory, with version 1', v1, { swap: 0 }, /limits\.swap/],
  ];

  for (const [name, facts, limits, said] of CASES) {
    test(`${name}: an error with a remedy, before anything is started`, () => {
      assert.throws(
        () => planWith(limits, facts),
        (error) =>
          error instanceof CarrelError &&
          error.code === 'ERR_CGROUP_UNAVAILABLE' &&
          said.test(error.message) &&
          (/^a file/.test(name) ? /another kernel.*onUnsupported/ : /run as root.*onUnsupported/).test(
            error.hint ?? '',
          ),
      );
    });

    test(`${name}, with onUnsupported: "warn": it is listed`, () => {
      const made = planWith({ ...limits, onUnsupported: 'warn' }, facts);
      assert.ok((made.degraded ?? []).length > 0);
      assert.ok(!writes(made).some((line) => /high|zswap|memsw/.test(line)));
      assert.match(explain(made), /cannot be had: /);
      assert.deepEqual(parse(stringify(made)), made);
    });
  }

  test('without any cgroup the plan is that of no limits, and says what is missing', () => {
    const made = planWith({ memory: '64m', onUnsupported: 'warn' }, none);
    const unlimited = planWith(undefined, none);
    assert.deepEqual({ ...made, degraded: undefined }, { ...unlimited, degraded: undefined });
    assert.ok(made.degraded?.some((line) => line.startsWith('limits.memory: ')));
    assert.ok(made.degraded?.some((line) => line.startsWith('usage.peakMemoryBytes: ')));
  });

  test('numbers that the kernel does not count are listed', () => {
    const old = {
      ...v2,
      hierarchies: v2.hierarchies.map((one) => ({
        ...one,
        files: one.files.filter((file) => !file.endsWith('.peak')),
      })),
    };
    const made = planWith({}, old);
    assert.deepEqual(made.degraded, [
      'usage.peakMemoryBytes: no memory.peak, no memory.max_usage_in_bytes',
      'usage.peakPids: no pids.peak',
    ]);
    assert.ok(!counters(made).includes('memoryPeak'));
  });
});
