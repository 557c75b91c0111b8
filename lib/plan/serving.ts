/**
 * What Node and a server say to each other: one definition for both sides, and `src-native/messages.h`,
 * which `scripts/messages.ts` makes.
 *
 * ```
 * requests   Node ── request ─────────────► server    one at a time: the next when this one is answered
 *            Node ◄─ answer ─────────────── server
 *
 * lane       Node ◄─ number (u32) ───────── server    for each `handOver`, before the answer
 *                    + descriptors
 *
 * request    head (16 bytes) │ records, and what their fields point to, as in a plan, with offsets from the head on
 * answer     head (24 bytes) │ for each step that gives bytes: their length u32, and the bytes
 * ```
 *
 * Both are sockets, so each side knows when the other is gone. Bytes that are no message break the protocol: the server
 * ends then, and Node ends the server.
 */

import type { Layout } from './layout.js';

/** The largest size of a request: what it writes, and a long path. */
export const REQUEST_MAX = 256 * 1024;
/** The largest size of an answer. */
export const ANSWER_MAX = 1024 * 1024 + 4096;

/** What a request begins with. */
export const REQUEST = {
  /** Of all of it, in bytes. */
  size: 'u32',
  number: 'u32',
  /** How many steps follow. */
  count: 'u32',
  reserved: 'u32',
} as const satisfies Layout;

/** What an answer begins with. */
export const ANSWER = {
  /** Of all of it, in bytes. */
  size: 'u32',
  /** The request's. */
  number: 'u32',
  /** How many steps were performed: where one was refused, those before it. */
  done: 'u32',
  syscall: 'i32',
  /** 0: none was refused. */
  error: 'i32',
  reserved: 'u32',
} as const satisfies Layout;

/** What is known of a file, stat(2). */
export const STAT = {
  ino: 'u64',
  dev: 'u64',
  size: 'u64',
  blocks: 'u64',
  atimeS: 'i64',
  mtimeS: 'i64',
  ctimeS: 'i64',
  atimeNs: 'u32',
  mtimeNs: 'u32',
  ctimeNs: 'u32',
  mode: 'u32',
  nlink: 'u32',
  uid: 'u32',
  gid: 'u32',
  /** Of a device. makedev(3) */
  rdev: 'u32',
} as const satisfies Layout;
