/** Where the kernel has no Landlock, or an outer sandbox hides it, nothing starts that asks for it. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { carrel } from '../support/cli.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { askRefusal, assertAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const POLICY = "{ read: '/', execute: '/', write: '/tmp', connectTcp: [], scope: ['signal'] }";

suite('without Landlock', () => {
  for (const [error, why] of [
    ['ENOSYS', /^landlock: this kernel has none: .*built without it, or a filter/],
    ['EOPNOTSUPP', /^landlock: this kernel has none: .*lsm=/],
    ['EPERM', /^landlock: this kernel has none: EPERM/],
  ] as const)
    test(`${error}: nothing starts, unless the caller asks for a warning`, async () => {
      const prefix = deny(error, 'landlock_create_ruleset');
      const told = await askRefusal(`new Container().landlock(${POLICY}).run('true')`, { prefix });
      assert.equal(told?.code, 'ERR_LANDLOCK_UNAVAILABLE');
      assert.match(told?.message ?? '', why);
      const degraded = await askCaller<readonly string[]>(
        `const policy = { ...${POLICY}, onUnsupported: 'warn' };
         console.log(JSON.stringify((await new Container().landlock(policy).run('true')).degraded));`,
        { prefix },
      );
      assert.equal(degraded.length, 1);
      assert.match(degraded[0] ?? '', why);
    });

  test('a plan made elsewhere is refused at its step', async () => {
    const spec = `(await import('#lib/plan.js')).run((await import('#lib/plan.js')).plan({ steps: [
      { op: 'createRuleset', slot: 3, files: ['execute'], ports: [], scopes: [] }, { op: 'exit', status: 0 }] }))`;
    for (const [error, code, hint] of [
      ['ENOSYS', 'ENOSYS', /built without Landlock/],
      ['EOPNOTSUPP', 'ENOTSUP', /lsm=/],
    ] as const) {
      const told = await askRefusal(spec, { prefix: deny(error, 'landlock_create_ruleset') });
      assertAtStep(told, { op: 'createRuleset', code, syscall: 'landlock_create_ruleset', hint });
    }
  });

  test('doctor says so, and that containers start all the same', async () => {
    const { stdout, code } = await carrel(['doctor'], { prefix: deny('ENOSYS', 'landlock_create_ruleset') });
    assert.match(stdout, /landlock +there is none: [^→]*→ .*CONFIG_SECURITY_LANDLOCK/);
    assert.equal(code, 0);
  });
});

suite('where a call is refused behind the plan', requires('landlock-scopes'), () => {
  for (const [call, op] of [
    ['landlock_add_rule', 'addPathRule'],
    ['landlock_restrict_self', 'restrictSelf'],
  ] as const)
    test(`${call}: the command does not run`, async () => {
      const told = await askRefusal(`new Container().landlock(${POLICY}).run('true')`, {
        prefix: deny('ENOSYS', call),
      });
      assertAtStep(told, { op, code: 'ENOSYS', syscall: call });
    });
});
