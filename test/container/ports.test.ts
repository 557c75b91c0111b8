/** Ports of a container that stays: connections to its services, from its programs, and from the host. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, suite, test } from 'node:test';
import { Container, type RunningContainer, type StepError } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { textOf } from '../support/sockets.js';
import { until } from '../support/waiting.js';

const boxed = new Container().env({ NODE_OPTIONS: '--no-warnings' });
let box: RunningContainer | undefined;

// Before the host is looked at.
afterEach(async () => {
  await box?.[Symbol.asyncDispose]();
  box = undefined;
});
useCleanHost({
  warmUp: async () => {
    await using warm = await boxed.start();
    await warm.connect(1).catch(() => {});
  },
});

/** A container in which a script of Node's has said `ready`. */
async function started(script: string, container = boxed): Promise<RunningContainer> {
  box = await container.start();
  const child = box.spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  child.result.catch(() => {});
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return box;
}

const READY = `() => console.log('ready')`;
const echo = (where: string, options = '{ allowHalfOpen: true }'): string =>
  `require('net').createServer(${options}, (socket) =>
    socket.on('error', () => {}).pipe(socket)).listen(${where}, ${READY});`;

async function echoed(socket: Socket, text: string): Promise<string> {
  const data = once(socket, 'data').then(([chunk]) => chunk);
  socket.write(text);
  const heard = String(await data);
  socket.destroy();
  return heard;
}

suite('connect()', () => {
  for (const [name, where, target] of [
    ['IPv4', `80, '127.0.0.1'`, 80],
    ['IPv6 alone', `{ port: 8080, host: '::1', ipv6Only: true }`, 8080],
    ['both', '3000', 3000],
    ['a Unix socket', `'/tmp/a.sock'`, { path: '/tmp/a.sock' }],
  ] as const) {
    test(`reaches a service by ${name}`, async () => {
      const running = await started(echo(where));
      const socket = await running.connect(target);
      assert.equal(await echoed(socket, 'hello'), 'hello');
    });
  }

  test('is refused where nobody listens, and says where that is', async () => {
    box = await boxed.start();
    await assert.rejects(box.connect(5432), (error: StepError) => {
      assert.equal(error.name, 'StepError');
      assert.deepEqual([error.code, error.errno, error.syscall], ['ECONNREFUSED', -111, 'connect']);
      assert.equal(error.message, 'ECONNREFUSED: connection refused, connect 127.0.0.1:5432');
      return true;
    });
    await assert.rejects(box.connect({ path: '/tmp/none' }), {
      name: 'StepError',
      code: 'ENOENT',
      path: '/tmp/none',
    });
    await assert.rejects(box.connect({ path: '/etc/passwd' }), { code: 'ECONNREFUSED', path: '/etc/passwd' });
  });

  test('waits while the queue is full, until its own time is up or there is room', async () => {
    const script = `const net = require('net'); const s = net.createServer((c) => c.end('in')); s.maxConnections = 1e9;
      s.listen({ port: 80, host: '127.0.0.1', backlog: 1 }, () => { console.log('ready');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000); });`;
    const running = await started(script);
    const waiting: Socket[] = [];
    await assert.rejects(
      (async () => {
        for (let at = 0; at < 20; at += 1) waiting.push(await running.connect(80, { timeout: 300 }));
      })(),
      { name: 'CarrelError', code: 'ERR_TIMEOUT', message: /^connect\(\) has not come to an end within 300 ms/ },
    );
    const aborted = new AbortController();
    const attempt = running.connect(80, { signal: aborted.signal });
    aborted.abort(new Error('enough'));
    await assert.rejects(attempt, { message: 'enough' });
    await assert.rejects(running.connect(80, { signal: aborted.signal }), { message: 'enough' });
    const late = await running.connect(80);
    assert.equal(await textOf(late), 'in');
    for (const socket of [...waiting, late]) socket.destroy();
  });

  test('carries the end of one direction, and holds a fast side back', async () => {
    const running = await started(
      `let sent = 0; const chunk = Buffer.alloc(65536);
       require('net').createServer((socket) => { socket.on('error', () => {}); const send = () => {
         while (sent < 2 ** 29 && socket.write(chunk)) sent += chunk.length; };
       socket.on('drain', send); send(); }).listen(80, ${READY});
       require('net').createServer({ allowHalfOpen: true }, (socket) =>
         socket.resume().on('end', () => socket.end(String(sent)))).listen(81);`,
    );
    const fast = (await running.connect(80)).pause();
    const sent = async (): Promise<number> => {
      const socket = await running.connect(81);
      socket.end('');
      return Number(await textOf(socket));
    };
    let [before, now] = [-1, await sent()];
    while (before !== now) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      [before, now] = [now, await sent()];
    }
    assert.ok(now < 32 * 1024 * 1024, `${now} bytes were taken`);
    fast.destroy();
  });

  test('makes a thousand at once', async () => {
    const running = await started(echo('80'));
    const sockets = await Promise.all(Array.from({ length: 1000 }, () => running.connect(80)));
    assert.deepEqual(
      await Promise.all(sockets.map((socket, index) => echoed(socket, `${index}`))),
      sockets.map((_, index) => `${index}`),
    );
  });

  test('a path that is swapped for a link leads nowhere else', async () => {
    const running = await started(
      `const fs = require('fs'); const net = require('net');
       net.createServer((socket) => socket.end('inside')).listen('/tmp/real', () => { console.log('ready');
         const end = Date.now() + 3000; const swap = () => { for (let i = 0; i < 50; i += 1) {
           fs.rmSync('/tmp/door', { force: true });
           fs.symlinkSync(i % 2 ? '/tmp/real' : '/proc/self/fd/0', '/tmp/door'); }
           if (Date.now() < end) setImmediate(swap); }; swap(); });`,
    );
    for (let at = 0; at < 200; at += 1) {
      const socket = await running.connect({ path: '/tmp/door' }).catch((error: StepError) => error.code);
      if (typeof socket === 'string') assert.match(socket, /^(ENOENT|ELOOP|ECONNREFUSED)$/);
      else assert.equal(await textOf(socket), 'inside');
    }
  });

  test('shows nobody inside who connects', async () => {
    const running = await started(echo(`'/tmp/a.sock'`));
    const python = `import socket, struct
s = socket.socket(socket.AF_UNIX); s.bind('/tmp/peer'); s.listen(1); print('ready', flush=True)
c, _ = s.accept(); print(struct.unpack('iii', c.getsockopt(socket.SOL_SOCKET, 17, 12))[0], flush=True)`;
    const child = running.spawn('python3', ['-c', python], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = (child.stdout as Socket).setEncoding('utf8');
    const said = textOf(lines);
    await once(lines, 'data');
    const socket = await running.connect({ path: '/tmp/peer' });
    assert.equal(await said, 'ready\n0\n');
    await child.result;
    socket.destroy();
    const { stdout } = await running.run('sh', ['-c', 'ls -d /proc/[0-9]*']);
    assert.doesNotMatch(stdout, new RegExp(`/${process.pid}\\b`));
  });

  test('wrong arguments are refused, each by its name', async () => {
    box = await boxed.start();
    for (const [call, code, message] of [
      [(): unknown => box?.connect(0), 'ERR_OUT_OF_RANGE', /^target must be/],
      [(): unknown => box?.connect('80' as never), 'ERR_INVALID_ARG_TYPE', /^target must be a port, or \{ path \}/],
      [(): unknown => box?.connect({ path: 'a' }), 'ERR_INVALID_ARG_VALUE', /^target\.path/],
      [(): unknown => box?.connect({ port: 1 } as never), 'ERR_INVALID_ARG_VALUE', /no option "port"/],
      [(): unknown => box?.connect(1, { timeout: -1 }), 'ERR_OUT_OF_RANGE', /^timeout/],
      [(): unknown => box?.connect(1, { signal: {} as never }), 'ERR_INVALID_ARG_TYPE', /^signal/],
      [(): unknown => box?.listen(1, 1 as never), 'ERR_INVALID_ARG_TYPE', /^handler/],
      [(): unknown => box?.publish(1, { host: 'localhost' }), 'ERR_INVALID_ARG_VALUE', /^host/],
      [(): unknown => box?.publish(1, { port: 65_536 }), 'ERR_OUT_OF_RANGE', /^options\.port/],
    ] as const)
      await assert.rejects(async () => call(), { code, message });
    assert.throws(() => box?.address(80), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});

suite('listen()', () => {
  const ask = (running: RunningContainer, where: string): Promise<string> => {
    const script = `const s = require('net').connect(${where}); s.on('error', (e) => console.log(e.code)); s.end('q');
      s.on('data', (d) => console.log(String(d)));`;
    return running.run(process.execPath, ['-e', script]).then(({ stdout }) => stdout.trim());
  };
  const answer = (socket: Socket): unknown => socket.on('error', () => {}).on('data', () => socket.end('served'));

  test('serves programs inside, by both families and by a path, and nobody else', async () => {
    box = await boxed.start();
    const port = await box.listen(9000, answer);
    const path = await box.listen({ path: '/tmp/served' }, answer);
    assert.equal(await ask(box, `9000, '127.0.0.1'`), 'served');
    assert.equal(await ask(box, `9000, '::1'`), 'served');
    assert.equal(await ask(box, `'/tmp/served'`), 'served');
    const outside = connect(9000, '127.0.0.1');
    const [error] = (await once(outside, 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
    await port.close();
    await path.close();
    assert.equal(await ask(box, `9000, '127.0.0.1'`), 'ECONNREFUSED');
    assert.equal(await ask(box, `'/tmp/served'`), 'ENOENT');
    await using _again = await box.listen(9000, answer);
    assert.equal(await ask(box, `9000, '127.0.0.1'`), 'served');
  });

  test('says that a port or path is taken', async () => {
    const running = await started(echo('80'));
    await assert.rejects(running.listen(80, answer), { name: 'StepError', code: 'EADDRINUSE', syscall: 'bind' });
    await assert.rejects(running.listen({ path: '/etc/passwd' }, answer), { code: 'EADDRINUSE', path: '/etc/passwd' });
  });

  test('hands connections to a server of node:net and of node:http', async () => {
    box = await boxed.start();
    const http = createHttpServer((request, response) => response.end(`path ${request.url}`));
    await using _http = await box.listen(80, http);
    const net = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
    await using _net = await box.listen(81, net);
    const script = `fetch('http://127.0.0.1/x').then((r) => r.text()).then(console.log)`;
    assert.equal((await box.run(process.execPath, ['-e', script])).stdout, 'path /x\n');
    assert.equal(await ask(box, '81'), 'q');
  });
});

suite('publish()', () => {
  test('of the builder: the host forwards, as address() says', async () => {
    const running = await started(echo('80'), boxed.publish(80).publish(81, { host: '::1' }));
    assert.deepEqual([...running.ports.keys()], [80, 81]);
    const { host, port } = running.address(80);
    assert.equal(host, '127.0.0.1');
    assert.equal(await echoed(connect(port, host), 'in and out'), 'in and out');
    assert.equal(running.address(81).host, '::1');
  });

  test('takes start()', async () => {
    const code = 'ERR_INVALID_ARG_VALUE';
    assert.throws(() => boxed.publish(80).spawn('true'), { code, message: /^publish\(\) takes start\(\)/ });
    await assert.rejects(boxed.publish(80).run('true'), { code });
    assert.throws(() => boxed.network('host').publish(80), { code, message: /^publish needs "network"/ });
    assert.throws(() => boxed.publish(80).publish(80), { code, message: /^publish names port 80 more than once/ });
  });

  test('a start whose port is taken on the host leaves nothing', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    await assert.rejects(boxed.publish(80, { port }).start(), { code: 'EADDRINUSE' });
    server.close();
  });

  test('while it runs: once a port, until it is closed', async () => {
    const running = await started(echo('80'));
    const published = await running.publish(80);
    assert.deepEqual(running.address(80), { host: published.host, port: published.port });
    await assert.rejects(running.publish(80), { code: 'ERR_INVALID_ARG_VALUE', message: /published already/ });
    assert.equal(await echoed(connect(published.port, published.host), 'x'), 'x');
    await published.close();
    assert.equal(running.ports.size, 0);
    await using again = await running.publish(80);
    assert.equal(await echoed(connect(again.port, again.host), 'y'), 'y');
  });

  test('HTTP by fetch() and with keep-alive, HTTP/2 and a WebSocket’s upgrade', async () => {
    const running = await started(
      `const http = require('http').createServer((request, response) => response.end('one'));
       http.on('upgrade', (request, socket) => socket.end(
         'HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\nframe'));
       http.listen(80, ${READY});
       require('http2').createServer((request, response) => response.end('two')).listen(81);`,
      boxed.publish(80).publish(81),
    );
    const { host, port } = running.address(80);
    for (let at = 0; at < 3; at += 1) assert.equal(await (await fetch(`http://${host}:${port}`)).text(), 'one');
    const request = get({ host, port, headers: { connection: 'Upgrade', upgrade: 'websocket' } });
    const [, socket, head] = (await once(request, 'upgrade')) as [IncomingMessage, Socket, Buffer];
    assert.equal(String(head) + (head.length === 0 ? await textOf(socket) : ''), 'frame');
    socket.destroy();
    const two = running.address(81);
    const session = connectHttp2(`http://${two.host}:${two.port}`);
    const stream = session.request({ ':path': '/' });
    stream.setEncoding('utf8');
    assert.deepEqual(await once(stream, 'data'), ['two']);
    session.close();
    await once(session, 'close');
  });
});

suite('the end', () => {
  test('after it everything rejects, and the host listens no more', async () => {
    const running = await started(echo('80'), boxed.publish(80));
    const { host, port } = running.address(80);
    await running.listen(81, () => {});
    const open = connect(port, host);
    open.write('x');
    await once(open, 'data');
    const closed = new Promise((resolve) =>
      open
        .on('error', () => {})
        .on('close', resolve)
        .resume(),
    );
    await running.stop({ grace: 0 });
    await closed;
    assert.equal(running.ports.size, 0);
    const ended = { name: 'CarrelError', code: 'ERR_ENDED' };
    await assert.rejects(running.connect(80), ended);
    await assert.rejects(
      running.listen(82, () => {}),
      ended,
    );
    await assert.rejects(running.publish(82), ended);
    assert.throws(() => running.address(80), ended);
    const [error] = (await once(connect(port, host), 'error')) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNREFUSED');
  });

  test('goes with connections that inside have ended already, of a port that is closed too', async () => {
    const script = `require('net').createServer({ allowHalfOpen: true }, (socket) =>
      socket.on('error', () => {}).resume().end('bye')).listen(80, ${READY});`;
    const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    for (const end of ['stop', 'dispose'] as const) {
      const running = await started(script, boxed.publish(80));
      const { host, port } = running.address(80);
      // It says nothing, so the kernel has nothing to tell.
      const open = connect({ host, port, allowHalfOpen: true });
      assert.equal(await textOf(open), 'bye');
      await running.ports.get(80)?.close();
      assert.equal(sockets(), 3);
      if (end === 'stop') await running.stop({ grace: 0 });
      else await running[Symbol.asyncDispose]();
      await until(() => sockets() === 1);
      open.destroy();
    }
  });
});
