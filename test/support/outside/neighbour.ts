/**
 * The servers of the neighbour, which is the rest of the internet to a test (outside.ts).
 *
 * They are HTTP and HTTPS with a git repository and packages, git's own protocol, Redis, an echo, a source, a sink, and
 * ears for datagrams.
 *
 * It is a program, and ends with the shell that started it.
 */

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Seen } from './addresses.js';
import { type Made, makeFixtures } from './fixtures.js';

const directory = process.env.CARREL_TEST_WORLD ?? '';
let log: Seen[] = [];
let pings = countPings();
const made = makeFixtures(directory);
const { key, cert } = made;

/** Two words, so that one knows which server answers. */
const hello: RequestListener = (request, response) => {
  const path = new URL(request.url ?? '/', 'http://neighbour').pathname;
  if (request.method === 'POST') return void count(request, (bytes) => response.end(String(bytes)));
  if (path.startsWith('/bytes/')) return void response.end(Buffer.alloc(Number(path.slice(7)), 'x'));
  if (path === '/') return void response.end(`hello ${request.headers.host}\n`);
  const found = fileOf(path, made);
  if (found === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-type': found.type }).end(found.body);
};

serve(80, createHttp(hello));
serve(443, createHttps({ key, cert }, hello));
serve(8080, createHttp(hello));
serve(
  7,
  createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)),
);
serve(
  9,
  createServer({ allowHalfOpen: true }, (socket) => count(socket, (bytes) => socket.end(String(bytes)))),
);
serve(
  19,
  createServer((socket) => void pour(socket)),
);
// Says nothing, reads nothing.
serve(
  11,
  createServer((socket) => void socket.pause()),
);
serve(
  53,
  createServer((socket) => void socket.resume()),
);
createHttp((_, response) => {
  const before = pings;
  pings = countPings();
  const pinged = Array<Seen>(pings - before).fill({ protocol: 'icmp', address: undefined, port: 0 });
  response.end(JSON.stringify([...log, ...pinged]));
  log = [];
}).listen(8000, '203.0.113.6');
for (const port of [53, 123, 443, 9000]) {
  hear('udp4', port);
  hear('udp6', port);
}
start('redis-server', ['--bind', '203.0.113.5', '--protected-mode', 'no', '--save', '', '--dir', directory]);
start(made.gitDaemon, ['--reuseaddr', '--export-all', `--base-path=${join(directory, 'git')}`]);

function serve(port: number, server: Server): void {
  const note = ({ localAddress }: Socket): void => {
    log.push({ protocol: 'tcp', address: localAddress?.replace(/^::ffff:/, ''), port });
  };
  server.on('connection', (socket: Socket) => note(socket.on('error', () => {})));
  server.listen({ port, host: '::', backlog: 1024 });
}

function hear(type: 'udp4' | 'udp6', port: number): void {
  const socket = createSocket({ type, ipv6Only: type === 'udp6' });
  socket.on('message', () => log.push({ protocol: 'udp', address: undefined, port })).bind(port);
}

/** Echo requests that came so far, to all of its addresses. proc_net(5), /proc/net/snmp */
function countPings(): number {
  const [names = '', counts = ''] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Icmp: '));
  const four = counts.split(' ')[names.split(' ').indexOf('InEchos')];
  const six = /^Icmp6InEchos\s+(\d+)$/m.exec(readFileSync('/proc/net/snmp6', 'utf8'))?.[1];
  return Number(four) + Number(six);
}

/** Without it, what is missing is a test's affair. */
function start(program: string, args: readonly string[]): void {
  spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: 'ignore' }).on('error', () => {});
}

function count(stream: NodeJS.ReadableStream, tell: (bytes: number) => void): void {
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  stream.on('end', () => tell(bytes));
}

/** As much as is read. */
function pour(socket: Socket): void {
  const chunk = Buffer.alloc(65_536, 'x');
  const more = (): void => {
    while (socket.write(chunk));
  };
  socket.on('drain', more).resume();
  more();
}

function fileOf(
  path: string,
  { packument, index }: Made,
): { readonly type: string; readonly body: Buffer } | undefined {
  if (path === '/word') return { type: 'application/json', body: Buffer.from(packument) };
  if (path === '/simple/word/') return { type: 'text/html', body: Buffer.from(index) };
  try {
    return { type: 'application/octet-stream', body: readFileSync(join(directory, path)) };
  } catch {
    return undefined;
  }
}
