/** The example of a bridge, in a world of its own: its containers reach each other and the outside. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { checkout } from '../support/sources.js';
import { inWorld } from '../support/world.js';
import type * as Tools from '../support/world-tools.js';

useCleanHost();

const example = `${checkout}examples/bridge.js`;

/** What the host's network is before and after the example, and what that says. `first` is for sh(1), before all. */
async function observe({ execFileSync, until }: typeof Tools, example: string, first: string) {
  process.env.PATH = '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const sh = (script: string, ...args: readonly string[]): string =>
    execFileSync('sh', ['-ec', script, 'sh', ...args], { encoding: 'utf8', stdio: 'pipe' });
  const links = (): string => sh('ip -brief link').replaceAll(/ .*/g, '');
  const network = (): readonly string[] => [
    links(),
    sh('ip -brief -4 address; ip route; nft list ruleset; cat /proc/sys/net/ipv4/ip_forward'),
  ];
  sh(first);
  const before = network();
  const said = sh('"$@" 2>&1 || true', process.execPath, example, 'www.example.org', '8000');
  // The kernel tears a network down behind the end of its last process.
  await until(() => links() === before[0]);
  return { said, before, after: network() };
}

suite('containers on a bridge', requires('root', 'iproute2', 'nftables'), () => {
  test('reach nothing without it; with it each other and the outside; and leave nothing', async () => {
    const target = 'tcp 203.0.113.10 8000';
    const without = await inWorld({}, ({ Container, ask }, target) => ask(new Container(), [target]), target);
    assert.deepEqual(without, { [target]: 'ENETUNREACH' });

    const { said, before, after } = await inWorld({}, observe, example, '');
    assert.deepEqual(said.split('\n'), [
      'one asks 10.88.0.3:8080: two sees 10.88.0.2',
      'one asks two:8080: two sees 10.88.0.2',
      'two asks 10.88.0.2:8080: one sees 10.88.0.3',
      'two asks one:8080: one sees 10.88.0.3',
      // By the host's address.
      'one asks www.example.org:8000: outside 203.0.113.1',
      'two asks www.example.org:8000: outside 203.0.113.1',
      '',
    ]);
    assert.deepEqual(after, before);
  });

  test('leave nothing where a hook fails', async () => {
    const { said, before, after } = await inWorld(
      {},
      observe,
      example,
      'mount --bind /bin/false "$(command -v nsenter)"',
    );
    assert.match(said, /ERR_HOOK/);
    assert.match(said, /Command failed: nsenter --net=\/proc\/\d+\/ns\/net ip address add/);
    assert.deepEqual(after, before);
  });

  test('take no bridge that is there', async () => {
    const { said, before, after } = await inWorld({}, observe, example, 'ip link add carrel0 type bridge');
    assert.match(said, /File exists/);
    assert.match(before[0] ?? '', /^carrel0$/m);
    assert.deepEqual(after, before);
  });
});
