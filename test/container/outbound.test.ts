/** network('outbound'): what a container reaches by it, and what it does not; in a world of its own. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { inWorld, type World } from '../support/world.js';

useCleanHost();

const OUTSIDE = ['tcp 203.0.113.10 8000', 'udp 203.0.113.10 8000'];
const OUTSIDE_6 = ['tcp 2001:db8::10 8000', 'udp 2001:db8::10 8000'];
const isRoot = process.env.CARREL_TEST_LEG === 'root';
/** By which program, and by whom. */
const WAYS: readonly (readonly [name: string, program: 'pasta' | 'slirp4netns', world: World])[] = [
  ['by pasta', 'pasta', {}],
  ['by slirp4netns', 'slirp4netns', { programs: ['slirp4netns'] }],
  ...(isRoot
    ? ([
        ['by pasta, for an ordinary user', 'pasta', { as: 'user' }],
        ['by slirp4netns, for an ordinary user', 'slirp4netns', { as: 'user', programs: ['slirp4netns'] }],
      ] as const)
    : []),
];

for (const [name, program, world] of WAYS) {
  suite(`network('outbound') ${name}`, requires(program), () => {
    test('reaches what the host reaches, by TCP and UDP, and every name; without it, nothing', async () => {
      const targets = [...OUTSIDE, ...(program === 'pasta' ? OUTSIDE_6 : []), 'name www.example.org'];
      const [without, found] = await inWorld(
        world,
        async ({ Container, ask }, all) => [
          await ask(new Container(), all),
          await ask(new Container().network('outbound'), all),
        ],
        targets,
      );
      for (const target of targets) assert.match(without?.[target] ?? '', /^E/, target);
      for (const target of OUTSIDE) assert.equal(found?.[target], 'outside 203.0.113.1');
      if (program === 'pasta') for (const target of OUTSIDE_6) assert.equal(found?.[target], 'outside 2001:db8::1');
      assert.equal(found?.['name www.example.org'], '203.0.113.10');
    });

    test('asks a resolver on the host’s loopback, and reaches nothing else there', async () => {
      const { answers, reached } = await inWorld(
        { ...world, resolver: 'nameserver 127.0.0.53\nsearch example.org\n' },
        async ({ Container, ask, serveLoopback }) => {
          const loopback = await serveLoopback();
          const box = new Container().network('outbound');
          const hosts = ['127.0.0.1', '::1', '10.0.2.2', '10.0.2.3', '169.254.1.1', '203.0.113.1', '203.0.113.10'];
          const answers = await ask(box, [
            'name www.example.org',
            ...hosts.flatMap((host) => [`tcp ${host} 9000`, `udp ${host} 9000`]),
            'tcp @world 0',
          ]);
          loopback.close();
          return { answers, reached: loopback.reached };
        },
      );
      const { 'name www.example.org': name, ...others } = answers;
      assert.equal(name, '203.0.113.10');
      for (const [target, answer] of Object.entries(others)) assert.match(answer, /^(E[A-Z]+|silence)$/, target);
      assert.deepEqual(reached, []);
    });

    test('sends nothing for the loopback out, by whatever interface', requires('python3'), async () => {
      const { said, reached } = await inWorld(world, async ({ Container, serveLoopback }) => {
        const loopback = await serveLoopback();
        // SO_BINDTODEVICE, IP_UNICAST_IF and IPV6_UNICAST_IF, and IP_PKTINFO and IPV6_PKTINFO.
        const source = `
import socket, struct
index = socket.if_nametoindex('tap0')
for host in '127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::':
  for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    for way in 'device', 'unicast', 'packet':
      six = ':' in host
      one = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
      one.settimeout(0.3)
      try:
        if way == 'device': one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'tap0')
        if way == 'unicast': one.setsockopt(41 if six else 0, 76 if six else 50, struct.pack('!I', index))
        if way == 'packet' and kind == socket.SOCK_DGRAM:
          info = (41, 50, bytes(16) + struct.pack('i', index)) if six else (0, 8, struct.pack('iII', index, 0, 0))
          one.sendmsg([b'?'], [info], 0, (host, 9000))
        else:
          one.connect((host, 9000))
          one.send(b'?')
        print(host, way, one.recv(100))
      except OSError: pass
`;
        const { stdout } = await new Container().network('outbound').run('python3', ['-c', source], { check: true });
        loopback.close();
        return { said: stdout, reached: loopback.reached };
      });
      assert.equal(said, '');
      assert.deepEqual(reached, []);
    });

    test('publishes, connects and listens; others join it', async () => {
      const found = await inWorld(
        world,
        async ({ Container, ask }, all) => {
          const answer = `(socket) => socket.on('error', () => {}).end('within')`;
          const server = `require('node:net').createServer(${answer}).listen(3000)`;
          const box = new Container().network('outbound').publish(3000);
          const running = await box.start('node', ['-e', server], { ready: { port: 3000 } });
          const { host, port } = running.address(3000);
          const { connect } = await import('node:net');
          const heard = async (socket: import('node:net').Socket): Promise<string> => {
            let text = '';
            for await (const data of socket) text += data;
            return text;
          };
          const published = await heard(connect(port, host));
          const connected = await heard(await running.connect(3000));
          const joined = new Container().network(running);
          const answers = {
            published,
            connected,
            within: await ask(running, [...all, 'tcp 127.0.0.1 3000']),
            joined: await ask(joined, [...all, 'tcp 127.0.0.1 3000']),
          };
          await running.stop({ grace: 0 });
          return answers;
        },
        OUTSIDE,
      );
      assert.deepEqual([found.published, found.connected], ['within', 'within']);
      for (const answers of [found.within, found.joined]) {
        for (const target of OUTSIDE) assert.equal(answers[target], 'outside 203.0.113.1');
        assert.equal(answers['tcp 127.0.0.1 3000'], 'within');
      }
    });

    test('has rights over nothing more: with CAP_SYS_ADMIN, and without init', async () => {
      const found = await inWorld(
        world,
        async ({ Container, ask }, all) => {
          const box = new Container().network('outbound');
          return [
            await ask(box.capabilities({ add: ['CAP_SYS_ADMIN'] }), all),
            await ask(box.init(false), all),
            await ask(box.user({ uid: 1000, gid: 1000 }), all),
          ];
        },
        OUTSIDE,
      );
      for (const answers of found) for (const target of OUTSIDE) assert.equal(answers[target], 'outside 203.0.113.1');
    });
  });
}
