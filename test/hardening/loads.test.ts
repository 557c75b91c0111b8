/** A hostile load under limits gets the right verdict, slows no container beside it, and leaves nothing. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { suite, type TestContext, test } from 'node:test';
import {
  bind,
  Container,
  type ExitStatus,
  type LimitsInput,
  overlay,
  type Reason,
  type RunResult,
  tmpfs,
} from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

const MIB = 1024 * 1024;
const box = new Container();
const LIMITS: LimitsInput = { memory: '64m', pids: 64, cpuTime: 60_000 };
/** For loads that are about something else. */
const ROOMY: LimitsInput = { ...LIMITS, memory: '256m' };
/** For loads that end no other way. */
const SHORT: LimitsInput = { ...ROOMY, cpuTime: 2000 };
useCleanHost({ warmUp: () => box.limits({ onUnsupported: 'warn' }).run('true') });

/** A program of the host's Python, and what it is expected to end by. */
interface Load {
  readonly script: string;
  readonly reason: Reason;
  readonly container?: Container;
  readonly maxOutput?: string;
}

function figures({ usage, reason }: ExitStatus): string {
  const { wallMs, cpuMs = Number.NaN, peakMemoryBytes = 0, peakPids, oomKills } = usage;
  const peaks = `${(peakMemoryBytes / MIB).toFixed(1)} MiB, ${peakPids ?? '?'} processes, ${oomKills} OOM kills`;
  return `${reason} after ${wallMs.toFixed(0)} ms, CPU ${cpuMs.toFixed(0)} ms, ${peaks}`;
}

/** Runs the load, and while it runs a container beside it. */
async function suffer(context: TestContext, { script, reason, container, maxOutput }: Load): Promise<RunResult> {
  const loaded = (container ?? box.limits(LIMITS)).run('python3', ['-c', script], { timeout: 60_000, maxOutput });
  const beside = await box.run('echo', ['beside']);
  assert.equal(beside.stdout, 'beside\n');
  const result = await loaded;
  context.diagnostic(`${figures(result)}; a container beside took ${beside.usage.wallMs.toFixed(0)} ms`);
  assert.equal(result.reason, reason, result.stderr);
  const { peakMemoryBytes, peakPids } = result.usage;
  const most = reason === 'oom' ? 64 : 256;
  assert.ok((peakMemoryBytes ?? 0) <= most * MIB, `${peakMemoryBytes}`);
  assert.ok((peakPids ?? 0) <= 64, `${peakPids}`);
  return result;
}

suite('processes', requires('cgroups', 'python3'), () => {
  test('a fork bomb', async (context) => {
    const script = 'import os\nwhile True:\n try: os.fork()\n except OSError: pass';
    await suffer(context, { script, reason: 'cpu-timeout', container: box.limits(SHORT) });
  });

  test('a fork bomb without a pid namespace of its own', async (context) => {
    const script = 'import os\nwhile True:\n try: os.fork(), os.setsid()\n except OSError: pass';
    const container = box.namespaces(['user', 'mount', 'network', 'ipc', 'uts', 'cgroup']).limits(SHORT);
    await suffer(context, { script, reason: 'cpu-timeout', container });
  });

  test('threads, as many as it can', async (context) => {
    const script = `import threading, time
n = 0
try:
  while True:
    threading.Thread(target=time.sleep, args=(9999,), daemon=True).start(); n += 1
except RuntimeError: print(n, flush=True)
import os
os._exit(4)`;
    const result = await suffer(context, { script, reason: 'exited', container: box.limits(ROOMY) });
    assert.equal(result.exitCode, 4);
    assert.ok(Number(result.stdout) < 64, result.stdout);
  });

  test('children that nobody reaps, and orphans that init does', async (context) => {
    const zombies =
      'import os\nn = 0\ntry:\n while True:\n  os.fork() or os._exit(0); n += 1\nexcept OSError: print(n)';
    const { stdout } = await suffer(context, { script: zombies, reason: 'exited', container: box.limits(ROOMY) });
    assert.ok(Number(stdout) < 64, stdout);
    // Three times as many as there may be at a time: each is gone before long.
    const orphans = `import os, time
n = 0
while n < 200:
  try:
    if os.fork() == 0:
      try: os.fork()
      finally: os._exit(0)
    os.wait(); n += 1
  except OSError: time.sleep(0.01)
print(n)`;
    assert.equal(
      (await suffer(context, { script: orphans, reason: 'exited', container: box.limits(ROOMY) })).stdout,
      '200\n',
    );
  });

  test('all CPUs, and its share of them', async (context) => {
    const script = 'import os\nfor i in range(3): os.fork()\nwhile True: pass';
    await suffer(context, { script, reason: 'cpu-timeout', container: box.limits(SHORT) });
    const container = box.limits({ ...ROOMY, cpus: 0.25, cpuTime: 400 });
    const shares: number[] = [];
    // Its first period may not count in full. A machine whose clock is late gives more, for once.
    while (shares.length < 3 && !shares.some((share) => share <= 0.35)) {
      const { usage } = await suffer(context, { script, reason: 'cpu-timeout', container });
      assert.ok((usage.throttledMs ?? 0) > 0, 'it was held back');
      shares.push((usage.cpuMs ?? Number.NaN) / usage.wallMs);
    }
    assert.ok(Math.min(...shares) <= 0.35, `${shares}`);
  });

  test('one that ignores every signal', async (context) => {
    const script = `import signal, time
for n in range(1, 65):
  try: signal.signal(n, signal.SIG_IGN)
  except (OSError, ValueError): pass
print(flush=True)
while True: time.sleep(9)`;
    const child = box.limits(ROOMY).spawn('python3', ['-c', script]);
    await once(child.stdout ?? child, 'data');
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'] as const) child.kill(signal);
    assert.equal((await box.run('true')).exitCode, 0);
    assert.equal(child.exitCode ?? child.signalCode, null, 'it goes on');
    const status = await child.stop({ grace: 20 });
    context.diagnostic(figures(status));
    assert.equal(status.signal, 'SIGKILL');
  });

  test('a fork bomb that is paused and killed', async (context) => {
    const script = 'import os\nprint(flush=True)\nwhile True:\n try: os.fork()\n except OSError: pass';
    const child = box.limits(ROOMY).spawn('python3', ['-c', script]);
    await once(child.stdout ?? child, 'data');
    await child.pause();
    const { pids } = await child.stats();
    child.kill('SIGKILL');
    const status = await child.result;
    context.diagnostic(`${pids} paused processes; ${figures(status)}`);
    assert.deepEqual([status.reason, status.signal], ['killed', 'SIGKILL']);
  });
});

suite('memory', requires('cgroups', 'python3'), () => {
  test('a bomb of its own pages', async (context) => {
    const { usage } = await suffer(context, {
      script: 'x = []\nwhile True: x.append(bytearray(1 << 20))',
      reason: 'oom',
    });
    assert.ok((usage.oomKills ?? 0) >= 1);
  });

  test('held by a child, while the command only waits', async (context) => {
    const script = `import os
if os.fork() == 0:
  x = []
  while True: x.append(bytearray(1 << 20))
os.wait()`;
    await suffer(context, { script, reason: 'oom' });
  });

  test('little by each of many', async (context) => {
    const script = `import os, time
for i in range(40):
  if os.fork() == 0:
    x = bytearray(4 << 20)
    time.sleep(9999)
time.sleep(9999)`;
    await suffer(context, { script, reason: 'oom' });
  });

  test('files in memory', async (context) => {
    const script = 'with open("/dev/shm/x", "wb") as f:\n while True: f.write(bytes(1 << 20)); f.flush()';
    const full = await box.limits({ ...LIMITS, memory: '256m' }).run('python3', ['-c', script]);
    assert.match(full.stderr, /No space left/, 'its size ends it, where memory does not');
    const container = box.mount(tmpfs('/tmp/big', { size: '1g' })).limits(LIMITS);
    await suffer(context, { script: script.replace('/dev/shm', '/tmp/big'), reason: 'oom', container });
  });

  test('a mapping that is shared, and handed on', async (context) => {
    const script = 'import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor i in range(0, 1 << 30, 4096): m[i] = 1';
    await suffer(context, { script, reason: 'oom' });
  });

  test('the page cache is given back: a file larger than its memory', async (context) => {
    // On a disk: what is in memory cannot be given back.
    const directory = mkdtempSync('/var/tmp/carrel-loads-');
    chmodSync(directory, 0o777);
    try {
      const script = `import os
with open("/data/x", "wb") as f:
  for i in range(96): f.write(bytes(1 << 20))
with open("/data/x", "rb") as f:
  while f.read(1 << 20): pass
print(os.path.getsize("/data/x"))`;
      const container = box.mount(bind(directory, '/data')).limits(LIMITS);
      const { stdout } = await suffer(context, { script, reason: 'exited', container });
      assert.equal(stdout, `${96 * MIB}\n`);
    } finally {
      removeTree(directory);
    }
  });
});

suite('descriptors, output, disks', requires('cgroups', 'python3'), () => {
  test('descriptors, as many as it can', async (context) => {
    const script = `import os
n = 0
try:
  while True: os.dup(0); n += 1
except OSError as e: print(n, e.strerror)`;
    const container = box.rlimits({ nofile: 256 }).limits(LIMITS);
    const { stdout } = await suffer(context, { script, reason: 'exited', container });
    assert.match(stdout, /^25\d Too many open files\n$/);
  });

  test('output without end', async (context) => {
    const script = 'import sys\nwhile True: sys.stdout.write("y" * 65536)';
    const { truncated, stdout } = await suffer(context, {
      script,
      reason: 'output-limit',
      maxOutput: '1m',
    });
    assert.deepEqual([truncated, stdout.length], [true, MIB]);
  });

  test('output that nobody reads makes it wait, and costs nothing', async (context) => {
    const child = box.limits(LIMITS).spawn('python3', ['-c', 'print("y" * (1 << 22))'], { timeout: 1500 });
    const status = await child.result;
    context.diagnostic(figures(status));
    assert.equal(status.reason, 'timeout');
    child.stdout?.destroy();
    child.stderr?.destroy();
  });

  test('a disk in memory is full', async (context) => {
    const script = `try:
  with open("/tmp/small/x", "wb") as f:
    while True: f.write(bytes(1 << 20))
except OSError as e: print(e.strerror)`;
    const container = box.mount(tmpfs('/tmp/small', { size: '16m' })).limits(LIMITS);
    const { stdout, usage } = await suffer(context, { script, reason: 'exited', container });
    assert.equal(stdout, 'No space left on device\n');
    assert.ok((usage.peakMemoryBytes ?? 0) >= 16 * MIB, 'it counts as memory');
  });

  test('a layer in memory is filled', requires('busybox', 'root'), async (context) => {
    const layered = new Container().rootfs(overlay({ lower: [busyboxRoot()] }));
    const result = await layered.limits(LIMITS).run('dd', ['if=/dev/zero', 'of=/var/x', 'bs=1M'], { timeout: 60_000 });
    context.diagnostic(figures(result));
    assert.equal(result.reason, 'oom', result.stderr);
  });
});
