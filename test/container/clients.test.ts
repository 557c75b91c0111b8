/** Clients that connect by themselves reach services inside by ports that are published. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, file, type RunningContainer } from 'carrel';
import { Redis } from 'ioredis';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { WebSocket } from 'ws';
import { postgresPrograms } from '../support/databases.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { textOf } from '../support/sockets.js';
import { until } from '../support/waiting.js';

const MIB = 1024 * 1024;
const packages = join(createRequire(import.meta.url).resolve('ws/package.json'), '../..');
const boxed = new Container().env({ NODE_OPTIONS: '--no-warnings' });

useCleanHost({
  warmUp: async () => {
    await using warm = await boxed.publish(1).start();
    assert.ok(warm);
  },
});

/** A container whose main command, a script of Node's, listens on a port. */
function serving(script: string, port: number, container = boxed): Promise<RunningContainer> {
  return container.publish(port).start('node', ['-e', script], { ready: { port } });
}

function dial(box: RunningContainer, port: number, allowHalfOpen = false): Socket {
  return connect({ ...box.address(port), allowHalfOpen });
}

suite('databases', () => {
  const CLUSTER = `
    initdb --pgdata=/tmp/data --username=test --auth=trust --no-sync --no-instructions >/dev/null
    exec postgres -D /tmp/data -c fsync=off -c unix_socket_directories=/tmp`;

  test('PostgreSQL, by pg', requires('postgresql'), async () => {
    await using db = await new Container()
      .user(1000) // it does not want to be root
      .env({ PATH: `${postgresPrograms()}:/usr/bin:/bin` })
      .publish(5432)
      .start('sh', ['-ec', CLUSTER], { ready: { line: 'ready to accept connections' } });
    const pool = new pg.Pool({ ...db.address(5432), user: 'test', database: 'postgres', max: 8 });
    await pool.query('create table words (id serial primary key, word text not null)');
    const made = await Promise.all(
      Array.from({ length: 40 }, (_, index) => pool.query('insert into words (word) values ($1)', [`w${index}`])),
    );
    assert.equal(made.length, 40);
    const { rows } = await pool.query('select count(distinct word)::int as count from words');
    assert.deepEqual(rows, [{ count: 40 }]);
    // More than a socket holds, both ways.
    const large = randomBytes(4 * MIB);
    const echo = await pool.query<{ data: Buffer }>('select $1::bytea as data', [large]);
    assert.ok(echo.rows[0]?.data.equals(large));
    const [listener, teller] = [await pool.connect(), await pool.connect()];
    const heard = once(listener, 'notification');
    await listener.query('listen news');
    await teller.query("notify news, 'told'");
    assert.equal(((await heard)[0] as pg.Notification).payload, 'told');
    for (const client of [listener, teller]) client.release();
    await assert.rejects(pool.query('select nothing'), { code: '42703' });
    await pool.end();
  });

  test('MariaDB, by mysql2', requires('mariadb'), async () => {
    const users = "create user test@'%' identified by 'secret'; grant all on *.* to test@'%'; create database things;";
    const script = `
      mariadb-install-db --no-defaults --datadir=/tmp/data --auth-root-authentication-method=normal --skip-test-db \\
        >/tmp/log 2>&1 || { cat /tmp/log >&2; exit 1; }
      exec mariadbd --no-defaults --datadir=/tmp/data --socket=/tmp/sock --port=3306 --bind-address=127.0.0.1 \\
        --max-allowed-packet=64M --innodb-use-native-aio=0 --init-file=/tmp/users.sql`;
    await using db = await new Container()
      .user(1000) // nor does this
      .env({ PATH: '/usr/sbin:/usr/bin:/bin' })
      .mount(file('/tmp/users.sql', users.replaceAll('; ', ';\n')))
      .publish(3306)
      .start('sh', ['-ec', script], { ready: { line: 'ready for connections' } });
    const pool = mysql.createPool({ ...db.address(3306), user: 'test', password: 'secret', database: 'things' });
    await pool.query('create table words (id int auto_increment primary key, word text not null, data longblob)');
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => pool.execute('insert into words (word) values (?)', [`w${index}`])),
    );
    const [rows] = await pool.query('select count(distinct word) as count from words');
    assert.deepEqual(rows, [{ count: 40 }]);
    const large = randomBytes(4 * MIB);
    await pool.execute('update words set data = ? where word = ?', [large, 'w7']);
    const [[found]] = await pool.query<mysql.RowDataPacket[]>('select data from words where word = ?', ['w7']);
    assert.ok(large.equals(found?.data as Buffer));
    await assert.rejects(pool.query('select nothing'), { code: 'ER_BAD_FIELD_ERROR' });
    await pool.end();
    const wrong = mysql.createConnection({ ...db.address(3306), user: 'test', password: 'wrong' });
    await assert.rejects(wrong, { code: 'ER_ACCESS_DENIED_ERROR' });
  });

  test('Redis, by ioredis', requires('redis'), async () => {
    await using cache = await new Container()
      .publish(6379)
      .start('redis-server', ['--save', '', '--dir', '/tmp'], { ready: { port: 6379 } });
    const address = cache.address(6379);
    const [redis, subscriber] = [new Redis(address), new Redis(address)];
    const pipeline = redis.pipeline();
    for (let index = 0; index < 2000; index += 1) pipeline.incr('n');
    assert.deepEqual((await pipeline.exec())?.at(-1), [null, 2000]);
    const large = randomBytes(8 * MIB);
    await redis.set('large', large);
    assert.ok((await redis.getBuffer('large'))?.equals(large));
    await subscriber.subscribe('news');
    const heard = once(subscriber, 'message');
    assert.equal(await redis.publish('news', 'told'), 1);
    assert.deepEqual(await heard, ['news', 'told']);
    await Promise.all([redis.quit(), subscriber.quit()]);
  });
});

suite('the web', () => {
  test('a WebSocket, by ws', async () => {
    const script = `
      const { WebSocketServer } = require('ws');
      const server = new WebSocketServer({ port: 8080 });
      server.on('connection', (socket) => socket
        .on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
        .on('close', (code) => server.clients.forEach((other) => other.send('left with ' + code))));`;
    const box = boxed.mount(bind(packages, '/app/node_modules', { readonly: true })).cwd('/app');
    await using server = await serving(script, 8080, box);
    const { host, port } = server.address(8080);
    const [one, other] = [new WebSocket(`ws://${host}:${port}`), new WebSocket(`ws://${host}:${port}`)];
    await Promise.all([once(one, 'open'), once(other, 'open')]);
    for (const data of [Buffer.from('hello'), randomBytes(2 * MIB)]) {
      const echo = once(one, 'message');
      one.send(data);
      assert.ok(data.equals((await echo)[0] as Buffer));
    }
    const left = once(other, 'message');
    one.close(4000);
    assert.equal(String((await left)[0]), 'left with 4000');
    const closed = once(other, 'close');
    other.close();
    await closed;
  });

  test('fetch(): requests side by side, bodies both ways, and a stream', async () => {
    const script = `
      require('node:http').createServer(async (request, response) => {
        if (request.url === '/echo') return request.pipe(response);
        if (request.url !== '/stream') return response.end(request.url);
        for (let line = 0; line < 50; line += 1) {
          response.write('line ' + line + '\\n');
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        response.end();
      }).listen(8080);`;
    await using server = await serving(script, 8080);
    const { host, port } = server.address(8080);
    const base = `http://${host}:${port}`;
    const paths = Array.from({ length: 200 }, (_, index) => `/${index}`);
    const answers = await Promise.all(paths.map(async (path) => (await fetch(base + path)).text()));
    assert.deepEqual(answers, paths);
    const body = randomBytes(8 * MIB);
    const echo = await fetch(`${base}/echo`, { method: 'POST', body });
    assert.ok(body.equals(Buffer.from(await echo.arrayBuffer())));
    const { body: stream } = await fetch(`${base}/stream`);
    let text = '';
    for await (const chunk of stream ?? []) text += Buffer.from(chunk as Uint8Array).toString();
    assert.deepEqual(
      text.trim().split('\n'),
      Array.from({ length: 50 }, (_, line) => `line ${line}`),
    );
  });

  test('HTTP/2: a hundred streams of one connection', async () => {
    const script = `
      require('node:http2').createServer().on('stream', (stream, headers) => {
        stream.respond({ ':status': 200 });
        stream.end(headers[':path'].repeat(10000));
      }).listen(8080);`;
    await using server = await serving(script, 8080);
    const { host, port } = server.address(8080);
    const session = connectHttp2(`http://${host}:${port}`);
    const ask = async (path: string): Promise<string> => {
      let text = '';
      for await (const chunk of session.request({ ':path': path }).setEncoding('utf8')) text += chunk;
      return text;
    };
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}`);
    assert.deepEqual(
      await Promise.all(paths.map(ask)),
      paths.map((path) => path.repeat(10_000)),
    );
    session.close();
    await once(session, 'close');
  });
});

suite('TCP', () => {
  test('each direction ends by itself', async () => {
    const script = `
      const { createServer } = require('node:net');
      createServer({ allowHalfOpen: true }, (socket) => {
        let heard = '';
        socket.on('data', (chunk) => { heard += chunk; }).on('end', () => socket.end('heard ' + heard));
      }).listen(8080);
      createServer({ allowHalfOpen: true }, (socket) => {
        let heard = '';
        socket.end('first');
        socket.on('data', (chunk) => { heard += chunk; }).on('end', () => console.log(heard));
      }).listen(8081);`;
    await using server = await serving(script, 8080, boxed.publish(8081));
    const asking = dial(server, 8080);
    asking.end('all that there is');
    assert.equal(await textOf(asking), 'heard all that there is');
    const told = dial(server, 8081, true);
    assert.equal(await textOf(told), 'first');
    told.end('after the end');
    await server.waitFor({ line: 'after the end' });
    told.destroy();
  });

  test('connections end at once by disposal, whatever state they are in', async () => {
    // They read nothing, or all; they end their side, or do not; they go on writing.
    const script = `
      const { connect } = require('node:net');
      const dial = () => connect({ port: 9000, allowHalfOpen: true }).on('error', () => {});
      dial();
      dial().resume();
      dial().end('bye');
      dial().resume().end('bye');
      const busy = dial().on('drain', () => busy.write(Buffer.alloc(65536)));
      busy.write(Buffer.alloc(65536));`;
    await using box = await boxed.start();
    for (let round = 0; round < 30; round += 1) {
      const sockets: Socket[] = [];
      const listener = await box.listen(9000, (socket) => {
        sockets.push(socket.on('error', () => {}));
        // All is said, and is under way; more than there is room for; or nothing.
        if (sockets.length % 3 === 0) socket.write(Buffer.alloc(8 * MIB));
        if (sockets.length % 3 === 1) socket.end('over');
        if (round % 2 === 0) socket.resume();
      });
      const child = box.spawn('node', ['-e', script], { stdio: 'ignore' });
      await until(() => sockets.length === 5);
      if (round % 3 === 0) child.kill('SIGKILL');
      await listener[Symbol.asyncDispose]();
      assert.ok(sockets.every(({ closed }) => closed));
      child.kill('SIGKILL');
      await child.result;
    }
  });

  test('a server of HTTP ends by disposal, also right behind the end of its clients', async () => {
    await using box = await boxed.start();
    const script = `fetch('http://127.0.0.1:9000/').then(async (answer) => {
      await answer.text();
      console.log('up');
      setInterval(() => {}, 1000);
    })`;
    for (let round = 0; round < 15; round += 1) {
      await using _bank = await box.listen(
        9000,
        createServer((_, answer) => answer.end('ok')),
      );
      const client = box.spawn('node', ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(client.stdout as NodeJS.ReadableStream, 'data');
      // Its connection is kept alive, and shut down by what disposal comes right behind.
      client.kill('SIGKILL');
      await client.result;
    }
  });

  test('a thousand connections at once', async () => {
    const script = `
      let most = 0;
      const server = require('node:net').createServer((socket) => {
        server.getConnections((_, count) => { most = Math.max(most, count); });
        socket.on('error', () => {}).on('data', (data) => socket.write(data + ' of ' + most));
      }).listen({ port: 8080, backlog: 1024 });`;
    await using server = await serving(script, 8080);
    const sockets = await Promise.all(
      Array.from({ length: 1000 }, async () => {
        const socket = dial(server, 8080);
        await once(socket, 'connect');
        return socket;
      }),
    );
    const ask = async (socket: Socket, text: string): Promise<string> => {
      const answer = once(socket, 'data');
      socket.write(text);
      return String((await answer)[0]);
    };
    const answers = await Promise.all(sockets.map((socket, index) => ask(socket, `${index}`)));
    for (const [index, answer] of answers.entries()) assert.match(answer, new RegExp(`^${index} of \\d+$`));
    // Each of them is open still.
    assert.match(await ask(sockets[0] as Socket, 'all'), /^all of 1\d\d\d$/);
    for (const socket of sockets) socket.destroy();
  });
});
