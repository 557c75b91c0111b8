/** A command that cannot be started is an error that says why. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, StepError } from 'carrel';
import { useCleanHost } from '../support/host.js';

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

async function refusal(container: Container, file: string): Promise<StepError> {
  const error = await container.run(file).then(
    () => assert.fail(`${file} ran`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StepError, String(error));
  return error;
}

suite('a command that cannot be started', () => {
  test('a program beside it can', async () => {
    assert.equal((await box.run('/programs/good')).stdout, 'good\n');
  });

  test('missing: ENOENT on error, neither spawn nor exit', async () => {
    const child = box.spawn('no-such-program', ['argument']);
    const events: string[] = [];
    for (const name of ['spawn', 'exit'] as const) child.on(name, () => events.push(name));
    const [error] = (await once(child, 'error').catch((reason: unknown) => [reason])) as [StepError];
    assert.ok(error instanceof StepError);
    assert.deepEqual([error.code, error.errno, error.path], ['ENOENT', -2, 'no-such-program']);
    assert.match(error.hint ?? '', /no such program in .*\/usr\/bin/);
    assert.deepEqual([events, child.pid, child.exitCode, child.kill()], [[], undefined, null, false]);
  });

  test('missing, by path', async () => {
    const { code, path } = await refusal(box, '/programs/none');
    assert.deepEqual([code, path], ['ENOENT', '/programs/none']);
  });

  test('its interpreter is missing: the hint says so', async () => {
    const { code, path, hint } = await refusal(box, '/programs/no-interpreter');
    assert.deepEqual([code, path], ['ENOENT', '/programs/no-interpreter']);
    assert.match(hint ?? '', /interpreter/);
  });

  test('not executable; not a program', async () => {
    assert.equal((await refusal(box, '/programs/not-executable')).code, 'EACCES');
    assert.equal((await refusal(box, '/programs')).code, 'EACCES');
    assert.equal((await refusal(box, '/programs/no-program')).code, 'ENOEXEC');
  });

  test('the working directory is missing, or a file', async () => {
    const missing = await refusal(box.cwd('/none'), 'true');
    assert.deepEqual([missing.code, missing.option, missing.path], ['ENOENT', 'cwd()', '/none']);
    assert.equal((await refusal(box.cwd('/programs/good'), 'true')).code, 'ENOTDIR');
  });

  test('the root filesystem is missing', async () => {
    const { code, option, message } = await refusal(new Container().rootfs(join(programs, 'none')), 'true');
    assert.deepEqual([code, option], ['ENOENT', 'rootfs()']);
    assert.match(message, /programs-.*none/);
  });
});
