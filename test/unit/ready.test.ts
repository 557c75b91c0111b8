/** Conditions of readiness are checked, tried gently, and end with the container, the time, or the caller's signal. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
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
      [{ port: 80 }, [{ kind: 'port', port: 80 }]],
      [{ line: 'x' }, [{ kind: 'line', line: 'x', times: 1 }]],
      [{ line: /x/, times: 2 }, [{ kind: 'line', line: /x/, times: 2 }]],
      [{ file: '/x' }, [{ kind: 'file', path: '/x' }]],
      [{ file: 'x', port: undefined }, [{ kind: 'file', path: 'x' }]],
      [{ http: { port: 1 } }, [{ kind: 'http', port: 1, path: '/', status: undefined }]],
      [
        { http: { port: 1, path: '/a?b=%20', status: 503 } },
        [{ kind: 'http', port: 1, path: '/a?b=%20', status: 503 }],
      ],
      [{ command: ['a', '', 'b c'] }, [{ kind: 'command', file: 'a', args: ['', 'b c'] }]],
      [call, [{ kind: 'call', call }]],
      [
        [{ port: 1 }, call],
        [
          { kind: 'port', port: 1 },
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
      [[[{ port: 1 }]], TYPE, /^ready\[0\] must be/],
      [{}, VALUE, /^ready must be exactly one of port, line/],
      [{ port: 1, line: 'x' }, VALUE, /^ready must be exactly one of/],
      [{ prot: 1 }, VALUE, /^ready has no option "prot". Did you mean "port"/],
      [{ healthcheck: true }, VALUE, /^ready has no option "healthcheck"/],
      [{ port: 0 }, RANGE, /^ready\.port/],
      [{ port: '80' }, TYPE, /^ready\.port/],
      [{ port: 1, times: 2 }, VALUE, /^ready\.times/],
      [{ line: '' }, VALUE, /^ready\.line/],
      [{ line: 'a\nb' }, VALUE, /^ready\.line/],
      [{ line: 1 }, TYPE, /^ready\.line/],
      [{ line: 'x', times: 0 }, RANGE, /^ready\.times/],
      [{ file: '' }, VALUE, /^ready\.file/],
      [{ file: 'a\0' }, VALUE, /^ready\.file/],
      [{ http: 80 }, TYPE, /^ready\.http/],
      [{ http: {} }, TYPE, /^ready\.http\.port/],
      [{ http: { port: 1, url: '/' } }, VALUE, /^ready\.http has no option "url"/],
      [{ http: { port: 1, path: 'a' } }, VALUE, /^ready\.http\.path/],
      [{ http: { port: 1, path: '/a b' } }, VALUE, /^ready\.http\.path/],
      [{ http: { port: 1, status: 99 } }, RANGE, /^ready\.http\.status/],
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
    const error = errorOf(() => checkReady('ready', [{ port: 1 }, { line: 'x' }], false));
    assert.equal(error.code, VALUE);
    assert.match(error.message, /^ready: a line .*stdio: "log"/);
  });
});

const never = new Promise<never>(() => {});
const ok = { ok: true, exitCode: 0, signal: null, reason: 'exited', stdout: '', stderr: '' } as const;

/** A container in which nothing is ready, but for what a test says. */
function waitingWith(looks: Partial<Looks<string>>, ended: Promise<ExitStatus> = never) {
  const refuse = async (): Promise<never> => {
    throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
  };
  const log = new Log(100_000);
  const all: Looks<string> = {
    container: 'box',
    log,
    connect: refuse,
    exists: async () => false,
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
    const tries = { connect: 0, exists: 0, run: 0 };
    const closed: string[] = [];
    const waiting = waitingWith({
      connect: async () => {
        if (++tries.connect < 4) throw new Error('not yet');
        return { destroy: () => closed.push('socket') } as unknown as Socket;
      },
      exists: async (path) => path === '/there' && ++tries.exists === 3,
      run: async (file, args) => {
        assert.deepEqual([file, args], ['pg_isready', ['-q']]);
        return { ...ok, ok: ++tries.run === 2 };
      },
    });
    const ready = [{ port: 1 }, { file: '/there' }, { command: ['pg_isready', '-q'] }];
    await whenReady(conditionsOf(ready), waiting, { timeoutMs: 60_000 });
    assert.deepEqual(tries, { connect: 4, exists: 3, run: 2 });
    assert.deepEqual(closed, ['socket']);
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
      const error = await unready(conditionsOf([{ port: 1 }, other, call]), waitingWith({}));
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

  test('http: by the status', async () => {
    const statuses = [500, 404, 302];
    const urls: (string | undefined)[] = [];
    const server = createServer((asked, answer) => {
      urls.push(asked.url, asked.headers.host);
      answer.writeHead(statuses.shift() ?? 418).end('x'.repeat(1_000_000));
    });
    await listening(server, async (port) => {
      const looks = { connect: () => connected(port) };
      await whenReady(conditionsOf({ http: { port: 80, path: '/a?b' } }), waitingWith(looks), { timeoutMs: 60_000 });
      assert.deepEqual(urls, Array(3).fill(['/a?b', 'localhost:80']).flat());
      const teapot = conditionsOf({ http: { port: 80, status: 418 } });
      await whenReady(teapot, waitingWith(looks), { timeoutMs: 60_000 });
      const error = await unready(conditionsOf({ http: { port: 80 } }), waitingWith(looks), 200);
      assert.match(error.message, /waiting for http port 80 \/ \(status 418\)$/);
    });
  });

  test('http: what is no HTTP, or says nothing, is not ready', async () => {
    const { createServer: createPlain } = await import('node:net');
    for (const act of [
      (socket: Socket) => socket.end('hello\r\n\r\n'),
      (socket: Socket) => socket.destroy(),
      () => {},
    ]) {
      const sockets = new Set<Socket>();
      const server = createPlain((socket) => {
        sockets.add(socket);
        socket.on('error', () => {}).on('close', () => sockets.delete(socket));
        act(socket);
      });
      await listening(server as unknown as Server, async (port) => {
        const waiting = waitingWith({ connect: () => connected(port) });
        const error = await unready(conditionsOf({ http: { port: 80 } }), waiting, 100);
        assert.equal(error.reason, 'timeout');
      });
    }
  });
});

describe('what keeps it from being ready', () => {
  test('the time: what is waited for is said, with what is known', async () => {
    const waiting = waitingWith({});
    waiting.looks.log?.append('stdout', Buffer.from(`${'x\n'.repeat(50)}last \u001b[31mred\r\n`));
    const ready = [{ port: 6379 }, { line: 'Ready', times: 2 }, { file: '/run/x' }, { command: ['ping', '-c'] }];
    const error = await unready(conditionsOf(ready), waiting, 100);
    assert.deepEqual([error.reason, error.result, error.cause], ['timeout', undefined, undefined]);
    const lines = error.message.split('\n');
    assert.equal(
      lines[0],
      'server -x: not ready after 100 ms, waiting for port 6379 (ECONNREFUSED), and for a line with "Ready" ' +
        '(0 of 2), and for the file /run/x (it does not exist), and for the command ping -c (exit code 3: why)',
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
    const error = unready(conditionsOf([{ port: 1 }, { line: 'ready' }]), waiting);
    end(status);
    await new Promise((resolve) => setTimeout(resolve, 20));
    waiting.looks.log?.append('stderr', Buffer.from('bad option\n'));
    waiting.looks.log?.end();
    const { reason, result, message, output } = await error;
    assert.deepEqual([reason, result, output], ['ended', status, 'bad option\n']);
    assert.match(message, /^server -x: ended before it was ready \(exit code 1\), waiting for port 1/);
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
    const exists = async (): Promise<boolean> => {
      tries += 1;
      return false;
    };
    await unready(conditionsOf({ file: '/x' }), waitingWith({ exists }), 1000);
    assert.ok(tries >= 2 && tries <= 20, String(tries));
  });

  test('the output is text from its first whole character on', async () => {
    const waiting = waitingWith({});
    waiting.looks.log?.append('stdout', Buffer.from(`${'a'.repeat(10)}€${'b'.repeat(65_534)}`));
    const { output } = await unready(conditionsOf({ port: 1 }), waiting, 20);
    assert.equal(output, 'b'.repeat(65_534));
  });
});

async function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

async function listening(server: Server, act: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await act((server.address() as AddressInfo).port);
  } finally {
    server.close();
  }
}
