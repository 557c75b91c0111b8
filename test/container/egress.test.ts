/** What is listed is reached, from every kind of container, and nothing else. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { before, beforeEach, suite, test } from 'node:test';
import { Container, type RunningContainer } from 'carrel';
import { postgresPrograms } from '../support/databases.js';
import { useCleanHost } from '../support/host.js';
import { all, reach } from '../support/outside/reach.js';
import { lookups, names, seen } from '../support/outside.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const ALLOW = ['echo.example.org:7', '*.example.com:7', '203.0.113.5:7', '198.51.100.0/24:7', '[2001:db8:5::/48]:7'];
const LISTED = [
  'echo.example.org:7',
  'a.example.com:7',
  'a.b.example.com:7',
  '203.0.113.5:7',
  '198.51.100.5:7',
  '[2001:db8:5::5]:7',
];
const box = new Container().network({ allow: ALLOW });

before(() => {
  names.set('echo.example.org', ['203.0.113.5']);
  names.set('a.example.com', ['203.0.113.5']);
  names.set('a.b.example.com', ['2001:db8::5']);
  names.set('other.example.org', ['203.0.113.5']);
  names.set('example.com', ['203.0.113.5']);
});

beforeEach(async () => {
  await seen();
  lookups.length = 0;
});

suite('what is listed', () => {
  test('is not reached without, and is with: names, wildcards, addresses, ranges', async () => {
    const alone = await reach(new Container(), ...LISTED);
    assert.ok(Object.values(alone).every((verdict) => /^(ENETUNREACH|EAI_AGAIN|ECONNREFUSED)$/.test(verdict)));
    assert.deepEqual(await seen(), []);
    assert.deepEqual(await reach(box, ...LISTED), all(LISTED, 'reached'));
    const came = await seen();
    assert.deepEqual(
      came.map(({ address }) => address),
      ['203.0.113.5', '203.0.113.5', '2001:db8::5', '203.0.113.5', '198.51.100.5', '2001:db8:5::5'],
    );
    // Names only, and once a connection.
    assert.deepEqual(lookups, ['echo.example.org', 'a.example.com', 'a.b.example.com']);
  });

  test('is all that is: other ports, addresses and names are refused at once, and nothing leaves', async () => {
    const refused = {
      'echo.example.org:80': /^ECONNREFUSED$/,
      '203.0.113.5:80': /^ECONNREFUSED$/,
      '203.0.113.6:7': /^ENETUNREACH$/,
      '8.8.8.8:53': /^ENETUNREACH$/,
      '[2001:db8::5]:7': /^(ENETUNREACH|EADDRNOTAVAIL)$/,
      'other.example.org:7': /^ENOTFOUND$/,
      'example.com:7': /^ENOTFOUND$/,
      'example.org:7': /^ENOTFOUND$/,
    };
    const found = await reach(box, ...Object.keys(refused));
    for (const [target, verdict] of Object.entries(refused)) assert.match(found[target] ?? '', verdict, target);
    assert.deepEqual(await seen(), []);
    assert.deepEqual(lookups, []);
  });

  test('goes by no proxy: no variable tells of one', async () => {
    const { stdout } = await box.run('env', { check: true });
    assert.doesNotMatch(stdout, /proxy/i);
  });

  test('carries much, both ways, with what is half closed', async () => {
    const web = new Container().network({ allow: ['echo.example.org:80', 'echo.example.org:9'] });
    const bytes = 16 * 1024 * 1024;
    const script = `
      curl -sS http://echo.example.org/bytes/${bytes} | wc -c
      head -c ${bytes} /dev/zero | curl -sS -T - -X POST http://echo.example.org/
      echo
      head -c ${bytes} /dev/zero | node -e '
        const socket = require("node:net").connect(9, "echo.example.org");
        process.stdin.pipe(socket).pipe(process.stdout);'`;
    const { stdout } = await web.run('bash', ['-c', script], { check: true });
    assert.equal(stdout, `${bytes}\n`.repeat(2) + bytes);
  });
});

suite('every kind of container', () => {
  const target = 'echo.example.org:7';
  const reached = { [target]: 'reached' };
  const others = { 'run()': box, 'with limits': box.limits({ memory: '512m', pids: 64 }), 'as a user': box.user(1000) };
  for (const [name, other] of Object.entries(others))
    test(name, name === 'with limits' ? requires('cgroups') : {}, async () => {
      assert.deepEqual(await reach(other, target, '203.0.113.6:7'), { ...reached, '203.0.113.6:7': 'ENETUNREACH' });
    });

  test('spawn()', async () => {
    const script = "process.stdin.pipe(require('node:net').connect(7, 'echo.example.org')).pipe(process.stdout)";
    const child = box.spawn('node', ['-e', script], { stdio: 'pipe' });
    child.stdin?.write('word');
    const [data] = await once(child.stdout as NodeJS.ReadableStream, 'data');
    assert.equal(String(data), 'word');
    child.kill('SIGKILL');
    await child.result;
  });

  test('start(): its main command, and commands that enter', async () => {
    const script = `require('node:net').connect(7, 'echo.example.org').end('word').pipe(process.stdout)`;
    await using running = await box
      .start('node', ['-e', `${script}; setInterval(() => {}, 1000)`], {
        ready: { line: 'word' },
        stdio: 'log',
      })
      .catch((error) => assert.fail(String(error)));
    assert.deepEqual(await reach(running, ...LISTED), all(LISTED, 'reached'));
  });

  test('those in its network: what is listed is the first one’s affair', async () => {
    await using first = await box.start();
    const second = new Container().network(first);
    assert.deepEqual(await reach(second, '203.0.113.5:7', '203.0.113.6:7'), {
      '203.0.113.5:7': 'reached',
      '203.0.113.6:7': 'ENETUNREACH',
    });
    assert.deepEqual(await reach(second, target), reached);
  });

  test('its own ports are its own: published, connected to, listened on', async () => {
    await using running = await box.publish(443).start('node', ['-e', OWN_PORTS], { ready: { port: 443 } });
    const { host, port } = running.address(443);
    assert.equal(await (await fetch(`http://${host}:${port}/`)).text(), 'own');
    const socket = await running.connect(7);
    assert.equal(String((await once(socket, 'data'))[0]), 'own');
    socket.destroy();
    await using _listener = await running.listen(9000, (each) => each.end('served'));
    assert.equal((await running.run('curl', ['-s', '--http0.9', 'http://127.0.0.1:9000/'])).stdout, 'served');
    assert.deepEqual(await reach(running, target), reached);
  });

  test('two beside each other know nothing of each other', async () => {
    const allow = [target, 'other.example.org:7'] as const;
    const boxes = allow.map((one) => new Container().network({ allow: [one] }));
    const found = await Promise.all(boxes.map((one) => reach(one, ...allow)));
    assert.deepEqual(found, [
      { [allow[0]]: 'reached', [allow[1]]: 'ENOTFOUND' },
      { [allow[0]]: 'ENOTFOUND', [allow[1]]: 'reached' },
    ]);
  });
});

/** What a program inside has of ports that are listed: they are free. */
const OWN_PORTS = `
  require('node:http').createServer((_, answer) => answer.end('own')).listen(443);
  require('node:net').createServer((socket) => socket.end('own')).listen(7);
  require('node:dgram').createSocket('udp4').bind(53);`;

suite('the loopback of the host', () => {
  test('is host.docker.internal, on the ports that are listed', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    const other = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
    try {
      for (const server of [echo, other]) if (!server.listening) await once(server, 'listening');
      const [port, unlisted] = [echo, other].map((server) => (server.address() as AddressInfo).port);
      const targets = [`host.docker.internal:${port}`, `host.docker.internal:${unlisted}`, `127.0.0.1:${port}`];
      const local = new Container().network({ allow: [`host.docker.internal:${port}`] });
      assert.deepEqual(Object.values(await reach(local, ...targets)), ['reached', 'ECONNREFUSED', 'ECONNREFUSED']);
      assert.deepEqual(Object.values(await reach(box, ...targets)), ['ENOTFOUND', 'ENOTFOUND', 'ECONNREFUSED']);
      assert.deepEqual(lookups, []);
    } finally {
      for (const server of [echo, other]) await new Promise((resolve) => server.close(resolve));
    }
  });

  test('has a database, which psql reaches', requires('postgresql'), async () => {
    const cluster = `
      initdb --pgdata=/tmp/data --username=test --auth=trust --no-sync --no-instructions >/dev/null
      exec postgres -D /tmp/data -c fsync=off -c unix_socket_directories=/tmp`;
    await using db: RunningContainer = await new Container()
      .user(1000)
      .env({ PATH: `${postgresPrograms()}:/usr/bin:/bin` })
      .publish(5432)
      .start('sh', ['-ec', cluster], { ready: { line: 'ready to accept connections' } });
    const { port } = db.address(5432);
    const client = new Container().env({ PATH: `${postgresPrograms()}:/usr/bin:/bin` });
    const words = ['-h', 'host.docker.internal', '-p', String(port), '-U', 'test', '-Atc', 'select 6 * 7', 'postgres'];
    assert.equal((await client.run('psql', words)).ok, false);
    const allowed = client.network({ allow: [`host.docker.internal:${port}`] });
    assert.equal((await allowed.run('psql', words, { check: true })).stdout, '42\n');
  });
});
