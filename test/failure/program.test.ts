/** A command that cannot be started is an error that says why. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, type StepError } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { assertAtStep, OPENS_SOURCE, rejectsAtStep } from '../support/refusals.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const programs = mkdtempSync(join(tmpdir(), 'programs-'));
chmodSync(programs, 0o755);
for (const [name, text, mode] of [
  ['no-interpreter', '#!/none/interpreter\n', 0o755],
  ['not-executable', '#!/bin/sh\n', 0o644],
  ['no-program', 'neither magic nor script\n', 0o755],
  ['good', '#!/bin/sh\necho good\n', 0o755],
] as const) {
  writeFileSync(join(programs, name), text);
  chmodSync(join(programs, name), mode);
}
const box = new Container().mount(bind(programs, '/programs', { readonly: true }));

suite('a command that cannot be started', () => {
  test('a program beside it can', async () => {
    assert.equal((await box.run('/programs/good')).stdout, 'good\n');
  });

  test('missing: ENOENT on error, neither spawn nor exit', async () => {
    const child = box.spawn('no-such-program', ['argument']);
    const events: string[] = [];
    for (const name of ['spawn', 'exit'] as const) child.on(name, () => events.push(name));
    const [error] = (await once(child, 'error').catch((reason: unknown) => [reason])) as [StepError];
    const hint = /no such program in .*\/usr\/bin/;
    assertAtStep(error, { op: 'exec', code: 'ENOENT', path: 'no-such-program', hint });
    assert.equal(error.errno, -2);
    assert.deepEqual([events, child.pid, child.exitCode, child.kill()], [[], undefined, null, false]);
  });

  test('the error shows where the caller asked for it, first and when it is asked for again', async () => {
    const asksToRun = () => box.run('no-such-program');
    const asksToSpawn = () => box.spawn('no-such-program').result;
    for (const asks of [asksToRun, asksToSpawn, asksToRun, asksToSpawn]) {
      const error = await asks().then(
        () => undefined,
        (reason: Error) => reason,
      );
      assert.match(error?.stack ?? '', new RegExp(`\\bat ${asks.name} \\(.*program\\.test`));
    }
  });

  test('missing, by path', async () => {
    await rejectsAtStep(() => box.run('/programs/none'), { op: 'exec', code: 'ENOENT', path: '/programs/none' });
  });

  test('its interpreter is missing: the hint says so', async () => {
    const path = '/programs/no-interpreter';
    await rejectsAtStep(() => box.run(path), { op: 'exec', code: 'ENOENT', path, hint: /interpreter/ });
  });

  test('not executable; not a program', async () => {
    for (const [path, code] of [
      ['/programs/not-executable', 'EACCES'],
      ['/programs', 'EACCES'],
      ['/programs/no-program', 'ENOEXEC'],
    ] as const)
      await rejectsAtStep(() => box.run(path), { op: 'exec', code });
  });

  test('the working directory is missing, or a file', async () => {
    const missing = { op: 'chdir', code: 'ENOENT', option: 'cwd()', path: '/none' } as const;
    await rejectsAtStep(() => box.cwd('/none').run('true'), missing);
    await rejectsAtStep(() => box.cwd('/programs/good').run('true'), { op: 'chdir', code: 'ENOTDIR' });
  });

  test('the root filesystem is missing', async () => {
    const rootless = new Container().rootfs(join(programs, 'none'));
    await rejectsAtStep(() => rootless.run('true'), {
      op: OPENS_SOURCE,
      code: 'ENOENT',
      option: 'rootfs()',
      message: /programs-.*none/,
    });
  });
});
