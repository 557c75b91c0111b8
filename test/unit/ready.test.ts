/** Conditions of readiness are checked, tried gently, and end with the container, the time, or the caller's signal. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StepError } from '#lib/errors/errors.js';
import { ReadyError } from '#lib/index.js';
import type { Looks } from '#lib/running/attempts.js';
import { Log } from '#lib/running/log.js';
import { whenReady } from '#lib/running/readiness.js';
import { type Condition, checkReady } from '#lib/running/ready.js';
import { type ExitStatus, lostStatus } from '#lib/running/result.js';
import { errorOf } from '../support/errors.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

describe('checks', () => {
  test('one condition, or a list', () => {
    const call = (): void => {};
    for (const [value, conditions] of [
      [{ line: 'x' }, [{ kind: 'line', line: 'x', times: 1 }]],
      [{ line: /x/, times: 2 }, [{ kind: 'line', line: /x/, times: 2 }]],
      [{ line: 'x', command: undefined }, [{ kind: 'line', line: 'x', times: 1 }]],
      [{ command: ['a', '', 'b c'] }, [{ kind: 'command', file: 'a', args: ['', 'b c'] }]],
      [call, [{ kind: 'call', call }]],
      [
        [{ line: 'x' }, call],
        [
          { kind: 'line', line: 'x', times: 1 },
          { kind: 'call', call },
        ],
      ],
      [[], []],
    ] as const)
      assert.deepEqual(checkReady('ready', value, true), conditions);
  });

  test('what is wrong is named', () => {
    for (const [value, code, message] of [
      [undefined, TYPE, /^ready must be/],
      [null, TYPE, /^ready must be/],
      ['ready', TYPE, /^ready must be/],
      [/ready/, TYPE, /^ready must be/],
      [5432, TYPE, /^ready must be/],
      [[5432], TYPE, /^ready\[0\] must be/],
      [[[{ line: 'x' }]], TYPE, /^ready\[0\] must be/],
      [{}, VALUE, /^ready must be exactly one of line, command/],
      [{ command: ['x'], line: 'x' }, VALUE, /^ready must be exactly one of/],
      [{ lien: 1 }, VALUE, /^ready has no option "lien". Did you mean "line"/],
      [{ healthcheck: true }, VALUE, /^ready has no option "healthcheck"/],
      [{ command: ['x'], times: 2 }, VALUE, /^ready\.times/],
      [{ line: '' }, VALUE, /^ready\.line/],
      [{ line: 'a\nb' }, VALUE, /^ready\.line/],
      [{ line: 1 }, TYPE, /^ready\.line/],
      [{ line: 'x', times: 0 }, RANGE, /^ready\.times/],
      [{ command: 'true' }, TYPE, /^ready\.command/],
      [{ command: [] }, VALUE, /^ready\.command/],
      [{ command: ['', 'a'] }, VALUE, /^ready\.command/],
      [{ command: ['a', 1] }, TYPE, /^ready\.command\[1\]/],
    ] as const) {
      const error = errorOf(() => checkReady('ready', value, true));
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
    }
  });

  test('a line needs a log', () => {
    const error = errorOf(() => checkReady('ready', [{ command: ['x'] }, { line: 'x' }], false));
    assert.equal(error.code, VALUE);
    assert.match(error.message, /^ready: a line .*stdio: "log"/);
  });
});

const never = new Promise<never>(() => {});
const ok = { ok: true, exitCode: 0, signal: null, reason: 'exited', stdout: '', stderr: '' } as const;

/** A container in which nothing is ready, but for what a test says. */
function waitingWith(looks: Partial<Looks<string>>, ended: Promise<ExitStatus> = never) {
  const log = new Log(100_000);
  const all: Looks<string> = {
    container: 'box',
    log,
    run: async () => ({ ...ok, ok: false, exitCode: 3, stderr: 'why\n' }),
    ...looks,
  };
  return { command: ['server', '-x'], ended, looks: all };
}

async function unready(
  conditions: readonly Condition<string>[],
  waiting: ReturnType<typeof waitingWith>,
  timeoutMs = 60_000,
): Promise<ReadyError<ExitStatus>> {
  const error = await whenReady(conditions, waiting, { timeoutMs }).then(
    () => assert.fail('it became ready'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof ReadyError, String(error));
  assert.equal(error.code, 'ERR_NOT_READY');
  return error as ReadyError<ExitStatus>;
}

const conditionsOf = (value: unknown): readonly Condition<string>[] => checkReady<string>('ready', value, true);

describe('conditions', () => {
  test('each is tried until it is met', async () => {
    let tries = 0;
    const run: Looks<string>['run'] = async (file, args) => {
      assert.deepEqual([file, args], ['pg_isready', ['-q']]);
      return { ...ok, ok: ++tries === 4 };
    };
    await whenReady(conditionsOf({ command: ['pg_isready', '-q'] }), waitingWith({ run }), { timeoutMs: 60_000 });
    assert.equal(tries, 4);
  });

  test('none are met at once', () => whenReady([], waitingWith({}), { timeoutMs: 60_000 }));

  test('a line that came before counts, and one that comes at the end', async () => {
    const waiting = waitingWith({});
    const { log = assert.fail() } = waiting.looks;
    log.append('stderr', Buffer.from('ready\n'));
    await whenReady(conditionsOf({ line: /^ready$/ }), waiting, { timeoutMs: 60_000 });
    const second = whenReady(conditionsOf({ line: /^ready$/, times: 2 }), waiting, { timeoutMs: 60_000 });
    log.append('stdout', Buffer.from('ready'));
    log.end();
    await second;
  });

  test('a function gets the container and a signal, and is called once', async () => {
    const calls: unknown[] = [];
    const call = async (box: string, signal: AbortSignal): Promise<number> => {
      calls.push(box, signal.aborted);
      return 0;
    };
    await whenReady(conditionsOf(call), waitingWith({}), { timeoutMs: 60_000 });
    assert.deepEqual(calls, ['box', false]);
  });

  test('a function that rejects, or throws, fails it; others are stopped', async () => {
    const cause = new Error('no schema');
    let given: AbortSignal | undefined;
    const other = (_: string, signal: AbortSignal): Promise<void> => {
      given = signal;
      return never;
    };
    for (const call of [
      async () => {
        throw cause;
      },
      () => {
        throw cause;
      },
    ]) {
      const error = await unready(conditionsOf([{ command: ['x'] }, other, call]), waitingWith({}));
      assert.deepEqual([error.reason, error.cause, error.result], ['failed', cause, undefined]);
      assert.equal(error.message, 'server -x: a condition of its readiness failed: no schema');
      assert.equal(given?.aborted, true);
    }
  });

  test('a command that cannot be executed fails it at once, one that is short of something does not', async () => {
    let tries = 0;
    const step = { op: 'exec', args: ['pg_isready'], from: 'command' };
    const refused = Object.assign(Object.create(StepError.prototype) as StepError, {
      code: 'ENOENT',
      step,
      message: 'exec: no such file',
    });
    const waiting = waitingWith({
      run: async () => {
        tries += 1;
        throw tries === 1 ? Object.assign(new Error('clone'), { code: 'EAGAIN' }) : refused;
      },
    });
    const error = await unready(conditionsOf({ command: ['pg_isready'] }), waiting);
    assert.deepEqual([error.reason, error.cause, tries], ['failed', refused, 2]);
  });
});

describe('what keeps it from being ready', () => {
  test('the time: what is waited for is said, with what is known', async () => {
    const waiting = waitingWith({});
    waiting.looks.log?.append('stdout', Buffer.from(`${'x\n'.repeat(50)}last \u001b[31mred\r\n`));
    const ready = [{ line: 'Ready', times: 2 }, { command: ['ping', '-c'] }];
    const error = await unready(conditionsOf(ready), waiting, 100);
    assert.deepEqual([error.reason, error.result, error.cause], ['timeout', undefined, undefined]);
    const lines = error.message.split('\n');
    assert.equal(
      lines[0],
      'server -x: not ready after 100 ms, waiting for a line with "Ready" (0 of 2), ' +
        'and for the command ping -c (exit code 3: why)',
    );
    assert.deepEqual([lines.length, lines.at(-1)], [11, 'last \ufffd[31mred']);
    assert.ok(error.output.endsWith('\u001b[31mred\r\n'));
  });

  test('its output has ended and it goes on: what ends the wait is told', async () => {
    const waiting = waitingWith({});
    waiting.looks.log?.end();
    assert.equal((await unready(conditionsOf({ line: 'ready' }), waiting, 50)).reason, 'timeout');
  });

  test('its end: with how it ended, and all that it has written', async () => {
    const status: ExitStatus = { ...lostStatus(1), exitCode: 1, signal: null, reason: 'exited' };
    let end: (status: ExitStatus) => void = () => {};
    const ended = new Promise<ExitStatus>((resolve) => {
      end = resolve;
    });
    const waiting = waitingWith({}, ended);
    const error = unready(conditionsOf([{ command: ['x'] }, { line: 'ready' }]), waiting);
    end(status);
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.looks.log?.append('stderr', Buffer.from('bad option\n'));
    waiting.looks.log?.end();
    const { reason, result, message, output } = await error;
    assert.deepEqual([reason, result, output], ['ended', status, 'bad option\n']);
    assert.match(message, /^server -x: ended before it was ready \(exit code 1\), waiting for the command x/);
    assert.match(message, /\nbad option$/);
  });

  test('it has ended, but the line was there: it was ready', async () => {
    const waiting = waitingWith({}, Promise.resolve(lostStatus(1)));
    setTimeout(() => {
      waiting.looks.log?.append('stdout', Buffer.from('ready'));
      waiting.looks.log?.end();
    }, 20);
    await whenReady(conditionsOf({ line: 'ready' }), waiting, { timeoutMs: 60_000 });
  });

  test('the caller’s signal: its reason, once attempts are over', async () => {
    const controller = new AbortController();
    let isOver = false;
    const run: Looks<string>['run'] = (_file, _args, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () =>
          setTimeout(() => {
            isOver = true;
            reject(signal.reason as Error);
          }, 30),
        );
      });
    const reason = new Error('enough');
    const waiting = whenReady(conditionsOf([{ command: ['x'] }, { line: 'y' }]), waitingWith({ run }), {
      timeoutMs: 0,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(reason), 20);
    await assert.rejects(waiting, (error) => error === reason);
    assert.equal(isOver, true);
    const { signal } = controller;
    await assert.rejects(whenReady([], waitingWith({}), { timeoutMs: 0, signal }), (error) => error === reason);
  });

  test('attempts become rarer, and few are made', async () => {
    let tries = 0;
    const run: Looks<string>['run'] = async () => {
      tries += 1;
      return { ...ok, ok: false };
    };
    await unready(conditionsOf({ command: ['x'] }), waitingWith({ run }), 1000);
    assert.ok(tries >= 2 && tries <= 20, String(tries));
  });

  test('the output is text from its first whole character on', async () => {
    const waiting = waitingWith({});
    waiting.looks.log?.append('stdout', Buffer.from(`${'a'.repeat(10)}€${'b'.repeat(65_534)}`));
    const { output } = await unready(conditionsOf({ command: ['x'] }), waiting, 20);
    assert.equal(output, 'b'.repeat(65_534));
  });
});
