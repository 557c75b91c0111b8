/** What the kernel counts for a user, or for nobody, a container cannot use up for its caller. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { alone } from '../support/alone.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

const box = new Container();

await alone('quotas');
useCleanHost({ warmUp: () => box.run('true') });

const CALLS = `
import ctypes, errno, os, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def told(result):
    return 'done' if result >= 0 else errno.errorcode[ctypes.get_errno()]
def inotify():
    return told(libc.inotify_init1(0))
def queue():
    return told(libc.sigqueue(os.getpid(), 40, None))
def timer():
    return told(libc.timer_create(1, None, ctypes.byref(ctypes.c_void_p())))
def terminal():
    try:
        os.openpty()
        return 'done'
    except OSError as error:
        return errno.errorcode[error.errno]
def fill(act, most):
    for count in range(most):
        if act() != 'done':
            return count
    return most
def tell(line):
    sys.stdout.write(line + '\\n')
    sys.stdout.flush()
signal.pthread_sigmask(signal.SIG_BLOCK, [40])
`;

/** What `act` says on the host while a container holds all that it can have of what `fill` takes. */
async function beside(fill: string, act: string): Promise<{ readonly held: number; readonly host: string }> {
  const child = box.spawn('python3', ['-c', `${CALLS}\ntell(str(${fill}))\nsys.stdin.read()`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const held = await new Promise<string>((resolve) => child.stdout?.once('data', (data) => resolve(String(data))));
    const { stdout } = spawnSync('python3', ['-c', `${CALLS}\ntell(${act})`], { encoding: 'utf8' });
    return { held: Number(held), host: stdout.trim() };
  } finally {
    child.stdin?.end();
    await child.result;
  }
}

suite('a container that takes all it can have leaves its caller', requires('python3'), () => {
  test('inotify instances', async () => {
    const most = Number(readFileSync('/proc/sys/user/max_inotify_instances', 'utf8'));
    // A user namespace around this test tells no limit.
    const held = most === 2 ** 31 - 1 ? 64 : Math.floor(most / 2);
    assert.deepEqual(await beside('fill(inotify, 10000)', 'inotify()'), { held, host: 'done' });
  });

  test('signals that are queued, and timers, which count as such', async () => {
    const { held, host } = await beside('fill(queue, 1000000)', 'timer()');
    assert.ok(held > 0 && held < 1_000_000, String(held));
    assert.equal(host, 'done');
  });

  test('terminals', async () => {
    assert.deepEqual(await beside('fill(terminal, 5000)', 'terminal()'), { held: 256, host: 'done' });
  });
});

suite('ping', requires('python3'), () => {
  const ping = `${CALLS}
peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP)
peer.settimeout(5)
peer.sendto(struct.pack('!BBHHH', 8, 0, 0, 0, 1) + b'echo', ('127.0.0.1', 0))
tell(peer.recv(64)[8:].decode())`;

  for (const [name, user] of [
    ['root', 0],
    ['another user', 1000],
  ] as const)
    test(`works for ${name}, without a capability`, async () => {
      const { stdout } = await box.user(user).capabilities([]).run('python3', ['-c', ping], { check: true });
      assert.equal(stdout, 'echo\n');
    });

  test('works without a user namespace', requires('root'), async () => {
    const own = box.namespaces(['mount', 'pid', 'network', 'ipc', 'uts']).capabilities([]);
    assert.equal((await own.run('python3', ['-c', ping], { check: true })).stdout, 'echo\n');
  });
});

suite('devices', () => {
  test('can be written to, and their inodes, which are the host’s, cannot be changed', async () => {
    const script = `
      for device in null zero full random urandom tty; do
        touch -d 2001-01-01 /dev/$device 2>/dev/null && echo touched $device
        chmod 600 /dev/$device 2>/dev/null && echo changed $device
      done
      echo written > /dev/null && echo more >> /dev/zero && head -c 4 /dev/urandom | wc -c`;
    assert.equal((await box.run('sh', ['-c', script])).stdout.trim(), '4');
    // Where ids are the host's, root would own them.
    if (requires('root').skip !== false) return;
    const own = box.namespaces(['mount', 'pid', 'network', 'ipc', 'uts']);
    assert.equal((await own.run('sh', ['-c', script])).stdout.trim(), '4');
  });
});

suite('cgroups', requires('cgroups'), () => {
  test('init names none of the host’s', async () => {
    const script =
      'cat /proc/1/cgroup /proc/1/cpuset /proc/1/task/1/cgroup; sed "s/.*:.*://" /proc/self/cgroup | sort -u';
    const { stdout } = await box.limits({ memory: '64m' }).run('sh', ['-c', script]);
    assert.ok(
      stdout
        .trim()
        .split('\n')
        .every((line) => line === '/' || line === ''),
      stdout,
    );
  });
});
