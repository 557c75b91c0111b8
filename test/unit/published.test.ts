/** What a published port carries between two sockets: both directions, each with its own end, and no more than fits. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, suite, test } from 'node:test';
import { type Published, publish } from '#lib/running/ports/published.js';
import { textOf } from '../support/sockets.js';

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const run of cleanUp.splice(0).reverse()) await run();
});

/** A service that stands for one of a container. */
async function service(serve: (socket: Socket) => void, allowHalfOpen = true): Promise<number> {
  const open = new Set<Socket>();
  const server: Server = createServer({ allowHalfOpen }, (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp.push(async () => {
    for (const socket of open) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as { readonly port: number }).port;
}

async function dial(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

async function forward(to: number, host = '127.0.0.1'): Promise<Published> {
  const published = await publish(
    { containerPort: 80, host, port: 0 },
    () => dial(to),
    () => {},
  );
  cleanUp.push(() => published[Symbol.asyncDispose]());
  return published;
}

async function client(published: Published): Promise<Socket> {
  const socket = await dial(published.port, published.host);
  cleanUp.push(async () => socket.destroy());
  return socket;
}

/** Whether it was cut off. */
function closeOf(socket: Socket): Promise<boolean> {
  return new Promise(
    (resolve) =>
      void socket
        .resume()
        .on('error', () => {})
        .on('close', resolve),
  );
}

suite('a published port', () => {
  test('carries both directions, over IPv4 and IPv6', async () => {
    const port = await service((socket) => socket.pipe(socket));
    for (const host of ['127.0.0.1', '::1', '0.0.0.0', '::']) {
      const published = await forward(port, host);
      assert.equal(published.host, host.includes(':') ? '::1' : '127.0.0.1');
      const socket = await client(published);
      socket.end('there and back');
      assert.equal(await textOf(socket), 'there and back');
    }
  });

  test('carries the end of one direction alone, from either side', async () => {
    const late = await forward(
      await service((socket) => void socket.resume().on('end', () => socket.end('after the end'))),
    );
    const asking = await client(late);
    asking.end('question');
    assert.equal(await textOf(asking), 'after the end');
    let heard = '';
    const told = new Promise<void>((resolve) => {
      void service((socket) => {
        socket.end('bye');
        void textOf(socket).then((text) => {
          heard = text;
          resolve();
        });
      }).then(async (port) => {
        const socket = await client(await forward(port));
        assert.equal(await textOf(socket), 'bye');
        socket.end('still here');
      });
    });
    await told;
    assert.equal(heard, 'still here');
  });

  test('holds back the side that is faster than the other', async () => {
    let sent = 0;
    const port = await service((socket) => {
      const chunk = Buffer.alloc(64 * 1024);
      const send = (): void => {
        while (sent < 512 * 1024 * 1024 && socket.write(chunk)) sent += chunk.length;
      };
      socket.on('drain', send);
      send();
    });
    const socket = await client(await forward(port));
    socket.pause();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    // What three pairs of sockets' buffers of the kernel hold, and a little of Node's: they grow to 6 MB each.
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes were taken`);
  });

  test('tells a client that the other side was cut off, and the other way round', async () => {
    const cut = await client(
      await forward(await service((socket) => void setImmediate(() => socket.resetAndDestroy()))),
    );
    assert.equal(await closeOf(cut), true);
    const seen = new Promise<boolean>((resolve) => {
      void service((socket) => void closeOf(socket.on('data', (data) => socket.write(data))).then(resolve)).then(
        async (port) => {
          const socket = await client(await forward(port));
          socket.write('x');
          await once(socket, 'data');
          socket.resetAndDestroy();
        },
      );
    });
    assert.equal(await seen, true);
  });

  test('cuts a client off where nobody listens inside', async () => {
    const port = await service(() => {});
    await Promise.all(cleanUp.splice(0).map((run) => run()));
    const socket = await client(await forward(port));
    assert.equal(await closeOf(socket), true);
  });

  test('carries a thousand at once', async () => {
    const published = await forward(await service((socket) => socket.pipe(socket)));
    const sockets = await Promise.all(Array.from({ length: 1000 }, () => client(published)));
    const texts = sockets.map((socket, index) => {
      socket.end(`client ${index}`);
      return textOf(socket);
    });
    assert.deepEqual(
      await Promise.all(texts),
      sockets.map((_, index) => `client ${index}`),
    );
  });

  test('close() lets connections go on, disposal ends them', async () => {
    const port = await service((socket) => socket.pipe(socket));
    const [closed, disposed] = [await forward(port), await forward(port)];
    const [one, other] = [await client(closed), await client(disposed)];
    for (const socket of [one, other]) {
      socket.write('x');
      await once(socket, 'data');
    }
    await closed.close();
    await closed.close();
    await assert.rejects(dial(closed.port), { code: 'ECONNREFUSED' });
    one.end('goes on');
    assert.equal(await textOf(one), 'goes on');
    const ended = closeOf(other);
    await disposed[Symbol.asyncDispose]();
    await ended;
    await disposed[Symbol.asyncDispose]();
  });

  test('says why it cannot listen', async () => {
    const port = await service(() => {});
    const open = (host: string, at: number): Promise<Published> =>
      publish(
        { containerPort: 80, host, port: at },
        () => dial(port),
        () => {},
      );
    await assert.rejects(open('127.0.0.1', port), {
      name: 'CarrelError',
      code: 'EADDRINUSE',
      message: /^cannot listen on 127\.0\.0\.1:\d+ of the host: .*\n {2}hint: somebody listens there/,
    });
    await assert.rejects(open('192.0.2.1', 0), { code: 'EADDRNOTAVAIL' });
  });
});
