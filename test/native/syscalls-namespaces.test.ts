/** `unshare` and `setns` move the calling thread into other namespaces, and the name calls name them. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { useCleanHost } from '../support/host.js';
import { isolated, isolation } from '../support/isolated.js';
import { requires } from '../support/requires.js';
import type { Tools } from '../support/tools.js';

useCleanHost();

describe('unshare', requires('user-namespaces'), () => {
  for (const [name, link] of [
    ['uts', 'uts'],
    ['ipc', 'ipc'],
    ['cgroup', 'cgroup'],
    ['network', 'net'],
    ['mount', 'mnt'],
  ] as const) {
    test(`of ${name} changes the calling thread and what it starts, and no other thread`, () => {
      const found = isolated(
        async ({ startThread, startPool, unshare, namespace, fs, spawnSync }, _, kind, file) => {
          await startPool();
          const read = (tools: Tools, one: string): string => tools.namespace(one);
          const readInPool = (): Promise<string> => fs.promises.readlink(`/proc/thread-self/ns/${file}`);
          const older = await startThread();
          const before = namespace(file);
          unshare([kind]);
          const after = namespace(file);
          const younger = await startThread();
          const child = spawnSync('readlink', [`/proc/self/ns/${file}`], { encoding: 'utf8' }).stdout.trim();
          const seen = [await older.run(read, file), await readInPool(), await younger.run(read, file), child];
          await older.end();
          await younger.end();
          return { changed: before !== after, seen: seen.map((one) => ({ [before]: 'old', [after]: 'new' })[one]) };
        },
        name,
        link,
      );
      assert.deepEqual(found, { changed: true, seen: ['old', 'old', 'new', 'new'] });
    });
  }

  test('of mount: synchronous functions act in the new namespace, those of the pool in the old one', () => {
    const found = isolated(async ({ startThread, startPool, fs }, directory) => {
      await startPool();
      const thread = await startThread();
      const inside = await thread.run(async ({ unshare, mount, fs: files }, path) => {
        unshare(['mount']);
        mount('tmpfs', path, { type: 'tmpfs' });
        files.writeFileSync(`${path}/new`, '');
        await files.promises.writeFile(`${path}/old`, '');
        return files.readdirSync(path);
      }, directory);
      await thread.end();
      return { inside, outside: fs.readdirSync(directory) };
    });
    assert.deepEqual(found, { inside: ['new'], outside: ['old'] });
  });

  for (const [propagation, seen] of [
    ['shared', 'tmpfs'],
    ['private', null],
  ] as const) {
    const goes = seen === null ? 'stays in' : 'gets out';
    test(`of mount: what is mounted on mounts that are ${propagation} ${goes}`, () => {
      const found = isolated(async ({ startThread, mount, mountOn }, directory, type) => {
        mount('tmpfs', directory, { type: 'ramfs' });
        mount(null, directory, { flags: ['shared'] });
        const thread = await startThread();
        await thread.run(
          ({ unshare, mount: mountThere }, path, kind) => {
            unshare(['mount']);
            mountThere(null, '/', { flags: ['rec', kind] });
            mountThere('tmpfs', path, { type: 'tmpfs' });
          },
          directory,
          type,
        );
        const outside = mountOn(directory)?.type;
        await thread.end();
        return outside === 'tmpfs' ? 'tmpfs' : null;
      }, propagation);
      assert.equal(found, seen);
    });
  }

  test('of user is EINVAL: Node has several threads', () => {
    const error = isolated(({ unshare, thrown }) => thrown(() => unshare(['user'])));
    assert.equal(error?.message, 'unshare EINVAL');
    assert.deepEqual([error?.code, error?.errno, error?.syscall], ['EINVAL', -22, 'unshare']);
  });

  test('of pid is for children: the first is PID 1, and none comes after it', () => {
    const found = isolated(({ unshare, namespace, codeOf, spawnSync }) => {
      const before = namespace('pid');
      unshare(['pid']);
      const first = spawnSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' });
      const second = spawnSync('sh', ['-c', 'echo $$']);
      const again = codeOf(() => unshare(['pid']));
      const error = (second.error as NodeJS.ErrnoException | undefined)?.code;
      return { same: before === namespace('pid'), first: first.stdout, error, again };
    });
    assert.deepEqual(found, { same: true, first: '1\n', error: 'ENOMEM', again: 'EINVAL' });
  });

  test('of pid leaves the thread unable to start threads: a worker fails', () => {
    const code = isolated(({ unshare, codeOf, Worker }) => {
      unshare(['pid']);
      return codeOf(() => new Worker('', { eval: true }));
    });
    assert.equal(code, 'ERR_WORKER_INIT_FAILED');
  });

  test('of pid leaves the thread unable to start threads: libuv’s pool has to run before', () => {
    const read = isolated(async ({ unshare, startPool, fs }) => {
      await startPool();
      unshare(['pid']);
      return fs.promises.readFile('/proc/sys/kernel/ostype', 'utf8');
    });
    assert.equal(read, 'Linux\n');
    assert.equal(endOfUnstartedPool(), 'SIGABRT');
  });

  test('of time is for children', () => {
    const found = isolated(({ unshare, namespace, spawnSync }) => {
      const before = namespace('time');
      unshare(['time']);
      const child = spawnSync('readlink', ['/proc/self/ns/time'], { encoding: 'utf8' }).stdout.trim();
      return { same: namespace('time') === before, child: child !== before };
    });
    assert.deepEqual(found, { same: true, child: true });
  });

  test('of fs separates working directory and umask', () => {
    const found = isolated(async ({ startThread, fs }, directory) => {
      const thread = await startThread();
      const read = ({ fs: files, status }: Tools): readonly string[] => [
        files.readlinkSync('/proc/thread-self/cwd'),
        status('Umask'),
      ];
      await thread.run(({ unshare }) => unshare(['fs']));
      const before = await thread.run(read);
      process.chdir(directory);
      process.umask(0o077);
      const after = await thread.run(read);
      await thread.end();
      return { same: before.join() === after.join(), own: fs.readlinkSync('/proc/thread-self/cwd') === directory };
    });
    assert.deepEqual(found, { same: true, own: true });
  });

  test('of files: what the pool opens is not this thread’s', () => {
    const found = isolated(async ({ startThread, startPool }) => {
      await startPool();
      const thread = await startThread();
      const codes = await thread.run(async ({ unshare, codeOf, fs }) => {
        const open = async (): Promise<string | null> => {
          const handle = await fs.promises.open('/proc/self/stat');
          const code = codeOf(() => fs.fstatSync(handle.fd));
          await handle.close();
          return code;
        };
        const before = await open();
        unshare(['files']);
        return [before, await open()];
      });
      await thread.end();
      return codes;
    });
    assert.deepEqual(found, [null, 'EBADF']);
  });

  test('takes several at once, of sysvsem too, and nothing', () => {
    const found = isolated(({ unshare, namespace }) => {
      const before = ['uts', 'net'].map(namespace);
      unshare([]);
      const nothing = ['uts', 'net'].map(namespace).join() === before.join();
      unshare(['uts', 'network', 'sysvsem']);
      return { nothing, changed: ['uts', 'net'].map(namespace).every((one) => !before.includes(one)) };
    });
    assert.deepEqual(found, { nothing: true, changed: true });
  });
});

describe('setns', requires('user-namespaces'), () => {
  test('by a file moves the calling thread, and no other', () => {
    const found = isolated(async ({ startThread, unshare, setns, namespace, fs }) => {
      // One that the user owns, to go back to.
      unshare(['uts']);
      const old = fs.openSync('/proc/thread-self/ns/uts', 'r');
      unshare(['uts']);
      const mine = fs.openSync('/proc/thread-self/ns/uts', 'r');
      const thread = await startThread();
      const theirs = namespace('uts');
      setns(old);
      const moved = namespace('uts') !== theirs;
      const left = (await thread.run((tools) => tools.namespace('uts'))) === theirs;
      setns(mine, ['uts']);
      await thread.end();
      return { moved, left, back: namespace('uts') === theirs };
    });
    assert.deepEqual(found, { moved: true, left: true, back: true });
  });

  test('of another type than the one asked for is EINVAL', () => {
    const codes = isolated(({ unshare, setns, codeOf, fs }) => {
      unshare(['uts']);
      const uts = fs.openSync('/proc/thread-self/ns/uts', 'r');
      const file = fs.openSync('/proc/self/stat', 'r');
      return [codeOf(() => setns(uts, ['network'])), codeOf(() => setns(file)), codeOf(() => setns(9999))];
    });
    assert.deepEqual(codes, ['EINVAL', 'EINVAL', 'EBADF']);
  });

  test('by a process joins several of its namespaces, and none without names', () => {
    const found = isolated(async ({ startThread, setns, pidfdOpen, codeOf, namespace, fs, spawn }) => {
      const thread = await startThread();
      const other = spawn('unshare', ['--uts', '--net', 'sh', '-c', 'echo ready; read -r line']);
      await new Promise((resolve) => other.stdout.once('data', resolve));
      const pidfd = pidfdOpen(other.pid ?? 0);
      const target = ['uts', 'net'].map((name) => fs.readlinkSync(`/proc/${other.pid}/ns/${name}`));
      const none = codeOf(() => setns(pidfd));
      const ipc = namespace('ipc');
      setns(pidfd, ['uts', 'network']);
      const joined = ['uts', 'net'].map(namespace).join() === target.join() && namespace('ipc') === ipc;
      const theirs = await thread.run((tools) => tools.namespace('uts'));
      await thread.end();
      const exit = new Promise((resolve) => other.once('exit', resolve));
      other.stdin.end();
      await exit;
      return { none, joined, alone: theirs !== target[0], ended: codeOf(() => setns(pidfd, ['uts'])) };
    });
    assert.deepEqual(found, { none: 'EINVAL', joined: true, alone: true, ended: 'ESRCH' });
  });

  test('of mount is EINVAL while the thread shares its root, and works after unshare of fs', () => {
    const found = isolated(async ({ startThread, fs }, directory) => {
      const thread = await startThread();
      fs.writeFileSync(`${directory}/old`, '');
      const seen = await thread.run((tools, path) => {
        const { unshare, setns, codeOf, fs: files } = tools;
        const mine = files.openSync('/proc/thread-self/ns/mnt', 'r');
        const shared = codeOf(() => setns(mine, ['mount']));
        unshare(['mount']);
        tools.mount('tmpfs', path, { type: 'tmpfs' });
        files.writeFileSync(`${path}/new`, '');
        const inNew = files.readdirSync(path);
        setns(mine, ['mount']);
        return { shared, inNew, back: files.readdirSync(path), cwd: files.readlinkSync('/proc/thread-self/cwd') };
      }, directory);
      await thread.end();
      return seen;
    });
    assert.deepEqual(found, { shared: 'EINVAL', inNew: ['new'], back: ['old'], cwd: '/' });
  });

  test('of the own user namespace is EINVAL, of time EUSERS: Node has several threads', () => {
    const codes = isolated(({ setns, thrown, fs }) =>
      ['user', 'time'].map((name) => {
        const file = fs.openSync(`/proc/thread-self/ns/${name}`, 'r');
        return thrown(() => setns(file))?.message ?? null;
      }),
    );
    assert.deepEqual(codes, ['setns EINVAL', 'setns EUSERS']);
  });

  test('of another’s user namespace is EINVAL too: Node has several threads', () => {
    const code = isolated(async ({ setns, codeOf, fs, spawn }) => {
      const other = spawn('unshare', ['--user', 'sh', '-c', 'echo ready; read -r line']);
      await new Promise((resolve) => other.stdout.once('data', resolve));
      const found = codeOf(() => setns(fs.openSync(`/proc/${other.pid}/ns/user`, 'r')));
      other.stdin.end();
      return found;
    });
    assert.equal(code, 'EINVAL');
  });

  test('of pid is for children', () => {
    const found = isolated(async ({ setns, namespace, fs, spawn, spawnSync }) => {
      const other = spawn('unshare', ['--pid', '--fork', 'sh', '-c', 'echo ready; read -r line']);
      await new Promise((resolve) => other.stdout.once('data', resolve));
      const before = namespace('pid');
      setns(fs.openSync(`/proc/${other.pid}/ns/pid_for_children`, 'r'), ['pid']);
      const child = spawnSync('readlink', ['/proc/self/ns/pid'], { encoding: 'utf8' }).stdout.trim();
      const theirs = fs.readlinkSync(`/proc/${other.pid}/ns/pid_for_children`);
      other.stdin.end();
      return { stayed: namespace('pid') === before, moved: theirs !== before, child: child === theirs };
    });
    assert.deepEqual(found, { stayed: true, moved: true, child: true });
  });
});

describe('setHostname and setDomainname', requires('user-namespaces'), () => {
  test('set the names of the UTS namespace, for the threads that are in it', () => {
    const found = isolated(async ({ startThread, unshare, setHostname, setDomainname, os, fs }) => {
      const older = await startThread();
      const before = os.hostname();
      unshare(['uts']);
      const younger = await startThread();
      setHostname('carrel-host');
      setDomainname('carrel-domain');
      const hostname = (tools: Tools): string => tools.os.hostname();
      const seen = [os.hostname(), await younger.run(hostname), (await older.run(hostname)) === before];
      const domain = fs.readFileSync('/proc/sys/kernel/domainname', 'utf8').trim();
      await older.end();
      await younger.end();
      return { seen, domain };
    });
    assert.deepEqual(found, { seen: ['carrel-host', 'carrel-host', true], domain: 'carrel-domain' });
  });

  test('take 0 to 64 bytes', () => {
    const found = isolated(({ unshare, setHostname, setDomainname, os, thrown }) => {
      unshare(['uts']);
      const lengths = [64, 1, 0].map((length) => {
        setHostname('x'.repeat(length));
        setDomainname('x'.repeat(length));
        return os.hostname().length;
      });
      return { lengths, long: thrown(() => setHostname('ä'.repeat(33)))?.code };
    });
    assert.deepEqual(found, { lengths: [64, 1, 0], long: 'ERR_OUT_OF_RANGE' });
  });

  test('are EPERM without CAP_SYS_ADMIN', () => {
    const found = isolated(({ unshare, setHostname, setDomainname, capget, capset, thrown }) => {
      unshare(['uts']);
      capset({ ...capget(), effective: [] });
      return [thrown(() => setHostname('x'))?.message, thrown(() => setDomainname('x'))?.message];
    });
    assert.deepEqual(found, ['sethostname EPERM', 'setdomainname EPERM']);
  });
});

/**
 * How Node ends that uses libuv's pool for the first time after unshare(CLONE_NEWPID). To load an ES module is to use
 * it, so this does without.
 */
function endOfUnstartedPool(): NodeJS.Signals | null {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const script = `
    require('node-gyp-build')(${JSON.stringify(root)}).unshare(0x20000000);
    require('node:fs').readFile('/proc/sys/kernel/ostype', () => undefined);
  `;
  const node = [process.execPath, '--input-type=commonjs', '--eval', script];
  const command = ['unshare', ...isolation, 'sh', '-c', 'ulimit -c 0; exec "$@"', 'sh', ...node];
  const [file = '', ...args] = command;
  return spawnSync(file, args, { cwd: root, stdio: 'ignore', timeout: 60_000 }).signal;
}
