/** Two databases of a kind run at the same time on the same port: `node --test examples/databases.test.js`. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { startPostgres, startRedis } from './databases.js';

test('two Redis servers on one port know nothing of each other', async () => {
  await using one = await startRedis();
  await using other = await startRedis();
  assert.equal(await one.ask('redis-cli', 'set', 'word', 'one'), 'OK');
  assert.equal(await other.ask('redis-cli', 'get', 'word'), '');
  assert.equal(await one.ask('redis-cli', 'get', 'word'), 'one');
});

/** Debian has one directory for each version. */
const [version] = readdirSync('/usr/lib/postgresql').sort();

test('two PostgreSQL servers, each with its own tables', async () => {
  const [one, other] = await Promise.all([
    startPostgres(`/usr/lib/postgresql/${version}/bin`),
    startPostgres(`/usr/lib/postgresql/${version}/bin`),
  ]);
  await using _one = one;
  await using _other = other;
  const sql = (text: string): readonly string[] => ['-h', '127.0.0.1', '-U', 'test', '-d', 'postgres', '-Atc', text];
  await one.ask('psql', ...sql('create table words (word text)'));
  await one.ask('psql', ...sql("insert into words values ('one')"));
  assert.equal(await one.ask('psql', ...sql('select word from words')), 'one');
  await assert.rejects(other.ask('psql', ...sql('select word from words')), /relation "words" does not exist/);
});
