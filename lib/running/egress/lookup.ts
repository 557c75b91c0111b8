/**
 * Where a name leads, as the host says: `dns.lookup`, as Node's own sockets ask. That waits in a thread of libuv, of
 * which there are four for all that waits there. So a process asks for few at a time, and a container for fewer.
 */

import dns from 'node:dns';
import { networkInterfaces } from 'node:os';

/** At a time, of all containers of this process, and of one. */
const ALL_MOST = 3;
const OWN_MOST = 2;
/** Milliseconds after which nobody waits any more; the thread may go on. */
const PATIENCE_MS = 15_000;
/** Milliseconds that the addresses of the host count. */
const FRESH_MS = 1000;

let running = 0;
const waiting: (() => boolean)[] = [];

/** Look-ups of one container. The same name is looked up once at a time. */
export class Lookups {
  readonly #open = new Map<string, Promise<readonly string[]>>();
  #running = 0;

  /** The addresses of a name; none where there are none, and once nobody waits. */
  async of(name: string, signal: AbortSignal): Promise<readonly string[]> {
    if (signal.aborted) return [];
    const found = this.#open.get(name) ?? this.#find(name).finally(() => this.#open.delete(name));
    this.#open.set(name, found);
    let giveUp: (() => void) | undefined;
    const stopped = new Promise<readonly string[]>((resolve) => {
      giveUp = () => resolve([]);
      signal.addEventListener('abort', giveUp, { once: true });
    });
    return Promise.race([found, stopped]).finally(() => signal.removeEventListener('abort', giveUp as () => void));
  }

  #find(name: string): Promise<readonly string[]> {
    return new Promise((resolve) => {
      const late = setTimeout(() => resolve([]), PATIENCE_MS).unref();
      const begin = (): boolean => {
        if (running >= ALL_MOST || this.#running >= OWN_MOST) return false;
        running += 1;
        this.#running += 1;
        lookup(name, (addresses) => {
          running -= 1;
          this.#running -= 1;
          clearTimeout(late);
          resolve(addresses);
          // Each of those that wait, in their order, as far as it may.
          waiting.splice(0, waiting.length, ...waiting.filter((next) => !next()));
        });
        return true;
      };
      if (!begin()) waiting.push(begin);
    });
  }
}

function lookup(name: string, found: (addresses: readonly string[]) => void): void {
  try {
    dns.lookup(name, { all: true, verbatim: true }, (error, addresses) => {
      found(error ? [] : addresses.map(({ address }) => address));
    });
  } catch {
    found([]);
  }
}

let own: ReadonlySet<string> = new Set();
let askedMs = Number.NEGATIVE_INFINITY;

/** The host's own addresses. */
export function ownAddresses(): ReadonlySet<string> {
  if (performance.now() - askedMs < FRESH_MS) return own;
  own = new Set(Object.values(networkInterfaces()).flatMap((all = []) => all.map(({ address }) => address)));
  askedMs = performance.now();
  return own;
}
