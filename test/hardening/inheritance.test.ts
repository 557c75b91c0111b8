/** A container inherits nothing of what its caller is and has. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller, runCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { attempt, descendants } from '../support/processes.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({
  warmUp: async () => {
    await new Container().run('true');
    await new Container().spawn('true', [], { session: 'inherit', stdio: 'ignore' }).result;
  },
});

const STATUS = `
  const { stdout } = await new Container().run('cat', ['/proc/self/status'], { check: true });
  const lines = stdout.trim().split('\\n').map((line) => line.split(/:\\s*/));
  process.stdout.write(JSON.stringify(Object.fromEntries(lines)));`;
type Status = Readonly<Record<string, string>>;
const NONE = '0'.repeat(16);

suite('descriptors', () => {
  test('one that Node inherited without close-on-exec stays outside', async () => {
    const descriptor = openSync('/etc/passwd', 'r');
    const extra = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', 'ignore', 'ignore', descriptor] as const;
    try {
      const list = `
        const { readlinkSync } = await import('node:fs');
        const { stdout } = await new Container().run('sh', ['-c', 'ls /proc/$$/fd; cat <&7'], {});
        process.stdout.write(JSON.stringify({ outside: readlinkSync('/proc/self/fd/7'), inside: stdout }));`;
      const { outside, inside } = await askCaller<{ outside: string; inside: string }>(list, { stdio: [...extra] });
      assert.equal(outside, '/etc/passwd');
      assert.equal(inside, '0\n1\n2\n');
    } finally {
      closeSync(descriptor);
    }
  });

  test('neither init nor the command has any of the helpers’', async () => {
    const { stdout } = await new Container().run('sh', ['-c', 'ls -l /proc/1/fd; ls /proc/$$/fd'], { check: true });
    assert.match(stdout, /0\n1\n2\n$/);
    assert.doesNotMatch(stdout, /->/);
  });

  test('nobody in a container has a socket of the helpers’, however it is made', requires('root'), async () => {
    const box = new Container();
    const script = ['-c', 'sleep 600 & echo begun; wait'];
    const first = box.spawn('sh', script);
    await once(first, 'spawn');
    const others = [
      box.init(false).spawn('sh', script),
      box.namespaces(['user', 'mount']).spawn('sh', script),
      box.namespaces(['mount', 'pid', { user: first }, { network: first }]).spawn('sh', script),
      box.spawn('sh', script, { session: 'inherit' }),
      box.spawn('sh', script, { terminal: true }),
    ];
    const all = [first, ...others];
    await Promise.all(others.map((child) => once(child.stdout as NodeJS.ReadableStream, 'data')));
    const processes = descendants(process.pid);
    const isHelper = (comm: string): boolean => ['carrel', 'carrel-spare'].includes(comm);
    const theirs = processes.filter(({ comm }) => isHelper(comm)).flatMap(({ pid }) => sockets(pid));
    // Two launchers, and a line to each supervisor.
    assert.ok(new Set(theirs).size >= 2 + all.length, theirs.join());
    const inside = processes.filter(({ comm }) => !isHelper(comm));
    assert.ok(inside.length >= 2 * all.length, `${inside.length}`);
    for (const { pid, comm } of inside)
      for (const socket of sockets(pid)) assert.ok(!theirs.includes(socket), `${comm}: ${socket}`);
    for (const child of all) {
      child.stdout?.resume();
      child.kill('SIGKILL');
    }
    await Promise.all(all.map(({ result }) => result));
  });
});

/** Those of a process. */
function sockets(pid: number): readonly string[] {
  const all = attempt(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  const targets = all.map((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? '');
  return targets.filter((target) => target.startsWith('socket:'));
}

suite('capabilities', requires('root'), () => {
  test('those that Node hands down by inheritable and ambient sets are not handed on. CVE-2022-29162', async () => {
    const prefix = ['setpriv', '--inh-caps=+net_raw,+sys_ptrace,+sys_admin', '--ambient-caps=+net_raw,+sys_ptrace'];
    const outside = await askCaller<string>(
      `process.stdout.write(JSON.stringify((await import('node:fs')).readFileSync('/proc/self/status', 'utf8')));`,
      { prefix },
    );
    assert.doesNotMatch(outside, new RegExp(`CapAmb:\\s*${NONE}`));
    const inside = await askCaller<Status>(STATUS, { prefix });
    assert.deepEqual([inside.CapInh, inside.CapAmb], [NONE, NONE]);
    const asked = await askCaller<Status>(STATUS);
    assert.deepEqual([inside.CapBnd, inside.CapPrm, inside.CapEff], [asked.CapBnd, asked.CapPrm, asked.CapEff]);
  });
});

suite('groups', requires('root'), () => {
  test('none of Node’s, and a file that only they may read stays closed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'groups-'));
    const secret = join(directory, 'secret');
    writeFileSync(secret, 'secret\n');
    chmodSync(directory, 0o755);
    chmodSync(secret, 0o040);
    chownSync(secret, 0, 4242);
    const ask = (namespaces: string): Promise<{ groups: string; read: string; exitCode: number }> =>
      askCaller(
        `const box = new Container({ user: 1000, ${namespaces} mounts: [bind(${JSON.stringify(directory)}, '/data')] });
         const groups = (await box.run('id', ['-G'], { check: true })).stdout;
         const { stdout, exitCode } = await box.run('cat', ['/data/secret']);
         process.stdout.write(JSON.stringify({ groups, read: stdout, exitCode }));`,
        { prefix: ['setpriv', '--groups=4242,4243'] },
      );
    for (const namespaces of ['', `namespaces: ['mount', 'pid', 'network', 'ipc', 'uts'],`]) {
      assert.deepEqual(await ask(namespaces), { groups: '1000\n', read: '', exitCode: 1 });
    }
    removeTree(directory);
  });
});

suite('umask', () => {
  for (const mask of ['0o000', '0o022', '0o077', '0o777']) {
    test(`the caller’s ${mask} changes no mode inside`, async () => {
      const modes = await askCaller<string>(
        `process.umask(${mask});
         const list = 'stat -c "%a %n" /tmp /dev/shm /dev /dev/null /dev/pts /proc /etc/passwd /root; umask';
         const { stdout } = await new Container().run('sh', ['-c', list], { check: true });
         process.stdout.write(JSON.stringify(stdout));`,
      );
      assert.equal(
        modes,
        '1777 /tmp\n1777 /dev/shm\n755 /dev\n666 /dev/null\n755 /dev/pts\n' +
          '555 /proc\n644 /etc/passwd\n700 /root\n0022\n',
      );
    });
  }
});

suite('signals', () => {
  test('none is ignored or blocked inside, whatever Node and its parent ignore', async () => {
    const prefix = ['sh', '-c', `trap '' HUP INT QUIT TERM USR1 PIPE CHLD; exec "$0" "$@"`];
    const { SigIgn, SigBlk } = await askCaller<Status>(STATUS, { prefix });
    assert.deepEqual([SigIgn, SigBlk], [NONE, NONE]);
  });

  test('a writer without a reader ends quietly, by SIGPIPE', async () => {
    const { stdout, stderr } = await new Container().run('sh', ['-c', 'yes | head -n 1; echo "$?"']);
    assert.deepEqual([stdout, stderr], ['y\n0\n', '']);
  });
});

suite('environment', () => {
  test('nothing of it, secrets and NODE_OPTIONS least of all', async () => {
    const env = { ...process.env, SECRET: 'secret', NODE_OPTIONS: '--no-warnings', LD_PRELOAD: '', BASH_ENV: '/x' };
    const inside = await askCaller<string>(
      `const { stdout } = await new Container().run('cat', ['/proc/self/environ', '/proc/1/environ']);
       process.stdout.write(JSON.stringify(stdout));`,
      { env },
    );
    assert.deepEqual(
      inside
        .split('\0')
        .filter(Boolean)
        .map((line) => line.split('=')[0])
        .sort(),
      ['HOME', 'PATH'],
    );
  });
});

test('a caller that cannot be understood is told', async () => {
  const { code, stderr } = await runCaller('await new Container().run(1);');
  assert.equal(code, 1);
  assert.match(stderr, /ERR_INVALID_ARG_TYPE/);
});
