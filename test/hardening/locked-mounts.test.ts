/**
 * CAP_SYS_ADMIN inside moves no wall: neither read-only binds, nor masks, nor what lies below a mount.
 *
 * What a container with it is for goes on: mounts of its own, its host name, its network, its settings.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { bind, Container, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const shared = mkdtempSync(join(tmpdir(), 'locked-'));
chmodSync(shared, 0o777);
mkdirSync(join(shared, 'secret'));
chmodSync(join(shared, 'secret'), 0o777);
writeFileSync(join(shared, 'secret', 'key'), 'hidden\n');
after(() => removeTree(shared));

const able = new Container().capabilities({ add: ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_NET_RAW'] });
const box = able.mount(bind(shared, '/ro', { readonly: true }), tmpfs('/small', { size: '64k' })).mask('/ro/secret');

/** Runs each line, and says which of them the kernel allowed. */
async function allowed(container: Container, ...lines: readonly string[]): Promise<readonly string[]> {
  const script = lines.map((line, index) => `( ${line} ) >/dev/null 2>&1 && echo ${index}`).join('\n');
  const { stdout } = await container.run('sh', ['-c', `${script}\ntrue`], { check: true });
  return stdout.split('\n').flatMap((index) => lines[Number.parseInt(index, 10)] ?? []);
}

const ATTACKS: readonly string[] = [
  // What was read-only becomes writable, in place or somewhere else.
  'mount -o remount,bind,rw /ro && touch /ro/attacked',
  'mount -o remount,rw /ro && touch /ro/attacked',
  'mkdir -p /tmp/a && mount --bind /ro /tmp/a && mount -o remount,bind,rw /tmp/a && touch /tmp/a/attacked',
  'mkdir -p /tmp/b && mount --rbind /ro /tmp/b && mount -o remount,bind,rw /tmp/b && touch /tmp/b/attacked',
  'mkdir -p /tmp/c && mount --bind / /tmp/c && touch /tmp/c/ro/attacked',
  // What is masked shows itself.
  'umount /ro/secret && cat /ro/secret/key',
  'umount -l /ro/secret && cat /ro/secret/key',
  'umount -l /ro; cat /ro/secret/key',
  'mkdir -p /tmp/d && mount --bind /ro /tmp/d && cat /tmp/d/secret/key',
  'mkdir -p /tmp/e && mount --rbind /ro /tmp/e && umount -l /tmp/e/secret && cat /tmp/e/secret/key',
  'unshare -m sh -c "umount -l /ro/secret && cat /ro/secret/key"',
  'unshare -Um --map-root-user sh -c "umount -l /ro/secret && cat /ro/secret/key"',
  // The kernel's own secrets, and its settings.
  'umount -l /proc/kcore && test -s /proc/kcore',
  'umount -l /proc/sys && echo x > /proc/sys/kernel/core_pattern',
  'mount -o remount,bind,rw /proc/sys',
  'umount -l /proc',
  'umount -l /sys',
  'mount -o remount,rw /sys',
  'mkdir -p /tmp/p && mount -t proc proc /tmp/p && test -w /tmp/p/sys',
  // A bound on memory.
  'mount -o remount,size=1g /small',
  // The old root.
  'mkdir -p /tmp/o && pivot_root /tmp/o /tmp/o && ls /etc/shadow',
  'umount -l /tmp && ls -d /tmp/. && test -e /tmp/none',
];

const WORKS: readonly string[] = [
  'mkdir -p /tmp/own && mount -t tmpfs tmpfs /tmp/own && touch /tmp/own/x && umount /tmp/own',
  'mkdir -p /tmp/again && mount --bind /usr /tmp/again && mount -o remount,bind,ro /tmp/again && umount /tmp/again',
  'hostname other && test "$(hostname)" = other',
  'unshare -m true',
  'unshare -U true',
  'unshare -n true',
  'unshare -pf true',
  'chroot / true',
  'test "$(cat /ro/secret/key 2>/dev/null)" = ""',
];

suite('a container that has CAP_SYS_ADMIN', () => {
  for (const [name, container] of [
    ['with init', box],
    ['without init', box.init(false)],
    ['with a read-only root', box.readonly()],
    ['in the host’s network', box.network('host')],
    ['without ipc, uts and cgroup of its own', box.namespaces(['user', 'mount', 'pid', 'network'])],
    ['with a terminal’s namespaces and a time namespace', box.namespaces(['user', 'mount', 'pid', 'time'])],
  ] as const)
    test(`${name}: moves nothing`, async () => {
      assert.deepEqual(await allowed(container, ...ATTACKS), []);
      assert.deepEqual(readdirSync(shared), ['secret']);
    });

  test('goes on with what it is for', async () => {
    assert.deepEqual(await allowed(box, ...WORKS), WORKS);
  });

  test('has its network: low ports, raw sockets, interfaces, settings', requires('python3'), async () => {
    const network = [
      'python3 -c \'import socket; socket.socket().bind(("0.0.0.0", 80))\'',
      "python3 -c 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)'",
      'test "$(cat /sys/class/net/lo/operstate)" = unknown',
      'test "$(ls /sys/class/net)" = lo',
      'test "$(cat /proc/sys/net/ipv4/ip_default_ttl)" = 33',
    ];
    const tuned = box.sysctl({ 'net.ipv4.ip_default_ttl': 33, 'kernel.shmmni': 77 });
    assert.deepEqual(await allowed(tuned, ...network), network);
    const { stdout } = await tuned.run('cat', ['/proc/sys/kernel/shmmni'], { check: true });
    assert.equal(stdout, '77\n');
  });

  test('the plan says how', () => {
    const text = box.explain('true');
    assert.match(text, /make namespaces in a user namespace inside this one.*network/s);
    assert.match(text, /pivotRoot[\s\S]*setns user[\s\S]*unshare mount[\s\S]*init/);
    assert.doesNotMatch(new Container().explain('true'), /inside this one/);
    assert.doesNotMatch(able.namespaces(['user', 'pid']).explain('true'), /inside this one/);
  });

  test('hooks see the namespaces that the command gets', async () => {
    const seen: string[] = [];
    const hooked = box.hook(({ namespaces }) => {
      seen.push(readlinkSync(namespaces.network.path), readlinkSync(namespaces.ipc.path));
    });
    const { stdout } = await hooked.run('readlink', ['/proc/self/ns/net', '/proc/self/ns/ipc'], { check: true });
    assert.deepEqual(seen, stdout.trim().split('\n'));
  });

  test('another container joins it', async () => {
    await using child = box.spawn('sleep', ['9999'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const beside = new Container().namespaces(['mount', { user: child, network: child, uts: child, ipc: child }]);
    assert.equal((await beside.run('hostname', [], { check: true })).stdout, 'carrel\n');
  });

  test('limits, users, terminals are as without', async () => {
    const { stdout } = await box.user(0).run('sh', ['-c', 'id -u; id -g; ls /dev/mqueue | wc -l'], { check: true });
    assert.equal(stdout, '0\n0\n0\n');
    const child = box.spawn('tty', [], { terminal: true });
    const shown = Buffer.concat((await child.stdout?.toArray()) ?? []).toString();
    assert.equal(shown, '/dev/pts/0\r\n');
    await child.result;
  });
});
