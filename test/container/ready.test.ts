/** A container is ready by its conditions, with real servers; and nothing is left of one that does not become ready. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type Ready, ReadyError, type StartOptions } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const POSTGRES = `
  PATH=$(echo /usr/lib/postgresql/*/bin):$PATH
  initdb --pgdata=/tmp/data --username=test --auth=trust --no-sync --no-instructions >/dev/null
  exec postgres -D /tmp/data -c fsync=off -c unix_socket_directories=/tmp`;
const NGINX = `
  printf '%s' 'daemon off; user root root; pid /tmp/pid; error_log stderr notice; events {}
    http { access_log off; client_body_temp_path /tmp/b; proxy_temp_path /tmp/p; fastcgi_temp_path /tmp/f;
      uwsgi_temp_path /tmp/u; scgi_temp_path /tmp/s; server { listen 127.0.0.1:80; root /tmp; } }' >/tmp/nginx.conf
  echo hello >/tmp/index.html
  exec nginx -e stderr -c /tmp/nginx.conf`;
const NODE = `
  const { createServer } = require('node:http');
  let count = 0;
  createServer((asked, answer) => answer.writeHead(++count < 3 ? 503 : 200).end('x')).listen(8080, '127.0.0.1');`;

async function unready(script: string, options: StartOptions): Promise<ReadyError> {
  const error = await box.start('sh', ['-c', script], options).then(
    async (container) => {
      await container[Symbol.asyncDispose]();
      assert.fail('it became ready');
    },
    (error: unknown) => error,
  );
  assert.ok(error instanceof ReadyError, String(error));
  return error;
}

suite('real servers', () => {
  test('Redis', requires('redis'), async () => {
    const command = ['redis-cli', 'ping'];
    for (const ready of [{ line: 'Ready to accept connections' }, { command }, { port: 6379 }] satisfies Ready[]) {
      await using redis = await box.start('redis-server', ['--save', '', '--dir', '/tmp'], { ready });
      assert.equal((await redis.run('redis-cli', ['ping'])).stdout, 'PONG\n');
      await redis.waitFor([{ port: 6379 }, { line: /^.*Ready to accept/ }, { command }]);
    }
  });

  test('PostgreSQL', requires('postgresql'), async () => {
    const ready: readonly Ready[] = [
      { port: 5432 },
      { line: /ready to accept connections$/ },
      { file: '/tmp/data/postmaster.pid' },
    ];
    await using postgres = await box.user(1000).start('sh', ['-c', POSTGRES], { ready });
    const query = ['-h', '127.0.0.1', '-U', 'test', '-Atc', 'select 6 * 7', 'postgres'];
    assert.equal((await postgres.run('psql', query)).stdout, '42\n');
  });

  test('nginx', requires('nginx'), async () => {
    const ready: Ready = { http: { port: 80, path: '/index.html' } };
    await using nginx = await box.start('sh', ['-c', NGINX], { ready });
    await nginx.waitFor([{ http: { port: 80, path: '/absent', status: 404 } }, { file: '/tmp/pid' }]);
    await assert.rejects(nginx.waitFor({ http: { port: 80, status: 500 } }, { timeout: 100 }), {
      message: /not ready after 100 ms, waiting for http port 80 \/ \(status 200\)/,
    });
  });

  test('node:http, which is up before it is ready', async () => {
    await using node = await box.start('node', ['-e', NODE], { ready: { http: { port: 8080 } } });
    await node.waitFor({ port: 8080 });
  });
});

suite('a line', () => {
  test('that is written at once is not missed, 100 times', async () => {
    for (let i = 0; i < 100; i += 1) {
      await using container = await box.start('sh', ['-c', 'echo up; exec sleep 1000'], { ready: { line: /^up$/ } });
      await container.waitFor([{ line: 'up' }, { line: /^up$/ }]);
    }
  });

  test('of a command that has ended behind it: the same verdict, 50 times', async () => {
    for (let i = 0; i < 50; i += 1) {
      const container = await box.start('sh', ['-c', 'echo up >&2'], { ready: { line: /^up$/ } });
      assert.equal((await container.result).exitCode, 0);
      await container[Symbol.asyncDispose]();
    }
  });

  test('in pieces, without an end, among what is no UTF-8', async () => {
    const script = 'printf "\\377\\303re"; sleep 0.05; printf "ady\\377"; exec sleep 1000';
    await using container = await box.start('sh', ['-c', script], { ready: { line: 'ready' } });
    await assert.rejects(container.waitFor({ line: /ready/ }, { timeout: 50 }), { reason: 'timeout' });
    const output = await container
      .waitFor({ file: '/absent' }, { timeout: 50 })
      .catch(({ output }) => output as string);
    assert.equal(output, '\ufffd\ufffdready\ufffd');
  });

  test('so many times', async () => {
    const script = 'for i in 1 2 3; do echo ready $i; sleep 0.02; done; exec sleep 1000';
    await using container = await box.start('sh', ['-c', script], { ready: { line: 'ready', times: 3 } });
    await container.waitFor({ line: /^ready 3$/ });
    await assert.rejects(container.waitFor({ line: 'ready', times: 4 }, { timeout: 50 }), { message: /\(3 of 4\)/ });
  });

  test('behind a flood', async () => {
    const script = 'head -c 100000000 /dev/zero; yes | head -n 1000000; echo up; exec sleep 1000';
    const ready: readonly Ready[] = [{ line: 'up' }, { line: /^up$/ }];
    await using container = await box.start('sh', ['-c', script], { ready });
    assert.equal(container.state, 'running');
  });

  test('takes no stream from the caller: with pipe it is refused, before anything is started', async () => {
    for (const options of [{ stdio: 'pipe' }, { stdio: 'ignore' }, { terminal: true }] as const)
      await assert.rejects(box.start('sh', ['-c', 'echo up'], { ...options, ready: [{ line: 'up' }] }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /^ready: a line .* stdio: "log"/,
      });
    await using container = await box.start('cat', [], { stdio: 'pipe' });
    await assert.rejects(container.waitFor({ line: 'up' }), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

suite('what does not become ready', () => {
  test('ends before: the error has its output and its result', async () => {
    const error = await unready('echo starting; echo bad option >&2; exit 3', {
      ready: [{ line: 'up' }, { port: 80 }],
    });
    assert.deepEqual([error.code, error.reason, error.output], ['ERR_NOT_READY', 'ended', 'starting\nbad option\n']);
    assert.match(error.message, /ended before it was ready \(exit code 3\), waiting for a line with "up"/);
    assert.match(error.message, /\nstarting\nbad option$/);
    assert.equal((error.result as { exitCode: number }).exitCode, 3);
  });

  test('never: by readyTimeout', async () => {
    const error = await unready('echo begun; exec sleep 1000', { ready: { command: ['false'] }, readyTimeout: 500 });
    assert.deepEqual([error.reason, error.output, error.result], ['timeout', 'begun\n', undefined]);
    assert.match(error.message, /not ready after 500 ms, waiting for the command false \(exit code 1\)\nbegun$/);
  });

  test('the function throws; the command is not there', async () => {
    const cause = new Error('no schema');
    const ready = (): Promise<never> => Promise.reject(cause);
    const error = await unready('exec sleep 1000', { ready });
    assert.deepEqual([error.reason, error.cause], ['failed', cause]);
    const missing = await unready('exec sleep 1000', { ready: { command: ['absent'] } });
    assert.deepEqual([missing.reason, (missing.cause as NodeJS.ErrnoException).code], ['failed', 'ENOENT']);
  });

  test('its own time is up first: it has ended', async () => {
    const error = await unready('exec sleep 1000', { ready: { port: 80 }, timeout: 300 });
    assert.deepEqual([error.reason, (error.result as { reason: string }).reason], ['ended', 'timeout']);
  });

  test('the signal: its reason', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const starting = box.start('sleep', ['1000'], { ready: { command: ['sleep', '1000'] }, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(starting, (error) => error === reason);
  });
});

suite('waitFor()', () => {
  test('rejects, and the container goes on', async () => {
    await using container = await box.start();
    for (const ready of [{ command: ['false'] }, () => new Promise(() => {})] satisfies Ready[])
      await assert.rejects(container.waitFor(ready, { timeout: 50 }), { code: 'ERR_NOT_READY', reason: 'timeout' });
    const controller = new AbortController();
    const waiting = container.waitFor({ command: ['sleep', '1000'] }, { signal: controller.signal, timeout: 0 });
    controller.abort(new Error('enough'));
    await assert.rejects(waiting, { message: 'enough' });
    assert.equal((await container.run('true')).ok, true);
  });

  test('the container ends meanwhile, or had ended before', async () => {
    const container = await box.start();
    let given: unknown;
    const ready: Ready = (one, signal) => {
      given = one;
      return new Promise((_, reject) => signal.addEventListener('abort', reject));
    };
    const waiting = container.waitFor([ready, { command: ['sleep', '1000'] }]);
    setTimeout(() => void container.stop(), 100);
    await assert.rejects(waiting, { reason: 'ended', message: /^the container: ended before it was ready/ });
    assert.equal(given, container);
    await assert.rejects(container.waitFor({ command: ['true'] }), { code: 'ERR_ENDED' });
  });

  test('wrong arguments are named', async () => {
    await using container = await box.start();
    for (const [ready, options, message] of [
      [{ port: 0 }, {}, /^ready\.port/],
      [[{ prot: 1 }], {}, /^ready\[0\] has no option "prot"/],
      [{ port: 1 }, { timeout: -1 }, /^timeout/],
      [{ port: 1 }, { timeOut: 1 }, /^waitFor\(\) has no option "timeOut". Did you mean "timeout"/],
      [{ port: 1 }, { signal: 1 }, /^signal/],
      [{ port: 1 }, null, /^options/],
    ] as const)
      await assert.rejects(container.waitFor(ready as never, options as never), { message });
    await assert.rejects(box.start('true', [], { readyTimeout: Number.NaN }), { message: /^readyTimeout/ });
    await assert.rejects(box.start('true', [], { ready: 80 as never }), { message: /^ready must be/ });
  });

  test('conditions that are met again and again leave nothing', async () => {
    await using container = await box.start('sh', ['-c', 'echo up; exec sleep 1000'], { ready: { line: 'up' } });
    for (let i = 0; i < 50; i += 1) await container.waitFor([{ command: ['true'] }, { line: 'up' }]);
  });
});
