/**
 * A world for a test file: a network of its own, and beyond it a neighbour with real servers.
 *
 * Their addresses look public, and some must not be reached.
 *
 * A file that imports this runs in that network from then on, as the leg's user: it is started once more, and what the
 * second one tells goes where the first one's would. Names are what `names` says they are.
 */

import { spawn } from 'node:child_process';
import dns from 'node:dns';
import { once } from 'node:events';
import { chmodSync, mkdtempSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ADDRESSES, type Seen } from './outside/addresses.js';
import { requires } from './requires.js';
import './temporary.js';
import { until } from './waiting.js';

/** The directory of what both sides have: certificates, repositories, packages. */
const DIRECTORY = 'CARREL_TEST_WORLD';

/** As `sh -ec`, with all rights over its network: the neighbour, the way to it, then `"$@"` without these rights. */
const SETUP = `
  ip link set lo up
  unshare --net setpriv --pdeathsig KILL sh -ec '
    until ip link show out >/dev/null 2>&1; do sleep 0.01; done
    ip link set lo up
    ip link set out up
    ${ADDRESSES.neighbour.map((address) => `ip address add ${address} dev out ${quickly(address)}`).join('\n')}
    ip route add default via 203.0.113.1
    ip -6 route add default via 2001:db8::1
    exec "$NODE" "$NEIGHBOUR"' &
  neighbour=$!
  until [ "$(readlink /proc/$neighbour/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do sleep 0.01; done
  ip link add world type veth peer name out netns $neighbour
  ip link set world up
  ${ADDRESSES.world.map((address) => `ip address add ${address} dev world ${quickly(address)}`).join('\n')}
  ip route add default via 203.0.113.5
  ip -6 route add default via 2001:db8::5
  "$@" && status=0 || status=$?
  kill -KILL $neighbour
  wait $neighbour 2>/dev/null || true
  exit $status`;

const { skip } = requires('user-namespaces', 'iproute2', 'openssl', 'git');
if (skip !== false) {
  test('a world of its own', { skip });
  // The tests of the file never come to be, on purpose: Node takes that for an error otherwise.
  process.exitCode = 0;
  await new Promise(() => {});
}
if (process.env[DIRECTORY] === undefined) process.exit(await enter());

/** Where certificates, repositories and packages are; `ca.pem` is the authority of all servers. */
export const fixtures: string = process.env[DIRECTORY] ?? '';

/** What the host's resolver answers; `undefined`: it never does. */
type Answer = readonly string[] | undefined;

/** What the host's resolver knows of names. Tests set it; all else is ENOTFOUND. */
export const names = new Map<string, Answer | (() => Answer)>();

/** The names that the host's resolver was asked for, in order. */
export const lookups: string[] = [];

type Callback = (error: Error | null, ...found: readonly unknown[]) => void;

dns.lookup = ((name: string, ...rest: readonly unknown[]) => {
  const options = (typeof rest[0] === 'object' ? rest[0] : {}) as dns.LookupOptions;
  const callback = rest.at(-1) as Callback;
  const known = isIP(name) !== 0 ? [name] : name === 'localhost' ? ['127.0.0.1'] : names.get(name);
  if (isIP(name) === 0 && name !== 'localhost') lookups.push(name);
  const addresses = typeof known === 'function' ? known() : (known ?? []);
  if (addresses === undefined) return;
  const all = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const [first] = all;
  setImmediate(() => {
    if (first === undefined)
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND', hostname: name }));
    else if (options.all) callback(null, all);
    else callback(null, first.address, first.family);
  });
}) as typeof dns.lookup;

/** What the neighbour's servers have been sent since they were asked last. */
export async function seen(): Promise<readonly Seen[]> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: ADDRESSES.told, port: 8000, agent: false }, resolve).on('error', reject);
  });
  const told = JSON.parse(await text(answer)) as readonly Seen[];
  if (!answer.socket.closed) await once(answer.socket, 'close');
  return told;
}

await until(() =>
  seen().then(
    () => true,
    () => false,
  ),
);

/** An address of IPv6 is otherwise asked about for a second, whether another has it. ip-address(8) */
function quickly(address: string): string {
  return address.includes(':') ? 'nodad' : '';
}

/** Runs this file in a world. Resolves to what it ended with. */
async function enter(): Promise<number> {
  const made = mkdtempSync(join(tmpdir(), 'world-'));
  chmodSync(made, 0o755);
  const isRoot = process.getuid?.() === 0;
  const namespaces = isRoot ? ['--net'] : ['--user', '--map-current-user', '--keep-caps', '--net'];
  const program = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const rights = isRoot ? [] : ['--inh-caps=-all'];
  const command = ['setpriv', '--pdeathsig', 'KILL', ...rights, ...program];
  const child = spawn(
    'unshare',
    [...namespaces, 'setpriv', '--pdeathsig', 'KILL', 'sh', '-ec', SETUP, 'sh', ...command],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        TMPDIR: dirname(tmpdir()),
        [DIRECTORY]: made,
        NODE: process.execPath,
        NEIGHBOUR: fileURLToPath(new URL('outside/neighbour.js', import.meta.url)),
      },
    },
  );
  // Both end with this process, however that ends: the kernel sees to it. prctl(2), PR_SET_PDEATHSIG
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
