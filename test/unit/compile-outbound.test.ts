/** `compile` makes a way out of what the host has: by which program, in which order, and whom to ask for names. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Host, OutboundFacts } from '#lib/host/facts.js';
import { linesOf, nameserversOf } from '#lib/host/outbound.js';
import { Container, type Plan } from '#lib/index.js';
import { root, user } from '../support/hosts.js';
import { actsOf, all, has, plan } from '../support/plans.js';

const box = new Container().network('outbound');
const withOutbound = (host: Host, changes: Partial<OutboundFacts>): Host => ({
  ...host,
  outbound: { ...(host.outbound as OutboundFacts), ...changes },
});
const slirp = (host: Host): Host => {
  const { pasta: _, ...outbound } = host.outbound as OutboundFacts;
  return { ...host, outbound };
};
const connect = (made: Plan): { readonly path: string; readonly args: readonly string[] } => {
  const [step, ...others] = all(actsOf(made), 'connectNetwork');
  assert.ok(step !== undefined && others.length === 0);
  return step;
};
const resolver = (made: Plan): string | undefined => {
  const found = all(made.steps, 'file').find(({ target }) => target === '/etc/resolv.conf');
  return found === undefined ? undefined : new TextDecoder().decode(found.content);
};

describe("network('outbound')", () => {
  test('is a network of its own, with a program behind the maps: without it, none', () => {
    for (const host of [root, user]) {
      const made = plan(box, host);
      assert.ok(made.clone.includes('network'));
      const [first] = all(made.steps, 'barrier');
      assert.equal(first?.acts.at(-1)?.op, 'connectNetwork');
      assert.equal(has(plan(new Container(), host), 'connectNetwork'), false);
      assert.deepEqual(
        all(made.steps, 'addRoute').map(({ name, type, destination }) => [name, type, destination]),
        host.ipv6 === true
          ? [
              ['tap0', 'local', '127.0.0.0'],
              ['tap0', 'local', '::1'],
            ]
          : [['tap0', 'local', '127.0.0.0']],
      );
    }
  });

  test('is by pasta, which is told of no way to the host’s loopback; else by slirp4netns', () => {
    const { path, args } = connect(plan(box, user));
    assert.equal(path, '/usr/bin/pasta');
    for (const option of ['--no-map-gw', '--config-net', '--userns /proc/self/fd/1', '--netns /proc/self/fd/0'])
      assert.match(args.join(' '), new RegExp(option));
    for (const ports of ['tcp-ports', 'udp-ports', 'tcp-ns', 'udp-ns'])
      assert.match(args.join(' '), new RegExp(`--${ports} none`));
    assert.equal(args.includes('--runas'), false);
    assert.match(connect(plan(box, root)).args.join(' '), /--runas 0/);
    const other = connect(plan(box, slirp(user)));
    assert.equal(other.path, '/usr/bin/slirp4netns');
    for (const option of ['--disable-host-loopback', '--enable-seccomp', '--ready-fd=3'])
      assert.ok(other.args.includes(option));
    assert.equal(other.args.includes('--enable-sandbox'), false);
    assert.ok(connect(plan(box, slirp(root))).args.includes('--enable-sandbox'));
  });

  test('joins no user namespace where the container has none', () => {
    const bare = box.namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']);
    assert.ok(connect(plan(bare, root)).args.includes('--netns-only'));
    assert.doesNotMatch(connect(plan(bare, slirp(root))).args.join(' '), /userns-path/);
  });

  test('is connected behind the inner user namespace, where mounts are locked, and before a hook', () => {
    const { steps } = plan(box.capabilities({ add: ['CAP_SYS_ADMIN'] }), root);
    const nested = steps.findIndex(({ op }) => op === 'nestNamespaces');
    const at = steps.findIndex((step) => step.op === 'barrier' && step.acts.some(({ op }) => op === 'connectNetwork'));
    assert.equal(at, nested + 1);
  });

  test('asks the host’s resolvers; one that is out of reach is forwarded to', () => {
    assert.equal(resolver(plan(box, user)), 'nameserver 192.0.2.53\nsearch example.org\n');
    const local = withOutbound(user, { nameservers: [{ address: '127.0.0.53', local: true }], lines: [] });
    assert.equal(resolver(plan(box, local)), 'nameserver 169.254.1.1\n');
    assert.match(connect(plan(box, local)).args.join(' '), /--dns-forward 169\.254\.1\.1/);
    assert.doesNotMatch(connect(plan(box, user)).args.join(' '), /dns-forward/);
    const six = withOutbound(user, { nameservers: [{ address: '::1', local: true }], lines: [] });
    assert.match(resolver(plan(box, six)) ?? '', /^nameserver fd63:/);
    const mixed = [...(local.outbound?.nameservers ?? []), { address: '192.0.2.1', local: false }];
    assert.equal(resolver(plan(box, withOutbound(local, { nameservers: mixed }))), 'nameserver 192.0.2.1\n');
    assert.equal(resolver(plan(box, slirp(local))), 'nameserver 10.0.2.3\n');
    assert.equal(resolver(plan(new Container(), user)), undefined);
  });

  test('in the network of a container that leads out, names are asked for as there', () => {
    const handles = { network: { path: '/proc/7/ns/net', inode: 7 }, user: { path: '/proc/7/ns/user', inode: 8 } };
    const of = (network: object): Container => new Container({ network: { namespaces: handles, ...network } });
    const running = (container: Container): Container => of({ container });
    assert.equal(resolver(plan(running(box), root)), 'nameserver 192.0.2.53\nsearch example.org\n');
    const listed = running(new Container().network({ allow: ['a.test:80'] }));
    assert.equal(resolver(plan(listed, root)), 'nameserver 198.18.0.1\n');
    assert.equal(resolver(plan(running(new Container()), root)), undefined);
    // The network of one that has joined it is the same.
    for (const [one, text] of [
      [running(running(box)), 'nameserver 192.0.2.53\nsearch example.org\n'],
      [running(listed), 'nameserver 198.18.0.1\n'],
      [new Container(JSON.parse(JSON.stringify(listed))), 'nameserver 198.18.0.1\n'],
    ] as const)
      assert.equal(resolver(plan(one, root)), text);
    assert.throws(() => of({ nameservers: ['dns'] }), { message: /network\.nameservers\[0\]/ });
  });

  test('needs one of the programs', () => {
    const { pasta: _, slirp4netns: __, ...none } = user.outbound as OutboundFacts;
    for (const host of [
      { ...user, outbound: none },
      { ...root, outbound: none },
    ]) {
      assert.throws(() => plan(box, host), { code: 'ERR_OUTBOUND', hint: /passt.*slirp4netns/ });
      plan(new Container(), host);
    }
  });

  test('goes with no capability that sends what it likes, and with no other network', () => {
    for (const name of ['CAP_NET_RAW', 'CAP_NET_ADMIN'] as const) {
      assert.throws(() => box.capabilities({ add: [name] }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: new RegExp(name),
      });
      new Container().capabilities({ add: [name] });
    }
    assert.throws(() => new Container({ network: 'outbound', namespaces: ['mount'] }), /network\('outbound'\) needs/);
    assert.deepEqual(new Container(box.toJSON()).toJSON(), box.toJSON());
  });
});

describe('the host’s resolvers', () => {
  test('are what /etc/resolv.conf names, each once; its own are local', () => {
    const text =
      '# nameserver 1.1.1.1\nnameserver 127.0.0.53\n nameserver 192.0.2.2 # x\nnameserver 192.0.2.3\nnameserver no\n';
    assert.deepEqual(nameserversOf(`${text}nameserver fe80::1%eth0\nnameserver 192.0.2.3\n`, ['192.0.2.2']), [
      { address: '127.0.0.53', local: true },
      { address: '192.0.2.2', local: true },
      { address: '192.0.2.3', local: false },
      { address: 'fe80::1%eth0', local: true },
    ]);
    assert.deepEqual(linesOf('search a b \noptions ndots:2\nsortlist 1\n#search c\ndomain d\n'), [
      'search a b',
      'options ndots:2',
      'domain d',
    ]);
  });
});
