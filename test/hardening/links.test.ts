/** A link in an image, where carrel mounts, leads nowhere out of the image. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, directory, file, type Mount, StepError, symlink, tmpfs } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** The ways in which a link can point to `victim`, or nowhere, as seen from `root`. */
function linksTo(victim: string, root: string): Readonly<Record<string, string>> {
  return {
    absolute: victim,
    relative: `${'../'.repeat(20)}${victim.slice(1)}`,
    'relative on disk': relative(root, victim),
    dangling: join(victim, 'none'),
    looping: 'loop-to-itself',
  };
}

interface Attack {
  readonly place: string;
  readonly mounts: (data: string) => readonly Mount[];
  /** Whether a real directory must stand there, or a link may, as long as it stays inside. */
  readonly always: 'error' | 'either';
}

const ATTACKS: readonly Attack[] = [
  { place: 'dev', mounts: () => [], always: 'error' },
  { place: 'proc', mounts: () => [], always: 'error' },
  { place: 'tmp', mounts: () => [], always: 'either' },
  { place: 'srv', mounts: () => [tmpfs('/srv')], always: 'either' },
  { place: 'srv', mounts: () => [tmpfs('/srv/below')], always: 'either' },
  { place: 'srv', mounts: (data) => [bind(data, '/srv')], always: 'either' },
  { place: 'srv', mounts: (data) => [bind(data, '/srv/below')], always: 'either' },
  { place: 'srv', mounts: () => [file('/srv/made', 'of the container')], always: 'either' },
  { place: 'srv', mounts: () => [directory('/srv/made')], always: 'either' },
  { place: 'srv', mounts: () => [symlink('/srv/made', '/etc')], always: 'either' },
];

suite('a link of the image where carrel mounts leads nowhere out of it', requires('busybox'), () => {
  for (const { place, mounts, always } of ATTACKS) {
    test(`on /${place}${mounts('/data').map(({ type, target }) => `, ${type} on ${target}`)}`, async () => {
      const root = freshBusyboxRoot();
      const victim = mkdtempSync(join(tmpdir(), 'victim-'));
      const data = mkdtempSync(join(tmpdir(), 'data-'));
      mkdirSync(join(victim, 'below'));
      for (const name of ['null', 'console', 'file', 'below/file']) writeFileSync(join(victim, name), 'of the host\n');
      const before = describeTree(victim);
      for (const [kind, target] of Object.entries(linksTo(victim, root))) {
        rmSync(join(root, place), { recursive: true, force: true });
        symlinkSync(kind === 'looping' ? place : target, join(root, place));
        const box = new Container().rootfs(root).mount(...mounts(data));
        const script = `echo hostile > /${place}/file; rm -f /${place}/null; mkdir /${place}/made; true`;
        const attack = (): Promise<unknown> => box.run('sh', ['-c', script]);
        if (always === 'error')
          await rejectsAtStep(attack, { op: kind === 'looping' ? 'directory' : 'mount', code: 'ELOOP' });
        else await attack().catch((error: unknown) => assert.ok(error instanceof StepError, `${kind}: ${error}`));
        assert.deepEqual(describeTree(victim), before, kind);
        assert.ok(lstatSync(join(root, place)).isSymbolicLink());
      }
      for (const path of [root, victim, data]) removeTree(path);
    });
  }

  test('a link that stays inside still works: /var/run → /run', async () => {
    const root = freshBusyboxRoot();
    const data = mkdtempSync(join(tmpdir(), 'data-'));
    writeFileSync(join(data, 'file'), 'of the host\n');
    for (const target of ['/run', '../run']) {
      rmSync(join(root, 'var/run'), { force: true });
      symlinkSync(target, join(root, 'var/run'));
      const box = new Container().rootfs(root).mount(bind(data, '/var/run'));
      assert.equal((await box.run('cat', ['/run/file'], { check: true })).stdout, 'of the host\n');
    }
    for (const path of [root, data]) removeTree(path);
  });

  test('a hostile /dev/null, and masks, are not the image’s', async () => {
    const root = freshBusyboxRoot();
    writeFileSync(join(root, 'etc/collected'), '');
    // CVE-2025-31133: what it masked by was the image's, and led to a setting of the machine.
    symlinkSync('/proc/sys/kernel/core_pattern', join(root, 'dev/null'));
    const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
    const masked = 'echo hostile > /proc/sys/kernel/core_pattern; echo hostile > /dev/null; wc -c < /etc/collected';
    assert.equal((await new Container().rootfs(root).mask('/etc/collected').run('sh', ['-c', masked])).stdout, '0\n');
    assert.equal(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), before);
    rmSync(join(root, 'dev/null'));
    symlinkSync('/etc/collected', join(root, 'dev/null'));
    const script = 'echo secret > /dev/null; stat -c "%F %t:%T" /dev/null; cat /proc/keys';
    const { stdout } = await new Container().rootfs(root).run('sh', ['-c', script]);
    assert.equal(stdout, 'character special file 1:3\n');
    const child = new Container().rootfs(root).spawn('sh', ['-c', 'echo secret'], { stdio: 'ignore' });
    assert.equal((await child.result).exitCode, 0);
    assert.equal(readFileSync(join(root, 'etc/collected'), 'utf8'), '');
    assert.equal(lstatSync(join(root, 'dev/null')).isSymbolicLink(), true);
    removeTree(root);
  });

  test('what the image has in /dev is not used: null, console, pts, shm and the others as links', async () => {
    const root = freshBusyboxRoot();
    const victim = mkdtempSync(join(tmpdir(), 'victim-'));
    writeFileSync(join(victim, 'file'), 'of the host\n');
    const before = describeTree(victim);
    const names = ['null', 'console', 'zero', 'tty', 'ptmx', 'fd', 'stdin', 'stdout', 'pts', 'shm', 'mqueue'];
    for (const [kind, target] of Object.entries(linksTo(join(victim, 'file'), join(root, 'dev')))) {
      for (const name of names) {
        rmSync(join(root, 'dev', name), { recursive: true, force: true });
        symlinkSync(kind === 'looping' ? name : target, join(root, 'dev', name));
      }
      const script =
        'for d in null console zero tty; do stat -c "%n %F" /dev/$d; done; ' +
        'echo hostile > /dev/null; echo hostile > /dev/shm/file; ' +
        'test "$(stat -c %t:%T /dev/console)" = "$(stat -L -c %t:%T /proc/self/fd/0)" && echo same';
      const child = new Container().rootfs(root).spawn('sh', ['-c', script], { terminal: true });
      let output = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        output += String(chunk);
      });
      await once(child, 'close');
      const devices = ['null', 'console', 'zero', 'tty'].map((name) => `/dev/${name} character special file\r\n`);
      assert.equal(output, `${devices.join('')}same\r\n`, kind);
      assert.deepEqual(describeTree(victim), before, kind);
      for (const name of names) assert.ok(lstatSync(join(root, 'dev', name)).isSymbolicLink(), name);
    }
    for (const path of [root, victim]) removeTree(path);
  });
});

/** What carrel and programs trust to be the kernel's would be the volume's. CVE-2019-16884, CVE-2025-52881 */
test('a mount over /proc or /sys, or over what is in them, is refused at once', () => {
  for (const target of [
    '/proc',
    '/proc/',
    '/proc/self',
    '/proc/sys',
    '/proc/self/attr',
    '/sys',
    '/tmp/../proc',
    '//proc',
  ])
    for (const make of [() => tmpfs(target), () => bind('/srv', target)])
      assert.throws(() => new Container().mount(make()), { code: 'ERR_INVALID_ARG_VALUE' }, target);
  assert.doesNotThrow(() => new Container().mount(tmpfs('/procs'), tmpfs('/srv/proc')));
});
