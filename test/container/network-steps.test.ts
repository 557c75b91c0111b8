/** Steps about networks, in plans that are written by hand: what each does, and what it is refused for. */

import assert from 'node:assert/strict';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { Container, type ContainerStep } from 'carrel';
import { plan, spawn } from 'carrel/plan';
import {
  addAddress,
  addRoute,
  addVeth,
  barrier,
  bindUdp,
  denySetgroups,
  exec,
  exit,
  linkUp,
  listenTcp,
  newNetwork,
  removeRoute,
  setGidMap,
  setns,
  setUidMap,
} from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { type Refusal, rejectsAtStep } from '../support/refusals.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
/** Behind the command's descriptors. */
const [GATEWAY, OWN, SOCKET, OTHER] = [3, 4, 5, 6];

/** In a network of its own, which nobody else has ever seen. */
function inNetwork(...steps: readonly ContainerStep[]): ReturnType<typeof spawn> {
  const acts = [
    ...(uid === 0 ? [] : [denySetgroups()]),
    setUidMap({ ranges: [0, uid, 1] }),
    setGidMap({ ranges: [0, gid, 1] }),
  ];
  return spawn(plan({ clone: ['user', 'network'], steps: [barrier({ acts }), ...steps] }));
}

const done = async (...steps: readonly ContainerStep[]): Promise<void> => {
  assert.equal((await inNetwork(...steps, exit()).result).exitCode, 0);
};
const refused = async (steps: readonly ContainerStep[], expected: Refusal): Promise<void> => {
  await rejectsAtStep(() => inNetwork(...steps, exit()).result, expected);
};

/**
 * What a program says at the end. It has both networks open: a network in which nobody is goes, and with it what is at
 * the other ends of its cables.
 */
async function said(steps: readonly ContainerStep[], script: string): Promise<string> {
  const stdio = [0, 1, 2, GATEWAY, OWN];
  const child = inNetwork(...steps, exec({ paths: ['/bin/sh'], args: ['sh', '-c', script], env: [], stdio }));
  const [stdout] = await Promise.all([text(child.stdout as Readable), child.result]);
  return stdout;
}

const other = newNetwork({ slot: GATEWAY, left: OWN });
const back = setns({ slot: OWN, type: 'network' });
const cable = addVeth({ name: 'out', peer: 'in', network: OWN });
const up = linkUp({ name: 'lo' });
const local = (destination: string, prefix: number): ContainerStep =>
  addRoute({ name: 'lo', type: 'local', destination, prefix });

suite('steps about networks', () => {
  test('make another network, and a cable from it to the first', async () => {
    const ends =
      'cat /proc/net/dev | sed -n "s/^ *\\([a-z0-9]*\\):.*/\\1/p" | grep -v "^\\(sit\\|gre\\|tun\\|ip\\|erspan\\)"';
    assert.deepEqual((await said([other, cable], ends)).split('\n').filter(Boolean).sort(), ['lo', 'out']);
    assert.deepEqual((await said([other, cable, back], ends)).split('\n').filter(Boolean).sort(), ['in', 'lo']);
  });

  test('give addresses and routes, and take routes away', async () => {
    const routes = 'cut -f 1,2,3,8 /proc/net/route';
    const steps = [
      ...[other, cable, back, linkUp({ name: 'in' }), addAddress({ name: 'in', address: '192.0.2.2', prefix: 30 })],
      addRoute({ name: 'in', destination: '203.0.113.0', prefix: 24, gateway: '192.0.2.1' }),
    ];
    const lines = (table: string): readonly string[] => table.trim().split('\n').slice(1).sort();
    const subnet = 'in\t000200C0\t00000000\tFCFFFFFF';
    assert.deepEqual(lines(await said(steps, routes)), [subnet, 'in\t007100CB\t010200C0\t00FFFFFF']);
    const removed = removeRoute({ name: 'in', destination: '203.0.113.0', prefix: 24 });
    assert.deepEqual(lines(await said([...steps, removed], routes)), [subnet]);
  });

  test('make all addresses of a range the network’s own', async () => {
    await done(up, local('203.0.113.0', 24), bindUdp({ slot: SOCKET, address: '203.0.113.77', port: 53 }));
    await refused([up, bindUdp({ slot: SOCKET, address: '203.0.113.77', port: 53 })], {
      ...{ op: 'bindUdp', code: 'EADDRNOTAVAIL', syscall: 'bind' },
    });
    // Addresses that nobody has used stay out of reach once the route is gone.
    const removed = removeRoute({ name: 'lo', type: 'local', destination: '203.0.113.0', prefix: 24 });
    await refused(
      [up, local('203.0.113.0', 24), removed, bindUdp({ slot: SOCKET, address: '203.0.113.77', port: 53 })],
      { op: 'bindUdp', code: 'EADDRNOTAVAIL' },
    );
  });
});

suite('a step about networks is refused', () => {
  test('where a name is too long, or none', async () => {
    for (const length of [16, 200, 10_000]) {
      const name = 'x'.repeat(length);
      for (const step of [linkUp({ name }), addAddress({ name, address: '192.0.2.1', prefix: 30 })])
        await refused([step], { op: step.op, code: 'EINVAL', syscall: 'ioctl' });
      for (const names of [
        { name, peer: 'in' },
        { name: 'out', peer: name },
      ])
        await refused([other, addVeth({ ...names, network: OWN })], { op: 'addVeth', code: 'EINVAL' });
    }
    for (const name of ['a/b', 'a b', '.', '..'])
      await refused([other, addVeth({ name, peer: 'in', network: OWN })], { op: 'addVeth', code: 'EINVAL' });
  });

  test('where there is no such interface', async () => {
    const steps = [
      linkUp({ name: 'none' }),
      addAddress({ name: 'none', address: '192.0.2.1', prefix: 30 }),
      addRoute({ name: 'none', destination: '192.0.2.0', prefix: 24 }),
      removeRoute({ name: 'none', destination: '192.0.2.0', prefix: 24 }),
    ];
    for (const step of steps) await refused([step], { op: step.op, code: 'ENODEV', syscall: 'ioctl' });
    // It has gone to the other network.
    await refused([other, cable, linkUp({ name: 'in' })], { op: 'linkUp', code: 'ENODEV' });
  });

  test('where it is there already', async () => {
    await refused([other, cable, addVeth({ name: 'out', peer: 'more', network: OWN })], {
      ...{ op: 'addVeth', code: 'EEXIST', syscall: 'write' },
    });
    await refused([other, cable, addVeth({ name: 'more', peer: 'in', network: OWN })], {
      op: 'addVeth',
      code: 'EEXIST',
    });
    const address = addAddress({ name: 'lo', address: '192.0.2.1', prefix: 32 });
    await refused([up, address, address], { op: 'addAddress', code: 'EEXIST', syscall: 'write' });
    await refused([up, local('203.0.113.0', 24), local('203.0.113.0', 24)], { op: 'addRoute', code: 'EEXIST' });
    const socket = (slot: number): ContainerStep => bindUdp({ slot, address: '127.0.0.1', port: 53 });
    await refused([up, socket(SOCKET), socket(OTHER)], { op: 'bindUdp', code: 'EADDRINUSE' });
    const port = (slot: number): ContainerStep => listenTcp({ slot, family: 'ipv4', port: 80 });
    await refused([up, port(SOCKET), port(OTHER)], { op: 'listenTcp', code: 'EADDRINUSE' });
  });

  test('where it is not there any more', async () => {
    const remove = removeRoute({ name: 'lo', type: 'local', destination: '203.0.113.0', prefix: 24 });
    await refused([up, remove], { op: 'removeRoute', code: 'ESRCH', syscall: 'write' });
    await refused([up, local('203.0.113.0', 24), remove, remove], { op: 'removeRoute', code: 'ESRCH' });
    const longer = removeRoute({ name: 'lo', type: 'local', destination: '203.0.113.0', prefix: 25 });
    await refused([up, local('203.0.113.0', 24), longer], { op: 'removeRoute', code: 'ESRCH' });
  });

  test('where a route leads nowhere, or a prefix is longer than an address', async () => {
    const far = addRoute({ name: 'lo', destination: '203.0.113.0', prefix: 24, gateway: '192.0.2.1' });
    await refused([up, far], { op: 'addRoute', code: 'ENETUNREACH', syscall: 'write' });
    await refused([linkUp({ name: 'lo' }), local('203.0.113.0', 33)], { op: 'addRoute', code: 'EINVAL' });
    await refused([up, addAddress({ name: 'lo', address: '192.0.2.1', prefix: 33 })], {
      op: 'addAddress',
      code: 'EINVAL',
    });
    // Bits behind the prefix.
    await refused([up, local('203.0.113.5', 24)], { op: 'addRoute', code: 'EINVAL' });
  });

  test('where a socket is of another family', async () => {
    await refused([up, bindUdp({ slot: SOCKET, address: '::1', port: 53 })], {
      ...{ op: 'bindUdp', code: 'EAFNOSUPPORT', syscall: 'bind' },
    });
    await refused([up, bindUdp({ slot: SOCKET, address: '192.0.2.1', port: 53 })], {
      ...{ op: 'bindUdp', code: 'EADDRNOTAVAIL' },
    });
  });

  test('before anything happens, where it is no address, no port, or no slot', () => {
    const wrong: readonly (() => unknown)[] = [
      () => addAddress({ name: 'lo', address: '192.0.2', prefix: 24 }),
      () => addRoute({ name: 'lo', destination: 'x', prefix: 24 }),
      () => addRoute({ name: 'lo', destination: '192.0.2.0', prefix: 129 }),
      () => addRoute({ name: 'lo', destination: '192.0.2.0', prefix: 24, gateway: '' }),
      () => addRoute({ name: 'lo', destination: '192.0.2.0', prefix: 24, type: 'blackhole' as never }),
      () => listenTcp({ slot: SOCKET, family: 'ipv4', port: 65_536 }),
      () => listenTcp({ slot: SOCKET, family: 'unix' as never, port: 1 }),
      () => bindUdp({ slot: SOCKET, address: '127.0.0.1', port: -1 }),
      () => addVeth({ name: 'a\0b', peer: 'in', network: OWN }),
    ];
    for (const make of wrong)
      assert.throws(() => plan({ clone: ['network'], steps: [make() as ContainerStep, exit()] }), {
        code: /^ERR_(INVALID_ARG_(VALUE|TYPE)|OUT_OF_RANGE)$/,
      });
  });
});
