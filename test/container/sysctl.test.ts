/** `sysctl()`, `domainname()` and `network()` set the container's own parameters, names and interfaces. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

async function read(container: Container, ...paths: readonly string[]): Promise<readonly string[]> {
  const files = paths.map((path) => `/proc/sys/${path}`);
  return (await container.run('cat', files, { check: true })).stdout.trimEnd().split('\n');
}

suite('sysctl()', () => {
  test('of the network: without → with', async () => {
    const path = 'net/ipv4/ip_unprivileged_port_start';
    const host = readFileSync(`/proc/sys/${path}`, 'utf8');
    assert.deepEqual(await read(box, path), ['1024']);
    assert.deepEqual(await read(box.sysctl({ 'net.ipv4.ip_unprivileged_port_start': 0 }), path), ['0']);
    assert.deepEqual(await read(box.sysctl({ [path]: '80' }), path), ['80']);
    assert.equal(readFileSync(`/proc/sys/${path}`, 'utf8'), host);
  });

  test('of an interface', async () => {
    const path = 'net/ipv4/conf/lo/rp_filter';
    assert.deepEqual(await read(box.sysctl({ [path]: 2 }), path), ['2']);
  });

  test(
    'all of the caller’s groups may ping, also where the caller has fewer than the machine',
    requires('some-root'),
    async () => {
      const shared = box.namespaces(['mount', 'network', 'pid']);
      const [range = ''] = await read(shared, 'net/ipv4/ping_group_range');
      const [first, last] = range.split('\t').map(Number);
      const [inside, , count] = (readFileSync('/proc/self/gid_map', 'utf8').trim().split('\n')[0] ?? '')
        .split(/\s+/)
        .map(Number);
      assert.deepEqual([first, last], [inside, Math.min(Number(inside) + Number(count), 2 ** 31) - 1]);
    },
  );

  test('of ipc: without → with', requires('linux-6.9'), async () => {
    const paths = ['kernel/shmmni', 'kernel/msgmax', 'kernel/sem', 'fs/mqueue/msg_max'];
    const without = await read(box, ...paths);
    const host = paths.map((path) => readFileSync(`/proc/sys/${path}`, 'utf8'));
    const set = box.sysctl({
      'kernel.shmmni': 12,
      'kernel.msgmax': 345,
      'kernel.sem': '1 2 3 4',
      'fs.mqueue.msg_max': 7,
    });
    assert.deepEqual(await read(set, ...paths), ['12', '345', '1\t2\t3\t4', '7']);
    assert.notDeepEqual(without, ['12', '345', '1\t2\t3\t4', '7']);
    assert.deepEqual(
      paths.map((path) => readFileSync(`/proc/sys/${path}`, 'utf8')),
      host,
    );
  });

  test('of uts', async () => {
    assert.deepEqual(await read(box, 'kernel/domainname'), ['(none)']);
    assert.deepEqual(await read(box.sysctl({ 'kernel.domainname': 'example' }), 'kernel/domainname'), ['example']);
  });

  test('programs inside cannot change it', async () => {
    const set = box.sysctl({ 'net.ipv4.ip_forward': 0 });
    const { stdout } = await set.run('sh', [
      '-c',
      'echo 1 > /proc/sys/net/ipv4/ip_forward || cat /proc/sys/net/ipv4/ip_forward',
    ]);
    assert.equal(stdout, '0\n');
  });

  test('without mounts of its own', async () => {
    const path = 'net/ipv4/ip_forward';
    const shared = box.namespaces(['user', 'network']).sysctl({ [path]: 1 });
    assert.deepEqual(await read(shared, path), ['1']);
    assert.deepEqual(await read(box.namespaces(['user', 'network']), path), ['0']);
  });

  test('one that is not there, or does not take the value, is refused with a hint', async () => {
    const refused = { op: 'sysctl', option: 'sysctl()' } as const;
    for (const [key, value, expected] of [
      ['net.carrel.none', '1', { code: 'ENOENT', syscall: 'openat2', hint: /no such key/ }],
      ['net.ipv4.ip_forward', 'yes', { code: 'EINVAL', syscall: 'write', hint: /does not take yes/ }],
    ] as const)
      await rejectsAtStep(() => box.sysctl({ [key]: value }).run('true'), { ...refused, ...expected });
  });

  test('where /proc is not proc it is refused, not written elsewhere. CVE-2025-52881', async () => {
    const covered = box
      .sysctl({ 'net.ipv4.ip_forward': 1 })
      .step(
        { op: 'mount', type: 'tmpfs', target: '/proc', options: [], attributes: [], nofollow: false, own: true },
        { before: 'sysctl' },
      )
      .step({ op: 'directory', target: '/proc/sys/net/ipv4', mode: 0o755 }, { before: 'sysctl' })
      .step(
        { op: 'file', target: '/proc/sys/net/ipv4/ip_forward', mode: 0o666, content: new Uint8Array() },
        { before: 'sysctl' },
      );
    await rejectsAtStep(() => covered.run('true'), { op: 'sysctl', code: 'EINVAL', syscall: 'fstatfs' });
  });
});

suite('domainname()', () => {
  test('without: none, whatever the host’s is; with: this one', async () => {
    assert.deepEqual(await read(box, 'kernel/domainname'), ['(none)']);
    assert.deepEqual(await read(box.domainname('example.org'), 'kernel/domainname'), ['example.org']);
    assert.notEqual(readFileSync('/proc/sys/kernel/domainname', 'utf8'), 'example.org\n');
  });
});

suite('network()', () => {
  const INTERFACES = `tail -n +3 /proc/net/dev | sed 's/:.*//; s/ //g' | sort`;
  const hosts = readFileSync('/proc/net/dev', 'utf8')
    .split('\n')
    .slice(2)
    .filter(Boolean)
    .map((line) => line.replace(/:.*/, '').trim())
    .sort();

  test('none: a loopback interface that is up, and no other', async () => {
    const { stdout } = await box
      .network('none')
      .run('sh', ['-c', `${INTERFACES}; cat /proc/net/fib_trie`], { check: true });
    assert.match(stdout, /^lo\n/);
    assert.match(stdout, /127\.0\.0\.1/);
  });

  test('host: the host’s, and its name resolution', async () => {
    const shared = box.network('host');
    const { stdout } = await shared.run('sh', ['-c', INTERFACES], { check: true });
    assert.deepEqual(stdout.trimEnd().split('\n'), hosts);
    const link = await shared.run('readlink', ['/proc/self/ns/net'], { check: true });
    const none = await box.network('none').run('readlink', ['/proc/self/ns/net'], { check: true });
    assert.notEqual(link.stdout, none.stdout);
    const resolver = await shared.run('cat', ['/etc/hosts'], { check: true });
    assert.ok(resolver.stdout.startsWith(readFileSync('/etc/hosts', 'utf8').trimEnd()));
  });
});
