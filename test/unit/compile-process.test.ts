/** `compile` turns process limits, priorities, settings and names into steps: without → with. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Container, type Plan, type Step } from '#lib/index.js';
import type { Op } from '#lib/plan/steps.js';
import { namespaceRoot, root, user } from '../support/hosts.js';
import { actsOf, all, plain, plan } from '../support/plans.js';

const CONTRADICTION = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };

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

  test('without: none', () => assert.deepEqual(limits(plan(plain).steps), []));

  test('without, where the container is the caller’s own user: fewer descriptors than the caller has', () => {
    const fewer = [['nofile', 768, 768]];
    for (const host of [user, namespaceRoot]) {
      assert.deepEqual(limits(plan(plain, host).steps), fewer);
      assert.deepEqual(limits(plan(plain.rlimits({ nofile: 64 }), host).steps), [['nofile', 64, 64]]);
    }
    assert.deepEqual(limits(plan(plain.namespaces(['mount']), root).steps), []);
    assert.deepEqual(limits(plan(plain, { ...user, rlimits: {} }).steps), []);
  });

  test('with: a step each, for the command alone, when nothing else can fail by them', () => {
    const made = plan(plain.rlimits({ nofile: 64, core: 'unlimited', cpu: { soft: 1, hard: 'unlimited' } }));
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
    const made = plan(plain.rlimits({ nofile: 64, core: 0 }), root, { rlimits: { nofile: { soft: 1, hard: 2 } } });
    assert.deepEqual(limits(made.steps), [
      ['nofile', 1, 2],
      ['core', 0, 0],
    ]);
  });

  test('the host raises a hard limit that is above the caller’s, and no other', () => {
    const raised = plain.rlimits({ nofile: { soft: 2000, hard: 5000 }, core: 'unlimited', cpu: 'unlimited' });
    assert.deepEqual(limits(actsOf(plan(raised))), [['nofile', 1024, 5000]]);
    assert.deepEqual(limits(actsOf(plan(plain.rlimits({ nofile: 4096 })))), []);
    assert.deepEqual(limits(actsOf(plan(plain.rlimits({ nofile: 'unlimited' })))), [['nofile', 1024, undefined]]);
  });

  test('who lacks CAP_SYS_RESOURCE on the host does not try', () => {
    const raised = plain.rlimits({ nofile: 5000 });
    for (const host of [user, namespaceRoot, { ...root, capabilities: root.capabilities & ~(1n << 24n) }]) {
      assert.deepEqual(limits(actsOf(plan(raised, host))), []);
      assert.deepEqual(limits(plan(raised, host).steps), [['nofile', 5000, 5000]]);
    }
  });
});

describe('how the container stands to others', () => {
  for (const host of [root, user]) {
    test(`nice and oomScoreAdj are acts of the host's, for uid ${host.uid}`, () => {
      assert.ok(!actsOf(plan(plain, host)).some(({ op }) => op === 'setPriority' || op === 'setOomScoreAdj'));
      const acts = actsOf(plan(plain.nice(5).oomScoreAdj(-3), host));
      assert.deepEqual(all(acts, 'setPriority'), [{ op: 'setPriority', nice: 5, from: 'nice()' }]);
      assert.deepEqual(all(acts, 'setOomScoreAdj'), [{ op: 'setOomScoreAdj', adjustment: -3, from: 'oomScoreAdj()' }]);
    });
  }

  test('they make the child wait even where nothing else does', () => {
    const shared = plain.namespaces(['mount', 'pid']);
    assert.ok(!plan(shared).steps.some(({ op }) => op === 'barrier'));
    assert.deepEqual(
      actsOf(plan(shared.nice(1))).map(({ op }) => op),
      ['setPriority'],
    );
  });

  test('CPUs are set before init: all of the container is on them', () => {
    assert.deepEqual(all(plan(plain).steps, 'setAffinity'), []);
    const made = plan(plain.cpuAffinity('1,0'));
    assert.deepEqual(all(made.steps, 'setAffinity')[0]?.cpus, [0, 1]);
    assert.ok(position(made, 'setAffinity') < position(made, 'init'));
  });

  test('the umask is always said', () => {
    assert.deepEqual(all(plan(plain).steps, 'umask'), [{ op: 'umask', mask: 0o022, from: 'umask()' }]);
    assert.deepEqual(all(plan(plain.umask(0)).steps, 'umask'), [{ op: 'umask', mask: 0, from: 'umask()' }]);
  });
});

describe('sysctl', () => {
  const own = (made: Plan): readonly unknown[] =>
    all(made.steps, 'sysctl')
      .filter(({ from }) => from === 'sysctl()')
      .map(({ path, value }) => [path, value]);

  test('without: none of the caller’s', () => assert.deepEqual(own(plan(plain)), []));

  test('with: written before /proc/sys is made read-only', () => {
    const made = plan(plain.sysctl({ 'net.ipv4.ip_forward': 1, 'kernel.shmmni': 5 }));
    assert.deepEqual(own(made), [
      ['net/ipv4/ip_forward', '1'],
      ['kernel/shmmni', '5'],
    ]);
    assert.ok(last(made, 'sysctl') < position(made, 'readonlyPath'));
    assert.ok(last(made, 'sysctl') < position(made, 'pivotRoot'));
  });

  test('without mounts of its own too', () => {
    assert.deepEqual(own(plan(plain.namespaces(['user', 'network']).sysctl({ 'net.ipv4.ip_forward': 1 }))), [
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
      const set = plain.sysctl({ [key]: '1' });
      const left = (['user', 'mount', 'pid', 'network', 'ipc', 'uts'] as const).filter((name) => name !== namespace);
      const message = new RegExp(`^sysctl "${key.replaceAll('.', '\\.')}" belongs to the ${namespace} namespace`);
      assert.throws(() => set.namespaces(left), { ...CONTRADICTION, message });
      assert.throws(() => plain.namespaces(left).sysctl({ [key]: '1' }), { ...CONTRADICTION, message });
      const joined = [...left, { [namespace]: '/proc/1/ns/x' }];
      assert.throws(() => set.namespaces(joined), { ...CONTRADICTION, message });
    });
  }
});

describe('names and networks', () => {
  test('the domain name is nobody’s, or the container’s', () => {
    const names = (made: Plan): readonly string[] => all(made.steps, 'setDomainname').map((step) => step.domainname);
    assert.deepEqual(names(plan(plain)), ['(none)']);
    assert.deepEqual(names(plan(plain.domainname('x'))), ['x']);
    const set = plan(plain.sysctl({ 'kernel.domainname': 'y' }));
    assert.deepEqual(names(set), ['y']);
    assert.ok(!all(set.steps, 'sysctl').some(({ path }) => path === 'kernel/domainname'));
    assert.deepEqual(names(plan(plain.namespaces(['user', 'mount', 'pid']))), []);
  });

  test('a domain name needs a new uts namespace, and one source', () => {
    assert.throws(() => plain.domainname('x').namespaces(['user']), { ...CONTRADICTION, message: /^domainname needs/ });
    assert.throws(() => plain.domainname('x').sysctl({ 'kernel.domainname': 'y' }), {
      ...CONTRADICTION,
      message: /^domainname and sysctl/,
    });
  });

  test('network("none") is the default, said aloud', () => {
    assert.deepEqual(all(plan(plain).steps, 'linkUp')[0]?.from, 'namespaces()');
    const made = plan(plain.network('none'));
    assert.deepEqual(all(made.steps, 'linkUp')[0], { op: 'linkUp', name: 'lo', from: 'network()' });
    assert.deepEqual(made.clone, plan(plain).clone);
    assert.ok(plan(plain.namespaces(['user', 'mount']).network('none')).clone.includes('network'));
  });

  test('network("host") is a container without a network of its own', () => {
    const shared = plain.network('host');
    assert.deepEqual(
      plan(shared),
      plan(plain.namespaces(plain.toJSON().namespaces.filter((entry) => entry !== 'network'))),
    );
    assert.ok(!plan(shared).clone.includes('network'));
    assert.deepEqual(all(plan(shared).steps, 'linkUp'), []);
    assert.deepEqual(plan(shared.network('none')).clone.slice().sort(), plan(plain).clone.slice().sort());
    assert.deepEqual(plan(shared.network(undefined)).clone.slice().sort(), plan(plain).clone.slice().sort());
  });

  test('what namespaces says is what network says', () => {
    const cases: readonly (() => unknown)[] = [
      () => plain.network('host').namespaces(['user', 'network']),
      () => plain.network('none').namespaces(['user']),
      () => new Container({ network: 'host', namespaces: ['user', 'network'] }),
      () => new Container({ network: 'none', namespaces: ['user'] }),
      () => plain.namespaces(['user', { network: '/proc/1/ns/net' }]).network('none'),
      () => plain.namespaces(['user', { network: '/proc/1/ns/net' }]).network('host'),
    ];
    for (const contradict of cases) assert.throws(contradict, { ...CONTRADICTION, message: /^network\('/ });
    assert.deepEqual(plain.network('host').namespaces(['user']).toJSON().namespaces, ['user']);
    assert.deepEqual(plain.network('none').namespaces(['user', 'network']).toJSON().network, 'none');
  });
});
