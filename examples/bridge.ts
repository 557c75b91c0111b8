/**
 * A bridge with two containers, which reach each other and the outside: `node examples/bridge.js [HOST [PORT]]`.
 *
 *     outside ── the host, which forwards and masquerades
 *                  └─ carrel0, 10.88.0.1
 *                       ├─ eth0 of the container `one`, 10.88.0.2
 *                       └─ eth0 of the container `two`, 10.88.0.3
 *
 * HOST is whom both ask outside, at PORT by TCP: port 80 of example.org by default. It takes root, `ip` of iproute2,
 * `nft` of nftables, and `nsenter` of util-linux. What it makes is gone when it ends.
 */

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Container, file, type Hook, type RunningContainer } from 'carrel';

const BRIDGE = 'carrel0';
const SUBNET = '10.88.0.0/24';
const GATEWAY = '10.88.0.1';
const ADDRESSES = { one: '10.88.0.2', two: '10.88.0.3' } as const;
const FORWARD = '/proc/sys/net/ipv4/ip_forward';
/** What leaves has the host's address from then on. Between containers it keeps its own. */
const RULES = `
  table ip ${BRIDGE} {
    chain postrouting {
      type nat hook postrouting priority srcnat;
      ip saddr ${SUBNET} oifname != "${BRIDGE}" masquerade
    }
  }`;

/** On port 8080 it says who has asked. */
const SERVE = `
  const answer = (socket) => socket.end(require('node:os').hostname() + ' sees ' + socket.remoteAddress);
  require('node:net').createServer((socket) => socket.on('data', () => answer(socket))).listen(8080, '0.0.0.0');`;
/** Prints the first line of the answer. */
const ASK = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:net').connect({ host, port, timeout: 10_000 });
  const end = (text, code) => { console.log(text); socket.destroy(); process.exitCode = code; };
  socket.on('connect', () => socket.write('HEAD / HTTP/1.0\\r\\nHost: ' + host + '\\r\\n\\r\\n'));
  socket.on('data', (data) => end(String(data).split(/\\r?\\n/)[0], 0));
  socket.on('timeout', () => end('silence', 1)).on('error', (error) => end(error.code, 1));`;

const execute = promisify(execFile);
const ip = (...args: readonly string[]): Promise<unknown> => execute('ip', args);

/** A cable from the bridge into a network that is there, and empty. It goes when that network does. */
function plugIn(address: string): Hook {
  return async ({ pid, namespaces }) => {
    const { path } = namespaces.network;
    const within = (...args: readonly string[]): Promise<unknown> =>
      execute('nsenter', [`--net=${path}`, 'ip', ...args]);
    const outer = ['name', `carrel-${pid}`, 'master', BRIDGE, 'up'];
    await ip('link', 'add', ...outer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', path);
    await within('address', 'add', `${address}/24`, 'dev', 'eth0');
    await within('link', 'set', 'eth0', 'up');
    await within('route', 'add', 'default', 'via', GATEWAY);
  };
}

/** The resolvers of the host, as long as the first is not the host itself: systemd-resolved keeps those it asks. */
function resolvers(): string {
  const [own, behind] = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'] as const;
  const text = readFileSync(own, 'utf8');
  return /^nameserver\s+127\./m.test(text) && existsSync(behind) ? readFileSync(behind, 'utf8') : text;
}

async function tryOut(host: string, port: string): Promise<void> {
  const box = new Container().hosts(ADDRESSES).mount(file('/etc/resolv.conf', resolvers()));
  const start = (name: keyof typeof ADDRESSES): Promise<RunningContainer> => {
    const named = box.hostname(name).hook(plugIn(ADDRESSES[name]));
    return named.start('node', ['-e', SERVE], { ready: { port: 8080 } });
  };
  await using one = await start('one');
  await using two = await start('two');
  const questions = [
    [one, 'one', ADDRESSES.two, '8080'],
    [one, 'one', 'two', '8080'],
    [two, 'two', ADDRESSES.one, '8080'],
    [two, 'two', 'one', '8080'],
    [one, 'one', host, port],
    [two, 'two', host, port],
  ] as const;
  for (const [asking, name, ...target] of questions) {
    const { stdout, ok } = await asking.run('node', ['-e', ASK, ...target]);
    console.log(`${name} asks ${target.join(':')}: ${stdout.trim()}`);
    if (!ok) process.exitCode = 1;
  }
}

const [host = 'example.org', port = '80'] = process.argv.slice(2);
const forward = readFileSync(FORWARD, 'utf8');
// A bridge of that name is somebody else’s: it stays as it is.
await ip('link', 'add', BRIDGE, 'type', 'bridge');
try {
  await ip('address', 'add', `${GATEWAY}/24`, 'dev', BRIDGE);
  await ip('link', 'set', BRIDGE, 'up');
  await execute('nft', [RULES]);
  writeFileSync(FORWARD, '1');
  await tryOut(host, port);
} finally {
  writeFileSync(FORWARD, forward);
  await ip('link', 'delete', BRIDGE);
  // Adding a table that is there is nothing; deleting one that is not is an error.
  await execute('nft', [`add table ip ${BRIDGE}; delete table ip ${BRIDGE}`]);
}
