/** What comes through the doors of one container that stays: its files and its ports, beside what Node does itself. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';
import type { RunningContainer } from '#lib/index.js';
import type { Library } from './cases.js';
import type { Doors } from './results.js';

const run = promisify(execFile);
const BYTES = 4096;
const IN_FLIGHT = 32;
const PORT = 8080;
const CHUNK = 64 * 1024;

export async function measureDoors({ Container }: Library, short: boolean): Promise<Doors> {
  const reads = short ? 50 : 5000;
  const bytes = (short ? 16 : 1024) * 1024 * 1024;
  const copy = (short ? 16 : 1024) * 1024 * 1024;
  const server = `const server = require('node:net').createServer((s) => {
    s.on('error', () => {});
    const chunk = Buffer.alloc(${CHUNK});
    let left = ${bytes / CHUNK};
    const pump = () => { while (left-- > 0) if (!s.write(chunk)) return void s.once('drain', pump); s.end(); };
    pump();
  })`;
  await using box = await new Container().start('node', ['-e', `${server}.listen(${PORT})`], { ready: { port: PORT } });
  const path = `/tmp/carrel-bench-${process.pid}`;
  try {
    await writeFile(path, Buffer.alloc(BYTES));
    await box.files.writeFile('/tmp/file', Buffer.alloc(BYTES));
    const ours = await rates(() => box.files.readFile('/tmp/file'), reads);
    const nodes = await rates(() => readFile(path), reads);
    await writeFile(path, Buffer.alloc(copy));
    const { cpMs, copyInMs, copyOutMs } = await copies(box, path, short ? 1 : 5);
    return {
      ...{ reads: ours, nodeReads: nodes, bytes, copyBytes: copy, cpMs, copyInMs, copyOutMs },
      portMs: await timed(async () => drain(await box.connect(PORT))),
      loopbackMs: await loopback(`${server}.listen(0, () => console.log(server.address().port))`),
    };
  } finally {
    for (const name of [path, `${path}-cp`, `${path}-out`]) await rm(name, { force: true });
  }
}

/**
 * In turns, the best of each: a virtual machine may have to ask its host for memory that it has not used of late, and
 * that takes longer than to copy it.
 */
async function copies(
  box: RunningContainer,
  path: string,
  rounds: number,
): Promise<Pick<Doors, 'cpMs' | 'copyInMs' | 'copyOutMs'>> {
  const best = {
    cpMs: Number.POSITIVE_INFINITY,
    copyInMs: Number.POSITIVE_INFINITY,
    copyOutMs: Number.POSITIVE_INFINITY,
  };
  const note = (name: keyof typeof best, ms: number): void => {
    best[name] = Math.min(best[name], ms);
  };
  for (let round = 0; round < rounds; round += 1) {
    note('cpMs', await written(path, () => run('cp', [path, `${path}-cp`])));
    await rm(`${path}-cp`);
    note('copyInMs', await timed(() => box.files.copyIn(path, '/tmp/big')));
    note('copyOutMs', await written(path, () => box.files.copyOut('/tmp/big', `${path}-out`)));
    await Promise.all([rm(`${path}-out`), box.files.rm('/tmp/big')]);
  }
  return best;
}

async function rates(read: () => Promise<unknown>, count: number): Promise<Doors['reads']> {
  const pace = async (side: number): Promise<number> => {
    let left = count;
    const one = async (): Promise<void> => {
      for (; left > 0; left -= 1) await read();
    };
    const ms = await timed(() => Promise.all(Array.from({ length: side }, one)));
    return (count / ms) * 1000;
  };
  await pace(1);
  return { perSecond: await pace(1), inFlight: await pace(IN_FLIGHT) };
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/**
 * The same, once all is on the disk that was written before: who writes more than the kernel keeps in memory waits for
 * the disk, and which of two that is would be a matter of their order.
 */
async function written(path: string, act: () => Promise<unknown>): Promise<number> {
  await run('sync', ['-f', path]);
  return timed(act);
}

async function drain(socket: Socket): Promise<void> {
  socket.resume();
  await once(socket, 'close');
}

/** The same program, outside of a container. */
async function loopback(program: string): Promise<number> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const ms = await timed(() => drain(connect(Number(port), '127.0.0.1')));
  child.kill('SIGKILL');
  return ms;
}
