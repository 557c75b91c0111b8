/** A hostile program costs its container, and not Node or the containers beside it. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Container, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { networksBelow } from '../support/outside/networks.js';
import { reach } from '../support/outside/reach.js';
import { resolve } from '../support/outside/resolve.js';
import { lookups, names, seen } from '../support/outside.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const FLOODS = readFileSync(new URL('../../../test/hardening/egress-floods.py', import.meta.url), 'utf8');
const MANY = process.env.CARREL_SOAK === undefined ? 100_000 : 1_000_000;
const MIB = 1024 * 1024;
const echo = 'echo.example.org:7';
const box = new Container().network({ allow: [echo, 'echo.example.org:19', 'echo.example.org:11', '*.example.com:7'] });

let size = 0;

before(async () => {
  await box.run('true');
  // What is made ahead of the next start has one too.
  size = networksBelow().size;
  names.set('echo.example.org', ['203.0.113.5']);
});

after(async () => {
  await until(() => networksBelow().size <= size);
});

/** Runs a flood in a container that is its own. Meanwhile Node turns, and another container has what it wants. */
async function flood(way: string, argument: number, from: Container | RunningContainer = box): Promise<string> {
  await using beside = await box.start();
  let over = false;
  const flooding = from.run('/usr/bin/python3', ['-c', FLOODS, way, String(argument)]).finally(() => {
    over = true;
  });
  let turns = 0;
  let reached = 0;
  const turning = (async () => {
    for (; !over; turns += 1) await turn();
  })();
  do {
    assert.deepEqual(await reach(beside, echo), { [echo]: 'reached' });
    reached += 1;
  } while (!over);
  await turning;
  const { stdout, stderr, ok } = await flooding;
  assert.ok(ok, stderr);
  assert.ok(turns > 20 && reached > 0, `${turns} turns of Node`);
  return stdout;
}

suite('questions', requires('debian-python3'), () => {
  test('more than are answered, from several processes', async () => {
    lookups.length = 0;
    await flood('questions', 25_000);
    assert.ok(lookups.every((name) => name === 'echo.example.org'));
  });

  test(`for ${MANY} names that are not listed`, async () => {
    await using running = await box.start();
    assert.equal(await flood('unlisted', MANY, running), `${MANY} of 3\n`);
    assert.equal((await resolve(running, [['a.example.com', 'A']]))[0]?.length, 1);
    const { connections, degraded } = await running.stop({ grace: 0 });
    assert.equal(connections.length, 1000);
    assert.ok(degraded.length > 0);
  });

  test(`for ${MANY} names below one that is listed`, async () => {
    await using running = await box.start();
    const [, given = '', refused = ''] =
      /^(\d+) of 0\n(\d+) of 2\n$/.exec(await flood('wildcards', MANY, running)) ?? [];
    assert.equal(Number(given) + Number(refused), MANY);
    assert.ok(Number(given) > 65_000 && Number(given) <= 65_536, given);
    // Those that have an address keep it, in this container and in others.
    assert.deepEqual(await reach(running, echo), { [echo]: 'EAI_AGAIN' });
    assert.deepEqual(await reach(box, echo), { [echo]: 'reached' });
    assert.equal((await resolve(running, [['n1.example.com', 'A']]))[0]?.length, 1);
  });

  test('by connections that are begun and not gone on with', async () => {
    await using running = await box.start();
    const text = await flood('halves', 600, running);
    assert.match(text, /^held \d+\nanswered\n$/);
    assert.deepEqual(await reach(running, echo), { [echo]: 'reached' });
  });
});

suite('connections', requires('debian-python3'), () => {
  test('as many as several processes can open', async () => {
    await using running = await box.start();
    const text = await flood('connections', 1000, running);
    assert.match(text, /^(held \d+\n){4}$/);
    // What was held is free again.
    assert.deepEqual(await reach(running, echo), { [echo]: 'reached' });
  });

  test('a thousand that come and go at once', async () => {
    await flood('hasty', 1000);
  });

  test('that never read: no more is taken from the other side than there is room for', async () => {
    const before = process.memoryUsage();
    await flood('silent', 100);
    const { external, heapUsed } = process.memoryUsage();
    assert.ok(external + heapUsed - before.external - before.heapUsed < 64 * MIB);
  });

  test('to what never reads: no more is taken from the program', async () => {
    const [sent = 0] = (await flood('pushing', 20)).split('\n').map(Number);
    assert.ok(sent < 20 * 16 * MIB, `${sent} bytes`);
  });

  test('to a name that the host’s resolver never tells of', async () => {
    names.set('mute.example.com', undefined);
    await using running = await box.start();
    const script = `const { connect } = require('node:net');
      for (let i = 0; i < 50; i += 1)
        connect(7, 'mute.example.com').on('error', () => {}).once('connect', () => console.log(i));`;
    const child = running.spawn('node', ['-e', script]);
    let lines = 0;
    for await (const chunk of child.stdout ?? []) {
      lines += String(chunk).split('\n').length - 1;
      if (lines === 50) break;
    }
    assert.deepEqual(await reach(running, echo), { [echo]: 'reached' });
    await seen();
    await running.stop({ grace: 0 });
  });
});
