/** Finds a range of ids for a container, and holds it; the supervisor holds it while the container lives. */

import { isFree, RANGE_FIRST, RANGE_LAST, RANGE_SIZE } from '../compile/ids.js';
import { noIdRange } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import { native } from './native.js';

/** A range that no other container of this machine has, as long as the socket is open somewhere. */
export interface HeldRange {
  readonly first: number;
  readonly socket: number;
}

const COUNT = (RANGE_LAST - RANGE_FIRST) / RANGE_SIZE;

/**
 * Takes a free range. What holds it is a name in the abstract socket namespace: the kernel gives a name to one socket
 * at a time, whatever process asks, and takes it back when the socket is closed, also by SIGKILL. unix(7)
 */
export function holdRange(host: Host): HeldRange {
  let slot = Math.floor(Math.random() * COUNT);
  for (let tries = 0; tries < COUNT; tries += 1) {
    const first = RANGE_FIRST + slot * RANGE_SIZE;
    const socket = isFree(first, host.reservedIds) ? native().tryBindAbstract(`carrel/ids/${first}`) : undefined;
    if (socket !== undefined) return { first, socket };
    slot = (slot + 1) % COUNT;
  }
  throw noIdRange();
}
