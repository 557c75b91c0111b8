/** What a container has used is told right however it ended, and what is not known is said to be unknown. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess, type ExitStatus } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { ancestors } from '../support/processes.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().limits({ onUnsupported: 'warn' }).run('true') });

const box = new Container();
const MIB = 1024 * 1024;
/** A shell's own CPU time is told by ticks, `times` of sh(1). */
const TICK_MS = 10;

/** Works for a while, and says what that has taken: minutes and seconds, in user mode and in the kernel. */
const WORK = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; times';
/** Takes memory, says so, and waits. */
const HOG = `const all = Buffer.alloc(${100 * MIB}, 1); console.log(all.length); setTimeout(() => {}, 1e9);`;

function workedMs(times: string): number {
  const [, ...numbers] = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s/.exec(times) ?? [];
  const [userMin = 0, user = 0, systemMin = 0, system = 0] = numbers.map(Number);
  return ((userMin + systemMin) * 60 + user + system) * 1000;
}

/** Reads until it has said something. */
async function heard(child: ContainerProcess): Promise<string> {
  for await (const chunk of child.stdout?.iterator({ destroyOnReturn: false }) ?? []) return String(chunk);
  throw new Error('it said nothing');
}

/** Has a script work, and ends it by `end`. Gives what it has said of its work, and how it ended. */
async function work(container: Container, script: string, end: (child: ContainerProcess) => void) {
  const child = container.spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const knownMs = workedMs(await heard(child));
  end(child);
  const status = await child.result;
  return { knownMs, status };
}

function assertCounted({ usage, degraded }: ExitStatus, knownMs: number): void {
  assert.ok(knownMs > 2 * TICK_MS, `it worked for ${knownMs} ms`);
  const { cpuMs = Number.NaN, userMs = Number.NaN, systemMs = Number.NaN } = usage;
  assert.ok(cpuMs >= knownMs - 2 * TICK_MS, `${cpuMs} of ${knownMs} ms`);
  assert.ok(Math.abs(userMs + systemMs - cpuMs) < 0.01);
  assert.ok((usage.maxRssBytes ?? 0) > 4096 && (usage.minorFaults ?? 0) > 0);
  assert.deepEqual(degraded, []);
}

/** Each with the command as a child of init, and as the first process itself. */
const KINDS = [
  ['with init', box],
  ['init(false)', box.init(false)],
] as const;

for (const [name, container] of KINDS) {
  suite(`what a command has used, ${name}`, () => {
    test('that was killed', async () => {
      const { status, knownMs } = await work(container, `${WORK}; sleep 9999`, (child) => child.kill('SIGKILL'));
      assert.deepEqual([status.reason, status.signal], ['killed', 'SIGKILL']);
      assertCounted(status, knownMs);
    });

    test('whose time was up', async () => {
      for (let timeout = 1000, cut = true; cut; timeout *= 4) {
        const { stdout, ...status } = await container.run('sh', ['-c', `${WORK}; sleep 9999`], { timeout });
        assert.deepEqual([status.reason, status.signal], ['timeout', 'SIGKILL']);
        cut = stdout === '';
        if (!cut) assertCounted(status, workedMs(stdout));
      }
    });

    test('that has taken memory, and was killed', async () => {
      const child = container.spawn(process.execPath, ['-e', HOG], { stdio: ['pipe', 'pipe', 'inherit'] });
      await heard(child);
      child.kill('SIGKILL');
      const { usage } = await child.result;
      assert.ok((usage.maxRssBytes ?? 0) >= 100 * MIB, `${usage.maxRssBytes}`);
    });
  });
}

suite('what processes have used that nobody has waited for', () => {
  // Of both, the first process is over, or ended, while the other is there.
  const script = `(${WORK}; sleep 9999) &`;

  test('with init: the command was killed, or has ended by itself', async () => {
    const killed = await work(box, `${script} sleep 9999`, (child) => child.kill('SIGKILL'));
    assert.equal(killed.status.reason, 'killed');
    assertCounted(killed.status, killed.knownMs);
    const ended = await work(box, `${script} read line; exit 3`, (child) => child.stdin?.end('\n'));
    assert.deepEqual([ended.status.reason, ended.status.exitCode], ['exited', 3]);
    assertCounted(ended.status, ended.knownMs);
  });

  test('without a pid namespace: the supervisor has reaped them', async () => {
    const namespaces = ['user', 'mount', 'ipc', 'uts'] as const;
    const { status, knownMs } = await work(box.proc('none').namespaces(namespaces), `${script} sleep 9999`, (child) =>
      child.kill('SIGKILL'),
    );
    assert.equal(status.reason, 'killed');
    assertCounted(status, knownMs);
  });
});

suite('with limits()', requires('cgroups'), () => {
  test('the maximum resident set of a command that was killed', async () => {
    const child = box.limits({}).spawn(process.execPath, ['-e', HOG], { stdio: ['pipe', 'pipe', 'inherit'] });
    await heard(child);
    child.kill('SIGKILL');
    const { usage } = await child.result;
    assert.ok((usage.maxRssBytes ?? 0) >= 100 * MIB, `${usage.maxRssBytes}`);
    assert.ok((usage.peakMemoryBytes ?? 0) >= 100 * MIB, `${usage.peakMemoryBytes}`);
  });

  test('that of one that the kernel has killed for its memory', async () => {
    const { reason, usage } = await box
      .limits({ memory: '64m' })
      .run('sh', ['-c', 'head -c 200m /dev/zero | tail -c 200m | wc -c; exit 1'], { timeout: 60_000 });
    assert.equal(reason, 'oom');
    assert.ok((usage.maxRssBytes ?? 0) >= 32 * MIB, `${usage.maxRssBytes}`);
  });
});

suite('what is not known', () => {
  /** The first process of the container, as the host numbers it. */
  const initOf = (child: ContainerProcess): number => ancestors(child.pid ?? 0)[1] ?? 0;

  function assertUnknown({ usage, degraded }: ExitStatus): void {
    const { wallMs, ...rest } = usage;
    assert.ok(wallMs > 0);
    assert.deepEqual(new Set(Object.values(rest)), new Set([undefined]));
    assert.deepEqual(degraded.length, 1);
    assert.match(degraded[0] ?? '', /was killed before it had reaped all others$/);
  }

  test('is undefined, and listed, where somebody has killed init', async () => {
    const { status } = await work(box, `${WORK}; sleep 9999`, (child) => process.kill(initOf(child), 'SIGKILL'));
    assert.deepEqual([status.reason, status.signal], ['signaled', 'SIGKILL']);
    assertUnknown(status);
  });

  test('an init that somebody has stopped holds no end up', async () => {
    const { status } = await work(box, `${WORK}; sleep 9999`, (child) => {
      process.kill(initOf(child), 'SIGSTOP');
      child.kill('SIGKILL');
    });
    assert.deepEqual([status.reason, status.signal], ['killed', 'SIGKILL']);
    assertUnknown(status);
  });
});
