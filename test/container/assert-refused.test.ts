/** A plan says what must be refused, and ends where it is not. */

import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { Container, type ContainerStep } from 'carrel';
import { plan, run } from 'carrel/plan';
import { assertRefused, chdir, directory, exec, init, mount, openTree, sysctl, unshare } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const { ENOSPC, EPERM, ENOENT } = constants.errno;
/** What a program inside could do, right before it begins. */
const before = (container: Container, ...attempts: Parameters<typeof assertRefused>[0]['attempts']): Container =>
  container.step(assertRefused({ attempts }), { before: 'exec' });
const moreUsers = unshare({ namespaces: ['user'] });

suite('assertRefused', () => {
  test('no user namespace can be made inside', async () => {
    const sure = box.step(assertRefused({ attempts: [moreUsers], errnos: [ENOSPC, EPERM] }), { before: 'exec' });
    assert.equal((await sure.run('echo', ['runs'], { check: true })).stdout, 'runs\n');
    assert.match(sure.explain('true'), /must be refused: unshare user\n/);
  });

  test('where one can, nothing runs', async () => {
    const makes = box.capabilities({ add: ['CAP_SYS_ADMIN'] });
    await rejectsAtStep(() => before(makes, moreUsers).run('true'), {
      op: 'assertRefused',
      code: 'ECANCELED',
      option: 'step()',
      message: /must be refused: unshare user: ECANCELED/,
      hint: /the kernel allows it/,
    });
  });

  test('refused by another error than those listed is that error', async () => {
    const other = box.step(assertRefused({ attempts: [chdir({ target: '/none' })], errnos: [EPERM] }));
    await rejectsAtStep(() => other.run('true'), { op: 'assertRefused', code: 'ENOENT', syscall: 'openat2' });
    const listed = box.step(assertRefused({ attempts: [chdir({ target: '/none' })], errnos: [EPERM, ENOENT] }));
    await listed.run('true', [], { check: true });
  });

  test('any of several attempts may be the one that is refused', async () => {
    await before(box, chdir({ target: '/usr' }), chdir({ target: '/none' })).run('true', [], { check: true });
    const all = before(box, chdir({ target: '/usr' }), chdir({ target: '/tmp' }));
    await rejectsAtStep(() => all.run('true'), { op: 'assertRefused', code: 'ECANCELED' });
  });

  test('nothing of the process that tries stays', async () => {
    const tried = assertRefused({
      attempts: [
        chdir({ target: '/usr' }),
        openTree({ slot: 0, source: '/usr' }),
        mount({ type: 'none-such', target: '/tmp' }),
      ],
    });
    const { stdout } = await box
      .step(tried)
      .run('sh', ['-c', 'pwd; ls /proc/self/fd | wc -l; ls /proc'], { check: true });
    const [cwd, descriptors, ...entries] = stdout.split('\n');
    assert.equal(cwd, '/');
    assert.equal(descriptors, '4');
    assert.equal(entries.filter((name) => /^\d+$/.test(name)).length, 3, 'init, the shell and ls');
    // The slot that the attempt filled is empty still.
    const bound = box.step(tried).step(openTree({ slot: 0, source: '/usr' }));
    await bound.run('true', [], { check: true });
  });

  test('it holds in a plan by hand, and behind init', async () => {
    const tries = assertRefused({ attempts: [sysctl({ path: 'kernel/none', value: '1' })] });
    await run(plan({ steps: [tries, exec({ args: ['/bin/true'] })] }), { check: true });
    await box.step(tries, { before: 'chdir' }).run('true', [], { check: true });
    await box.init(false).step(tries, { before: 'chdir' }).run('true', [], { check: true });
  });

  test('what ends, divides or holds a plan cannot be tried', () => {
    const steps: readonly ContainerStep[] = [init(), exec({ args: ['x'] }), assertRefused({ attempts: [] })];
    for (const step of steps)
      assert.throws(() => assertRefused({ attempts: [step as typeof moreUsers] }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: new RegExp(`attempts\\[0\\].*"${step.op}" cannot be tried`),
      });
    assert.throws(() => assertRefused({ attempts: [directory({ target: 1 as never })] }), { name: 'TypeError' });
  });

  test('without an attempt there is nothing that could be refused', async () => {
    await rejectsAtStep(() => before(box).run('true'), { op: 'assertRefused', code: 'ECANCELED' });
  });
});
