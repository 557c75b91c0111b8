/** Services for node:test, up to twenty of a kind at a time: `node --test examples/services.test.js`. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { RunningContainer } from 'carrel';
import { startNginx, startPostgres, startRedis } from './services.js';

/** A directory with a page, for nginx. */
const pages = mkdtempSync(join(tmpdir(), 'pages-'));
writeFileSync(join(pages, 'index.html'), 'hello');
after(() => rmSync(pages, { recursive: true }));

/** By a client in the service's own container. */
async function ask(service: RunningContainer, file: string, ...args: readonly string[]): Promise<string> {
  return (await service.run(file, args, { check: true })).stdout.trim();
}

/** By a port of the host, which `publish()` in services.ts has it forward from. */
async function get(web: RunningContainer, path: string): Promise<string> {
  const { host, port } = web.address(80);
  const response = await fetch(`http://${host}:${port}${path}`);
  return `${response.status} ${await response.text()}`;
}

/** By a socket of this process's to the service inside: no port of the host's is taken. */
async function count(redis: RunningContainer): Promise<string> {
  const socket = await redis.connect(6379);
  socket.end('INCR counter\r\n');
  const [answer] = await once(socket, 'data');
  return String(answer).trim();
}

test('two Redis servers on one port know nothing of each other', async () => {
  await using one = await startRedis();
  await using other = await startRedis();
  assert.equal(await ask(one, 'redis-cli', 'set', 'word', 'one'), 'OK');
  assert.equal(await ask(other, 'redis-cli', 'get', 'word'), '');
  assert.equal(await ask(one, 'redis-cli', 'get', 'word'), 'one');
});

test('two PostgreSQL servers, each with its own tables', async () => {
  const [one, other] = await Promise.all([startPostgres(), startPostgres()]);
  await using _one = one;
  await using _other = other;
  const sql = (service: RunningContainer, text: string): Promise<string> => ask(service, 'psql', '-Atc', text);
  await sql(one, 'create table words (word text)');
  await sql(one, "insert into words values ('one')");
  assert.equal(await sql(one, 'select word from words'), 'one');
  await assert.rejects(sql(other, 'select word from words'), /relation "words" does not exist/);
});

test('nginx serves a directory', async () => {
  await using web = await startNginx(pages);
  assert.equal(await get(web, '/'), '200 hello');
  assert.match(await get(web, '/missing'), /^404 /);
});

/** How each is started, and what a new one says. */
const kinds = {
  Redis: { start: startRedis, use: count, says: ':1' },
  PostgreSQL: {
    start: () => startPostgres(),
    use: (db: RunningContainer) => ask(db, 'psql', '-Atc', 'create table t ()'),
    says: 'CREATE TABLE',
  },
  nginx: { start: () => startNginx(pages), use: (web: RunningContainer) => get(web, '/'), says: '200 hello' },
};

for (const [name, { start, use, says }] of Object.entries(kinds)) {
  test(`twenty of ${name} at a time, all on one port`, async () => {
    const begun = await Promise.allSettled(Array.from({ length: 20 }, start));
    const services = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    try {
      assert.deepEqual(
        begun.flatMap((one) => (one.status === 'rejected' ? [one.reason] : [])),
        [],
      );
      assert.deepEqual(await Promise.all(services.map(use)), Array(20).fill(says));
    } finally {
      await Promise.all(services.map((service) => service[Symbol.asyncDispose]()));
    }
  });
}
