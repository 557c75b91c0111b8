/**
 * The tests of ../services.test.ts as they are with testcontainers, to compare.
 *
 * They need Docker, so nothing here runs them: `npm run test:package -- testcontainers` checks their types.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { RedisContainer } from '@testcontainers/redis';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

const startRedis = () => new RedisContainer('redis:7').start();

const startPostgres = () =>
  new PostgreSqlContainer('postgres:15').withUsername('test').withDatabase('postgres').start();

const startNginx = (directory: string) =>
  new GenericContainer('nginx:1')
    .withBindMounts([{ source: directory, target: '/usr/share/nginx/html', mode: 'ro' }])
    .withExposedPorts(80)
    .withWaitStrategy(Wait.forHttp('/', 80))
    .start();

/** A directory with a page, for nginx. */
const pages = mkdtempSync(join(tmpdir(), 'pages-'));
writeFileSync(join(pages, 'index.html'), 'hello');
after(() => rmSync(pages, { recursive: true }));

/** By a client in the service's own container. */
async function ask(service: StartedTestContainer, file: string, ...args: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await service.exec([file, ...args]);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
}

/** By a port of the host. */
async function get(web: StartedTestContainer, path: string): Promise<string> {
  const response = await fetch(`http://${web.getHost()}:${web.getMappedPort(80)}${path}`);
  return `${response.status} ${await response.text()}`;
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
  const sql = (service: StartedTestContainer, text: string): Promise<string> =>
    ask(service, 'psql', '-U', 'test', '-d', 'postgres', '-Atc', text);
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
