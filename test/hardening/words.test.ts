/**
 * Words that mean something elsewhere mean nothing to carrel, and an empty list is an empty list.
 *
 * CVE-2024-32462, CVE-2025-66479
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('words', () => {
  for (const name of ['--bind', '--', '-c', '--once', '=', 'a b', 'a\nb', '$(id)', '*', '\u202e', 'ü']) {
    test(`${JSON.stringify(name)} is a program’s name, an argument, a variable and a path like any other`, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'words-'));
      chmodSync(directory, 0o755);
      mkdirSync(join(directory, name), { mode: 0o755 });
      writeFileSync(join(directory, name, name), '#!/bin/sh\nprintf "%s|" "$0" "$@" "$WORD" "$PWD"\n', { mode: 0o755 });
      chmodSync(join(directory, name, name), 0o755);
      await rejectsAtStep(() => box.run(name, ['/', '/']), { op: 'exec', code: 'ENOENT' });
      const own = box
        .mount(bind(join(directory, name), `/tmp/${name}`))
        .cwd(`/tmp/${name}`)
        .env({ WORD: name });
      const { stdout } = await own.run(`/tmp/${name}/${name}`, [name, '', name], { check: true });
      assert.equal(stdout, `/tmp/${name}/${name}|${name}||${name}|${name}|/tmp/${name}|`);
      removeTree(directory);
    });
  }

  test('NUL is refused, wherever it stands, with nothing started', () => {
    const code = { code: 'ERR_INVALID_ARG_VALUE' };
    for (const act of [
      () => box.spawn('tr\0ue'),
      () => box.spawn('true', ['a\0b']),
      () => box.spawn('true', [], { cwd: '/\0' }),
      () => box.env({ A: 'b\0' }),
      () => box.env({ 'A\0': 'b' }),
      () => box.rootfs('/\0'),
      () => box.hostname('a\0b'),
      () => box.mount(bind('/\0', '/a')),
      () => box.mount(bind('/a', '/\0')),
      () => box.mount(tmpfs('/\0')),
    ])
      assert.throws(act, code);
  });

  test('bytes that are not UTF-8 go through a program untouched', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { stdout } = await box.run('cat', [], { input: bytes, encoding: 'buffer', check: true });
    assert.deepEqual(stdout, bytes);
  });
});

suite('an empty list is none', () => {
  test('capabilities', async () => {
    const { stdout } = await box.capabilities([]).run('grep', ['-E', '^Cap(Prm|Eff|Bnd|Inh|Amb)', '/proc/self/status']);
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('\t')[1]),
      Array(5).fill('0'.repeat(16)),
    );
  });

  test('mounts and variables', async () => {
    const { stdout } = await new Container({ mounts: [], env: {} }).run('sh', [
      '-c',
      'env | cut -d= -f1 | grep -v -E "^(PWD|SHLVL|_|OLDPWD)$" | sort',
    ]);
    assert.equal(stdout, 'HOME\nPATH\n');
    assert.ok(!new Container({ mounts: [] }).plan('true').steps.some(({ from }) => from?.startsWith('mount(')));
  });
});

test('descriptors as ls(1) sees them: 0, 1, 2 and its own', async () => {
  const { stdout } = await box.run('ls', ['-l', '/proc/self/fd'], { check: true });
  const entries = stdout
    .trim()
    .split('\n')
    .filter((line) => line.includes('->'))
    .map((line) => line.slice(line.lastIndexOf(' ', line.indexOf(' -> ') - 1) + 1));
  assert.equal(entries.length, 4, stdout);
  assert.match(entries[3] ?? '', /^3 -> \/proc\/\d+\/fd$/);
  for (const entry of entries.slice(0, 3)) assert.match(entry, /^\d -> (pipe:\[\d+\]|\/dev\/null)$/);
});
