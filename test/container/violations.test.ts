/** Refused calls are told, in events and in the result, where the container was asked to. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container, type Violation } from 'carrel';
import { seccomp } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

const box = new Container();
const reporting = box.seccomp('default', { report: true });

useCleanHost({ warmUp: () => reporting.run('true') });

const [KEYCTL, UMASK] = process.arch === 'x64' ? [250, 95] : [219, 166];

/** Of this kernel. proc(5) */
const HAS_IPV6 = existsSync('/proc/sys/net/ipv6');

/** Makes calls by libc, and prints the error of each that fails. */
const PRELUDE = `
import ctypes, errno, os, socket
libc = ctypes.CDLL(None, use_errno=True)
def tell(name, result):
    print(name, errno.errorcode[ctypes.get_errno()] if result < 0 else 'done', flush=True)
def attempt(name, act):
    try: act(); print(name, 'done', flush=True)
    except OSError as error: print(name, errno.errorcode[error.errno], flush=True)
`;

const python = (source: string): readonly [string, readonly string[]] => ['python3', ['-c', PRELUDE + source]];

/** All of a violation but what differs each time. */
const shown = (violations: readonly Violation[]): readonly unknown[] =>
  violations.map(({ program, syscall, path, address, code }) => [program, syscall, path ?? address, code]);

const REFUSED = `
tell('mount', libc.mount(b'none', b'/mnt/here', b'tmpfs', 0, None))
tell('unshare', libc.unshare(0x10000000))
tell('keyctl', libc.syscall(${KEYCTL}, 0, 0))
attempt('packet', lambda: socket.socket(17, 3, 0))
tell('unknown', libc.syscall(1000))
`;
const TOLD = [
  ['python3', 'mount', '/mnt/here', 'EPERM'],
  ['python3', 'unshare', undefined, 'EPERM'],
  ['python3', 'keyctl', undefined, 'EPERM'],
  ['python3', 'socket', 'AF_PACKET', 'EAFNOSUPPORT'],
  ['python3', 'syscall_1000', undefined, 'ENOSYS'],
];

suite('refused calls', requires('python3'), () => {
  test('are told where it is asked for, and nowhere else; they fail alike', async () => {
    const [plain, reported] = await Promise.all([box, reporting].map((one) => one.run(...python(REFUSED))));
    assert.deepEqual(plain?.violations, []);
    assert.deepEqual(shown(reported?.violations ?? []), TOLD);
    assert.equal(reported?.stdout, plain?.stdout);
    assert.equal(reported?.stdout.trim().split('\n').length, TOLD.length);
    assert.deepEqual(reported?.degraded, plain?.degraded);
    assert.ok(Object.isFrozen(reported?.violations) && reported?.violations.every(Object.isFrozen));
  });

  test('come as events, in their order, before the exit; with the process, and when it was', async () => {
    const began = Date.now();
    const child = reporting.spawn(...python(REFUSED), { stdio: 'ignore' });
    const told: Violation[] = [];
    const order: string[] = [];
    child.on('spawn', () => order.push('spawn'));
    child.on('violation', (violation) => told.push(violation) === 1 && order.push('violation'));
    child.on('exit', () => order.push(`exit after ${told.length}`));
    const { violations } = await child.result;
    assert.deepEqual(shown(told), TOLD);
    assert.deepEqual(violations, told);
    assert.deepEqual(order, ['spawn', 'violation', `exit after ${TOLD.length}`]);
    for (const { pid, timeMs } of told) {
      assert.equal(pid, child.pid);
      assert.ok(timeMs > began - 1000 && timeMs < Date.now() + 1000, `${timeMs}`);
    }
  });

  test('of a thread and of a grandchild are their process’s', async () => {
    const { violations, stdout } = await reporting.run(
      ...python(`
import threading
def calls():
    libc.prctl(15, b'a thread', 0, 0, 0)
    libc.unshare(0x10000000)
thread = threading.Thread(target=calls); thread.start(); thread.join()
libc.prctl(15, b'one\\n\\xfftwo', 0, 0, 0)
if os.fork() == 0:
    libc.unshare(0x20000000)
    os._exit(0)
os.wait()
print('over')
`),
    );
    assert.equal(stdout, 'over\n');
    assert.deepEqual(shown(violations), [
      ['python3', 'unshare', undefined, 'EPERM'],
      ['one\n\ufffdtwo', 'unshare', undefined, 'EPERM'],
    ]);
    assert.equal(new Set(violations.map(({ pid }) => pid)).size, 2);
  });

  test('clone3, which libraries try first, and what ends a process are not told', async () => {
    const calls = `tell('clone3', libc.syscall(435, 0, 0)); tell('unshare', libc.unshare(0x20000000))`;
    const { violations, stdout } = await reporting.run(...python(calls));
    assert.equal(stdout, 'clone3 ENOSYS\nunshare EPERM\n');
    assert.deepEqual(
      violations.map(({ syscall }) => syscall),
      ['unshare'],
    );
    const killing = box.seccomp(
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['unshare'], action: 'SCMP_ACT_KILL_PROCESS' }] },
      { report: true },
    );
    const killed = await killing.run(...python('libc.unshare(0)'));
    assert.deepEqual([killed.signal, killed.violations], ['SIGSYS', []]);
  });

  test('beyond the first thousand are counted, and answered', async () => {
    const { violations, degraded, stdout } = await reporting.run(
      ...python('print(sum(libc.unshare(0x20000000) for _ in range(3333)), ctypes.get_errno())'),
    );
    assert.equal(stdout, '-3333 1\n');
    assert.equal(violations.length, 1000);
    assert.deepEqual(degraded, ['violations: 2333 more refused calls are not listed']);
  });

  test('of a program without any, there are none', async () => {
    const { violations, degraded, ok } = await reporting.run('python3', ['-c', 'print(1)']);
    assert.deepEqual([violations, degraded, ok], [[], [], true]);
  });
});

suite('what a call is about', requires('python3'), () => {
  const refusing = (names: readonly string[], args: readonly object[] = []): Container =>
    box.seccomp(
      { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names, action: 'SCMP_ACT_ERRNO', errno: 'EXDEV', args }] },
      { report: true },
    );

  test('is an address, of each family', async () => {
    const { violations, stdout } = await refusing(['connect', 'bind', 'sendto']).run(
      ...python(`
attempt('v4', lambda: socket.socket().connect(('192.0.2.1', 80)))
if ${HAS_IPV6 ? 'True' : 'False'}:
    attempt('v6', lambda: socket.socket(socket.AF_INET6).connect(('2001:db8::1', 443)))
attempt('udp', lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53)))
attempt('unix', lambda: socket.socket(socket.AF_UNIX).bind('/tmp/name'))
attempt('abstract', lambda: socket.socket(socket.AF_UNIX).connect('\\0name'))
`),
    );
    assert.deepEqual(stdout.match(/EXDEV/g)?.length, HAS_IPV6 ? 5 : 4);
    assert.deepEqual(shown(violations), [
      ['python3', 'connect', '192.0.2.1:80', 'EXDEV'],
      ...(HAS_IPV6 ? [['python3', 'connect', '[2001:db8::1]:443', 'EXDEV']] : []),
      ['python3', 'sendto', '127.0.0.1:53', 'EXDEV'],
      ['python3', 'bind', '/tmp/name', 'EXDEV'],
      ['python3', 'connect', '@name', 'EXDEV'],
    ]);
  });

  test('is a path, as the program wrote it; what is too long is cut', async () => {
    const O_PATH = 0o10000000;
    const args = [{ index: 2, value: O_PATH, valueTwo: O_PATH, op: 'SCMP_CMP_MASKED_EQ' }];
    const { violations, stdout } = await refusing(['openat', 'mkdirat', 'mkdir'], args).run(
      ...python(`
for path in ['/etc/../etc/passwd', 'relative', 'x' * 1023, 'y' * 1500]:
    attempt('open', lambda: os.open(path, os.O_PATH))
attempt('bytes', lambda: os.open(b'/\\xff\\n', os.O_PATH))
`),
    );
    assert.deepEqual(stdout.match(/EXDEV/g)?.length, 5);
    assert.deepEqual(
      violations.map(({ path }) => path),
      ['/etc/../etc/passwd', 'relative', 'x'.repeat(1023), 'y'.repeat(1024), '/\ufffd\n'],
    );
  });

  test('is told by every profile, with the error of its own', async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [
        {
          names: ['umask'],
          action: 'SCMP_ACT_ERRNO',
          errno: 'EDOM',
          args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
        },
        { names: ['umask'], action: 'SCMP_ACT_ERRNO', errnoRet: 0, args: [{ index: 0, value: 2, op: 'SCMP_CMP_EQ' }] },
      ],
      flags: ['SECCOMP_FILTER_FLAG_TSYNC', 'SECCOMP_FILTER_FLAG_LOG'],
    };
    const { violations, stdout } = await box
      .seccomp(profile, { report: true })
      .run(
        ...python(
          `tell('one', libc.syscall(${UMASK}, 1)); print(libc.syscall(${UMASK}, 2), libc.syscall(${UMASK}, 3))`,
        ),
      );
    // To refuse with error 0 is to do nothing, and to say that it is done.
    assert.equal(stdout, 'one EDOM\n0 18\n');
    assert.deepEqual(shown(violations), [['python3', 'umask', undefined, 'EDOM']]);
  });
});

suite('every kind of container', requires('python3'), () => {
  // Refused with every capability.
  const calls = python(`tell('keyctl', libc.syscall(${KEYCTL}, 0, 0)); tell('swapon', libc.swapon(b'/x', 0))`);
  const EXPECTED = [
    ['python3', 'keyctl', undefined, 'EPERM'],
    ['python3', 'swapon', '/x', 'EPERM'],
  ];
  const boxes: Record<string, Container> = {
    'without init': reporting.init(false),
    'without namespaces': reporting.namespaces([]),
    'with few namespaces': reporting.namespaces(['user', 'mount']),
    'where set-user-id programs gain privileges': reporting.noNewPrivileges(false),
    'with limits': reporting.limits({ pids: 20, onUnsupported: 'warn' }),
    'with Landlock': reporting.landlock({ read: '/', execute: '/', onUnsupported: 'warn' }),
    'with mounts that are locked': reporting.capabilities({ add: ['CAP_SYS_ADMIN'] }),
  };
  if (process.env.CARREL_TEST_LEG === 'root') boxes['of a user'] = reporting.user(1000);
  for (const [what, container] of Object.entries(boxes))
    test(what, async () => {
      const { violations, stdout } = await container.run(...calls);
      assert.deepEqual(shown(violations), EXPECTED, stdout);
    });

  test('with a time namespace', requires('time-namespaces'), async () => {
    const container = reporting.namespaces(['user', 'mount', 'pid', 'time']).timeOffsets({ boottime: 1000 });
    const { violations, stdout } = await container.run(...calls);
    assert.deepEqual(shown(violations), EXPECTED, stdout);
  });

  test('with a terminal, and with timing', async () => {
    const child = reporting.spawn(...calls, { terminal: true, timing: true });
    child.stdout?.resume();
    const { violations } = await child.result;
    assert.deepEqual(shown(violations), EXPECTED);
    assert.match(child.explain({ timing: true }), /and what it refuses is told to Node/);
  });

  test('one that joins another, and what it leaves ends with it', async () => {
    const first = box.spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(first, 'spawn');
    const joining = reporting.namespaces([{ user: first, pid: first, mount: first, network: first }]);
    const { violations, degraded, stdout } = await joining.run(
      ...python(`
tell('keyctl', libc.syscall(${KEYCTL}, 0, 0))
if os.fork() == 0:
    os.setsid()
    while True: libc.swapon(b'/x', 0)
import time; time.sleep(0.05)
`),
    );
    assert.equal(stdout, 'keyctl EPERM\n', degraded.join());
    assert.deepEqual(shown(violations.slice(0, 1)), EXPECTED.slice(0, 1));
    assert.deepEqual(shown(violations.slice(1, 2)), EXPECTED.slice(1));
    assert.deepEqual(
      degraded.filter((one) => !one.startsWith('violations: ')),
      [],
    );
    first.kill('SIGKILL');
    await first.result;
  });

  test('where a filter around it has a listener it is refused, with a hint; without a report it runs', async () => {
    const allow = Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f);
    const around = (one: Container): Container => one.step(seccomp({ filter: allow, slot: 0 }));
    await rejectsAtStep(() => around(reporting).run('true'), { op: 'seccompReport', code: 'EBUSY', hint: /report/ });
    const { stdout } = await around(box).run(...calls);
    assert.equal(stdout, 'keyctl EPERM\nswapon EPERM\n');
  });

  test('a program inside that wants a listener gets EBUSY, as the docs say', async () => {
    const wants = python(`
libc.prctl(38, 1, 0, 0, 0)
filter = ctypes.create_string_buffer(bytes([6, 0, 0, 0, 0, 0, 0xff, 0x7f]))
class Program(ctypes.Structure): _fields_ = [('length', ctypes.c_ushort), ('filter', ctypes.c_void_p)]
program = Program(1, ctypes.addressof(filter))
tell('listener', libc.syscall(${process.arch === 'x64' ? 317 : 277}, 1, 8, ctypes.byref(program)))
tell('filter', libc.syscall(${process.arch === 'x64' ? 317 : 277}, 1, 0, ctypes.byref(program)))
`);
    assert.equal((await box.run(...wants)).stdout, 'listener done\nfilter done\n');
    assert.equal((await reporting.run(...wants)).stdout, 'listener EBUSY\nfilter done\n');
  });
});
