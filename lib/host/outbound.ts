/** What is there to make a way out of: programs, and whom this host asks for names. It changes nothing. */

import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { RESOLVER_FILE } from '../plan/paths.js';
import type { Nameserver, OutboundFacts } from './facts.js';

/** Where a shell looks that is told nothing. */
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** Asked each time: packages come and go, and whom a laptop asks for names changes with its network. */
export function probeOutbound(): OutboundFacts {
  const text = read(RESOLVER_FILE);
  return {
    ...found('pasta'),
    ...found('slirp4netns'),
    tun: isAllowed('/dev/net/tun', constants.R_OK | constants.W_OK),
    nameservers: nameserversOf(text, ownAddresses()),
    lines: linesOf(text),
  };
}

function found(name: 'pasta' | 'slirp4netns'): { readonly [key: string]: string } {
  const directories = (process.env.PATH ?? PATH).split(':').filter((directory) => directory.startsWith('/'));
  const path = directories.map((directory) => `${directory.replace(/\/+$/, '')}/${name}`).find(isProgram);
  return path === undefined ? {} : { [name]: path };
}

function isProgram(path: string): boolean {
  return isAllowed(path, constants.X_OK) && statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function isAllowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false; // not there, or not for this user
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // none: then there is no resolver
  }
}

/** The resolvers that resolv.conf(5) names, each once. */
export function nameserversOf(text: string, own: readonly string[]): readonly Nameserver[] {
  const all = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(([, address = '']) => address);
  return [...new Set(all)].flatMap((address) => {
    const [bare = ''] = address.split('%');
    if (!isIPv4(bare) && !isIPv6(bare)) return [];
    return [{ address, local: isLocal(bare) || own.includes(bare) }];
  });
}

/** What of it holds in another network too. */
export function linesOf(text: string): readonly string[] {
  return [...text.matchAll(/^[ \t]*((?:search|domain|options)[ \t].*\S)[ \t]*$/gm)].map(([, line = '']) => line);
}

/** Loopback, any address, and IPv6's within a link. */
function isLocal(address: string): boolean {
  return /^(127\.|0\.|::1?$|fe[89ab])/i.test(address);
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address));
}
