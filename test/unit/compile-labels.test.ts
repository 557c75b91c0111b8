/** Labels of security modules stand where they belong in the plan, and only where the host has the module. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '#lib/plan/explain.js';
import { root } from '../support/hosts.js';
import { all, has, plain, plan } from '../support/plans.js';

const CONTEXT = 'u:r:t:s0';

describe('in a plan', () => {
  test('a label stands in front of all that is the container’s own, whatever that is', () => {
    const boxes = [plain, plain.init(false), plain.namespaces([]), plain.namespaces([{ mount: '/proc/1/ns/mnt' }])];
    for (const box of boxes) {
      const made = plan(box.apparmor('carrel'));
      assert.deepEqual(made.steps[0], { op: 'setExecLabel', module: 'apparmor', label: 'carrel', from: 'apparmor()' });
      assert.deepEqual(made.steps.slice(1), plan(box).steps, 'and changes nothing else');
    }
  });

  test('without one there is no such step', () => {
    assert.ok(!has(plan(plain), 'setExecLabel'));
    assert.ok(!has(plan(plain.apparmor('carrel').apparmor(undefined)), 'setExecLabel'));
  });

  test('each module has its own', () => {
    assert.deepEqual(
      all(plan(plain.selinux(CONTEXT)).steps, 'setExecLabel').map(({ module, label, from }) => [module, label, from]),
      [['selinux', CONTEXT, 'selinux()']],
    );
  });

  test('explain() says it', () => {
    assert.match(explain(plan(plain.apparmor('a b'))), /at exec: the AppArmor profile 'a b'\n/);
    assert.match(explain(plan(plain.selinux(CONTEXT))), /at exec: the SELinux context u:r:t:s0\n/);
  });
});

describe('a host without the module', () => {
  for (const [module, name, box] of [
    ['apparmor', 'AppArmor', plain.apparmor('carrel')],
    ['selinux', 'SELinux', plain.selinux(CONTEXT)],
  ] as const) {
    test(`${module}: nothing is compiled, and the error says why`, () => {
      assert.throws(() => plan(box, { ...root, labels: { [module]: 'it is switched off' } }), {
        code: 'ERR_LABEL_UNAVAILABLE',
        message: new RegExp(`^${module}: this host has no ${name}: it is switched off`),
      });
    });

    test(`${module}: what the host has of the other does not matter`, () => {
      const other = module === 'apparmor' ? 'selinux' : 'apparmor';
      assert.ok(has(plan(box, { ...root, labels: { [other]: 'it is switched off' } }), 'setExecLabel'));
    });

    test(`${module}: a host that was not asked is none that has it`, () => {
      const { labels: _, ...unasked } = root;
      assert.throws(() => plan(box, unasked), { code: 'ERR_LABEL_UNAVAILABLE' });
    });
  }
});
