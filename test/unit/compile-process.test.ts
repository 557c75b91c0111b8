/** Limits, priorities, settings and names in the plan: without → with. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Container, type Plan, type Step } from 'carrel';
import type { Command } from '#lib/compile/command.js';
import { compile } from '#lib/compile/compile.js';
import { RANGE_FIRST } from '#lib/compile/ids.js';
import type { Op, StepOf } from '#lib/plan/steps.js';
import { namespaceRoot, root, user } from '../support/hosts.js';

const command: Command = {
  file: 'ls',
  args: [],
  env: {},
  stdio: ['pipe', 'pipe', 'pipe'],
  timeoutMs: 0,
  timeoutSignal: 9,
  detached: false,
  hooked: false,
  timed: false,
};
const box = new Container();
const CONTRADICTION = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };

function plan(container: Container, host = root, changes: Partial<Command> = {}): Plan {
  return compile(container.toJSON(), { ...command, ...changes }, host, RANGE_FIRST);
}

function actsOf({ steps }: Plan): readonly Step[] {
  return steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
}

function all<O extends Op>(steps: readonly Step[], op: O): readonly StepOf<O>[] {
  return steps.filter((step) => step.op === op) as unknown as readonly StepOf<O>[];
}

function last({ steps }: Plan, op: Op): number {
  return steps.map((step): Op => step.op).lastIndexOf(op);
}

function position(made: Plan, op: Op): number {
  const at = made.steps.findIndex((step) => step.op === op);
  assert.ok(at >= 0, `no ${op}`);
  return at;
}

describe('rlimits', () => {
  const limits = (steps: readonly Step[]): readonly unknown[] =>
    all(steps, 'setRlimit').map(({ resource, soft, hard }) => [resource, soft, hard]);

  test('without: none', () => assert.deepEqual(limits(plan(box).steps), []));

  test('with: a step each, for the command alone, when nothing else can fail by them', () => {
    const made = plan(box.rlimits({ nofile: 64, core: 'unlimited', cpu: { soft: 1, hard: 'unlimited' } }));
    assert.deepEqual(limits(made.steps), [
      ['nofile', 64, 64],
      ['core', undefined, undefined],
      ['cpu', 1, undefined],
    ]);
    assert.ok(position(made, 'init') < position(made, 'setRlimit'));
    assert.ok(position(made, 'chdir') < position(made, 'setRlimit'));
    assert.ok(position(made, 'setRlimit') < position(made, 'setCapabilities'));
  });

  test('the command’s own go before the container’s, name by name', () => {
    const made = plan(box.rlimits({ nofile: 64, core: 0 }), root, { rlimits: { nofile: { soft: 1, hard: 2 } } });
    assert.deepEqual(limits(made.steps), [
      ['nofile', 1, 2],
      ['core', 0, 0],
    ]);
  });

  test('the host raises a hard limit that is above the caller’s, and no other', () => {
    const raised = box.rlimits({ nofile: { soft: 2000, hard: 5000 }, core: 'unlimited', cpu: 'unlimited' });
    assert.deepEqual(limits(actsOf(plan(raised))), [['nofile', 1024, 5000]]);
    assert.deepEqual(limits(actsOf(plan(box.rlimits({ nofile: 4096 })))), []);
    assert.deepEqual(limits(actsOf(plan(box.rlimits({ nofile: 'unlimited' })))), [['nofile', 1024, undefined]]);
  });

  test('who lacks CAP_SYS_RESOURCE on the host does not try', () => {
    const raised = box.rlimits({ nofile: 5000 });
    for (const host of [user, namespaceRoot, { ...root, capabilities: root.capabilities & ~(1n << 24n) }]) {
      assert.deepEqual(limits(actsOf(plan(raised, host))), []);
      assert.deepEqual(limits(plan(raised, host).steps), [['nofile', 5000, 5000]]);
    }
  });
});

describe('how the container stands to others', () => {
  for (const host of [root, user]) {
    test(`nice and oomScoreAdj are acts of the host's, for uid ${host.uid}`, () => {
      assert.ok(!actsOf(plan(box, host)).some(({ op }) => op === 'setPriority' || op === 'setOomScoreAdj'));
      const acts = actsOf(plan(box.nice(5).oomScoreAdj(-3), host));
      assert.deepEqual(all(acts, 'setPriority'), [{ op: 'setPriority', nice: 5, from: 'nice()' }]);
      assert.deepEqual(all(acts, 'setOomScoreAdj'), [{ op: 'setOomScoreAdj', adjustment: -3, from: 'oomScoreAdj()' }]);
    });
  }

  test('they make the child wait even where nothing else does', () => {
    const shared = box.namespaces(['mount', 'pid']);
    assert.ok(!plan(shared).steps.some(({ op }) => op === 'barrier'));
    assert.deepEqual(
      actsOf(plan(shared.nice(1))).map(({ op }) => op),
      ['setPriority'],
    );
  });

  test('CPUs are set before init: all of the container is on them', () => {
    assert.deepEqual(all(plan(box).steps, 'setAffinity'), []);
    const made = plan(box.cpuAffinity('1,0'));
    assert.deepEqual(all(made.steps, 'setAffinity')[0]?.cpus, [0, 1]);
    assert.ok(position(made, 'setAffinity') < position(made, 'init'));
  });

  test('the umask is always said', () => {
    assert.deepEqual(all(plan(box).steps, 'umask'), [{ op: 'umask', mask: 0o022, from: 'umask()' }]);
    assert.deepEqual(all(plan(box.umask(0)).steps, 'umask'), [{ op: 'umask', mask: 0, from: 'umask()' }]);
  });
});

describe('sysctl', () => {
  const own = (made: Plan): readonly unknown[] =>
    all(made.steps, 'sysctl')
      .filter(({ from }) => from === 'sysctl()')
      .map(({ path, value }) => [path, value]);

  test('without: none of the caller’s', () => assert.deepEqual(own(plan(box)), []));

  test('with: written before /proc/sys is made read-only', () => {
    const made = plan(box.sysctl({ 'net.ipv4.ip_forward': 1, 'kernel.shmmni': 5 }));
    assert.deepEqual(own(made), [
      ['net/ipv4/ip_forward', '1'],
      ['kernel/shmmni', '5'],
    ]);
    assert.ok(last(made, 'sysctl') < position(made, 'readonlyPath'));
    assert.ok(last(made, 'sysctl') < position(made, 'pivotRoot'));
  });

  test('without mounts of its own too', () => {
    assert.deepEqual(own(plan(box.namespaces(['user', 'network']).sysctl({ 'net.ipv4.ip_forward': 1 }))), [
      ['net/ipv4/ip_forward', '1'],
    ]);
  });

  for (const [key, namespace] of [
    ['net.ipv4.ip_forward', 'network'],
    ['kernel.shmmax', 'ipc'],
    ['fs.mqueue.msg_max', 'ipc'],
    ['kernel.domainname', 'uts'],
  ] as const) {
    test(`${key} needs a new ${namespace} namespace`, () => {
      const set = box.sysctl({ [key]: '1' });
      const left = (['user', 'mount', 'pid', 'network', 'ipc', 'uts'] as const).filter((name) => name !== namespace);
      const message = new RegExp(`^sysctl "${key.replaceAll('.', '\\.')}" belongs to the ${namespace} namespace`);
      assert.throws(() => set.namespaces(left), { ...CONTRADICTION, message });
      assert.throws(() => box.namespaces(left).sysctl({ [key]: '1' }), { ...CONTRADICTION, message });
      const joined = [...left, { [namespace]: '/proc/1/ns/x' }];
      assert.throws(() => set.namespaces(joined), { ...CONTRADICTION, message });
    });
  }
});

describe('names and networks', () => {
  test('the domain name is nobody’s, or the container’s', () => {
    const names = (made: Plan): readonly string[] => all(made.steps, 'setDomainname').map((step) => step.domainname);
    assert.deepEqual(names(plan(box)), ['(none)']);
    assert.deepEqual(names(plan(box.domainname('x'))), ['x']);
    const set = plan(box.sysctl({ 'kernel.domainname': 'y' }));
    assert.deepEqual(names(set), ['y']);
    assert.ok(!all(set.steps, 'sysctl').some(({ path }) => path === 'kernel/domainname'));
    assert.deepEqual(names(plan(box.namespaces(['user', 'mount', 'pid']))), []);
  });

  test('a domain name needs a new uts namespace, and one source', () => {
    assert.throws(() => box.domainname('x').namespaces(['user']), { ...CONTRADICTION, message: /^domainname needs/ });
    assert.throws(() => box.domainname('x').sysctl({ 'kernel.domainname': 'y' }), {
      ...CONTRADICTION,
      message: /^domainname and sysctl/,
    });
  });

  test('network("none") is the default, said aloud', () => {
    assert.deepEqual(all(plan(box).steps, 'linkUp')[0]?.from, 'namespaces()');
    const made = plan(box.network('none'));
    assert.deepEqual(all(made.steps, 'linkUp')[0], { op: 'linkUp', name: 'lo', from: 'network()' });
    assert.deepEqual(made.clone, plan(box).clone);
    assert.ok(plan(box.namespaces(['user', 'mount']).network('none')).clone.includes('network'));
  });

  test('network("host") is a container without a network of its own', () => {
    const shared = box.network('host');
    assert.deepEqual(
      plan(shared),
      plan(box.namespaces(box.toJSON().namespaces.filter((entry) => entry !== 'network'))),
    );
    assert.ok(!plan(shared).clone.includes('network'));
    assert.deepEqual(all(plan(shared).steps, 'linkUp'), []);
    assert.deepEqual(plan(shared.network('none')).clone.slice().sort(), plan(box).clone.slice().sort());
    assert.deepEqual(plan(shared.network(undefined)).clone.slice().sort(), plan(box).clone.slice().sort());
  });

  test('what namespaces says is what network says', () => {
    const cases: readonly (() => unknown)[] = [
      () => box.network('host').namespaces(['user', 'network']),
      () => box.network('none').namespaces(['user']),
      () => new Container({ network: 'host', namespaces: ['user', 'network'] }),
      () => new Container({ network: 'none', namespaces: ['user'] }),
      () => box.namespaces(['user', { network: '/proc/1/ns/net' }]).network('none'),
      () => box.namespaces(['user', { network: '/proc/1/ns/net' }]).network('host'),
    ];
    for (const contradict of cases) assert.throws(contradict, { ...CONTRADICTION, message: /^network\('/ });
    assert.deepEqual(box.network('host').namespaces(['user']).toJSON().namespaces, ['user']);
    assert.deepEqual(box.network('none').namespaces(['user', 'network']).toJSON().network, 'none');
  });
});
