/** A program inside gains nothing from its rights: no namespace, mount, device, key or foreign program. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { attack, attackerDirectory, attackerProgram, verdicts } from '../support/attacker.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const isRoot = requires('root').skip === false;
const box = (): Container => new Container().mount(bind(attackerDirectory(), '/attack', { readonly: true }));
/** Root of the host, and of nothing else. */
const withoutUser = (): Container => box().namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']);
const tries = async (container: Container, ...args: string[]): Promise<Readonly<Record<string, string>>> =>
  verdicts((await container.run('/attack/attacker', args, { check: true })).stdout);

suite('namespaces', requires('gcc'), () => {
  test('none can be made inside, a user namespace least of all', async () => {
    const all = await tries(box(), 'namespaces');
    assert.ok(Object.keys(all).length >= 9);
    for (const [what, verdict] of Object.entries(all)) assert.match(verdict, /^(EPERM|ENOSPC|ENOSYS)$/, what);
  });

  test('a container with CAP_SYS_ADMIN may', async () => {
    const all = await tries(box().capabilities({ add: ['CAP_SYS_ADMIN'] }), 'namespaces');
    assert.deepEqual([all.mount, all.network], ['done', 'done']);
  });
});

suite('mounts', requires('gcc'), () => {
  test('none can be made, changed or taken away, nor by the host’s root without a user namespace', async () => {
    for (const container of isRoot ? [box(), withoutUser()] : [box()]) {
      const { chroot, ...all } = await tries(container, 'mounts');
      for (const [what, verdict] of Object.entries(all)) assert.match(verdict, /^(EPERM|ENOSYS|ENOENT)$/, what);
      // It is among Docker's capabilities, and leads nowhere without a descriptor of another root.
      assert.equal(chroot, 'done');
    }
  });

  test('no release_agent can be written, whatever user mounts cgroups. CVE-2022-0492', async () => {
    const script = `mkdir /tmp/c; for c in memory pids cpu rdma misc freezer; do
      mount -t cgroup -o $c none /tmp/c 2>/dev/null &&
        { echo /tmp/agent > /tmp/c/release_agent && echo written; umount /tmp/c; }; done
      mount -t cgroup2 none /tmp/c 2>/dev/null && ls /tmp/c | grep release_agent
      find / -xdev -name release_agent -writable 2>/dev/null; echo over`;
    for (const container of [new Container(), new Container().capabilities({ add: ['CAP_SYS_ADMIN'] })]) {
      assert.equal((await container.run('sh', ['-c', script])).stdout, 'over\n');
    }
  });

  test('nothing of the host’s cgroups can be written', async () => {
    const script =
      'mkdir /sys/fs/cgroup/made; echo 0 > /sys/fs/cgroup/cgroup.procs; ls -d /sys/fs/cgroup/made; echo over';
    assert.equal((await new Container().run('sh', ['-c', script])).stdout, 'over\n');
  });
});

suite('devices', requires('gcc'), () => {
  const places = ['/tmp', '/dev/shm', '/data'];

  test('cannot be made and opened in any place that can be written to', async () => {
    const data = mkdtempSync(join(tmpdir(), 'data-'));
    const boxes = [box(), ...(isRoot ? [withoutUser()] : [])];
    for (const container of boxes) {
      for (const place of places) {
        const all = await tries(container.mount(bind(data, '/data')), 'devices', place);
        assert.equal(Object.keys(all).length, 5);
        for (const [what, verdict] of Object.entries(all))
          assert.match(verdict, /^(EPERM|EACCES)$/, `${what} in ${place}`);
      }
    }
    removeTree(data);
  });

  test('those of /dev are the harmless ones', async () => {
    const script =
      'find /dev -xdev "(" -type b -o -type c ")"; ' +
      'for d in null zero full random urandom tty; do stat -c "%n %t:%T" /dev/$d; done';
    const { stdout } = await new Container().run('sh', ['-c', script]);
    assert.equal(
      stdout,
      '/dev/null 1:3\n/dev/zero 1:5\n/dev/full 1:7\n/dev/random 1:8\n/dev/urandom 1:9\n/dev/tty 5:0\n',
    );
  });
});

suite('keys', requires('gcc'), () => {
  test('none of the caller’s, by name or by number; the caller has them', async () => {
    const prefix = [attackerProgram(), 'keep-key'];
    const source = `
      const { execFileSync } = await import('node:child_process');
      const numbers = process.env.KEYS.split(' ');
      const outside = execFileSync(${JSON.stringify(attackerProgram())}, ['keys', ...numbers], { encoding: 'utf8' });
      const box = new Container().mount(bind(${JSON.stringify(attackerDirectory())}, '/attack', { readonly: true }));
      const { stdout } = await box.run('/attack/attacker', ['keys', ...numbers]);
      process.stdout.write(JSON.stringify({ outside, inside: stdout }));`;
    const { outside, inside } = await askCaller<{ outside: string; inside: string }>(source, { prefix });
    assert.equal(verdicts(outside).session, 'done');
    assert.deepEqual(
      Object.values(verdicts(inside)).filter((verdict) => verdict === 'done'),
      [],
      inside,
    );
  });
});

const sum = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

suite('the programs of others. CVE-2019-5736', requires('gcc'), () => {
  test('nothing is written through /proc/PID/exe: not to Node, not to the launcher, not to itself', async () => {
    const before = sum(process.execPath);
    const launcher = (await new Container().run('sh', ['-c', 'true'])) && sum('/proc/self/exe');
    const boxes = [box(), box().init(false), box().namespaces(['user', 'mount', 'network', 'ipc', 'uts'])];
    if (isRoot) boxes.push(withoutUser(), box().namespaces(['mount']));
    for (const container of boxes) {
      const { stdout } = await container.run('/attack/attacker', ['overwrite'], { check: true });
      assert.match(stdout, /^0 of [1-9]/);
    }
    assert.equal(sum(process.execPath), before);
    assert.equal(launcher, before);
    assert.equal((await new Container().run('echo', ['still there'])).stdout, 'still there\n');
  });

  test('#!/proc/self/exe executes the launcher inside, which does nothing', requires('root', 'busybox'), async () => {
    const root = freshBusyboxRoot();
    writeFileSync(join(root, 'bin/entry'), '#!/proc/self/exe\n');
    chmodSync(join(root, 'bin/entry'), 0o755);
    const container = new Container().rootfs(root);
    for (const one of [container, container.namespaces(['mount', 'pid', 'network', 'ipc', 'uts'])]) {
      // It finds no request on descriptor 3, and ends.
      const { stdout, signal } = await one.run('entry');
      assert.deepEqual([stdout, signal], ['', null]);
    }
    assert.equal((await container.run('echo', ['still there'])).stdout, 'still there\n');
    removeTree(root);
  });

  test('the host’s own attempt shows that there is something to be refused', () => {
    assert.match(attack(['overwrite']), /^\d+ of [1-9]/);
  });
});
