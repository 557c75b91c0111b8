/** A container that reports its refused calls tries to hold up, exhaust or mislead who watches them. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bind, Container, type ContainerProcess, type Violation } from 'carrel';
import { verdicts } from '../support/attacker.js';
import { askCaller } from '../support/caller.js';
import { underFuse } from '../support/fuse.js';
import { useCleanHost } from '../support/host.js';
import { ancestors, readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { onceForLeg } from '../support/temporary.js';
import { until } from '../support/waiting.js';

const reporting = new Container().seccomp('default', { report: true });

useCleanHost({ warmUp: () => reporting.run('true') });

const SOURCE = fileURLToPath(new URL('../../../test/hardening/refused.c', import.meta.url));

function programDirectory(): string {
  return onceForLeg('refused', (made) => {
    execFileSync('gcc', ['-O1', '-static', '-pthread', '-o', join(made, 'refused'), SOURCE]);
    chmodSync(join(made, 'refused'), 0o755);
  });
}

const PROGRAM = '/attack/refused';
const attacked = (container: Container): Container =>
  container.mount(bind(programDirectory(), '/attack', { readonly: true }));

interface Flood {
  readonly child: ContainerProcess;
  /** What the events have told until now. */
  readonly told: readonly Violation[];
}

/** Starts a flood, and waits until it has begun. */
async function flooding(container: Container, threads: number, options = {}): Promise<Flood> {
  const child = attacked(container).spawn(PROGRAM, ['flood', `${threads}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  const told: Violation[] = [];
  child.on('violation', (violation) => told.push(violation));
  assert.ok(child.stdout);
  const began = once(child.stdout, 'data').then(() => true);
  assert.ok(await Promise.race([began, child.result.then(() => false)]), 'it has ended before it began');
  child.stdout.resume();
  return { child, told };
}

/** The supervisor of a container's command, which itself may have that name for as long as execve(2) takes. */
function supervisorOf({ pid = 0 }: { readonly pid?: number | undefined }): number {
  const [supervisor] = ancestors(pid).filter((one) => one !== pid && nameOf(one) === 'carrel');
  assert.ok(supervisor !== undefined, 'no supervisor');
  return supervisor;
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
}

/** Long enough to begin in, on an emulated machine too. */
const TIMEOUT_MS = 2000;

/** Whether the process is there, and not ended. */
function lives(pid = 0): boolean {
  return !['Z', 'X', undefined].includes(readProcesses().get(pid)?.state);
}

/** Waits until who watches the flood has left a processor alone for most of half a second, while the flood goes on. */
async function rests(pid = 0): Promise<void> {
  const supervisor = supervisorOf({ pid });
  // Of a clock that counts by hundredths of a second.
  const ticks = (): number => readProcesses().get(supervisor)?.ticks ?? Number.NaN;
  await until(async () => {
    const before = ticks();
    await sleep(500);
    assert.ok(lives(pid), 'the flood has ended');
    return ticks() - before < 10;
  });
}

suite('a flood of refused calls', requires('gcc'), () => {
  for (const threads of [1, 100])
    test(`by ${threads} threads: time, signals and kill() hold, and a thousand are listed`, async () => {
      const timed = await flooding(reporting, threads, { timeout: TIMEOUT_MS });
      const { reason, violations } = await timed.child.result;
      assert.equal(reason, 'timeout');
      assert.ok(violations.length > 0);
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const { child, told } = await flooding(reporting, threads);
        await until(() => told.length === 1000);
        child.kill(signal);
        const ended = await child.result;
        assert.equal(ended.signal, signal);
        assert.deepEqual(ended.violations, told);
        assert.deepEqual(new Set(told.map(({ syscall }) => syscall)), new Set(['swapon', 'keyctl']));
        assert.ok(told.every(({ code, pid }) => code === 'EPERM' && pid === child.pid));
        const others = ended.degraded.filter((one) => !/^violations: \d+ more refused calls are not listed$/.test(one));
        assert.deepEqual(others, []);
      }
    });

  test('by processes that fork: all of them end', async () => {
    const source = `
import ctypes, os
libc = ctypes.CDLL(None)
while True:
    try: os.fork()
    except OSError: pass
    libc.swapon(b'/bomb', 0)`;
    const { reason, violations } = await reporting
      .limits({ pids: 50, onUnsupported: 'warn' })
      .rlimits(process.getuid?.() === 0 ? { nproc: 200 } : {})
      .run('python3', ['-c', source], { timeout: TIMEOUT_MS });
    assert.equal(reason, 'timeout');
    assert.ok(new Set(violations.map(({ pid }) => pid)).size > 1);
  });

  test('by 20 threads that end: each answer is the profile’s, and all are counted', async () => {
    const { stdout, violations, degraded } = await attacked(reporting).run(PROGRAM, ['count', '20']);
    assert.equal(stdout, 'refused: 2000\n');
    assert.equal(violations.length, 1000);
    assert.deepEqual(degraded, ['violations: 1000 more refused calls are not listed']);
  });

  test('leaves the host its processors, when a thousand were told', async () => {
    const { child, told } = await flooding(reporting, 8);
    await until(() => told.length === 1000);
    await rests(child.pid);
    child.kill('SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
  });

  test('leaves them to the host where nobody listens any more as well', async () => {
    const { pid } = await askCaller<{ pid: number }>(
      `const box = new Container().mount(bind('${programDirectory()}', '/attack', { readonly: true }));
       const reporting = box.seccomp('default', { report: true });
       const child = reporting.spawn('${PROGRAM}', ['flood', '8'], { stdio: 'ignore', detached: true });
       child.once('spawn', () => {
         console.log(JSON.stringify({ pid: child.pid }));
         process.exit();
       });`,
    );
    try {
      await rests(pid);
    } finally {
      process.kill(pid, 'SIGKILL');
      await until(() => !lives(pid));
    }
  });

  test('waits for no Node that stands still, and what it does not hear in time it hears later', async () => {
    const { child, told } = await flooding(reporting, 8, { timeout: TIMEOUT_MS });
    const before = told.length;
    const clock = new Int32Array(new SharedArrayBuffer(4));
    const deadline = performance.now() + 60_000;
    // Nothing else happens in this Node until the flood is over.
    while (lives(child.pid) && performance.now() < deadline) Atomics.wait(clock, 0, 0, 10);
    assert.ok(!lives(child.pid));
    assert.equal(told.length, before);
    const { reason, violations } = await child.result;
    assert.equal(reason, 'timeout');
    assert.ok(violations.length > before);
    assert.deepEqual(violations, told);
  });
});

suite('pointers that lead nowhere', requires('gcc'), () => {
  test('are answered as any other, and say nothing', async () => {
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['swapon', 'connect'], action: 'SCMP_ACT_ERRNO', errno: 'EXDEV' }],
    };
    const { stdout, violations } = await attacked(reporting.seccomp(profile, { report: true })).run(PROGRAM, [
      'pointers',
    ]);
    const answers = verdicts(stdout);
    assert.equal(Object.keys(answers).length, 10);
    assert.deepEqual(new Set(Object.values(answers)), new Set(['EXDEV']));
    const told = violations.map(({ path, address }) => path ?? address);
    const none = undefined;
    // PROT_NONE keeps the program out, and no debugger. ptrace(2)
    const forbidden = 'x'.repeat(1024);
    const mapped = ['xxxxxxxx', forbidden] as const;
    assert.deepEqual(told.slice(0, 5), [none, none, none, none, mapped[0]]);
    assert.ok(told[5] === none || told[5] === mapped[1]);
    assert.deepEqual(told.slice(6), [none, 'name', none, none]);
  });

  test(
    'into a file whose server never answers: the answer comes all the same',
    requires('root', 'python3', 'fuse'),
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'fuse-'));
      const program = join(programDirectory(), 'refused');
      try {
        const told = await askCaller<{ stdout: string; degraded: string[]; paths: string[]; ms: number }>(
          `const box = new Container().namespaces([]).seccomp('default', { report: true });
         const began = performance.now();
         const { stdout, degraded, violations } =
           await box.run('${program}', ['mapped', '${directory}/file'], { timeout: 20_000 });
         const paths = violations.map(({ path }) => path ?? 'unknown');
         console.log(JSON.stringify({ stdout, degraded, paths, ms: performance.now() - began }));
         process.exit();`,
          { prefix: underFuse(directory) },
        );
        assert.equal(told.stdout, 'mapped: EPERM\nmapped: EPERM\nmapped: EPERM\nown: EPERM\n');
        // Once it was waited for: then nobody looks any more.
        assert.deepEqual(told.paths, ['unknown', 'unknown', 'unknown', 'unknown']);
        assert.ok(
          told.degraded.some((one) => /could not be read within a second/.test(one)),
          told.degraded.join(),
        );
      } finally {
        rmSync(directory, { recursive: true });
      }
    },
  );
});

suite('who watches', requires('gcc'), () => {
  test('is killed: the container ends, and what was told until then is listed', async () => {
    const { child, told } = await flooding(reporting, 4);
    await until(() => told.length > 0);
    process.kill(supervisorOf(child), 'SIGKILL');
    const { reason, violations } = await child.result;
    assert.equal(reason, 'signaled');
    assert.ok(violations.length > 0);
  });

  test('is stopped: calls wait, and are answered when it goes on', async () => {
    const { child, told } = await flooding(reporting, 4);
    const supervisor = supervisorOf(child);
    process.kill(supervisor, 'SIGSTOP');
    await sleep(100);
    process.kill(supervisor, 'SIGCONT');
    const before = told.length;
    await until(() => told.length > before || told.length === 1000);
    child.kill('SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
  });

  test('has a reader that nobody inside sees, and that ends with it', async () => {
    const { child, told } = await flooding(reporting, 1);
    const supervisor = supervisorOf(child);
    const readers = [...readProcesses().values()].filter(
      ({ pid, parent }) => parent === supervisor && nameOf(pid) === 'carrel-reader',
    );
    const [reader, ...others] = readers;
    assert.deepEqual(others, []);
    assert.ok(reader !== undefined);
    process.kill(reader.pid, 'SIGKILL');
    // Somebody has killed it: what follows is told without its paths.
    await until(() => told.length === 1000);
    child.kill('SIGKILL');
    const { violations, degraded } = await child.result;
    assert.deepEqual(violations, told);
    assert.ok(!degraded.some((one) => one.startsWith('processes')), degraded.join());
    const inside = await reporting.run('sh', ['-c', 'cat /proc/[0-9]*/comm']);
    assert.doesNotMatch(inside.stdout, /carrel-reader/);
  });
});
