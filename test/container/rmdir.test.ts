/** The host act `rmdir` removes what overlayfs leaves, and nothing else. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Container } from 'carrel';
import { plan, run } from 'carrel/plan';
import { exec, rmdir } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

suite('rmdir of the host', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'rmdir-'));
  });
  after(() => removeTree(directory));

  const removing = (path: string) => run(plan({ steps: [exec({ args: ['/bin/true'] })], after: [rmdir({ path })] }));

  test('of what overlayfs leaves: all of it, whatever its permissions', async () => {
    const path = join(directory, 'left');
    mkdirSync(path);
    writeFileSync(join(path, '#1f'), '');
    chmodSync(path, 0);
    await removing(path);
    assert.equal(existsSync(path), false);
    // And of what is not there: nothing.
    await removing(path);
    await removing(join(path, 'below'));
  });

  test('of what was there before, because no overlay came of it: every file stays', async () => {
    const path = join(directory, 'used');
    mkdirSync(path);
    writeFileSync(join(path, 'data'), 'x');
    await removing(path);
    assert.deepEqual(readdirSync(path), ['data']);
  });

  test('of a link to a directory: refused, and nothing behind it is changed', async () => {
    const target = join(directory, 'target');
    mkdirSync(target, { mode: 0o755 });
    writeFileSync(join(target, '#1f'), '');
    symlinkSync(target, join(directory, 'link'));
    await rejectsAtStep(() => removing(join(directory, 'link')), { op: 'rmdir', code: 'ENOTDIR' });
    assert.deepEqual(readdirSync(target), ['#1f']);
    assert.equal(statSync(target).mode & 0o777, 0o755);
  });
});
