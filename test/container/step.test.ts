/** `step()` inserts a step of the caller's own into a container's plan. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('step()', () => {
  test('inserts an act before the root changes', async () => {
    const own = box
      .step({ op: 'directory', target: '/srv/own', mode: 0o700 })
      .step({ op: 'file', target: '/srv/own/note', mode: 0o600, content: Buffer.from('mine\n') });
    const { stdout } = await own.run('sh', ['-c', 'stat -c %a /srv/own /srv/own/note; cat /srv/own/note'], {
      check: true,
    });
    assert.equal(stdout, '700\n600\nmine\n');
    assert.equal((await box.run('cat', ['/srv/own/note'])).exitCode, 1);
    assert.match(own.explain('true'), /mkdir \/srv\/own 0700\n.*\/srv\/own\/note.*\n +pivot/);
  });

  test('or before another kind of step', async () => {
    const own = box.step({ op: 'setHostname', hostname: 'late' }, { before: 'init' });
    assert.equal((await own.run('hostname', [], { check: true })).stdout, 'late\n');
    assert.equal((await box.run('hostname', [], { check: true })).stdout, 'carrel\n');
  });

  test('slots are the step’s own: a tree that one opens, another binds', async () => {
    const own = box
      .step({ op: 'openTree', slot: 0, source: '/usr/lib', recursive: true, nofollow: false })
      .step({ op: 'directory', target: '/libraries', mode: 0o755 })
      .step({
        op: 'bind',
        slot: 0,
        target: '/libraries',
        attributes: ['readonly', 'nosuid'],
        recursive: true,
        create: false,
      });
    assert.deepEqual(
      (await own.run('ls', ['/libraries'], { check: true })).stdout,
      (await box.run('ls', ['/usr/lib'], { check: true })).stdout,
    );
    assert.notEqual((await own.run('touch', ['/libraries/new'])).exitCode, 0);
  });

  test('a step that is refused is named, and comes from step()', async () => {
    const own = box.step({ op: 'symlink', target: '/proc', text: 'x' });
    await rejectsAtStep(() => own.run('true'), { op: 'symlink', code: 'EISDIR', option: 'step()' });
  });

  test('a kind that the plan does not have is an error, with those that it has', () => {
    const own = box.init(false).step({ op: 'setHostname', hostname: 'x' }, { before: 'init' });
    assert.throws(() => own.plan(), { code: 'ERR_INVALID_ARG_VALUE', message: /no "init".*pivotRoot.*exec/ });
  });
});
