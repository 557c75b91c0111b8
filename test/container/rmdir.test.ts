/** The host act `rmdir` removes what overlayfs leaves, and nothing else. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Container } from 'carrel';
import { plan, run, spawn } from 'carrel/plan';
import { exec, rmdir } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

suite('rmdir of the host', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'rmdir-'));
  });
  after(() => removeTree(directory));

  /** Removes the directory that was at `path` when it was opened, after what `meanwhile` does. */
  const removing = async (path: string, meanwhile: () => void = () => undefined): Promise<unknown> => {
    const slot = openSync(path, 'r');
    try {
      const removal = [rmdir({ slot: 3, name: basename(path) })];
      const made = plan({ received: 4, steps: [exec({ args: ['/bin/cat'] })], after: removal });
      const child = spawn(made, { stdio: ['pipe', 'pipe', 'pipe', slot] });
      await once(child, 'spawn');
      meanwhile();
      child.stdin?.end();
      return await child.result;
    } finally {
      closeSync(slot);
    }
  };

  test('of what overlayfs leaves: all of it, whatever its permissions', async () => {
    const path = join(directory, 'left');
    mkdirSync(path);
    await removing(path, () => {
      writeFileSync(join(path, '#1f'), '');
      chmodSync(path, 0);
    });
    assert.equal(existsSync(path), false);
  });

  test('of what has been removed already: nothing', async () => {
    const path = join(directory, 'gone');
    mkdirSync(path);
    await removing(path, () => rmdirSync(path));
    assert.equal(existsSync(path), false);
  });

  test('of an empty slot: nothing', async () => {
    const made = plan({ steps: [exec({ args: ['/bin/true'] })], after: [rmdir({ slot: 5, name: 'work' })] });
    assert.equal((await run(made)).ok, true);
  });

  test('of what was there before, because no overlay came of it: every file stays', async () => {
    const path = join(directory, 'used');
    mkdirSync(path);
    writeFileSync(join(path, 'data'), 'x');
    await removing(path);
    assert.deepEqual(readdirSync(path), ['data']);
  });

  test('where a link has taken its place: nothing behind that is changed', async () => {
    const path = join(directory, 'replaced');
    const target = join(directory, 'target');
    mkdirSync(path);
    mkdirSync(target, { mode: 0o755 });
    writeFileSync(join(target, '#1f'), '');
    await removing(path, () => {
      rmdirSync(path);
      symlinkSync(target, path);
    });
    assert.deepEqual(readdirSync(target), ['#1f']);
    assert.equal(statSync(target).mode & 0o777, 0o755);
    assert.ok(existsSync(path));
  });

  test('where another directory has taken its place: that one stays, empty or not', async () => {
    const path = join(directory, 'taken');
    mkdirSync(path);
    await removing(path, () => {
      renameSync(path, join(directory, 'moved'));
      mkdirSync(path);
    });
    assert.deepEqual([existsSync(path), existsSync(join(directory, 'moved'))], [true, true]);
  });

  test('where the way to it leads elsewhere by now: it is removed, and nothing else', async () => {
    const [parent, other] = [join(directory, 'parent'), join(directory, 'other')];
    for (const path of [parent, other]) mkdirSync(join(path, 'work'), { recursive: true });
    await removing(join(parent, 'work'), () => {
      renameSync(parent, join(directory, 'aside'));
      symlinkSync(other, parent);
    });
    assert.deepEqual([existsSync(join(other, 'work')), readdirSync(join(directory, 'aside'))], [true, []]);
  });
});
