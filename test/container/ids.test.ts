/** A container's default ids differ by who starts it: a range of its own for root, one id for a user. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { RANGE_FIRST, RANGE_STRIDE } from '#lib/compile/ids.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const root = !requires('root').skip;
const box = new Container();

async function idMap(name: 'uid_map' | 'gid_map'): Promise<readonly number[]> {
  const { stdout } = await box.run('cat', [`/proc/self/${name}`], { check: true });
  assert.equal(stdout.trimEnd().split('\n').length, 1);
  return stdout.trim().split(/\s+/).map(Number);
}

suite('started by root', requires('root'), () => {
  test('a container has 65,536 ids of its own, the same for groups', async () => {
    for (const name of ['uid_map', 'gid_map'] as const) {
      const [inside, outside = 0, count] = await idMap(name);
      assert.deepEqual([inside, count], [0, 65_536]);
      assert.ok(outside >= 0x6000_0000 && outside + 65_536 <= 0x8000_0000, String(outside));
    }
  });

  test('two at once have different ranges', async () => {
    const children = Array.from({ length: 8 }, () => box.spawn('cat'));
    await Promise.all(children.map((child) => once(child, 'spawn')));
    const firsts = children.map(({ pid }) => readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim().split(/\s+/)[1]);
    assert.equal(new Set(firsts).size, children.length, firsts.join());
    for (const child of children) child.stdin?.end();
    await Promise.all(children.map(({ result }) => result));
  });

  test('nobody else can take a range: not by its old name, nor by its lock', requires('python3'), async () => {
    const script = `
import os, socket, sys
held = []
for first in range(0x60000000, 0x7fff0000, 65536):
    held.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    held[-1].bind(f'\\0carrel/ids/{first}')
try:
    os.listdir('/run/carrel-ids')
except PermissionError:
    print('held', flush=True)
sys.stdin.read()`;
    const other = ['setpriv', '--reuid=64010', '--regid=64010', '--clear-groups', 'python3', '-c', script];
    // A descriptor for each name.
    const holder = spawn('prlimit', ['--nofile=10000:10000', ...other], { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = once(holder, 'close');
    try {
      assert.match(String(await once(holder.stdout, 'data')), /^held/);
      assert.equal((await box.run('true')).exitCode, 0);
    } finally {
      holder.stdin.end();
      await ended;
    }
  });

  test('a range is held in all network namespaces', async () => {
    // All others are somebody's, and no other test takes this one by chance.
    const only = RANGE_FIRST + 8000 * RANGE_STRIDE;
    const tries = `
      const { holdRange } = await import('#lib/launch/id-range.js');
      const { probe } = await import('#lib/host/probe.js');
      const only = ${only};
      const next = only + 0x1_0000;
      const reservedIds = [
        { inside: 0, outside: 0x6000_0000, count: only - 0x6000_0000 },
        { inside: 0, outside: next, count: 0x1000_0000 },
      ];
      const hold = () => holdRange({ ...probe(), reservedIds }).first;
      const attempt = () => { try { return hold(); } catch (error) { return error.code; } };`;
    const beside = (prefix: readonly string[]): Promise<number | string> =>
      askCaller<number | string>(`${tries} console.log(JSON.stringify(attempt()));`, { prefix });
    const holder = spawn(
      process.execPath,
      ['--input-type=module', '-e', `${tries} console.log(String(hold())); process.stdin.resume();`],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    const ended = once(holder, 'close');
    try {
      assert.equal(String(await once(holder.stdout, 'data')), `${only}\n`);
      assert.equal(await beside([]), 'ERR_NO_ID_RANGE');
      assert.equal(await beside(['unshare', '--net']), 'ERR_NO_ID_RANGE');
    } finally {
      holder.stdin.end();
      await ended;
    }
    assert.equal(await beside(['unshare', '--net']), only);
  });

  test('files of container users have the same ids on disk, and none of the range', requires('busybox'), async () => {
    const rootfs = freshBusyboxRoot();
    chownSync(join(rootfs, 'home'), 1000, 1000);
    const image = box.rootfs(rootfs);
    await image.run('sh', ['-ec', 'echo x > /root/of-root; chown 33:44 /var; chown 1:2 /root'], { check: true });
    await image.user('1000:500').run('sh', ['-ec', 'echo x > /home/of-user'], { check: true });
    const owner = (path: string): readonly number[] => [
      statSync(join(rootfs, path)).uid,
      statSync(join(rootfs, path)).gid,
    ];
    assert.deepEqual(owner('root/of-root'), [0, 0]);
    assert.deepEqual(owner('var'), [33, 44]);
    assert.deepEqual(owner('root'), [1, 2]);
    assert.deepEqual(owner('home/of-user'), [1000, 500]);
    removeTree(rootfs);
  });

  test('a bind is mapped too', async () => {
    const data = mkdtempSync(join(tmpdir(), 'ids-'));
    const script = 'stat -c %u:%g /data; echo x > /data/x; stat -c %u:%g /data/x';
    assert.equal(
      (await box.mount(bind(data, '/data')).run('sh', ['-ec', script], { check: true })).stdout,
      '0:0\n0:0\n',
    );
    assert.equal(statSync(join(data, 'x')).uid, 0);
    removeTree(data);
  });

  test('root in the container is nobody on the host', async () => {
    const child = box.spawn('cat');
    await once(child, 'spawn');
    const uids =
      /^Uid:\s+(.*)$/m
        .exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
        ?.split('\t')
        .map(Number) ?? [];
    assert.equal(uids.length, 4);
    for (const uid of uids) assert.ok(uid >= 0x6000_0000, String(uid));
    child.stdin?.end();
    await child.result;
  });
});

suite('started by an ordinary user', { skip: root ? 'needs an ordinary user' : false }, () => {
  test('a container has one id, which is the caller', async () => {
    assert.deepEqual(await idMap('uid_map'), [0, process.getuid?.(), 1]);
    assert.deepEqual(await idMap('gid_map'), [0, process.getgid?.(), 1]);
  });

  test('its files are the caller’s', requires('busybox'), async () => {
    const rootfs = freshBusyboxRoot();
    await box.rootfs(rootfs).run('sh', ['-ec', 'echo x > /root/file'], { check: true });
    assert.equal(statSync(join(rootfs, 'root/file')).uid, process.getuid?.());
    removeTree(rootfs);
  });
});

test('without a user namespace ids are the host’s', requires('root'), async () => {
  const { stdout } = await box.namespaces(['mount', 'pid', 'ipc']).run('cat', ['/proc/self/uid_map'], { check: true });
  assert.equal(stdout, readFileSync('/proc/self/uid_map', 'utf8'));
});
