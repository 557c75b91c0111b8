/** A container joins namespaces of another one, or of a path. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Container, type ContainerProcess, type Namespace, type RunResult } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { LINKS } from '../support/namespaces.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const DEFAULT: readonly Namespace[] = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'];

/** A container that runs as long as the test wants it to. */
async function running(box: Container): Promise<ContainerProcess & AsyncDisposable> {
  const child = box.spawn('cat');
  await once(child, 'spawn');
  return child;
}

/** What the kernel calls the namespaces that a command sees itself in. */
async function seen(box: Container, names: readonly Namespace[]): Promise<readonly string[]> {
  const { stdout } = await box.run(
    'readlink',
    names.map((name) => `/proc/self/ns/${LINKS[name]}`),
    { check: true },
  );
  return stdout.trim().split('\n');
}

function linksOf(pid: number | undefined, names: readonly Namespace[]): readonly string[] {
  return names.map((name) => readlinkSync(`/proc/${pid}/ns/${LINKS[name]}`));
}

suite('joining the namespaces of another container', () => {
  for (const name of ['network', 'ipc', 'uts', 'cgroup', 'pid'] as const) {
    test(`${name}, with its user namespace`, async () => {
      await using other = await running(new Container().hostname('other'));
      const rest = DEFAULT.filter((entry) => entry !== name && entry !== 'user');
      const box = new Container().namespaces([...rest, { user: other, [name]: other }]);
      assert.deepEqual(await seen(box, ['user', name]), linksOf(other.pid, ['user', name]));
      // Without it: the same container has its own.
      assert.notDeepEqual(await seen(new Container(), ['user', name]), linksOf(other.pid, ['user', name]));
    });
  }

  test('of one whose only user is not root: as that user, and no other', async () => {
    await using other = await running(new Container().user(1000));
    const rest = DEFAULT.filter((entry) => !['network', 'user'].includes(entry));
    const box = new Container().namespaces([...rest, { user: other, network: other }]);
    const { stdout } = await box.user(1000).run('id', ['-u'], { check: true });
    assert.equal(stdout, '1000\n');
    // Started by root, it has all ids. By an ordinary user, it has none but its own.
    const asRoot = (): Promise<RunResult> => box.run('id', ['-u']);
    if (process.env.CARREL_TEST_LEG === 'root') assert.equal((await asRoot()).stdout, '0\n');
    else await rejectsAtStep(asRoot, { op: 'setUser', code: 'EINVAL', option: 'user()', hint: /no such id/ });
  });

  test('time', requires('time-namespaces'), async () => {
    await using other = await running(
      new Container().namespaces([...DEFAULT, 'time']).timeOffsets({ boottime: 86_400_000 }),
    );
    const rest = DEFAULT.filter((entry) => entry !== 'user');
    const box = new Container().namespaces([...rest, { user: other, time: other }]);
    assert.deepEqual(await seen(box, ['time']), linksOf(other.pid, ['time']));
    const { usage } = await box.run('true');
    assert.ok(usage.wallMs > 0 && usage.wallMs < 60_000, `the wall clock is one clock: ${usage.wallMs}`);
  });

  test('all of them: a command in a running container', async () => {
    await using other = await running(new Container().hostname('other'));
    const box = new Container().namespaces([
      Object.fromEntries(DEFAULT.map((name) => [name, other])) as Readonly<Record<Namespace, ContainerProcess>>,
    ]);
    const { stdout } = await box.run(
      'sh',
      ['-c', 'hostname; ps -e -o args 2>/dev/null || ls /proc; cat /proc/1/comm'],
      {
        check: true,
      },
    );
    assert.match(stdout, /^other\n/);
    assert.match(stdout, /\bcarrel-init\n$/);
    // A cgroup namespace tells its processes from the others in the pid namespace.
    const shared = DEFAULT.filter((name) => name !== 'cgroup');
    assert.deepEqual(await seen(box, shared), linksOf(other.pid, shared));
  });

  test('a container that joins sees the files of its mount namespace, with the rights of root in it', async () => {
    await using other = await running(new Container());
    const all = new Container().namespaces([
      Object.fromEntries(DEFAULT.map((name) => [name, other])) as Readonly<Record<Namespace, ContainerProcess>>,
    ]);
    await all.run('sh', ['-c', 'echo joined > /root/note'], { check: true });
    const { stdout } = await all.run('sh', ['-c', 'cat /root/note; id -u; grep -E "Cap(Inh|Amb)" /proc/self/status'], {
      check: true,
    });
    assert.deepEqual(stdout.trim().split(/\s+/), [
      'joined',
      '0',
      'CapInh:',
      `${'0'.repeat(16)}`,
      'CapAmb:',
      `${'0'.repeat(16)}`,
    ]);
  });

  test('one speaks with the other over the network that they share', requires('python3'), async () => {
    const listen = [
      'import socket',
      's = socket.create_server(("127.0.0.1", 7000))',
      'print("up", flush=True)',
      'c, _ = s.accept()',
      'c.sendall(b"hello")',
      'c.close()',
    ].join('\n');
    await using server = new Container().spawn('python3', ['-c', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.ok(server.stdout);
    await once(server.stdout, 'data');
    const connect = 'import socket\nprint(socket.create_connection(("127.0.0.1", 7000)).recv(9).decode())';
    const rest = DEFAULT.filter((name) => name !== 'network' && name !== 'user');
    const client = new Container().namespaces([...rest, { user: server, network: server }]);
    assert.equal((await client.run('python3', ['-c', connect], { check: true })).stdout, 'hello\n');
    assert.equal((await new Container().run('python3', ['-c', connect])).exitCode, 1);
  });
});

suite('a new file system beside a joined user namespace', () => {
  test('belongs to its root', requires('busybox'), async () => {
    await using other = await running(new Container());
    const rest = DEFAULT.filter((name) => name !== 'user');
    const box = new Container().rootfs(busyboxRoot()).namespaces([...rest, { user: other }]);
    const { stdout } = await box.run('stat', ['-c', '%u:%g', '/etc/passwd', '/dev'], { check: true });
    assert.equal(stdout, '0:0\n'.repeat(2));
  });
});

suite('joining by a path', () => {
  test(
    'root joins a network that belongs to nobody else, with a user namespace of its own',
    requires('root'),
    async () => {
      const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
      try {
        await changed(holder.pid, 'net');
        const rest = DEFAULT.filter((name) => name !== 'network');
        const box = new Container().namespaces([...rest, { network: `/proc/${holder.pid}/ns/net` }]);
        assert.deepEqual(await seen(box, ['network']), linksOf(holder.pid, ['network']));
      } finally {
        holder.stdin.end();
        await once(holder, 'exit');
      }
    },
  );

  test('a user namespace that denies setgroups is joined without groups', requires('user-namespaces'), async () => {
    const holder = spawn('unshare', ['--user', '--map-root-user', '--net', 'cat'], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    try {
      await changed(holder.pid, 'user');
      await until(() => readFileSync(`/proc/${holder.pid}/gid_map`, 'utf8') !== '');
      assert.equal(readFileSync(`/proc/${holder.pid}/setgroups`, 'utf8'), 'deny\n');
      const rest = DEFAULT.filter((name) => name !== 'network' && name !== 'user');
      const path = (name: string): string => `/proc/${holder.pid}/ns/${name}`;
      const namespaces = [...rest, { user: path('user'), network: path('net') }];
      const box = new Container().namespaces(namespaces);
      assert.deepEqual(await seen(box, ['user', 'network']), linksOf(holder.pid, ['user', 'network']));
      // An ordinary user cannot drop groups, and is told so when some are asked for.
      if (process.env.CARREL_TEST_LEG !== 'root') return;
      const groups = await askCaller<string>(
        `const box = new Container().namespaces(${JSON.stringify(namespaces)});
         const { stdout } = await box.run('sed', ['-n', 's/^Groups://p', '/proc/self/status'], { check: true });
         console.log(JSON.stringify(stdout.trim()));`,
        { prefix: ['setpriv', '--groups', '4,27'] },
      );
      assert.equal(groups, '');
      const asked = box.user({ uid: 0, gid: 0, additionalGids: [0] });
      await rejectsAtStep(() => asked.run('true'), { op: 'setGroups', code: 'EPERM', hint: /denies setgroups/ });
    } finally {
      holder.stdin.end();
      await once(holder, 'exit');
    }
  });

  test('what is no namespace, or none of that type, is refused', async () => {
    const file = fileURLToPath(import.meta.url);
    for (const [path, code] of [
      [file, 'EINVAL'],
      ['/proc/self/ns/uts', 'EINVAL'],
      ['/dev/null', 'EINVAL'],
      [`${file}/missing`, 'ENOTDIR'],
      ['/proc/self/ns/missing', 'ENOENT'],
    ] as const) {
      const rest = DEFAULT.filter((name) => name !== 'network');
      const box = new Container().namespaces([...rest, { network: path }]);
      await rejectsAtStep(() => box.run('true'), { op: 'openNamespace', code, path, option: 'namespaces()' });
    }
  });

  test('a pid that is another process’s by now is noticed', async () => {
    const rest = DEFAULT.filter((name) => name !== 'network');
    const box = new Container().namespaces([...rest, { network: { path: '/proc/self/ns/net', inode: 1 } }]);
    await rejectsAtStep(() => box.run('true'), { op: 'openNamespace', code: 'ESRCH', hint: /has ended/ });
  });
});

suite('a process that cannot be joined', () => {
  test('has not started', async () => {
    const child = new Container().spawn('true');
    assert.throws(() => new Container().namespaces([{ network: child }]), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: /namespaces\[0\]\.network must be a running process/,
    });
    await child.result;
  });

  test('has ended', async () => {
    // No pipes that nobody reads: garbage collection would close them while the host is compared.
    const child = new Container().spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    const rest = DEFAULT.filter((name) => name !== 'network' && name !== 'user');
    const box = new Container().namespaces([...rest, { user: child, network: child }]);
    child.stdin?.end();
    await child.result;
    await rejectsAtStep(() => box.run('true'), { op: 'openNamespace', code: /^(ENOENT|ESRCH)$/ });
  });
});

async function changed(pid: number | undefined, link: string): Promise<void> {
  await until(() => readlinkSync(`/proc/${pid}/ns/${link}`) !== readlinkSync(`/proc/self/ns/${link}`));
}
