/** What a list of what may be reached costs: at the start, and of what is relayed and answered. */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Library } from './cases.js';
import type { Egress } from './results.js';
import { summarize } from './statistics.js';

const execute = promisify(execFile);
const HOST = 'host.docker.internal';
const RESOLVER = '198.18.0.1';
const CHUNK = 64 * 1024;
/** Starts of one kind in a row: the launcher's spare is like the last one. The first of them is not counted. */
const BLOCK = 6;
/** Milliseconds until the next, in which the spare is made. */
const REST_MS = 20;

/** Sends much, or one byte, as it is asked to. */
const serverOf = (bytes: number): string => `
const server = require('node:net').createServer((socket) => {
  const chunk = Buffer.alloc(${CHUNK});
  let left = ${bytes / CHUNK};
  const pump = () => {
    while (left-- > 0) if (!socket.write(chunk)) return void socket.once('drain', pump);
    socket.end();
  };
  socket.on('error', () => {});
  socket.once('data', (asked) => (asked[0] === 98 ? pump() : socket.end('x')));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
`;

/** The same inside and outside: prints the milliseconds of one transfer, or of each of many short connections. */
const CLIENT = `
const [kind, host, port, count] = process.argv.slice(1);
const { connect } = require('node:net');
const once = () => new Promise((resolve, reject) => {
  const began = performance.now();
  const socket = connect({ host, port: Number(port) }, () => socket.write(kind[0]));
  socket.on('error', reject).on('end', () => resolve(performance.now() - began)).resume();
});
(async () => {
  const times = [];
  for (let done = 0; done < Number(count); done += 1) times.push(await once());
  console.log(JSON.stringify(times));
})();
`;

/** Keeps questions in flight, and prints how many were answered in a second. One that is lost is asked again. */
const ASKER = `
const [resolver, name, inFlight, milliseconds] = process.argv.slice(1);
const socket = require('node:dgram').createSocket('udp4');
const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
const head = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
const question = Buffer.concat([head, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
let answers = 0;
let before = -1;
const ask = () => socket.send(question);
socket.on('message', () => { answers += 1; ask(); });
socket.connect(53, resolver, () => {
  for (let asked = 0; asked < Number(inFlight); asked += 1) ask();
  setInterval(() => { if (answers === before) ask(); before = answers; }, 100);
  const began = performance.now();
  setTimeout(() => {
    console.log(JSON.stringify([(answers * 1000) / (performance.now() - began)]));
    process.exit();
  }, Number(milliseconds));
});
`;

type Box = InstanceType<Library['Container']>;

/** Runs a program, and gives the numbers that it prints. */
type Run = (program: string, ...args: readonly string[]) => Promise<readonly number[]>;

export async function measureEgress(library: Library, short: boolean): Promise<Egress> {
  const bytes = (short ? 16 : 256) * 1024 * 1024;
  const server = spawn(process.execPath, ['-e', serverOf(bytes)], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [said] = (await once(server.stdout, 'data')) as [Buffer];
    const port = String(said).trim();
    const listed = new library.Container().network({ allow: [`${HOST}:${port}`] });
    const starts = await startsOf(new library.Container(), listed, short ? 2 : 25);
    await using box = await listed.start();
    const inside: Run = async (program, ...args) =>
      JSON.parse((await box.run('node', ['-e', program, ...args], { check: true })).stdout) as readonly number[];
    const answers = await inside(ASKER, RESOLVER, HOST, '32', short ? '200' : '3000');
    return {
      ...starts,
      ...(await transfers(inside, port, short ? 1 : 9)),
      ...(await latencies(inside, port, short ? 10 : 300)),
      ...{ bytes, answersPerSecond: answers[0] ?? 0 },
    };
  } finally {
    server.kill('SIGKILL');
  }
}

/** In blocks of equal starts, in turns. */
async function startsOf(plain: Box, listed: Box, rounds: number): Promise<Pick<Egress, 'plainNs' | 'listedNs'>> {
  const [plainNs, listedNs]: [number[], number[]] = [[], []];
  const block = async (box: Box, times: number[]): Promise<void> => {
    for (let done = 0; done < BLOCK; done += 1) {
      await sleep(REST_MS);
      const began = process.hrtime.bigint();
      const child = box.spawn('true', [], { stdio: 'ignore' });
      const [code] = (await once(child, 'exit')) as [number | null];
      const took = Number(process.hrtime.bigint() - began);
      if (code !== 0) throw new Error(`a start with a list ended with exit code ${code}`);
      if (done > 0) times.push(took);
    }
  };
  await block(listed, []);
  for (let round = 0; round < rounds; round += 1) {
    await block(plain, plainNs);
    await block(listed, listedNs);
  }
  return { plainNs: summarize(plainNs), listedNs: summarize(listedNs) };
}

const outside: Run = async (program, ...args) => {
  const { stdout } = await execute(process.execPath, ['-e', program, ...args]);
  return JSON.parse(stdout) as readonly number[];
};

/** By carrel's relay, and by one that a few lines of Node are, in turns; both in this process. */
async function transfers(inside: Run, port: string, rounds: number): Promise<Pick<Egress, 'relayedMs' | 'nodeMs'>> {
  const relay = createServer((socket) => {
    const outer = connect(Number(port), '127.0.0.1');
    for (const one of [socket, outer]) one.on('error', () => {});
    socket.pipe(outer).pipe(socket);
  });
  relay.listen(0, '127.0.0.1');
  await once(relay, 'listening');
  const [relayed, node]: [number[], number[]] = [[], []];
  try {
    for (let round = 0; round < rounds; round += 1) {
      relayed.push(...(await inside(CLIENT, 'bulk', HOST, port, '1')));
      node.push(...(await outside(CLIENT, 'bulk', '127.0.0.1', String((relay.address() as AddressInfo).port), '1')));
    }
  } finally {
    relay.close();
  }
  return { relayedMs: summarize(relayed), nodeMs: summarize(node) };
}

/** A name is looked up, connected to, and says a byte. */
async function latencies(inside: Run, port: string, count: number): Promise<Pick<Egress, 'nameMs' | 'loopbackMs'>> {
  const nameMs = summarize(await inside(CLIENT, 'ping', HOST, port, String(count)));
  return { nameMs, loopbackMs: summarize(await outside(CLIENT, 'ping', 'localhost', port, String(count))) };
}
