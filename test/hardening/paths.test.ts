/**
 * Paths that others can foresee are nobody else's, and an error tells no more of a path than its user may know.
 *
 * CVE-2015-1335, CVE-2022-47952
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const OTHER = 64_020;
const as = (uid: number): string => `setpriv --reuid=${uid} --regid=${uid} --clear-groups`;

suite('what a caller may not look at', requires('root'), () => {
  /** Ways to name a path, each a call that is refused. */
  const WAYS: Readonly<Record<string, string>> = {
    'the source of a bind': "new Container().mount(bind(path, '/mnt')).run('true')",
    'the source of a bind that may be missing':
      "new Container().mount(bind(path, '/mnt', { optional: true })).run('true')",
    'a root filesystem': "new Container().rootfs(path).run('true')",
    'a layer': "new Container().rootfs(carrel.overlay({ lower: [path] })).run('true')",
    'an overlay beside it': "new Container().mount(carrel.overlay('/mnt', { lower: [path] })).run('true')",
    'a directory of Landlock':
      "new Container().namespaces([]).landlock({ read: [path, '/'], execute: ['/'] }).run('true')",
    'a program': 'new Container().namespaces([]).run(path)',
    'a working directory': "new Container().namespaces([]).run('true', [], { cwd: path })",
    'a user namespace': "new Container().namespaces(['mount', { user: path }]).run('true')",
  };

  test('is told as what is missing there is', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'closed-'));
    mkdirSync(join(closed, 'there'));
    chmodSync(closed, 0o700);
    const ways = Object.entries(WAYS).map(([name, call]) => `[${JSON.stringify(name)}, (path) => ${call}]`);
    const told = await askCaller<Record<string, readonly [string, string]>>(
      `
      const told = {};
      for (const [name, call] of [${ways.join(', ')}]) {
        told[name] = [];
        for (const path of ['there', 'other'].map((one) => ${JSON.stringify(closed)} + '/' + one)) {
          const said = await (async () => call(path))().then(
            ({ exitCode }) => 'exited ' + exitCode,
            ({ code, syscall, hint, message }) => [code, syscall, message, hint].join(' | '));
          told[name].push(said.replaceAll(path, 'PATH'));
        }
      }
      console.log(JSON.stringify(told));`,
      { prefix: as(OTHER).split(' ') },
    );
    removeTree(closed);
    assert.deepEqual(Object.keys(told), Object.keys(WAYS));
    for (const [name, [there, missing]] of Object.entries(told)) {
      assert.equal(there, missing, name);
      assert.match(there, /EACCES|exited 0/, name);
    }
  });

  test('inside: a program behind a directory that its user may not enter', requires('busybox'), async () => {
    const root = freshBusyboxRoot();
    mkdirSync(join(root, 'closed'), { mode: 0o700 });
    writeFileSync(join(root, 'closed/there'), '#!/bin/sh\n', { mode: 0o755 });
    const box = new Container().rootfs(root).user(1000);
    const codes = ['there', 'missing'].map((name) =>
      box.run(`/closed/${name}`).then(
        () => 'ran',
        ({ code, syscall }: NodeJS.ErrnoException) => `${code} ${syscall}`,
      ),
    );
    assert.deepEqual(await Promise.all(codes), ['EACCES execve', 'EACCES execve']);
    removeTree(root);
  });
});

suite('the directory of the locks', requires('root'), () => {
  /** What carrel says where another user was there first, in mounts of its own, and what is in those places then. */
  function where(made: string): Promise<{ said: string; run: string; tmp: string; victim: string }> {
    const prepare = [
      'for d in /run /tmp; do mount -t tmpfs -o mode=1777 none $d; done',
      'mkdir -m 777 /tmp/victim',
      `${as(OTHER)} sh -c '${made}'`,
      'exec "$0" "$@"',
    ];
    return askCaller(
      `
      const { execFileSync } = await import('node:child_process');
      const list = (path) => execFileSync('sh', ['-c', 'stat -c "%F %u %a" ' + path + '; ls -A ' + path + '/ | wc -l'],
        { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim().replace('\\n', ' ');
      const tell = (path) => { try { return list(path); } catch { return 'none'; } };
      const starting = new Container().run('echo', ['started']);
      const said = await starting.then(({ stdout }) => stdout.trim(), ({ code }) => code);
      console.log(JSON.stringify({
        said, run: tell('/run/carrel-ids'), tmp: tell('/tmp/carrel-ids-0'), victim: tell('/tmp/victim') }));`,
      { prefix: ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', prepare.join('\n')] },
    );
  }

  for (const [kind, made] of [
    ['a directory', 'mkdir -m 777 PLACE'],
    ['a link', 'ln -s /tmp/victim PLACE'],
    ['a link that leads nowhere', 'ln -s /tmp/victim/new PLACE'],
    ['a file', 'echo > PLACE'],
  ] as const)
    test(`is not ${kind} of another user's`, async () => {
      const first = await where(made.replace('PLACE', '/run/carrel-ids'));
      assert.equal(first.said, 'started');
      // Locks are files, and stay.
      assert.match(first.tmp, /^directory 0 700 \d+$/);
      assert.equal(first.victim, 'directory 0 777 0');
      const places = ['/run/carrel-ids', '/tmp/carrel-ids-0'];
      const both = await where(places.map((place) => made.replace('PLACE', place)).join('; '));
      assert.match(both.said, /^ERR_/);
      assert.equal(both.victim, 'directory 0 777 0');
    });
});
