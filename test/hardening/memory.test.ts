/**
 * What the kernel holds for a container in memory counts for it, is bounded by something else, or is refused.
 *
 * Two kinds are neither, and are shown as such: netlink sockets, and the rings of packet sockets without the filter.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, type TestContext, test } from 'node:test';
import { Container, type RunResult } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

const box = new Container();

useCleanHost({ warmUp: () => box.run('true') });

const MIB = 2 ** 20;
const LIMIT = 32 * MIB;

const TOOLS = `
import errno, fcntl, os, pty, resource, socket, struct, sys, termios, tty
BLOCK = b'x' * 65536
def fill(write, most=1 << 40):
    held = 0
    try:
        while held < most:
            held += write()
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.ENOBUFS): raise
    return held
def told(held):
    print(held, flush=True)
    sys.stdin.read()
`;

/** What is free on the host, as it says. */
function available(): number {
  return Number(/^MemAvailable:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024;
}

/** How many bytes `script` says that it holds, or how it ended. */
async function holds(context: TestContext, container: Container, script: string): Promise<number | RunResult> {
  const before = available();
  const child = container.spawn('python3', ['-c', `${TOOLS}${script}`], { stdio: ['pipe', 'pipe', 'inherit'] });
  const said = await new Promise<string>((resolve) => {
    child.stdout?.once('data', (data) => resolve(String(data)));
    child.stdout?.once('end', () => resolve(''));
  });
  context.diagnostic(`it holds ${said.trim()} bytes; the host has ${before - available()} less`);
  child.stdin?.on('error', () => {}).end();
  const status = await child.result;
  return said === '' ? (status as RunResult) : Number(said);
}

const TCP = `
server = socket.create_server(('127.0.0.1', 0))
held, ends = 0, []
for _ in range(100):
    ends.append(socket.create_connection(server.getsockname()))
    ends.append(server.accept()[0])
    ends[-2].setblocking(False)
    held += fill(lambda: ends[-2].send(BLOCK))
told(held)`;

/** What the sockets hold is in the fifth column. proc_pid_net(5) */
const UDP = `
sender, ends = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), []
for _ in range(1000):
    ends.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    ends[-1].bind(('127.0.0.1', 0))
    for _ in range(10):
        try: sender.sendto(BLOCK[:60000], socket.MSG_DONTWAIT, ends[-1].getsockname())
        except OSError: break
told(sum(int(line.split()[4].split(':')[1], 16) for line in open('/proc/net/udp').readlines()[1:]))`;

const UNIX = `
ends = []
for _ in range(400):
    ends.append(socket.socketpair())
    for end in ends[-1]: end.setblocking(False)
    for end in ends[-1]: fill(lambda: end.send(BLOCK))
told(0)`;

const PIPES = `
ends = []
for _ in range(2000):
    ends.append(os.pipe2(os.O_NONBLOCK))
    fill(lambda: os.write(ends[-1][1], BLOCK))
told(0)`;

const TERMINALS = `
held, ends = 0, []
try:
    while True:
        ends.append(os.openpty())
        tty.setraw(ends[-1][1])
        for end in ends[-1]:
            os.set_blocking(end, False)
            held += fill(lambda: os.write(end, BLOCK[:4096]))
except OSError as error:
    if error.errno != errno.ENOSPC: raise
told(held)`;

/** What the sockets hold is in the fifth column of /proc/net/netlink; 2 is NETLINK_USERSOCK. netlink(7) */
const NETLINK = `
sender, ends = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2), []
for _ in range(400):
    ends.append(socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 2))
    ends[-1].bind((0, 0))
    fill(lambda: sender.sendto(BLOCK[:32768], socket.MSG_DONTWAIT, ends[-1].getsockname()))
told(sum(int(line.split()[4]) for line in open('/proc/net/netlink').readlines()[1:]))`;

/** A ring of 48 MiB: 263 is SOL_PACKET, 5 is PACKET_RX_RING. packet(7) */
const RING = `
ring = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
ring.setsockopt(263, 5, struct.pack('IIII', 65536, 768, 2048, 768 * 32))
told(768 * 65536)`;

suite('with limits({ memory })', requires('cgroups', 'python3'), () => {
  const limited = box.limits({ memory: LIMIT });

  for (const [name, script] of [
    ['TCP', TCP],
    ['UDP', UDP],
  ] as const)
    test(`buffers of ${name} are limited as memory is, in version 1 of cgroups too`, async (context) => {
      const held = await holds(context, limited, script);
      if (typeof held === 'number') assert.ok(held > 0 && held < 2 * LIMIT, `${held}`);
      else assert.equal(held.reason, 'oom');
    });

  for (const [name, script] of [
    ['unix sockets', UNIX],
    ['pipes', PIPES],
  ] as const)
    test(`buffers of ${name} count as memory`, async (context) => {
      const end = await holds(context, limited, script);
      assert.ok(typeof end === 'object' && end.reason === 'oom', JSON.stringify(end));
    });

  test('the rings of packet sockets do not: without the filter they are beyond the limit', async (context) => {
    const given = limited.capabilities({ add: ['CAP_NET_RAW'] }).seccomp('unconfined');
    assert.equal(await holds(context, given, RING), 48 * MIB);
  });

  test('the buffers of netlink sockets do not, as SECURITY.md says', async (context) => {
    const held = await holds(context, limited, NETLINK);
    assert.ok(typeof held === 'number' && held > LIMIT, JSON.stringify(held));
  });
});

suite('without limits', requires('python3'), () => {
  test('packet sockets cannot be opened, unless the capability is given and the filter is not', async () => {
    const open = `${TOOLS}
try:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    print('done')
except OSError as error:
    print(errno.errorcode[error.errno])`;
    const answer = async (container: Container): Promise<string> =>
      (await container.run('python3', ['-c', open], { check: true })).stdout;
    const given = box.capabilities({ add: ['CAP_NET_RAW'] });
    // The default filter does not know the family, whatever the capabilities: without it they decide.
    for (const container of [box, given]) assert.equal(await answer(container), 'EAFNOSUPPORT\n');
    assert.equal(await answer(box.seccomp('unconfined')), 'EPERM\n');
    assert.equal(await answer(given.seccomp('unconfined')), 'done\n');
  });

  test('terminals hold as much as 256 of them can', async (context) => {
    const held = await holds(context, box, TERMINALS);
    // Each buffers 64 KiB in each direction. tty_buffer_set_limit() in the kernel
    assert.ok(typeof held === 'number' && held > 0 && held <= 256 * 2 * 70_000, JSON.stringify(held));
  });
});
