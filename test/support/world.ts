/**
 * A world of its own: a network namespace in which another Node runs as on a host, beside a neighbour.
 *
 * The neighbour is all the outside to it, and joined by a veth. The host has 203.0.113.1 and 2001:db8::1; the neighbour
 * has 203.0.113.10 and 2001:db8::10, and is the host's way out and its resolver, 203.0.113.53. neighbour.ts
 *
 * Everything in it ends with it: it is a pid namespace too.
 */

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { askCaller } from './caller.js';
import { asUser, NOBODY } from './legs.js';
import { removeTree } from './remove-tree.js';
import type * as Tools from './world-tools.js';

export interface World {
  /** Who uses carrel there. Default: who runs the tests. */
  readonly as?: 'user';
  /** What of these is in the PATH. Default: both. */
  readonly programs?: readonly ('pasta' | 'slirp4netns')[];
  /** What /etc/resolv.conf says. Default: the neighbour's resolver. */
  readonly resolver?: string;
}

const OUTSIDE = ['203.0.113.10/24', '203.0.113.53/24', '2001:db8::10/64'];
const leg = process.env.CARREL_TEST_LEG;

const SETUP = `
  directory=$1 resolver=$2 neighbour=$3
  shift 3
  quiet() { echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; }
  quiet
  echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
  ip link set lo up
  unshare --net sleep infinity & outside=$!
  rounds=0
  until [ "$(readlink /proc/$outside/ns/net)" != "$(readlink /proc/self/ns/net)" ]
  do [ $((rounds += 1)) -lt 1000 ]; sleep 0.01; done
  within() { nsenter --net=/proc/$outside/ns/net "$@"; }
  within sh -ec 'for of in all default; do echo 0 >/proc/sys/net/ipv6/conf/$of/accept_dad; done; ip link set lo up'
  ip link add outside type veth peer name host netns $outside
  ip address add 203.0.113.1/24 dev outside
  ip address add 2001:db8::1/64 dev outside nodad
  ip link set outside up
  for address in ${OUTSIDE.join(' ')}; do within ip address add $address dev host; done
  within ip link set host up
  ip route add default via 203.0.113.10
  ip route add default via 2001:db8::10
  within "$neighbour" ${JSON.stringify(fileURLToPath(new URL('./neighbour.js', import.meta.url)))} $directory/ready &
  until [ -e $directory/ready ]; do [ $((rounds += 1)) -lt 2000 ]; sleep 0.02; done
  mount --bind $directory/resolv.conf $resolver
  exec env PATH=$directory/bin "$@"`;

/** What `act` gives there, as JSON carries it. It is sent as text: it sees its parameters, and nothing around it. */
export async function inWorld<Result, Args extends readonly unknown[]>(
  { as, programs = ['pasta', 'slirp4netns'], resolver = 'nameserver 203.0.113.53\n' }: World,
  act: (tools: typeof Tools, ...args: Args) => Result,
  ...args: Args
): Promise<Awaited<Result>> {
  const directory = mkdtempSync(join(tmpdir(), 'world-'));
  try {
    chmodSync(directory, 0o755);
    mkdirSync(join(directory, 'bin'));
    for (const name of [...programs, 'sleep']) symlinkSync(`/usr/bin/${name}`, join(directory, 'bin', name));
    writeFileSync(join(directory, 'resolv.conf'), resolver);
    const isRoot = process.getuid?.() === 0 && leg !== 'userns';
    const users = isRoot ? [] : ['--user', '--map-root-user'];
    const namespaces = [
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
      '--propagation',
      'private',
    ];
    const change = isRoot
      ? absolute(asUser)
      : ['/usr/bin/unshare', '--user', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
    const prefix = [
      ...['unshare', ...users, ...namespaces, 'sh', '-ec', SETUP, 'sh'],
      ...[directory, realpathSync('/etc/resolv.conf'), process.execPath],
      ...(as === 'user' || leg === 'user' ? change : []),
    ];
    const tools = JSON.stringify(import.meta.resolve('./world-tools.js'));
    const source = `
      const tools = await import(${tools});
      await tools.arrive();
      const result = await (${act})(tools, ...${JSON.stringify(args)});
      process.stdout.write(JSON.stringify(result ?? null));`;
    return await askCaller<Awaited<Result>>(source, { prefix });
  } finally {
    removeTree(directory);
  }
}

function absolute([program = '', ...args]: readonly string[]): readonly string[] {
  return [`/usr/bin/${program}`, ...args];
}
