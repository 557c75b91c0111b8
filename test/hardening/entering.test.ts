/** What is in a container that stays holds no command up that enters, and keeps none alive. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

// Some of the commands are begun ahead of their call, as they are for callers.
delete process.env.CARREL_NO_AHEAD;
useCleanHost({ warmUp: () => new Container().run('true') });

const TIMES = process.env.CARREL_SOAK === undefined ? 20 : 1000;

/** Does the same to all that it may signal, again and again. */
async function hostile(box: RunningContainer, script: string): Promise<ContainerProcess> {
  const child = box.spawn('sh', ['-c', `echo; while :; do ${script}; done`], { stdio: ['ignore', 'pipe', 'ignore'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

/** Attaches to every process that it has not seen, and never waits for one. ptrace(2) PTRACE_SEIZE */
const TRACER = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
options = 0x40 if sys.argv[1] == 'exiting' else 0  # PTRACE_O_TRACEEXIT
seen = {os.getpid()}
print('begins', flush=True)
while True:
    for pid in [int(name) for name in os.listdir('/proc') if name.isdigit()]:
        if pid in seen:
            continue
        if libc.ptrace(0x4206, pid, None, ctypes.c_void_p(options)) == 0:
            print('traced', flush=True)
            seen.add(pid)`;

suite('a process inside that', () => {
  test('kills whatever it sees: a command runs, or ends by its signal', async () => {
    await using box = await new Container().start();
    await hostile(box, 'kill -KILL -1');
    const ends = new Set<string>();
    for (let time = 0; time < TIMES; time += 1) {
      const { reason } = await box.run('sh', ['-c', 'sleep 0.1']);
      ends.add(reason);
    }
    assert.deepEqual(
      [...ends].filter((reason) => !['exited', 'signaled'].includes(reason)),
      [],
    );
    assert.equal(box.state, 'running');
  });

  test('stops whatever it sees: a command ends by its own time, and so does the container', async () => {
    const box = await new Container().start();
    await hostile(box, 'kill -STOP -1');
    for (let time = 0; time < 3; time += 1)
      assert.equal((await box.run('sleep', ['1000'], { timeout: 200 })).reason, 'timeout');
    assert.equal((await box.stop({ grace: 50 })).reason, 'exited');
  });

  test('leaves orphans by the hundred: init reaps them', async () => {
    await using box = await new Container().start();
    await box.run('sh', ['-c', 'for i in $(seq 300); do (sleep 0.01 &) ; done'], { background: 'keep', check: true });
    for (let tries = 0; tries < 100; tries += 1) {
      const { stdout } = await box.run('sh', ['-c', 'ls /proc | grep -cE "^[0-9]+$"'], { check: true });
      if (Number(stdout) < 8) return;
    }
    assert.fail('they are there still');
  });

  test('traces whatever it sees, and lets nothing go: a command ends all the same', requires('python3'), async () => {
    for (const way of ['zombie', 'exiting'] as const) {
      await using box = await new Container().start();
      const tracer = box.spawn('python3', ['-c', TRACER, way], { stdio: ['ignore', 'pipe', 'inherit'] });
      let traced = '';
      tracer.stdout?.on('data', (chunk: Buffer) => {
        traced += String(chunk);
      });
      await until(() => traced.includes('begins'));
      for (let time = 0; time < TIMES / 2; time += 1) {
        // A signal stops who is traced, as that of a child that has ended.
        const { exitCode, reason } = await box.run('sh', ['-c', 'sleep 0.1; exit 7'], { timeout: 300 });
        assert.ok(reason === 'timeout' || (exitCode === 7 && way === 'zombie'), `${reason} ${exitCode}`);
      }
      assert.match(traced, /begins\n(traced\n)+/);
      const late = box.spawn('sleep', ['1000'], { stdio: 'ignore' });
      await once(late, 'spawn');
      late.kill('SIGKILL');
      assert.equal((await late.result).reason, 'killed');
      assert.equal((await box.stop({ grace: 50 })).reason, 'exited');
    }
  });

  test('never reaps, and is PID 1: commands end, and so does the container', requires('python3'), async () => {
    const sleeper = 'import time; print("up", flush=True); time.sleep(1000)';
    const box = await new Container().init(false).start('python3', ['-c', sleeper], { ready: { line: 'up' } });
    for (let time = 0; time < TIMES; time += 1)
      assert.equal((await box.run('sh', ['-c', '(sleep 0.01 & exit) & (true &)'])).exitCode, 0);
    const { stdout } = await box.run('sh', ['-c', 'grep -c "^State:.Z" /proc/[0-9]*/status | grep -c ":1$"']);
    assert.ok(Number(stdout) > 0, 'there is something that nobody reaps');
    assert.equal((await box.stop({ grace: 50 })).reason, 'killed');
  });

  test('bombs: the command ends within its time, with all that it has forked', async () => {
    await using box = await new Container().rlimits({ nproc: 200 }).user(4321).start();
    const { reason } = await box.run('sh', ['-c', 'f() { f | f & }; f; sleep 1000'], { timeout: 300 });
    assert.equal(reason, 'timeout');
    assert.equal((await box.run('sh', ['-c', 'echo on'])).stdout, 'on\n');
    const { stdout } = await box.run('sh', ['-c', 'ls /proc | grep -cE "^[0-9]+$"']);
    assert.ok(Number(stdout) < 8, stdout);
  });
});

/** Takes all that it can have of each, and keeps it. */
const FILLER = `
import ctypes, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
held = []
def fill(act):
    for count in range(20000):
        try:
            held.append(act())
        except OSError:
            return count
    return -1
def inotify():
    fd = libc.inotify_init1(0)
    if fd < 0:
        raise OSError(ctypes.get_errno(), 'inotify')
    return fd
def terminal():
    return os.openpty()
def in_flight():
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    for _ in range(10):
        socket.send_fds(ours, [b'x'], [0] * 250)
    return ours, theirs
print(fill({'inotify': inotify, 'terminals': terminal, 'in flight': in_flight}[sys.argv[1]]), flush=True)
sys.stdin.read()`;

suite('a process inside that fills', requires('python3'), () => {
  for (const what of ['inotify', 'terminals', 'in flight'])
    test(`${what}: commands, files and ports of the container go on, and so does another container`, async () => {
      await using box = await new Container().start();
      await box.files.writeFile('/tmp/before', 'x');
      const filler = box.spawn('python3', ['-c', FILLER, what], { stdio: ['pipe', 'pipe', 'inherit'] });
      const [said] = (await once(filler.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
      assert.ok(Number(said) > 0, String(said));
      if (what === 'terminals')
        await rejectsAtStep(() => box.spawn('true', [], { terminal: true }).result, {
          op: 'openTerminal',
          code: 'ENOSPC',
        });
      await using _listener = await box.listen(7000, (socket) => socket.end('hello'));
      for (let time = 0; time < TIMES / 4; time += 1) {
        assert.equal((await box.run('echo', ['on'])).stdout, 'on\n');
        await box.files.writeFile(`/tmp/${time}`, 'x');
        const socket = await box.connect(7000);
        assert.equal(await text(socket), 'hello');
      }
      await using other = await new Container().start();
      for (const one of [other, ...(what === 'terminals' ? [] : [box])]) {
        const shell = one.spawn('sh', ['-c', 'test -t 0 && echo a terminal'], { terminal: true });
        assert.match(await text(shell.stdout as NodeJS.ReadableStream), /^a terminal/);
        assert.equal((await shell.result).exitCode, 0);
      }
    });
});

test('thousands in a row leave nothing', async () => {
  await using box = await new Container().start();
  for (let time = 0; time < 10 * TIMES; time += 1) assert.equal((await box.run('true')).exitCode, 0);
});

test('a container that ends while commands enter: each runs, is ended with it, or comes too late', async () => {
  for (let time = 0; time < TIMES; time += 1) {
    const box = await new Container().start();
    const commands = Array.from({ length: 8 }, () =>
      box.run('true').then(
        ({ reason }) => reason,
        (error: { readonly code?: string }) => error.code,
      ),
    );
    setTimeout(() => box.kill('SIGKILL'), time);
    const ends = await Promise.all(commands);
    assert.deepEqual(
      ends.filter((end) => !['exited', 'container-ended', 'ERR_ENDED'].includes(String(end))),
      [],
    );
    assert.equal((await box.result).reason, 'killed');
  }
});

test('PID 1 is killed, or ends: what has entered ends with the container, and what comes is too late', async () => {
  const ends = new Set<string>();
  for (let time = 0; time < TIMES; time += 1) {
    const box =
      time % 2 === 0
        ? await new Container().start()
        : await new Container().init(false).start('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    const command = box.spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(command, 'spawn');
    if (time % 2 === 0) process.kill(box.pid, 'SIGKILL');
    else box.main?.stdin?.end();
    const late = box.run('sleep', ['1000']).then(
      ({ reason }) => reason,
      (error: { readonly code?: string }) => String(error.code),
    );
    ends.add((await command.result).reason);
    const end = await late;
    ends.add(end === 'ERR_ENDED' ? 'container-ended' : end);
    await box.result;
  }
  assert.deepEqual([...ends], ['container-ended']);
});
