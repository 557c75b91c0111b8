/** Which ports and processes a container's programs reach under Landlock: without it, and with it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

/** Connects to, or binds, each port that is named, and prints what came of it. */
const TCP = `
import socket, sys
how, kind, *ports = sys.argv[1:]
protocol = {'tcp': 0, 'multipath': 262, 'fastopen': 0, 'six': 0}[kind]
family = socket.AF_INET6 if kind == 'six' else socket.AF_INET
address = '::1' if kind == 'six' else '127.0.0.1'
for port in map(int, ports):
    try:
        one = socket.socket(family, socket.SOCK_STREAM, protocol)
        if how == 'bind':
            one.bind((address, port))
        elif kind == 'fastopen':
            one.sendto(b'x', 0x20000000, (address, port))
        else:
            one.connect((address, port))
        print('done')
    except OSError as error:
        print(type(error).__name__ if type(error) is not OSError else error.errno)
`;

suite('ports of TCP', requires('landlock-ports', 'python3'), () => {
  const servers: Server[] = [];
  const ports: number[] = [];
  before(async () => {
    for (const host of ['127.0.0.1', '127.0.0.1']) {
      const server = createServer((socket) => socket.on('error', () => undefined).destroy());
      server.listen(0, host);
      await once(server, 'listening');
      servers.push(server);
      ports.push((server.address() as { port: number }).port);
    }
  });
  after(() => {
    for (const server of servers) server.close();
  });

  const shared = box.network('host');
  const outcome = async (container: Container, ...args: readonly (string | number)[]): Promise<string> => {
    const { stdout, stderr } = await container.run('python3', ['-c', TCP, ...args.map(String)]);
    return stdout.trim().replaceAll('\n', ' ') || stderr;
  };

  test('to connect to', async () => {
    const [one = 0, other = 0] = ports;
    assert.equal(await outcome(shared, 'connect', 'tcp', one, other), 'done done');
    assert.equal(
      await outcome(shared.landlock({ connectTcp: [one] }), 'connect', 'tcp', one, other),
      'done PermissionError',
    );
    assert.equal(
      await outcome(shared.landlock({ connectTcp: [] }), 'connect', 'tcp', one, other),
      'PermissionError PermissionError',
    );
    assert.equal(await outcome(shared.landlock({ bindTcp: [] }), 'connect', 'tcp', one), 'done');
  });

  test('to bind, of the container’s own network', async () => {
    assert.equal(await outcome(box, 'bind', 'tcp', 8080, 8081), 'done done');
    assert.equal(await outcome(box.landlock({ bindTcp: [8080] }), 'bind', 'tcp', 8080, 8081), 'done PermissionError');
    assert.equal(await outcome(box.landlock({ bindTcp: [8080, 0] }), 'bind', 'six', 8081, 0), 'PermissionError done');
    assert.equal(await outcome(box.landlock({ connectTcp: [] }), 'bind', 'tcp', 8080), 'done');
  });

  test('other ways to reach them are refused as by a kernel that has none', async () => {
    const [one = 0] = ports;
    for (const [kind, error] of [
      ['multipath', 93],
      ['fastopen', 95],
    ] as const) {
      for (const container of [shared, shared.seccomp('unconfined')]) {
        assert.equal(await outcome(container, 'connect', kind, one), 'done');
        assert.equal(await outcome(container.landlock({ connectTcp: [] }), 'connect', kind, one), String(error));
        assert.equal(await outcome(container.landlock({ bindTcp: [] }), 'bind', 'multipath', 0), '93');
      }
    }
  });
});

/** Sends signal 0 to a process, or connects to an abstract socket. */
const REACH = `
import os, socket, sys
how, what = sys.argv[1:]
try:
    if how == 'signal':
        os.kill(int(what), 0)
    else:
        socket.socket(socket.AF_UNIX).connect('\\0' + what)
    print('reached')
except OSError as error:
    print(error.errno)
`;

/** Listens at an abstract socket until its input ends. */
const ABSTRACT = `
import socket, sys
one = socket.socket(socket.AF_UNIX)
one.bind('\\0' + sys.argv[1])
one.listen()
print('listens', flush=True)
sys.stdin.read()
`;

suite('scope', requires('landlock-scopes', 'python3'), () => {
  const reach = async (container: Container, how: string, what: string): Promise<string> =>
    (await container.run('python3', ['-c', REACH, how, what])).stdout.trim();

  test('signals end at the edge, and reach what the command has started', async () => {
    // PID 1 is carrel's init, which is nobody's to signal: 0 asks only whether it could be.
    assert.equal(await reach(box, 'signal', '1'), 'reached');
    assert.equal(await reach(box.landlock({ scope: ['signal'] }), 'signal', '1'), '1');
    assert.equal(await reach(box.landlock({ scope: ['abstract-unix-socket'] }), 'signal', '1'), 'reached');
    const { stdout } = await box
      .landlock({ scope: ['signal'] })
      .run('sh', ['-c', 'sleep 9 & kill $! && wait $!; echo $?']);
    assert.equal(stdout, '143\n');
  });

  test('the container ends as before, by its time, its signal, or its end', async () => {
    const scoped = box.landlock({ scope: ['signal'] });
    assert.equal((await scoped.run('sleep', ['60'], { timeout: 50 })).reason, 'timeout');
    const child = scoped.spawn('sleep', ['60'], { stdio: 'ignore' });
    await once(child, 'spawn');
    child.kill('SIGTERM');
    assert.equal((await child.result).signal, 'SIGTERM');
  });

  test('abstract unix sockets outside are not reached', async () => {
    const name = `carrel-landlock-${process.pid}`;
    const server = spawn('python3', ['-c', ABSTRACT, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(server.stdout, 'data');
    try {
      const shared = box.network('host');
      assert.equal(await reach(shared, 'socket', name), 'reached');
      assert.equal(await reach(shared.landlock({ scope: ['abstract-unix-socket'] }), 'socket', name), '1');
      assert.equal(await reach(shared.landlock({ scope: ['signal'] }), 'socket', name), 'reached');
    } finally {
      server.stdin.end();
      await once(server, 'close');
    }
  });
});
