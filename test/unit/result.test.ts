/** A result says how a command ended, why, and what it used. */

import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { COUNTERS, type Counter } from '#lib/plan/constants.js';
import type { MessageOf } from '#lib/plan/messages.js';
import { exitStatus, lostStatus, type Reason } from '#lib/running/result.js';

const { SIGKILL, SIGSEGV, SIGTERM } = constants.signals;
const CORE = 0x80;
const exited = (code: number): number => code << 8;

const UNTOLD = {
  peakMemoryBytes: undefined,
  peakPids: undefined,
  oomKills: undefined,
  throttledMs: undefined,
  readBytes: undefined,
  writtenBytes: undefined,
};

type Exited = MessageOf<'exited'>;

/** Some numbers, and the rest zeros. */
function notice(numbers: Partial<Exited>, counters: Partial<Record<Counter, number>> = {}): Exited {
  return {
    kind: 'exited',
    supervisor: 1,
    waitStatus: 0,
    ending: 'none',
    counted: 0,
    waited: 1,
    left: 'nobody',
    guessed: 0,
    unread: 0,
    violations: 0,
    wallNs: 0,
    userUs: 0,
    systemUs: 0,
    maxRssKb: 0,
    minorFaults: 0,
    majorFaults: 0,
    blocksIn: 0,
    blocksOut: 0,
    voluntarySwitches: 0,
    involuntarySwitches: 0,
    ...numbers,
    counters: {
      memoryPeak: 0,
      oomKills: 0,
      cpu: 0,
      cpuUser: 0,
      cpuSystem: 0,
      throttled: 0,
      pidsPeak: 0,
      ioRead: 0,
      ioWritten: 0,
      ...counters,
    },
  };
}

describe('a wait status', () => {
  for (const code of [0, 1, 2, 125, 127, 128, 255]) {
    test(`exit code ${code}`, () => {
      const status = exitStatus(notice({ waitStatus: exited(code) }), undefined);
      assert.equal(status.exitCode, code);
      assert.equal(status.signal, null);
      assert.equal(status.ok, code === 0);
      assert.equal(status.reason, 'exited');
    });
  }

  for (const [name, number] of Object.entries(constants.signals).filter(([, signal]) => signal <= 31)) {
    // Linux has two names for some.
    const names = Object.entries(constants.signals).filter(([, signal]) => signal === number);
    if (names[0]?.[0] !== name) continue;
    test(`ended by ${name}`, () => {
      const status = exitStatus(notice({ waitStatus: number }), undefined);
      assert.equal(status.signal, name);
      assert.equal(status.exitCode, null);
      assert.equal(status.ok, false);
      assert.equal(status.reason, 'signaled');
    });
  }

  test('a core dump is no other signal', () => {
    const status = exitStatus(notice({ waitStatus: SIGSEGV | CORE }), undefined);
    assert.equal(status.signal, 'SIGSEGV');
    assert.equal(status.exitCode, null);
  });
});

describe('the reason', () => {
  const asked: readonly Reason[] = ['aborted', 'killed', 'output-limit', 'timeout'];

  for (const reason of asked) {
    test(`${reason}, where carrel asked for the end and a signal came`, () => {
      assert.equal(exitStatus(notice({ waitStatus: SIGKILL }), reason).reason, reason);
    });

    test(`exited, where ${reason} came too late`, () => {
      const status = exitStatus(notice({ waitStatus: exited(3) }), reason);
      assert.equal(status.reason, 'exited');
      assert.equal(status.exitCode, 3);
    });
  }

  test('timeout, where the supervisor says so, also when the command caught the signal', () => {
    for (const waitStatus of [SIGTERM, SIGKILL, exited(0), exited(1)]) {
      assert.equal(exitStatus(notice({ waitStatus, ending: 'timeout' }), undefined).reason, 'timeout');
      assert.equal(exitStatus(notice({ waitStatus, ending: 'timeout' }), 'killed').reason, 'timeout');
    }
  });

  test('cpu-timeout, where the supervisor says so', () => {
    const ended = notice({ waitStatus: SIGKILL, ending: 'cpuTimeout' });
    assert.equal(exitStatus(ended, undefined).reason, 'cpu-timeout');
  });

  test('oom by the kernel’s counter, unless the command ended well or carrel ended it', () => {
    const oom = { counted: COUNTERS.oomKills, kills: 1 };
    const reasonOf = ({ kills = 0, ...numbers }: Partial<Exited> & { kills?: number }, why?: Reason): Reason =>
      exitStatus(notice(numbers, { oomKills: kills }), why).reason;
    assert.equal(reasonOf({ ...oom, waitStatus: SIGKILL }), 'oom');
    assert.equal(reasonOf({ ...oom, waitStatus: SIGKILL, ending: 'oom' }), 'oom');
    assert.equal(reasonOf({ ...oom, waitStatus: exited(137) }), 'oom');
    assert.equal(reasonOf({ ...oom, waitStatus: exited(0), ending: 'oom' }), 'oom', 'it was faster than its end');
    assert.equal(reasonOf({ ...oom, waitStatus: exited(0) }), 'exited', 'where the kill ends nothing else');
    assert.equal(reasonOf({ ...oom, waitStatus: SIGKILL }, 'killed'), 'killed');
    assert.equal(reasonOf({ ...oom, waitStatus: SIGKILL, ending: 'timeout' }), 'timeout');
    assert.equal(reasonOf({ counted: COUNTERS.oomKills, waitStatus: SIGKILL }), 'signaled');
    assert.equal(reasonOf({ counted: COUNTERS.oomKills, waitStatus: exited(137) }), 'exited');
    assert.equal(reasonOf({ kills: 1, waitStatus: SIGKILL }), 'signaled', 'not counted');
  });

  test('signaled, where the supervisor sent no signal of its own', () => {
    assert.equal(exitStatus(notice({ waitStatus: SIGTERM, ending: 'none' }), undefined).reason, 'signaled');
  });
});

describe('usage', () => {
  test('has the units that its names say', () => {
    const { usage } = exitStatus(
      notice({
        wallNs: 2_500_000,
        userUs: 1_500,
        systemUs: 250,
        maxRssKb: 3,
        minorFaults: 4,
        majorFaults: 5,
        blocksIn: 6,
        blocksOut: 7,
        voluntarySwitches: 8,
        involuntarySwitches: 9,
      }),
      undefined,
    );
    assert.deepEqual(usage, {
      wallMs: 2.5,
      cpuMs: 1.75,
      userMs: 1.5,
      systemMs: 0.25,
      maxRssBytes: 3072,
      minorFaults: 4,
      majorFaults: 5,
      blocksIn: 6,
      blocksOut: 7,
      voluntarySwitches: 8,
      involuntarySwitches: 9,
      ...UNTOLD,
    });
  });

  test('what the cgroups have counted counts more than what wait4 says, and adds to it', () => {
    const counters = { memoryPeak: 4096, oomKills: 1, cpu: 3_000, cpuUser: 100, cpuSystem: 300, throttled: 250 };
    const others = { pidsPeak: 5, ioRead: 6, ioWritten: 7 };
    const { usage } = exitStatus(
      notice({ counted: 0x1ff, userUs: 9, systemUs: 9 }, { ...counters, ...others }),
      undefined,
    );
    assert.deepEqual([usage.cpuMs, usage.userMs, usage.systemMs], [3, 0.75, 2.25]);
    assert.deepEqual([usage.peakMemoryBytes, usage.oomKills, usage.throttledMs], [4096, 1, 0.25]);
    assert.deepEqual([usage.peakPids, usage.readBytes, usage.writtenBytes], [5, 6, 7]);
  });

  test('what was not counted is not told, whatever stands there', () => {
    const { usage } = exitStatus(notice({ counted: COUNTERS.pidsPeak }, { memoryPeak: 1, pidsPeak: 2 }), undefined);
    assert.deepEqual([usage.peakMemoryBytes, usage.peakPids], [undefined, 2]);
  });

  test('what wait4 has not told is undefined and listed, whatever stands there', () => {
    const counters = { cpu: 3_000, cpuUser: 100, cpuSystem: 300 };
    const lost = { waited: 0, maxRssKb: 3, minorFaults: 4, userUs: 5, blocksIn: 6, voluntarySwitches: 7 };
    const { usage, degraded } = exitStatus(notice({ ...lost, wallNs: 1e6 }), undefined, {
      degraded: ['limits.swap: none'],
    });
    const { wallMs, ...rest } = usage;
    assert.deepEqual([wallMs, new Set(Object.values(rest))], [1, new Set([undefined])]);
    assert.equal(degraded[0], 'limits.swap: none');
    assert.match(degraded[1] ?? '', /^usage\.\{maxRssBytes, .*was killed before it had reaped all others$/);
    const counted = exitStatus(notice({ ...lost, counted: 0x1ff }, counters), undefined).usage;
    assert.deepEqual([counted.cpuMs, counted.userMs, counted.maxRssBytes], [3, 0.75, undefined]);
  });

  test('is frozen, as the status around it', () => {
    const status = exitStatus(notice({}), undefined);
    assert.ok(Object.isFrozen(status) && Object.isFrozen(status.usage));
  });
});

test('a command whose supervisor was killed ended by SIGKILL, with nothing counted', () => {
  const status = lostStatus(1500, { degraded: ['limits.swap: none'] });
  assert.deepEqual([status.ok, status.exitCode, status.signal, status.reason], [false, null, 'SIGKILL', 'signaled']);
  const { wallMs, ...rest } = status.usage;
  assert.deepEqual([wallMs, new Set(Object.values(rest))], [1500, new Set([undefined])]);
  assert.deepEqual(status.degraded, [
    'limits.swap: none',
    'usage, but for wallMs: the supervisor was killed, and nobody has counted',
  ]);
});
