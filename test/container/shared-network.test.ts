/** PostgreSQL, Redis and the application under test in one network; the test talks to the application from Node. */

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { bind, Container, type RunningContainer } from 'carrel';
import { Redis } from 'ioredis';
import pg from 'pg';
import { postgresPrograms } from '../support/databases.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Who all of them are: PostgreSQL does not want to be root, and an ordinary user's containers there are one user. */
const USER = 1000;
const packages = join(createRequire(import.meta.url).resolve('pg/package.json'), '../..');

const CLUSTER = `
  initdb --pgdata=/tmp/data --username=test --auth=trust --no-sync --no-instructions >/dev/null
  exec postgres -D /tmp/data -c fsync=off -c unix_socket_directories=/tmp`;

/** Takes orders: has each paid by the bank, keeps it in PostgreSQL, and counts it in Redis. */
const APP = `
  const http = require('node:http');
  const { Pool } = require('pg');
  const { Redis } = require('ioredis');
  const { DATABASE_URL, REDIS_URL, BANK_URL } = process.env;
  const pool = new Pool({ connectionString: DATABASE_URL });
  const redis = new Redis(REDIS_URL);
  async function order(item) {
    const paid = await fetch(BANK_URL + '/pay', { method: 'POST' });
    if (!paid.ok) throw new Error('not paid');
    const { rows } = await pool.query('insert into orders (item) values ($1) returning id', [item]);
    return { id: rows[0].id, count: await redis.incr('orders') };
  }
  async function main() {
    await pool.query('create table orders (id serial primary key, item integer not null)');
    http.createServer(async (request, response) => {
      if (request.url === '/health') return response.end('well');
      let body = '';
      for await (const chunk of request) body += chunk;
      try {
        const made = await order(JSON.parse(body).item);
        response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(made));
      } catch (error) {
        console.error(error);
        response.writeHead(500).end();
      }
    }).listen(3000);
  }
  main();`;

/** Each container of the pod is on its standard port: another pod beside it has the same ones. */
async function orderAndLook(items: readonly number[]): Promise<void> {
  await using net = await new Container().user(USER).start(); // it holds the network, and nothing else
  const base = new Container().network(net).user(USER).hosts({ db: '127.0.0.1', cache: '127.0.0.1' });
  const [db, cache] = await Promise.all([
    base
      .env({ PATH: `${postgresPrograms()}:/usr/bin:/bin`, PGHOST: 'db', PGUSER: 'test', PGDATABASE: 'postgres' })
      .start('sh', ['-ec', CLUSTER], { ready: { line: 'ready to accept connections' } }),
    base.start('redis-server', ['--save', '', '--dir', '/tmp'], { ready: { port: 6379 } }),
  ]);
  await using _db = db;
  await using _cache = cache;

  // A service of others, played by the test.
  const paid: string[] = [];
  const bank = createServer((request, response) => response.end(paid.push(request.url ?? '') && 'ok'));
  await using _bank = await net.listen(9000, bank);

  await using app = await base
    .mount(bind(packages, '/app/node_modules', { readonly: true }))
    .cwd('/app')
    .env({
      DATABASE_URL: 'postgres://test@db:5432/postgres',
      REDIS_URL: 'redis://cache:6379',
      BANK_URL: 'http://127.0.0.1:9000',
    })
    .publish(3000)
    .start('node', ['-e', APP], { ready: { http: { port: 3000, path: '/health' } }, readyTimeout: 60_000 });

  await order(app, items);
  assert.deepEqual(paid, Array(items.length).fill('/pay'));
  await look({ db, cache }, items);
}

async function order(app: RunningContainer, items: readonly number[]): Promise<void> {
  const { host, port } = app.address(3000);
  for (const [index, item] of items.entries()) {
    const response = await fetch(`http://${host}:${port}/orders`, { method: 'POST', body: JSON.stringify({ item }) });
    assert.equal(response.status, 201, response.ok ? '' : await text(app.logs()));
    assert.deepEqual(await response.json(), { id: index + 1, count: index + 1 });
  }
}

/** By the clients inside, and by those of Node. */
async function look(
  { db, cache }: { readonly db: RunningContainer; readonly cache: RunningContainer },
  items: readonly number[],
): Promise<void> {
  const { stdout } = await db.run('psql', ['-Atc', 'select item from orders order by id'], { check: true });
  assert.deepEqual(stdout.trim().split('\n').map(Number), items);
  // What is shared is the network: the files are each one's own.
  assert.equal((await cache.run('ls', ['/tmp/data'])).ok, false);
  const client = new pg.Client({ ...(await db.publish(5432)), user: 'test', database: 'postgres' });
  await client.connect();
  assert.deepEqual((await client.query('select count(*)::int from orders')).rows, [{ count: items.length }]);
  await client.end();
  const redis = new Redis({ ...(await cache.publish(6379)) });
  assert.equal(await redis.get('orders'), String(items.length));
  await redis.quit();
}

test('an order is paid, kept and counted', requires('postgresql', 'redis'), () => orderAndLook([1]));

test('two such pods side by side know nothing of each other', requires('postgresql', 'redis'), async () => {
  await Promise.all([orderAndLook([2, 3]), orderAndLook([5, 6, 7])]);
});
