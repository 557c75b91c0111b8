/** A use of a pool begins with nothing: it sees no other use, and nothing of who has waited for it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container, type Pool } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { ready, waitingFirsts } from '../support/pooled.js';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** What a use may leave behind, and what shows it. */
const TRACES: readonly (readonly [what: string, leave: string, look: string])[] = [
  [
    'files',
    'for d in /tmp /dev/shm /root /run /var/tmp /; do echo x >$d/mark; done; :',
    'find / -xdev -name mark; ls /dev/shm',
  ],
  ['processes', 'setsid sleep 1000 >/dev/null 2>&1 &', 'cat /proc/[0-9]*/comm | grep -E "sleep|python"'],
  ['System V IPC', 'ipcmk -Q -M 100 -S 1', 'ipcs -q -m -s | grep 0x'],
  ['message queues', 'true >/dev/mqueue/mark || :', 'ls /dev/mqueue'],
  ['the host name', 'hostname other', 'hostname | grep other'],
  [
    'sysctls',
    'echo 4242 >/proc/sys/net/ipv4/ip_default_ttl 2>/dev/null; :',
    'grep -x 4242 /proc/sys/net/ipv4/ip_default_ttl',
  ],
  ['pseudo-terminals', 'script -qc "sleep 1000" /dev/null >/dev/null 2>&1 &', 'ls /dev/pts | grep -v ptmx'],
];

async function uses(pool: Pool, ...scripts: readonly string[]): Promise<readonly string[]> {
  const said: string[] = [];
  for (const script of scripts) {
    await ready(pool, 2);
    const { stdout } = await pool.run('sh', ['-c', script], { timeout: 60_000 });
    said.push(stdout);
  }
  return said;
}

suite('a use of a pool sees nothing of another one', () => {
  for (const [what, leave, look] of TRACES)
    test(what, async () => {
      await using pool = new Container().pool({ size: 2 });
      const seen = await uses(pool, leave, look, leave, look);
      assert.deepEqual([seen[1], seen[3]], ['', '']);
    });

  test('beside it: processes, files, abstract sockets', requires('debian-python3'), async () => {
    await using pool = new Container().pool({ size: 2 });
    await ready(pool, 2);
    const child = await pool.spawn('/usr/bin/python3', [
      '-c',
      'import socket, time; s = socket.socket(1); s.bind("\\0mark"); open("/tmp/mark", "w"); time.sleep(1000)',
    ]);
    const [seen] = await uses(
      pool,
      'cat /proc/net/unix | grep mark; ls /tmp; cat /proc/[0-9]*/comm | grep -E "sleep|python"',
    );
    assert.equal(seen, '');
    child.kill('SIGKILL');
    await child.result;
  });

  test('keys', requires('debian-python3', 'x64'), async () => {
    await using pool = new Container().seccomp('unconfined').pool({ size: 2 });
    // add_key(2), keyctl(2) KEYCTL_SEARCH: of the session, and of the user.
    const calls = (call: string): string =>
      `/usr/bin/python3 -c 'import ctypes; call = ctypes.CDLL(None).syscall; print([${call} for ring in (-3, -4)])'`;
    const add = calls('call(248, b"user", b"mark", b"secret", 6, ring) > 0');
    const search = calls('call(250, 10, ring, b"user", b"mark", 0) > 0');
    const seen = await uses(pool, `${add}; ${search}`, search);
    assert.deepEqual(seen, ['[True, True]\n[True, True]\n', '[False, False]\n']);
  });
});

suite('a use of a pool has nothing of who has waited', () => {
  const look = 'ls /proc/self/fd; env | sort; wc -l </proc/self/mountinfo; cat /proc/self/cgroup';
  const status =
    'grep -E "^(Uid|Gid|Groups|Cap|NoNew|Seccomp|Sig|Threads|Tracer|CoreD)" /proc/self/status; ulimit -a; umask';

  test('what it finds is what it finds without a pool', async () => {
    const box = new Container();
    const script = `${look}; ${status}; cat /proc/self/stat | cut -d" " -f 4-8,19; ls -a / /tmp /root /dev`;
    const alone = await box.run('sh', ['-c', script], { check: true });
    await using pool = box.pool({ size: 2 });
    const [first, second] = await uses(pool, script, script);
    assert.equal(first, alone.stdout);
    assert.equal(second, alone.stdout);
  });

  test('its own PID 1 is as closed as without a pool', async () => {
    const script =
      'cat /proc/1/environ /proc/1/maps /proc/1/mem 2>&1; ls -l /proc/1/fd/ /proc/1/root/ /proc/1/ns 2>&1; :';
    const alone = await new Container().run('sh', ['-c', script]);
    await using pool = new Container().pool({ size: 2 });
    const [seen] = await uses(pool, script);
    const shape = (text: string | undefined): string => text?.replaceAll(/\d+/g, 'N') ?? '';
    assert.equal(shape(seen), shape(alone.stdout));
  });
});

test('who waits is nobody’s to trace, holds nothing of the host’s, and rests', async () => {
  await using pool = new Container().pool({ size: 2 });
  await ready(pool, 2);
  const ticks = (): number => {
    const table = readProcesses();
    return waitingFirsts().reduce((sum, first) => {
      const all = [...table.values()].filter(({ pid, parent }) => pid === first || parent === first);
      return sum + all.reduce((one, entry) => one + entry.ticks, 0);
    }, 0);
  };
  const switches = (): number =>
    waitingFirsts().reduce((sum, first) => {
      const told = readFileSync(`/proc/${first}/status`, 'utf8');
      return sum + Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(told)?.[1]);
    }, 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = [ticks(), switches()];
  await new Promise((resolve) => setTimeout(resolve, 1000));
  assert.deepEqual([ticks(), switches()], before);
});
