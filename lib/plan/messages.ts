/**
 * What Node, the launcher and its supervisors say to each other: one table for both sides. `message-bytes.ts` writes
 * and reads messages in TypeScript. `scripts/messages.ts` makes `src-native/messages.h`, which has them in C.
 *
 * ```
 * launcher's socket   Node ── start ─────────────────────────────► launcher
 *                             + plan, line, what fills the first slots
 *
 * line, of its own    Node ── signal, resize, go, cpuTime ───────► supervisor    orders
 *                             timeout, ask
 *                     Node ── plan ──────────────────────────────► supervisor    the answer to awaits
 *                             + plan
 *
 * channel             Node ◄─ barrier, running, oom, timing ────── supervisor    notices
 *                     Node ◄─ awaits ───────────────────────────── supervisor    the child waits for its plan
 *                     Node ◄─ stays ────────────────────────────── supervisor    the answer to ask, timeout
 *                     Node ◄─ violation ────────────────────────── supervisor    a refused call, before its answer
 *                     Node ◄─ exited, refused, rejected, failed ── supervisor    one of these is the last of its own
 *                     Node ◄─ gone ─────────────────────────────── launcher      the line is closed at its other end
 *
 * lane                Node ◄─ number of the supervisor (u32) ───── supervisor    before the message they belong to
 *                             + descriptors
 *
 * message             head (16 bytes) │ the kind's own fields │ text or bytes, where it has some, up to the size
 * head                kind u32 │ size of it all u32 │ supervisor u32 │ descriptors u32
 * ```
 *
 * Numbers are little-endian and lie as C lays them out. Node numbers the supervisors, from 1 on, and says the number
 * with `start`. The channel is one for all supervisors of a thread: whole messages stand in it, in the order in which
 * they were sent. Bytes that are no message break the protocol: who reads them hangs up. A line that Node has closed
 * ends the container, unless it is detached.
 */

import { COUNTERS, NAMESPACES } from './constants.js';
import type { Layout, ValuesOf } from './layout.js';
import { RECEIVED_MAX } from './wire.js';

/**
 * In which list of the plan a refused step stands. `acts` are those of the barrier `index`; the clone is a list of
 * itself.
 */
export const LISTS = { before: 1, clone: 2, steps: 3, acts: 4, after: 5 } as const;
/** Why the supervisor ended the container, if it did. */
export const ENDINGS = { none: 0, timeout: 1, signal: 2, hangup: 3, cpuTimeout: 4, oom: 5 } as const;
/** Who may be left of a container: `nobody`; `somebody`; or nobody was found, and whether that is all is `unasked`. */
export const LEFT = { nobody: 0, somebody: 1, unasked: 2 } as const;

/** A list of a plan. */
export type List = keyof typeof LISTS;

/** Who reads a message. */
export type Side = 'launcher' | 'supervisor' | 'node';

interface Kind {
  readonly number: number;
  readonly to: Side;
  readonly fields: Layout;
  /** Behind the fields: text of the kernel's or of another program's, {@link TEXT_MAX} bytes at most. */
  readonly text?: true;
  /** Behind the fields: bytes from inside the container, {@link BYTES_MAX} at most. */
  readonly bytes?: true;
  /** How many descriptors come with it, at least and at most. Not there: none. */
  readonly descriptors?: readonly [least: number, most: number];
}

/** What stands in front of every message. */
export const HEAD = { kind: 'u32', size: 'u32', supervisor: 'u32', descriptors: 'u32' } as const satisfies Layout;
/** Bytes of a text at most. */
export const TEXT_MAX = 280;
/** Bytes of what is no text at most: a program's name, and a path or an address. */
export const BYTES_MAX = 1040;
/** So many violations of one container are told. Others are counted. */
export const VIOLATIONS_MAX = 1000;

/** So many places that a container writes to Node is given. */
export const PLACES_MAX = 55;
/**
 * So many descriptors of a container: one for each kind of namespace, an outer user namespace, and those of the places.
 */
export const GIVEN_MAX = 64;

/** Inode numbers of the namespaces that the process is in; 0: not known. namespaces(7) */
const namespaces = { each: 'u32', of: NAMESPACES } as const;
/** A process, as the host numbers it. */
const pid = 'i32';

/** Each kind of message: its number, who reads it, and its own fields. */
export const MESSAGES = {
  /** Asks for a supervisor. The descriptors are the plan, the line, and what fills the first slots. */
  start: { number: 1, to: 'launcher', fields: {}, descriptors: [2, RECEIVED_MAX + 2] },

  /** Sends a signal to the command. */
  signal: { number: 2, to: 'supervisor', fields: { signal: 'u32' } },
  /** Gives the terminal another size. */
  resize: { number: 3, to: 'supervisor', fields: { columns: 'u32', rows: 'u32' } },
  /** Lets the child pass the barrier at which it waits. */
  go: { number: 4, to: 'supervisor', fields: {} },
  /** Sets another limit of CPU time, where there is one. */
  cpuTime: { number: 5, to: 'supervisor', fields: { milliseconds: 'u64' } },
  /** Ends the container so many milliseconds from now on, instead of at another time; 0: never. Asks as `ask`. */
  timeout: { number: 18, to: 'supervisor', fields: { milliseconds: 'u64', question: 'u32' } },
  /** Asks whether the container goes on: `stays` is the answer. Where it ends, its end is. Questions are numbered. */
  ask: { number: 16, to: 'supervisor', fields: { question: 'u32' } },
  /** The plan that the child goes on with. The descriptor is that plan. */
  plan: { number: 19, to: 'supervisor', fields: {}, descriptors: [1, 1] },

  /** The child `pid` waits at a barrier with a hook, the step `index`. */
  barrier: { number: 6, to: 'node', fields: { index: 'u32', pid, namespaces } },
  /** The command runs, or nothing but PID 1 does. The descriptors are those that the plan gives. */
  running: {
    number: 7,
    to: 'node',
    fields: {
      pid,
      /** PID 1 of the container; where it has none of its own, the command. */
      first: pid,
      namespaces,
    },
    descriptors: [0, GIVEN_MAX],
  },
  /** The kernel has killed so many processes of the container until now. */
  oom: { number: 8, to: 'node', fields: { kills: 'u64' } },
  /** When everything began: the descriptor has it, as times.ts draws it. */
  timing: { number: 9, to: 'node', fields: {}, descriptors: [1, 1] },
  /** All is over, and the command did run, or was ended on its way. */
  exited: {
    number: 10,
    to: 'node',
    fields: {
      /** As wait4(2) has it. */
      waitStatus: 'i32',
      ending: { oneOf: ENDINGS },
      left: { oneOf: LEFT },
      /** 1: nobody tells how the command ended, and the status is that of SIGKILL. */
      guessed: 'u32',
      /** Which of the counters have counted, by the bits of COUNTERS. */
      counted: 'u32',
      /** Whether wait4(2) has told of the command what is below: 0 where somebody has killed init. */
      waited: 'u32',
      /** Of how many violations nobody knows the path or address, because to read it took too long. */
      unread: 'u32',
      /** What passed since the clone. */
      wallNs: 'u64',
      userUs: 'u64',
      systemUs: 'u64',
      maxRssKb: 'u64',
      minorFaults: 'u64',
      majorFaults: 'u64',
      blocksIn: 'u64',
      blocksOut: 'u64',
      voluntarySwitches: 'u64',
      involuntarySwitches: 'u64',
      /** Calls that the filter has refused, told or not. 0 where nobody wants to know. */
      violations: 'u64',
      /** What cgroups have counted: bytes, kills, microseconds of CPU time, processes. */
      counters: { each: 'u64', of: COUNTERS },
    },
  },
  /** All is over, because a step was refused. The text is the kernel's or the helper program's. */
  refused: {
    number: 11,
    to: 'node',
    text: true,
    fields: {
      list: { oneOf: LISTS },
      /** The step among `steps`; of an act, that of its barrier. */
      index: 'u32',
      /** The place among the acts of a barrier, of `before`, or of `after`. */
      act: 'u32',
      syscall: 'i32',
      error: 'i32',
      /** Of a refused `exec`: which of its paths, from 1 on; 0: none was there. */
      path: 'u32',
      /** Of a helper program, as wait4(2) has it; 0: it was not executed. */
      helperStatus: 'i32',
    },
  },
  /** The plan is malformed: which rule it breaks, by its line in plan.c. */
  rejected: { number: 12, to: 'node', fields: { rule: 'u32' } },
  /** The supervisor could not prepare for the plan; or, by clone(2), the launcher could not make a supervisor. */
  failed: { number: 13, to: 'node', fields: { syscall: 'i32', error: 'i32' } },
  /** The supervisor has ended, or was killed: nothing follows. Who is left of it has nothing to say. */
  gone: { number: 14, to: 'node', fields: {} },
  /** The child has come to the end of its plan, and waits for the one that goes on there. */
  awaits: { number: 20, to: 'node', fields: {} },
  /** Nothing ends the container at this moment: the answer to the question, and to those before it. */
  stays: { number: 17, to: 'node', fields: { question: 'u32' } },
  /** The filter refuses a system call. The bytes are the name of its process, then what the pointer leads to. */
  violation: {
    number: 15,
    to: 'node',
    bytes: true,
    fields: {
      /** Seconds since 1970, and microseconds. */
      timeS: 'u32',
      timeUs: 'u32',
      pid,
      /** The lower half of the first argument. */
      argument: 'u32',
      /** The number of the call. */
      call: 'u32',
      /** What it is answered with. */
      error: 'u32',
      /** How many of the bytes are the name. */
      nameLength: 'u32',
    },
  },
} as const satisfies Readonly<Record<string, Kind>>;

/** The name of a kind of message. */
export type MessageKind = keyof typeof MESSAGES;

/** A message of a kind; of several, any of those, told apart by their kind. */
export type MessageOf<K extends MessageKind> = K extends MessageKind
  ? {
      readonly kind: K;
      /** Which supervisor it is about. */
      readonly supervisor: number;
    } & ValuesOf<(typeof MESSAGES)[K]['fields']> &
      ((typeof MESSAGES)[K] extends { readonly text: true } ? { readonly text: string } : unknown) &
      ((typeof MESSAGES)[K] extends { readonly bytes: true } ? { readonly bytes: Buffer } : unknown)
  : never;

/** The messages that one side reads, told apart by their kind. */
export type MessageTo<S extends Side> = {
  [K in MessageKind]: (typeof MESSAGES)[K]['to'] extends S ? MessageOf<K> : never;
}[MessageKind];

/** Any message. */
export type Message = MessageTo<Side>;
/** What Node asks of a supervisor. */
export type Order = MessageTo<'supervisor'>;
/** What Node is told of a supervisor. */
export type Notice = MessageTo<'node'>;
