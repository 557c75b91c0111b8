/** What is told of connections: by events while a container runs, and by its result. */

import assert from 'node:assert/strict';
import { on } from 'node:events';
import { before, suite, test } from 'node:test';
import { type Connection, Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { reach } from '../support/outside/reach.js';
import { names } from '../support/outside.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container().network({
  allow: ['echo.example.org:7', 'shut.example.org:6', 'lan.example.org:7', 'gone.example.org:7', '203.0.113.5:7'],
});

/** What is tried, and what is told of it. */
const TRIED: Readonly<Record<string, Omit<Connection, 'timeMs'>>> = {
  'echo.example.org:7': told('echo.example.org', '203.0.113.5', 7, 'relayed', 4),
  '203.0.113.5:7': told(undefined, '203.0.113.5', 7, 'relayed', 4),
  'shut.example.org:6': told('shut.example.org', '203.0.113.5', 6, 'failed'),
  'lan.example.org:7': told('lan.example.org', '10.1.2.3', 7, 'private-address'),
  'gone.example.org:7': told('gone.example.org', undefined, 7, 'unresolved'),
  'other.example.org:7': told('other.example.org', undefined, 0, 'not-listed'),
};

before(() => {
  names.set('echo.example.org', ['203.0.113.5']);
  names.set('shut.example.org', ['203.0.113.5']);
  names.set('lan.example.org', ['10.1.2.3']);
});

function told(
  name: string | undefined,
  address: string | undefined,
  port: number,
  outcome: Connection['outcome'],
  bytes = 0,
): Omit<Connection, 'timeMs'> {
  return { name, address, port, outcome, sentBytes: bytes, receivedBytes: bytes };
}

function timeless(connections: readonly Connection[]): readonly Omit<Connection, 'timeMs'>[] {
  return connections.map(({ timeMs, ...rest }) => {
    assert.equal(typeof timeMs, 'number');
    return rest;
  });
}

suite('each attempt', () => {
  test('is told by the result, in order', async () => {
    for (const [target, expected] of Object.entries(TRIED)) {
      const { connections } = await box.run('node', ['-e', CONNECT, target]);
      assert.deepEqual(timeless(connections), [expected], target);
    }
    const none = await new Container().run('node', ['-e', CONNECT, 'echo.example.org:7']);
    assert.deepEqual(none.connections, []);
  });

  test('is an event of the command', async () => {
    const child = box.spawn('node', ['-e', CONNECT, ...Object.keys(TRIED)], { stdio: 'ignore' });
    const seen: Connection[] = [];
    child.on('connection', (connection) => seen.push(connection));
    const { connections } = await child.result;
    assert.deepEqual(seen, connections);
    assert.deepEqual(timeless(seen), Object.values(TRIED));
  });

  test('is an event of the container, for its main command and all that enter', async () => {
    await using running = await box.start();
    const events = on(running, 'connection');
    for (const [target, expected] of Object.entries(TRIED)) {
      await reach(running, target);
      const { value } = (await events.next()) as { readonly value: readonly [Connection] };
      // Its bytes are counted when it has ended here, too.
      const [{ sentBytes: _, receivedBytes: __, ...rest } = assert.fail()] = timeless(value);
      assert.deepEqual({ ...expected, ...rest }, expected);
    }
    const { connections } = await running.stop({ grace: 0 });
    assert.deepEqual(timeless(connections), Object.values(TRIED));
  });

  test('is told in the end too where it is open then, with what it has carried', async () => {
    await using running = await box.start();
    const open = `require('node:net').connect(7, 'echo.example.org').on('data', () => console.log('on')).write('word')`;
    const child = running.spawn('node', ['-e', open]);
    for await (const _ of child.stdout ?? []) break;
    const { connections } = await running.stop({ grace: 0 });
    assert.deepEqual(timeless(connections), [TRIED['echo.example.org:7']]);
  });
});

suite('many', () => {
  test('are told to a thousand, and how many more there were', async () => {
    const script = `
      const net = require('node:net');
      (async () => {
        for (let i = 0; i < 1010; i += 1)
          await new Promise((resolve) => net.connect(7, '203.0.113.5').on('close', resolve).end());
      })();`;
    const child = box.spawn('node', ['-e', script], { stdio: 'ignore' });
    let events = 0;
    child.on('connection', () => {
      events += 1;
    });
    const { connections, degraded } = await child.result;
    assert.equal(connections.length, 1000);
    assert.equal(events, 1010);
    assert.match(degraded.join('\n'), /\b10 (more )?connections|connections.*\b10\b/);
  });
});

/** One after the other: a word is sent, and the connection ends when it has come back or is refused. */
const CONNECT = `
  const net = require('node:net');
  const one = (target) => new Promise((resolve) => {
    const [host, port] = target.split(':');
    const socket = net.connect({ host, port, autoSelectFamily: false }, () => socket.write('word'));
    socket.on('data', () => socket.end()).on('error', () => {}).on('close', resolve);
  });
  (async () => { for (const target of process.argv.slice(1)) await one(target); })();`;
