/** A container shows and leaves nothing outside: no trace in shared directories, no path but the declared ones. */

import assert from 'node:assert/strict';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, tmpfs } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { runCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { isolation } from '../support/isolated.js';
import { hostMounts } from '../support/mounts.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const PLACES = ['/tmp', '/dev/shm', '/run'];

test('no entry appears in the host’s shared directories at any time. CVE-2019-12439, CVE-2020-5291', async () => {
  // In mounts of its own: nobody else makes entries there.
  const empty = PLACES.map((place) => `mount -t tmpfs none ${place}`).join(' && ');
  const source = `
    const { watch, writeFileSync } = await import('node:fs');
    const seen = [];
    const places = ${JSON.stringify(PLACES)};
    const watchers = places.map((place) => watch(place, (_kind, name) => seen.push(place + '/' + name)));
    const boxes = [new Container(), new Container().readonly(), new Container().init(false),
      new Container().mount(tmpfs('/tmp/a/b'), bind('/usr', '/opt/usr', { readonly: true })),
      new Container().user('1:1')];
    const tell = (error) => process.stderr.write(String(error));
    for (const box of boxes) await box.run('sh', ['-c', 'echo a > /tmp/inside; true'], { check: true }).catch(tell);
    await new Container().run('nothing-of-that-name').catch(() => {});
    const child = new Container().spawn('true', [], { terminal: true });
    child.stdout.resume();
    await child.result;
    // The watch does see what is there to be seen.
    for (const place of places) writeFileSync(place + '/seen', '');
    while (!places.every((place) => seen.includes(place + '/seen'))) await new Promise(setImmediate);
    for (const watcher of watchers) watcher.close();
    process.stdout.write(JSON.stringify([...new Set(seen)].sort()));`;
  const { stdout, stderr, code } = await runCaller(source, {
    prefix: ['unshare', ...isolation, 'sh', '-c', `${empty} && exec "$0" "$@"`],
    env: { ...process.env, TMPDIR: '/tmp' },
  });
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  // Root's locks on ranges of ids, which no other user can make or enter.
  const locks = process.env.CARREL_TEST_LEG === 'root' ? ['/run/carrel-ids'] : [];
  assert.deepEqual(JSON.parse(stdout), [...locks, ...PLACES.map((place) => `${place}/seen`)].sort());
});

suite('mountinfo inside', () => {
  const script = 'cat /proc/self/mountinfo';
  /** What of the host each mount shows: field 4 is the directory within its file system. proc_pid_mountinfo(5) */
  const mounts = (
    stdout: string,
  ): readonly { target: string; shown: string; type: string; options: string; tags: string }[] =>
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => {
        const fields = line.split(' ');
        const end = fields.indexOf('-');
        return {
          target: fields[4] ?? '',
          shown: fields[3] ?? '',
          type: fields[end + 1] ?? '',
          options: fields[5] ?? '',
          tags: fields.slice(6, end).join(' '),
        };
      });

  test(
    'names the declared binds and nothing else of the host; nothing propagates; what can be written holds no device',
    requires('busybox'),
    async () => {
      const data = mkdtempSync(join(tmpdir(), 'declared-'));
      chmodSync(data, 0o755);
      const box = new Container().rootfs(busyboxRoot()).mount(bind(data, '/home'), tmpfs('/root'));
      const all = mounts((await box.run('sh', ['-c', script], { check: true })).stdout);
      const own = ['proc', 'sysfs', 'tmpfs', 'devpts', 'mqueue'];
      const ofHost = all.filter(({ type, shown }) => !own.includes(type) && shown !== '/');
      const devices = /^\/dev\/(null|zero|full|random|urandom|tty)$/;
      for (const { target, shown } of ofHost) {
        const declared = shown.endsWith('busybox') || shown.includes('declared-');
        assert.ok(declared || devices.test(target) || target.startsWith('/proc/'), `${shown} on ${target}`);
      }
      for (const { target, tags } of all) assert.equal(tags, '', target);
      const loose = all.filter(
        ({ options, type, target }) =>
          type !== 'devpts' && !devices.test(target) && !options.split(',').includes('nodev'),
      );
      // /dev/null over a file that is hidden is a device on purpose, and read-only.
      assert.deepEqual(
        loose.filter(({ options }) => options.startsWith('rw')).map(({ target }) => target),
        [],
      );
      removeTree(data);
    },
  );

  test('the old root cannot be reached: neither above "/" nor by a descriptor', async () => {
    const { stdout } = await new Container().run(
      'sh',
      ['-c', 'stat -c %i / /.. /../../..; ls -d /proc/1/root/. 2>&1 | head -n 1; readlink /proc/self/root'],
      { check: true },
    );
    const [one, two, three, , root] = stdout.trim().split('\n');
    assert.deepEqual([two, three, root], [one, one, '/']);
  });

  test('nothing that is mounted inside shows outside, nor the other way', async () => {
    const before = hostMounts();
    const box = new Container().capabilities({ add: ['CAP_SYS_ADMIN'] });
    const { stdout } = await box.run(
      'sh',
      ['-c', 'mkdir /tmp/m && mount -t tmpfs none /tmp/m && grep -c " /tmp/m " /proc/self/mountinfo'],
      { check: true },
    );
    assert.equal(stdout, '1\n');
    assert.deepEqual(hostMounts(), before);
  });
});

suite('who owns standard streams', () => {
  test('changes for pipes alone: a file and a device handed over stay their owner’s. CVE-2026-88265', async () => {
    const path = join(tmpdir(), 'handed-over');
    writeFileSync(path, 'of the host\n');
    const descriptors = [openSync('/dev/null', 'r+'), openSync(path, 'r+'), openSync('/dev/full', 'r+')] as const;
    const owners = (): readonly number[][] =>
      ['/dev/null', path, '/dev/full'].map((name) => [statSync(name).uid, statSync(name).gid, statSync(name).mode]);
    const before = owners();
    for (const box of [new Container(), new Container().user('1000:1000')]) {
      const child = box.spawn('true', [], { stdio: [...descriptors] });
      await child.result.catch(() => undefined);
      assert.deepEqual(owners(), before);
    }
    for (const descriptor of descriptors) closeSync(descriptor);
    rmSync(path);
  });
});
