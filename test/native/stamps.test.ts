/** Whether files are those of the last look, unchanged, is told by one call that waits for nobody. */

import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Look, Stamps } from '#lib/launch/stamps.js';
import '../support/temporary.js';

/** A file that nobody has changed for a while. */
const OLD = fileURLToPath(new URL('../../../package.json', import.meta.url));

/** Stamps after the first look; whether they were kept. The kernel knows the ways: somebody has gone them. */
function kept(...looks: readonly Look[]): { readonly stamps: Stamps; readonly isKept: boolean } {
  const base = looks.find(({ isBase }) => isBase)?.path ?? '/';
  for (const { path, from } of looks) existsSync(from === 'base' ? join(base, path) : path);
  const stamps = new Stamps(looks);
  assert.equal(stamps.look(), looks.length === 0);
  return { stamps, isKept: stamps.keep() };
}

function isKept(...looks: readonly Look[]): boolean {
  const one = kept(...looks);
  // What was not kept counts as changed.
  assert.equal(one.stamps.look(), one.isKept);
  return one.isKept;
}

suite('a look', () => {
  test('at nothing finds nothing changed', () => assert.ok(new Stamps([]).look()));

  test('at what a file holds sees that it is written, given its times, replaced, and gone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'stamps-'));
    const paths = ['one', 'two', 'three', 'four'].map((name) => join(directory, name));
    for (const path of paths) writeFileSync(path, 'before');
    await sleep(2600);
    const [one, two, three, four] = paths.map((path) => {
      const { stamps, isKept } = kept({ path, from: 'host', hasContent: true });
      assert.ok(isKept && stamps.look() && stamps.look());
      return stamps;
    });
    const [first = '', second = '', third = '', fourth = ''] = paths;
    writeFileSync(first, 'behind');
    chmodSync(second, 0o600);
    writeFileSync(join(directory, 'five'), 'before');
    renameSync(join(directory, 'five'), third);
    unlinkSync(fourth);
    assert.deepEqual([one?.look(), two?.look(), three?.look(), four?.look()], [false, false, false, false]);
    // It was changed a moment ago: the next change could have the same time.
    assert.deepEqual([one?.keep(), four?.keep()], [false, true]);
    assert.deepEqual([one?.look(), four?.look()], [false, true]);
    rmSync(directory, { recursive: true });
  });

  test('at a directory sees that it is another, and not what is in it', () => {
    const path = mkdtempSync(join(tmpdir(), 'stamps-'));
    const { stamps } = kept({ path, from: 'host' });
    writeFileSync(join(path, 'file'), '');
    assert.ok(stamps.look());
    renameSync(path, `${path}-old`);
    mkdirSync(path);
    assert.ok(!stamps.look());
    for (const each of [path, `${path}-old`]) rmSync(each, { recursive: true });
  });

  test('from a base sees that the base is another, and what is missing there', () => {
    const path = mkdtempSync(join(tmpdir(), 'stamps-'));
    const { stamps, isKept } = kept({ path, from: 'host', isBase: true }, { path: 'etc/passwd', from: 'base' });
    assert.ok(isKept && stamps.look());
    mkdirSync(join(path, 'etc'));
    existsSync(join(path, 'etc/passwd'));
    assert.ok(stamps.look());
    writeFileSync(join(path, 'etc/passwd'), '');
    assert.ok(!stamps.look());
    rmSync(path, { recursive: true });
    assert.ok(!stamps.look());
  });

  test('keeps no way out of the base, over links or to another mount, where that was said', () => {
    const path = mkdtempSync(join(tmpdir(), 'stamps-'));
    symlinkSync(dirname(OLD), join(path, 'link'));
    const base: Look = { path, from: 'host', isBase: true };
    assert.equal(isKept(base, { path: '../x', from: 'base' }), false);
    assert.equal(isKept(base, { path: 'link/package.json', from: 'base' }), false);
    assert.equal(isKept(base, { path: 'link', from: 'base', links: 'last' }), true);
    assert.equal(isKept({ path: join(path, 'link'), from: 'host' }), true);
    assert.equal(isKept({ path: join(path, 'link'), from: 'host', links: 'none' }), false);
    assert.equal(
      isKept({ path: '/', from: 'host', isBase: true }, { path: 'proc', from: 'base', isOneMount: true }),
      false,
    );
    rmSync(path, { recursive: true });
  });

  test('learns what the kernel has not looked up yet, below a base', () => {
    const path = mkdtempSync(join(tmpdir(), 'stamps-'));
    const inner = { path: 'etc/hosts', from: 'base', links: 'none', isOneMount: true } as const;
    const stamps = new Stamps([{ path, from: 'host', isBase: true }, inner]);
    for (let round = 0; round < 3 && !stamps.look(); round += 1) stamps.keep();
    assert.ok(stamps.look());
    rmSync(path, { recursive: true });
  });

  test('keeps nothing of a file system that others make', () => {
    assert.equal(isKept({ path: OLD, from: 'host', hasContent: true }), true);
    assert.equal(isKept({ path: '/proc/self/status', from: 'host' }), false);
  });
});
