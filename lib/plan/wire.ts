/**
 * What stands around the steps on the wire: the plan's header, and the limits of a plan. Messages are drawn in
 * messages.ts.
 *
 * One definition for both sides: `encode.ts`, and `src-native/wire.h`, which `scripts/wire.ts` makes. All numbers are
 * little-endian, as on every machine that carrel runs on, and naturally aligned.
 *
 * ```
 * plan:    header │ records of before, steps, after and of each barrier │ arrays │ bytes
 * record:  op u32, size u32 │ eight bytes a field
 * field:   number u64 · place {offset u32, length u32} of bytes · list {offset u32, count u32} of numbers or places
 * ```
 */

import type { Layout } from './layout.js';

/** "CRLP", the first four bytes of a plan. */
export const PLAN_MAGIC = 0x504c5243;
/** Raised whenever the wire changes; a launcher refuses a plan of another version. */
export const WIRE_VERSION = 5;
/** The largest size of a plan in bytes: room for 10,000 arguments and a megabyte of path. */
export const PLAN_MAX = 64 * 1024 * 1024;
/** The most slots of a plan: each may be an open file of the supervisor's. */
export const SLOTS_MAX = 1024;
/**
 * The most slots that the caller fills: one message can carry SCM_MAX_FD descriptors, two of which are for other
 * things. unix(7)
 */
export const RECEIVED_MAX = 251;
/** Bytes in front of a record's fields: its step's number and its size. */
export const RECORD_HEAD = 8;

/** The header of a plan. A list is `<name>Offset` (in bytes from the start) and `<name>Count` (in records). */
export const HEADER = {
  magic: 'u32',
  version: 'u32',
  size: 'u32',
  /** Slots in all; the first `received` of them hold the caller's descriptors. */
  slots: 'u32',
  received: 'u32',
  /** How many of the received ones, the first, the supervisor holds open until all is over. */
  kept: 'u32',
  /** Whether the container goes on when its line is closed. */
  detached: 'u32',
  /** Sent to the command when the time is up. */
  timeoutSignal: 'u32',
  /** Whether the supervisor reports when each act began. */
  timed: 'u32',
  /** Whether the command stays in the session of Node's process. */
  session: 'u32',
  /** Wall-clock time for everything from the clone on; 0: none. */
  timeoutMs: 'u64',
  /** `CLONE_NEW*` for clone3(2). */
  clone: 'u64',
  beforeOffset: 'u32',
  beforeCount: 'u32',
  stepsOffset: 'u32',
  stepsCount: 'u32',
  afterOffset: 'u32',
  afterCount: 'u32',
} as const satisfies Layout;
