/** A network that the launcher has made ahead, for a list like the last one, is no other list's. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { Container } from '#lib/index.js';
import { useCleanHost } from '../support/host.js';
import { ancestors } from '../support/processes.js';
import { spareAfter, spareNow } from '../support/spares.js';

const plain = new Container();
const one = plain.network({ allow: ['203.0.113.0/24:8081', 'a.example:8082'] });
const other = plain.network({ allow: ['192.0.2.7:8083'] });
const forwarding = (box: Container): Container => box.sysctl({ 'net.ipv4.conf.default.forwarding': '1' });

useCleanHost({ warmUp: () => plain.run('true') });

/** Destinations of its routes, the ports that somebody listens to beyond, and what holds for its interface. */
interface Seen {
  readonly routes: readonly string[];
  readonly ports: readonly number[];
  readonly forwarding: string;
}

const LOOK = `
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');
const number = (hex) => Buffer.from(hex, 'hex').reverse().join('.');
const lines = readFileSync('/proc/net/route', 'utf8').trim().split('\\n').slice(1);
const routes = lines.map((line) => line.split('\\t')).map(([name, to, , , , , , mask]) =>
  name + ' ' + number(to) + ' ' + number(mask)).sort();
const isOpen = (port) => new Promise((resolve) => {
  const socket = connect(port, '198.18.0.1', () => resolve(true));
  // What is not listed is reset, perhaps before it is seen to be connected.
  socket.on('error', ({ code }) => resolve(code === 'ECONNRESET'));
});
let forwarding = '';
try { forwarding = readFileSync('/proc/sys/net/ipv4/conf/eth0/forwarding', 'utf8').trim(); } catch {}
(async () => {
  const ports = [];
  for (const port of [53, 8081, 8082, 8083]) if (await isOpen(port)) ports.push(port);
  console.log(JSON.stringify({ routes, ports, forwarding }));
  process.exit();
})();
`;

const NAMES = ['eth0 198.18.0.0 255.254.0.0', 'eth0 198.18.0.0 255.255.255.252'];
const ONE: Seen = { routes: [...NAMES, 'eth0 203.0.113.0 255.255.255.0'], ports: [53, 8081, 8082], forwarding: '0' };
const OTHER: Seen = { routes: ['eth0 192.0.2.7 255.255.255.255', ...NAMES], ports: [53, 8083], forwarding: '0' };
const NONE: Seen = { routes: [], ports: [], forwarding: '' };

/** Runs beside a spare that was made for what ran before. */
async function seenIn(box: Container): Promise<Seen> {
  const { stdout } = await box.run('node', ['-e', LOOK], { check: true });
  return JSON.parse(stdout) as Seen;
}

suite('the network that a spare has', () => {
  test('is that of a list like the last one', async () => {
    await spareAfter(() => one.run('true', [], { check: true }));
    for (let tries = 0; ; tries += 1) {
      const spare = spareNow();
      const child = one.spawn('cat');
      await once(child, 'spawn');
      const made = ancestors(child.pid ?? 0);
      child.stdin?.end();
      assert.equal(await text(child.stdout as never), '');
      await child.result;
      if (spare !== undefined && made.includes(spare.child)) break;
      assert.ok(tries < 100, 'the spare is never used');
      await spareAfter(() => one.run('true', [], { check: true }));
    }
    await spareAfter(() => one.run('true', [], { check: true }));
    assert.deepEqual(await seenIn(one), ONE);
  });

  test('is no other’s: each has the routes and ports of its own plan, whatever ran before', async () => {
    const cases = { one: [one, ONE], other: [other, OTHER], none: [plain, NONE] } as const;
    const orders = ['one', 'other', 'none', 'one', 'none', 'other', 'one', 'one', 'other', 'other', 'none'] as const;
    for (const [index, name] of orders.entries()) {
      const [box, expected] = cases[name];
      assert.deepEqual(await seenIn(box), expected, `${index}, ${name} after ${orders[index - 1]}`);
      await spareAfter(() => box.run('true', [], { check: true }));
    }
  });

  test('is not made before settings of interfaces hold that are made later', async () => {
    const cases = [
      [one, ONE],
      [forwarding(one), { ...ONE, forwarding: '1' }],
      [one, ONE],
      [forwarding(other), { ...OTHER, forwarding: '1' }],
      [forwarding(one), { ...ONE, forwarding: '1' }],
      [other, OTHER],
    ] as const;
    for (const [index, [box, expected]] of cases.entries()) {
      await spareAfter(() => box.run('true', [], { check: true }));
      assert.deepEqual(await seenIn(box), expected, `${index}`);
    }
  });

  test('is each container’s own, where many of one list start at once', async () => {
    await spareAfter(() => one.run('true', [], { check: true }));
    const seen = await Promise.all(Array.from({ length: 8 }, (_, index) => seenIn(index % 2 === 0 ? one : other)));
    for (const [index, found] of seen.entries()) assert.deepEqual(found, index % 2 === 0 ? ONE : OTHER);
  });
});
