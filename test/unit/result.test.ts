import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { decodeFrame, type Frame } from '#lib/launch/channel.js';
import { ENDINGS, FRAME_SIZE } from '#lib/plan/wire.js';
import { exitStatus, lostStatus, type Reason } from '#lib/result.js';

const { SIGKILL, SIGSEGV, SIGTERM } = constants.signals;
const CORE = 0x80;
const exited = (code: number): number => code << 8;

/** A frame of zeros with some numbers in it. */
function frame(numbers: Partial<Frame>): Frame {
  return { ...decodeFrame(Buffer.alloc(FRAME_SIZE)), ...numbers };
}

describe('a wait status', () => {
  for (const code of [0, 1, 2, 125, 127, 128, 255]) {
    test(`exit code ${code}`, () => {
      const status = exitStatus(frame({ waitStatus: exited(code) }), undefined);
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
      const status = exitStatus(frame({ waitStatus: number }), undefined);
      assert.equal(status.signal, name);
      assert.equal(status.exitCode, null);
      assert.equal(status.ok, false);
      assert.equal(status.reason, 'signaled');
    });
  }

  test('a core dump is no other signal', () => {
    const status = exitStatus(frame({ waitStatus: SIGSEGV | CORE }), undefined);
    assert.equal(status.signal, 'SIGSEGV');
    assert.equal(status.exitCode, null);
  });
});

describe('the reason', () => {
  const asked: readonly Reason[] = ['aborted', 'killed', 'output-limit', 'timeout'];

  for (const reason of asked) {
    test(`${reason}, where carrel asked for the end and a signal came`, () => {
      assert.equal(exitStatus(frame({ waitStatus: SIGKILL }), reason).reason, reason);
    });

    test(`exited, where ${reason} came too late`, () => {
      const status = exitStatus(frame({ waitStatus: exited(3) }), reason);
      assert.equal(status.reason, 'exited');
      assert.equal(status.exitCode, 3);
    });
  }

  test('timeout, where the supervisor says so, also when the command caught the signal', () => {
    for (const waitStatus of [SIGTERM, SIGKILL, exited(0), exited(1)]) {
      assert.equal(exitStatus(frame({ waitStatus, ending: ENDINGS.timeout }), undefined).reason, 'timeout');
      assert.equal(exitStatus(frame({ waitStatus, ending: ENDINGS.timeout }), 'killed').reason, 'timeout');
    }
  });

  test('signaled, where the supervisor sent no signal of its own', () => {
    assert.equal(exitStatus(frame({ waitStatus: SIGTERM, ending: ENDINGS.none }), undefined).reason, 'signaled');
  });
});

describe('usage', () => {
  test('has the units that its names say', () => {
    const { usage } = exitStatus(
      frame({
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
      userMs: 1.5,
      systemMs: 0.25,
      maxRssBytes: 3072,
      minorFaults: 4,
      majorFaults: 5,
      blocksIn: 6,
      blocksOut: 7,
      voluntarySwitches: 8,
      involuntarySwitches: 9,
    });
  });

  test('is frozen, as the status around it', () => {
    const status = exitStatus(frame({}), undefined);
    assert.ok(Object.isFrozen(status) && Object.isFrozen(status.usage));
  });
});

test('a command whose supervisor was killed ended by SIGKILL, with nothing counted', () => {
  const status = lostStatus();
  assert.deepEqual([status.ok, status.exitCode, status.signal, status.reason], [false, null, 'SIGKILL', 'signaled']);
  assert.deepEqual(new Set(Object.values(status.usage)), new Set([0]));
});
