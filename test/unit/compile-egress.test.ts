/** `compile` puts a second network beside a container that has a list of what it may reach. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compile } from '#lib/compile/container.js';
import { rangesOf } from '#lib/compile/egress.js';
import type { Host } from '#lib/host/facts.js';
import { Container, type ContainerStep, file, type Plan } from '#lib/index.js';
import { encode } from '#lib/plan/encode.js';
import { explain } from '#lib/plan.js';
import { HOSTS, root as rootHost, user as userHost } from '../support/hosts.js';
import { all, commandWith, FIRST, has, only, plan } from '../support/plans.js';

const root: Host = { ...rootHost, ipv6: true };
const user: Host = { ...userHost, ipv6: true };
const ALLOW = ['api.example.org:443', '203.0.113.0/24:80', '[2001:db8::5]:443', '203.0.113.0/24:443'] as const;
const box = new Container().network({ allow: ALLOW });
const nothing = new Container().network({ allow: [] });

/** The plan of one that stays. */
function staying(container: Container, host: Host = root, stays: 'command' | 'alone' = 'command'): Plan {
  return compile(container.toJSON(), commandWith({ stays }), host, FIRST);
}

/** What is of the list: each step in a word or two. */
function wordsOf({ steps }: Plan): readonly string[] {
  return steps.filter(({ from }) => from === 'network()').flatMap(wordOf);
}

function wordOf(step: ContainerStep): readonly string[] {
  switch (step.op) {
    case 'file':
    case 'give':
      return [];
    case 'newNetwork':
      return [step.op];
    case 'setns':
      return ['back'];
    case 'linkUp':
      return [`up ${step.name}`];
    case 'addVeth':
      return [`cable ${step.name} ${step.peer}`];
    case 'addAddress':
      return [`${step.name} is ${step.address}/${step.prefix}`];
    case 'addRoute':
      return [`${step.name} ${step.type} ${step.destination}/${step.prefix} ${step.gateway ?? '-'}`];
    case 'listenTcp':
      return [`tcp ${step.family} ${step.port}`];
    case 'bindUdp':
      return [`udp ${step.address} ${step.port}`];
    default:
      return assert.fail(step.op);
  }
}

function fileOf(made: Plan, target: string): string | undefined {
  const [step] = all(made.steps, 'file').filter((one) => one.target === target);
  return step && new TextDecoder().decode(step.content);
}

/** The names of the slots that are given. */
function givenBy(made: Plan): readonly string[] {
  const slots = all(made.steps, 'give').flatMap((step) => step.slots);
  return slots.map((slot) => made.slots[slot] ?? '');
}

/** Its own loopback first. */
const WORDS = [
  ...['up lo', 'newNetwork', 'up lo'],
  'cable gate0 eth0',
  'up gate0',
  'gate0 is 198.18.0.1/30',
  'gate0 is fd63:6172:7265:6c01::1/64',
  'lo local 198.18.0.0/15 -',
  'lo local fd63:6172:7265:6c00::/64 -',
  'lo local 203.0.113.0/24 -',
  'lo local 2001:db8::5/128 -',
  ...['tcp ipv6 53', 'tcp ipv6 80', 'tcp ipv6 443', 'udp 198.18.0.1 53', 'back', 'up eth0'],
  'eth0 is 198.18.0.2/30',
  'eth0 is fd63:6172:7265:6c01::2/64',
  'eth0 unicast 198.18.0.0/15 198.18.0.1',
  'eth0 unicast fd63:6172:7265:6c00::/64 fd63:6172:7265:6c01::1',
  'eth0 unicast 203.0.113.0/24 198.18.0.1',
  'eth0 unicast 2001:db8::5/128 fd63:6172:7265:6c01::1',
];

describe('network({ allow })', () => {
  test('makes the other network, its addresses, routes and sockets, and comes back for its own', () => {
    for (const host of [root, user]) assert.deepEqual(wordsOf(plan(box, host)), WORDS);
    const made = plan(box, root);
    const { left, slot } = only(made.steps, 'newNetwork');
    assert.equal(only(made.steps, 'addVeth').network, left);
    const [back] = all(made.steps, 'setns').filter(({ from }) => from === 'network()');
    assert.deepEqual([back?.slot, back?.type], [left, 'network']);
    assert.notEqual(slot, left);
  });

  test('has nothing of IPv6 where the host has none', () => {
    const { ipv6: _, ...without } = root;
    const words = wordsOf(plan(box, without));
    const expected = WORDS.filter((word) => !/fd63|2001/.test(word)).map((word) =>
      word.replace('tcp ipv6', 'tcp ipv4'),
    );
    assert.deepEqual(words, expected);
  });

  test('comes behind /sys and the settings of the namespace, and before rights go', () => {
    const { steps } = plan(box.rootfs('/srv/box').sysctl({ 'net.ipv4.conf.all.forwarding': '0' }), root);
    const at = (op: string): number => steps.findIndex((step) => step.op === op);
    const last = (op: string): number => steps.map((step): string => step.op).lastIndexOf(op);
    assert.ok(last('mount') < at('newNetwork'));
    assert.ok(last('sysctl') < at('newNetwork') && at('sysctl') > 0);
    assert.ok(last('bindUdp') < at('give'));
    assert.ok(at('give') < at('chdir'));
    for (const op of ['setBoundingSet', 'setCapabilities', 'seccomp', 'exec', 'init'])
      if (at(op) >= 0) assert.ok(last('addRoute') < at(op), op);
    // Its own loopback is up before: the one of the other network is another.
    assert.ok(at('linkUp') < at('newNetwork') && at('linkUp') >= 0);
  });

  test('gives its sockets, and of one that stays its network too', () => {
    assert.deepEqual(givenBy(plan(box, root)), ['resolver', 'port 53', 'port 80', 'port 443']);
    for (const stays of ['command', 'alone'] as const)
      assert.deepEqual(givenBy(staying(box, root, stays)).slice(-5), [
        ...['resolver', 'port 53', 'port 80', 'port 443', 'gateway'],
      ]);
  });

  test('listens once where port 53 is listed: the resolver’s, and who connects elsewhere is told apart', () => {
    const made = plan(new Container().network({ allow: ['ns.example.org:53', 'a:1'] }), root);
    assert.deepEqual(
      all(made.steps, 'listenTcp').map(({ port }) => port),
      [53, 1],
    );
  });

  test('that is empty is none to a command, and a gateway to what stays', () => {
    for (const host of [root, user]) {
      assert.equal(has(plan(nothing, host), 'newNetwork'), false);
      assert.deepEqual(wordsOf(plan(nothing, host)), ['up lo']);
      assert.deepEqual(givenBy(plan(nothing, host)), []);
      const words = wordsOf(staying(nothing, host));
      assert.deepEqual(
        words,
        WORDS.filter((word) => !/203|2001|tcp ipv6 (80|443)/.test(word)),
      );
      assert.deepEqual(givenBy(staying(nothing, host)).slice(-3), ['resolver', 'port 53', 'gateway']);
    }
  });

  test('of an ordinary definition adds nothing to its plan', () => {
    for (const host of [root, user])
      for (const made of [plan(new Container(), host), plan(new Container().network('none'), host)])
        for (const op of ['newNetwork', 'addVeth', 'addRoute', 'listenTcp', 'bindUdp'] as const)
          assert.equal(has(made, op), false, op);
  });

  test('is made by the inner user namespace, where there are two', () => {
    for (const host of [root, user]) {
      const made = plan(box.capabilities(['CAP_SYS_ADMIN']), host);
      assert.deepEqual(wordsOf(made), WORDS);
      const nest = only(made.steps, 'nestNamespaces');
      assert.ok(nest.namespaces.includes('network'));
      assert.ok(!made.clone.includes('network'));
      const [at, join] = [
        made.steps.findIndex(({ op }) => op === 'newNetwork'),
        made.steps.findIndex((step) => step.op === 'setns' && step.type === 'user'),
      ];
      assert.ok(made.steps.indexOf(nest) < at && at < join);
    }
  });

  test('names its resolver, with and without a root filesystem, unless a mount of the caller’s does', () => {
    for (const host of [root, user])
      for (const container of [box, box.rootfs('/srv/box'), box.readonly().rootfs('/srv/box')])
        assert.equal(fileOf(plan(container, host), '/etc/resolv.conf'), 'nameserver 198.18.0.1\n');
    const own = box.mount(file('/etc/resolv.conf', 'nameserver 192.0.2.1\n'));
    assert.equal(fileOf(plan(own, root), '/etc/resolv.conf'), 'nameserver 192.0.2.1\n');
    // To a list that is empty, others may be added.
    assert.equal(fileOf(staying(nothing), '/etc/resolv.conf'), 'nameserver 198.18.0.1\n');
  });

  test('has an /etc/hosts of its own, and no names of the host’s', () => {
    for (const host of [root, user])
      assert.equal(fileOf(plan(box, host), '/etc/hosts'), fileOf(plan(new Container(), host), '/etc/hosts'));
  });

  test('is said in sentences, and in bytes', () => {
    for (const host of HOSTS.map((one): Host => ({ ...one, ipv6: true }))) {
      const made = plan(box, host);
      assert.ok(encode(made).length > 0);
      for (const word of ['198.18.0.0/15', '203.0.113.0/24', '2001:db8::5', '443'])
        assert.ok(explain(made).includes(word), word);
    }
  });

  test('of a thousand ranges and 32 ports has one route to each in each network, and fits', () => {
    const allow = Array.from(
      { length: 1000 },
      (_, index) => `10.${index >> 8}.${index & 255}.0/24:${1 + (index % 32)}`,
    );
    const made = plan(new Container().network({ allow }), root);
    assert.equal(all(made.steps, 'addRoute').length, 2 * (1000 + 2));
    assert.equal(all(made.steps, 'listenTcp').length, 33);
    assert.ok(encode(made).length > 0);
  });
});

describe('the network of another container that has a list', () => {
  const handles = { network: { path: '/proc/7/fd/9', inode: 90 }, user: { path: '/proc/7/fd/8', inode: 80 } };
  const joined = new Container().network({ namespaces: handles, nameservers: ['198.18.0.1'] });

  test('brings its resolver, and nothing is made in it', () => {
    for (const host of [root, user]) {
      for (const container of [joined, joined.rootfs('/srv/box')])
        assert.equal(fileOf(plan(container, host), '/etc/resolv.conf'), 'nameserver 198.18.0.1\n');
      for (const op of ['newNetwork', 'addVeth', 'addRoute', 'listenTcp'] as const)
        assert.equal(has(plan(joined, host), op), false);
      const without = new Container().network({ namespaces: handles });
      assert.equal(fileOf(plan(without, host), '/etc/resolv.conf'), undefined);
    }
  });
});

describe('ranges', () => {
  test('are those of addresses, each once, and of families that the host has', () => {
    const { ipv6: _, ...without } = root;
    const texts = (host: Host): readonly string[] =>
      rangesOf(ALLOW, host).map(({ address, prefix, family }) => `${family} ${address}/${prefix}`);
    assert.deepEqual(texts(root), ['ipv4 203.0.113.0/24', 'ipv6 2001:db8::5/128']);
    assert.deepEqual(texts(without), ['ipv4 203.0.113.0/24']);
  });
});
