/** `rootfs()` makes a directory the container's root, and changes nothing in it that the command does not write. */

import assert from 'node:assert/strict';
import { lstatSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Container } from 'carrel';
import { busyboxRoot, freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => [busyboxRootIfAny(), new Container().run('true')][1] });

function busyboxRootIfAny(): string | undefined {
  return requires('busybox').skip ? undefined : busyboxRoot();
}

suite('rootfs()', requires('busybox'), () => {
  test('without it / is the host’s programs, with it the image', async () => {
    const names = readdirSync(busyboxRoot()).sort();
    const host = await new Container().run('ls', ['-A', '/']);
    const image = await new Container().rootfs(busyboxRoot()).run('ls', ['-A', '/']);
    assert.notDeepEqual(host.stdout.trim().split('\n').sort(), names);
    assert.deepEqual(image.stdout.trim().split('\n').sort(), names);
    const url = await new Container({ rootfs: pathToFileURL(busyboxRoot()) }).run('ls', ['-A', '/']);
    assert.equal(url.stdout, image.stdout);
  });

  test('no host path is left among the mounts', async () => {
    const { stdout } = await new Container()
      .rootfs(busyboxRoot())
      .run('cat', ['/proc/self/mountinfo'], { check: true });
    const targets = stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '');
    for (const target of targets) assert.match(target, /^\/($|proc|sys|dev|tmp)/);
    assert.equal(targets.filter((target) => target === '/').length, 1);
  });

  test('what is written lands in it; /tmp and /dev are the container’s own', async () => {
    const root = freshBusyboxRoot();
    const script = 'echo data > /etc/written; mkdir /var/made; echo x > /tmp/x; echo x > /dev/shm/x';
    await new Container().rootfs(root).run('sh', ['-ec', script], { check: true });
    assert.equal(readFileSync(join(root, 'etc/written'), 'utf8'), 'data\n');
    assert.ok(lstatSync(join(root, 'var/made')).isDirectory());
    assert.deepEqual([readdirSync(join(root, 'tmp')), readdirSync(join(root, 'dev'))], [[], []]);
    removeTree(root);
  });

  test('readonly(): nothing lands in it, /tmp can be written', async () => {
    const root = freshBusyboxRoot();
    const box = new Container().rootfs(root).readonly();
    const script = '(echo data > /etc/written) 2>&1; echo x > /tmp/x && cat /tmp/x';
    const { stdout } = await box.run('sh', ['-c', script]);
    assert.match(stdout, /Read-only file system\nx\n$/);
    assert.ok(!readdirSync(join(root, 'etc')).includes('written'));
    removeTree(root);
  });

  test('what a container cannot do without is made in memory, and never in it', async () => {
    const root = freshBusyboxRoot();
    for (const name of ['proc', 'dev', 'tmp', 'sys']) rmdirSync(join(root, name));
    const before = describeTree(root);
    const script =
      'cat /proc/self/comm; echo x > /tmp/x; echo x > /dev/null; ls -d /sys; ls /; ' +
      'grep -c " / / " /proc/self/mountinfo';
    const { stdout } = await new Container().rootfs(root).run('sh', ['-c', script]);
    assert.equal(stdout, `cat\n${[...readdirSync(root), 'dev', 'proc', 'tmp'].sort().join('\n')}\n1\n`);
    assert.deepEqual(describeTree(root), before);
    removeTree(root);
  });

  test('hostname(): the container’s, by default carrel', async () => {
    const box = new Container().rootfs(busyboxRoot());
    assert.equal((await box.run('hostname')).stdout, 'carrel\n');
    assert.equal((await box.hostname('box-1').run('hostname')).stdout, 'box-1\n');
  });
});
