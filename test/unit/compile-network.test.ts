/** `compile` puts a container into the network of another one: who joins what, and in which order. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Host } from '#lib/host/facts.js';
import { Container, type Plan } from '#lib/index.js';
import { root, user } from '../support/hosts.js';
import { all, has, plan } from '../support/plans.js';

const OTHER = { network: { path: '/proc/7/fd/9', inode: 90 }, user: { path: '/proc/7/fd/8', inode: 80 } };
const box = new Container().network({ namespaces: OTHER });
const joins = ({ before }: Plan): readonly string[] =>
  before.flatMap((step) => (step.op === 'setns' ? [`${step.type} ${step.from}`] : []));
const fails = (container: Container, host: Host, message: RegExp): void => {
  assert.throws(() => plan(container, host), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message });
};

describe('network(container)', () => {
  test('by root: the network alone, before the user namespace is made', () => {
    const made = plan(box, root);
    assert.deepEqual(joins(made), ['network network()']);
    assert.deepEqual(made.clone, ['user', 'mount', 'pid', 'ipc', 'uts']);
    assert.deepEqual(
      all(made.before, 'openNamespace').map(({ path, inode }) => [path, inode]),
      [['/proc/7/fd/9', 90]],
    );
  });

  test('by an ordinary user: the user namespace first, which gives the rights over the network', () => {
    const made = plan(box, user);
    assert.deepEqual(joins(made), ['user network()', 'network network()']);
    assert.deepEqual(made.clone, ['mount', 'pid', 'ipc', 'uts']);
    assert.equal(has(made, 'setUidMap'), false);
  });

  test('sets nothing in the network, which is another’s', () => {
    for (const host of [root, user]) {
      assert.equal(has(plan(new Container(), host), 'linkUp'), true);
      assert.equal(has(plan(box, host), 'linkUp'), false);
      const settings = all(plan(box, host).steps, 'sysctl').filter(({ path }) => path.startsWith('net/'));
      assert.deepEqual(settings, []);
    }
  });

  test('has an /etc/hosts of its own, and no names of the host’s', () => {
    for (const host of [root, user]) {
      const targets = (container: Container): readonly string[] =>
        plan(container, host).steps.flatMap((step) => ('target' in step ? [String(step.target)] : []));
      assert.equal(targets(box).includes('/etc/resolv.conf'), false);
      assert.deepEqual(
        targets(box).filter((target) => target.startsWith('/etc/')),
        targets(new Container()).filter((target) => target.startsWith('/etc/')),
      );
    }
  });

  test('an ordinary user’s has no idmap and no CAP_SYS_ADMIN: root’s may', () => {
    const able = box.capabilities(['CAP_SYS_ADMIN']);
    fails(able, user, /CAP_SYS_ADMIN: leave it out of capabilities\(\)/);
    fails(box.idmap({ uid: 1000, gid: 100 }), user, /leave idmap\(\) to the other one/);
    assert.deepEqual(joins(plan(able, root)), ['network network()']);
    assert.equal(has(plan(able, root), 'nestNamespaces'), true);
  });
});
