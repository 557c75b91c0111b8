/**
 * What carrel does on any JavaScript runtime: a program, copied beside an installed package and run there.
 *
 * It prints the name of each part that held, and `all parts held` at the end; whatever does not hold ends it.
 */

import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bind, Container, type ContainerProcess, isSupported } from 'carrel';
import { pidfdOpen } from 'carrel/syscalls';

const box = new Container().hostname('box');
const BIG = 2 ** 22;

/** Which libc is expected in this process. */
const libc = process.argv.at(-1);

const PARTS: Readonly<Record<string, () => Promise<void>>> = {
  isSupported: async () => equal(isSupported(), true),
  'run: output, exit code, input': async () => {
    const result = await box.run('sh', ['-c', 'id -u; cat /proc/sys/kernel/hostname -; echo oops >&2; exit 3'], {
      input: 'typed\n',
    });
    deepEqual([result.stdout, result.stderr, result.exitCode], ['0\nbox\ntyped\n', 'oops\n', 3]);
  },
  'run: large input comes back, which nobody has to read at once': async () => {
    const input = Buffer.alloc(BIG, 'carrel ');
    const { stdout } = await box.run('cat', [], { input, encoding: 'buffer', maxOutput: BIG });
    ok(input.equals(stdout));
  },
  'run: input that nobody reads': async () => {
    ok((await box.run('true', [], { input: Buffer.alloc(BIG) })).ok);
  },
  'run: timeout, output limit, abort': async () => {
    equal((await box.run('sleep', ['100'], { timeout: 50 })).reason, 'timeout');
    equal((await box.run('yes', [], { maxOutput: 1000 })).reason, 'output-limit');
    const controller = new AbortController();
    const aborted = box.run('sleep', ['100'], { signal: controller.signal });
    controller.abort();
    equal((await aborted).reason, 'aborted');
  },
  'run: a missing program': async () => {
    await rejects(box.run('no-such-program'), { code: 'ENOENT' });
  },
  'run: forty at once, which end in another order than they began': async () => {
    const started = Array.from({ length: 40 }, (_, index) =>
      box.run('sh', ['-c', `read x; echo ${index} $x`], { input: 'y\n' }),
    );
    deepEqual(
      (await Promise.all(started)).map(({ stdout }) => stdout),
      started.map((_, index) => `${index} y\n`),
    );
  },
  'spawn: events in order, streams both ways': async () => {
    const child = box.spawn('sh', ['-c', 'read line; echo "got $line"']);
    const seen: string[] = [];
    for (const event of ['spawn', 'exit', 'close'] as const) child.on(event, () => seen.push(event));
    child.stdin?.end('this\n');
    equal(await textOf(child), 'got this\n');
    if (!seen.includes('close')) await once(child, 'close');
    deepEqual(seen, ['spawn', 'exit', 'close']);
  },
  'spawn: a reader that comes late loses nothing': async () => {
    const child = box.spawn('echo', ['early'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(child, 'exit');
    equal(await textOf(child), 'early\n');
  },
  'spawn: streams that are first touched at the end, or never': async () => {
    const stdio = ['pipe', 'pipe', 'pipe', 'pipe'] as const;
    for (const [event, expected] of [
      ['exit', ['out\n', 'error\n', 'extra\n']],
      ['close', ['', '', '']],
    ] as const) {
      const child = box.spawn('sh', ['-c', 'echo out; echo error >&2; echo extra >&3'], { stdio });
      await once(child, event);
      const shown = child.stdio.slice(1).map(async (stream) => {
        const chunks: Buffer[] = [];
        for await (const chunk of stream ?? []) chunks.push(chunk as Buffer);
        return String(Buffer.concat(chunks));
      });
      deepEqual(await Promise.all(shown), expected);
      equal(child.stdin?.destroyed, true);
    }
    const before = readdirSync('/proc/self/fd').length;
    for (let count = 0; count < 20; count += 1) await box.spawn('echo', ['out'], { stdio }).result;
    ok(readdirSync('/proc/self/fd').length < before + 10);
  },
  'spawn: a fourth descriptor goes both ways': async () => {
    const child = box.spawn('sh', ['-c', 'read line <&3; echo "back: $line" >&3'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    const stream = child.stdio[3];
    stream?.end('forth\n');
    const chunks: Buffer[] = [];
    stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
    await child.result;
    if (stream?.closed === false) await once(stream, 'close');
    equal(String(Buffer.concat(chunks)), 'back: forth\n');
  },
  'spawn: signals': async () => {
    const child = box.spawn('sh', ['-c', 'trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done']);
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    equal((await child.result).exitCode, 7);
  },
  'start: commands enter a container that stays': async () => {
    const stays = await box.start();
    equal((await stays.run('cat', ['/proc/sys/kernel/hostname'])).stdout, 'box\n');
    await stays.stop();
  },
  'network({ allow }): a listed name is reached, another does not exist': async () => {
    const server = createServer((_, answer) => answer.end('reached'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const reaching = box.network({ allow: [`host.docker.internal:${port}`] });
    const get = `exec 3<>/dev/tcp/host.docker.internal/${port}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
    const script = `getent hosts b.test || (${get})`;
    if ('deno' in process.versions) {
      await rejects(reaching.run('bash', ['-c', script]), { code: 'ERR_UNSUPPORTED', message: /Deno/ });
    } else {
      const { stdout, connections } = await reaching.run('bash', ['-c', script]);
      ok(stdout.endsWith('reached'), stdout);
      deepEqual(
        connections.map(({ name, outcome }) => [name, outcome]),
        [
          ['b.test', 'not-listed'],
          ['host.docker.internal', 'relayed'],
        ],
      );
    }
    server.close();
  },
  'spawn: a terminal': async () => {
    const child = box.init(false).spawn('sh', ['-c', 'tty; stty size; read line; echo "<$line>"'], {
      terminal: { columns: 90, rows: 33 },
    });
    child.stdin?.write('typed\n');
    const text = (await textOf(child)).replaceAll('\r', '');
    ok(text.includes('/dev/pts/0\n') && text.includes('33 90\n') && text.includes('<typed>\n'), text);
  },
  'hook: while the container waits': async () => {
    let seen = '';
    const hooked = box.hook(async ({ pid }) => {
      seen = readFileSync(`/proc/${pid}/comm`, 'utf8');
    });
    ok((await hooked.run('true')).ok);
    equal(seen, 'carrel\n');
  },
  'bind: a directory of the host, read-only': async () => {
    // One of them is on a file system that can be idmapped, if any is.
    const outcomes = await Promise.allSettled([tmpdir(), '/dev/shm'].map(bound));
    const [first] = outcomes.filter(({ status }) => status === 'fulfilled');
    ok(first, outcomes.map((outcome) => ('reason' in outcome ? String(outcome.reason) : '')).join());
  },
  'carrel/syscalls: the addon in this process, with the libc that was meant': async () => {
    const descriptor = pidfdOpen(process.pid);
    ok(readlinkSync(`/proc/self/fd/${descriptor}`).includes('pidfd'));
    const maps = readFileSync('/proc/self/maps', 'utf8');
    ok(maps.includes('/carrel.node\n'));
    deepEqual([/\/libc\.so\.6\n/.test(maps), /-musl\/libc\.so\n/.test(maps)], [libc === 'glibc', libc === 'musl']);
  },
  'nothing is left: descriptors': async () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    const burst = async (): Promise<void> =>
      void (await Promise.all(Array.from({ length: 20 }, () => box.run('cat', [], { input: 'x' }))));
    await burst();
    const before = count();
    for (let round = 0; round < 5; round += 1) await burst();
    // A runtime may close with a delay, and may open something of its own: not a hundred times as much.
    for (let turn = 0; turn < 3000 && count() > before + 10; turn += 1)
      await new Promise((next) => setTimeout(next, 10));
    ok(count() <= before + 10, `${before} descriptors, then ${count()}`);
  },
};

async function bound(place: string): Promise<void> {
  const directory = mkdtempSync(join(place, 'carrel-session-'));
  try {
    writeFileSync(join(directory, 'file'), 'content\n');
    const reader = box.mount(bind(directory, '/tmp/there', { readonly: true }));
    const { stdout, stderr } = await reader.run('sh', ['-c', 'cat /tmp/there/file; touch /tmp/there/other']);
    equal(stdout, 'content\n');
    ok(stderr.includes('Read-only'), stderr);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** All that a process says on its standard output. */
async function textOf(child: ContainerProcess): Promise<string> {
  const stream = child.stdout;
  if (stream === null) return '';
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!stream.closed) await once(stream, 'close');
  return String(Buffer.concat(chunks));
}

for (const [name, part] of Object.entries(PARTS)) {
  await part();
  console.log(`ok ${name}`);
}
console.log('all parts held');
// Whether the runtime now ends by itself is the last part: nothing of carrel's may keep it.
