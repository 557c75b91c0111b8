/** What the functions that world.ts sends there use, on the host of that world. */

import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Container, RunningContainer } from '#lib/index.js';
import { answerNames } from './names.js';
import { until } from './waiting.js';

export { execFileSync } from 'node:child_process';
export { Container } from '#lib/index.js';
export { readProcesses } from './processes.js';
export { until } from './waiting.js';

/** Another Node there, which runs a module that has `Container`, until it has said something. */
export async function spawnNode(source: string): Promise<ChildProcess> {
  const module = `import { Container } from '#lib/index.js';\n${source}`;
  const node = spawn(process.execPath, ['--input-type=module', '-e', module], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(node.stdout, 'data');
  return node;
}

/** A network that has just been made loses what is sent first. */
export async function arrive(): Promise<void> {
  for (const host of ['203.0.113.10', '2001:db8::10']) await until(() => isReached(host));
}

function isReached(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(8000, host);
    socket.on('error', () => resolve(false)).on('connect', () => resolve(true));
    socket.setTimeout(200, () => resolve(false)).on('close', () => resolve(false));
    socket.on('timeout', () => socket.destroy()).on('connect', () => socket.destroy());
  });
}

/** What is on the host's loopback. */
export interface Loopback {
  /** Who was reached, in words. */
  readonly reached: string[];
  close(): void;
}

/** Servers on the host's loopback: TCP and UDP on port 9000, an abstract unix socket, and a resolver on 127.0.0.53. */
export async function serveLoopback(): Promise<Loopback> {
  const reached: string[] = [];
  const closed: (() => void)[] = [];
  for (const host of ['127.0.0.1', '::1']) {
    const tcp = createServer((socket) => {
      reached.push(`tcp ${host}`);
      socket.on('error', () => {}).end('host');
    });
    tcp.listen(9000, host);
    const udp = createSocket(host === '::1' ? 'udp6' : 'udp4');
    udp.on('message', (_, { address, port }) => {
      reached.push(`udp ${host}`);
      udp.send('host', port, address);
    });
    udp.bind(9000, host);
    await Promise.all([once(tcp, 'listening'), once(udp, 'listening')]);
    closed.push(
      () => tcp.close(),
      () => udp.close(),
    );
  }
  const abstract = createServer((socket) => {
    reached.push('abstract socket');
    socket.on('error', () => {}).end('host');
  });
  abstract.listen('\0world');
  await once(abstract, 'listening');
  const names = await answerNames('127.0.0.53', '203.0.113.10');
  closed.push(
    () => abstract.close(),
    () => names.close(),
  );
  return {
    reached,
    close: () => {
      for (const close of closed) close();
    },
  };
}

/** Asks all targets at once, from within: what each says, or the error's code. */
const CLIENT = `
  const [net, dgram, dns] = ['net', 'dgram', 'dns'].map((name) => require('node:' + name));
  const ask = {
    tcp: (host, port) => new Promise((resolve) => {
      const socket = net.connect(host.startsWith('@') ? { path: '\\0' + host.slice(1) } : { host, port: Number(port) });
      socket.setTimeout(2000, () => { socket.destroy(); resolve('silence'); });
      socket.on('error', ({ code }) => resolve(code)).on('data', (data) => resolve(String(data)));
    }),
    udp: (host, port) => new Promise((resolve) => {
      const socket = dgram.createSocket(host.includes(':') ? 'udp6' : 'udp4');
      const timer = setTimeout(() => { socket.close(); resolve('silence'); }, 2000);
      const end = (text) => { clearTimeout(timer); socket.close(); resolve(text); };
      socket.on('error', ({ code }) => end(code)).on('message', (data) => end(String(data)));
      socket.connect(Number(port), host, (error) => error ? end(error.code) : socket.send('?'));
    }),
    name: (name) => dns.promises.lookup(name).then(({ address }) => address, ({ code }) => code),
  };
  (async () => {
    const answers = await Promise.all(process.argv.slice(1).map(async (target) => {
      const [kind, ...rest] = target.split(' ');
      return [target, await ask[kind](...rest)];
    }));
    process.stdout.write(JSON.stringify(Object.fromEntries(answers)));
  })();`;

/** What a program in the container hears from each target: `tcp HOST PORT`, `udp HOST PORT`, `name NAME`. */
export async function ask(
  box: Container | RunningContainer,
  targets: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await box.run('node', ['-e', CLIENT, ...targets], { check: true });
  return JSON.parse(stdout) as Readonly<Record<string, string>>;
}
