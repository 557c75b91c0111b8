/**
 * What stands around the steps on the wire: the plan's header, the frames of the channel, and their limits.
 *
 * One definition for both sides: `encode.ts`, `launch/channel.ts`, and `src-native/wire.h`, which `scripts/wire.ts` makes.
 * All numbers are little-endian, as on every machine that carrel runs on, and naturally aligned.
 *
 * ```
 * plan:    header │ records of before, steps, after and of each barrier │ arrays │ bytes
 * record:  op u32, size u32 │ eight bytes a field
 * field:   number u64 · place {offset u32, length u32} of bytes · list {offset u32, count u32} of numbers or places
 *
 * channel: Node ◄── frame (512 bytes) ── supervisor        barrier, running, refused, exited, timing, oom
 *          Node ── order (8 bytes) ────► supervisor        signal, resize, go, cpuTime; closing the channel ends the container
 * ```
 */

type Width = 'u32' | 'i32' | 'u64';
type Layout = Readonly<Record<string, Width>>;

/** "CRLP", the first four bytes of a plan. */
export const PLAN_MAGIC = 0x504c5243;
/** Raised whenever the wire changes; a launcher refuses a plan of another version. */
export const WIRE_VERSION = 2;
/** A plan's size in bytes at the most: room for 10,000 arguments and a megabyte of path. */
export const PLAN_MAX = 64 * 1024 * 1024;
/** Slots of a plan at the most: each may be an open file of the supervisor's. */
export const SLOTS_MAX = 1024;
/** Slots that the caller fills, at the most: one message can carry SCM_MAX_FD descriptors, two of which are for other things. unix(7) */
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
  /** Whether the container goes on when the channel is closed. */
  detached: 'u32',
  /** Sent to the command when the time is up. */
  timeoutSignal: 'u32',
  /** Whether the supervisor reports when each act began. */
  timed: 'u32',
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

/** What a frame reports. */
export const FRAME_KINDS = { running: 1, refused: 2, exited: 3, barrier: 4, timing: 5, oom: 6 } as const;
/** Where a refused step stands, or one whose time is told. `acts` are those of the barrier `index`; `moments` are no steps. */
export const LISTS = { check: 0, before: 1, clone: 2, steps: 3, acts: 4, after: 5, moments: 6 } as const;
/** Moments between the steps: the supervisor runs, has checked the plan, sees that the command runs, that it has ended, has reaped it, is done. */
export const MOMENTS = { forked: 0, checked: 1, running: 2, ended: 3, reaped: 4, over: 5 } as const;
/** Why the supervisor ended the container, if it did. */
export const ENDINGS = { none: 0, timeout: 1, signal: 2, hangup: 3, cpuTimeout: 4, oom: 5 } as const;

/** A frame's numbers; behind them stands a message of the kernel, up to {@link FRAME_SIZE}. */
export const FRAME = {
  kind: 'u32',
  list: 'u32',
  index: 'u32',
  act: 'u32',
  syscall: 'i32',
  error: 'i32',
  /** Of a refused `exec`: which of its paths. Of a failed check: which rule, its line in plan.c. */
  detail: 'u32',
  /** The command, as the host numbers it; at a barrier, the child. */
  pid: 'i32',
  waitStatus: 'i32',
  ending: 'u32',
  /** Inode numbers of the namespaces that `pid` is in, at `barrier` and `running`; 0: not to be had. namespaces(7) */
  timeNamespace: 'u32',
  mountNamespace: 'u32',
  cgroupNamespace: 'u32',
  utsNamespace: 'u32',
  ipcNamespace: 'u32',
  userNamespace: 'u32',
  pidNamespace: 'u32',
  networkNamespace: 'u32',
  /** What passed since the clone; in `timing`, when it was on the monotonic clock. */
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
  /** What cgroups have counted: bytes, kills, microseconds of CPU time, processes. `counted` says which of them, by their bits. */
  counted: 'u64',
  memoryPeak: 'u64',
  oomKills: 'u64',
  cpu: 'u64',
  cpuUser: 'u64',
  cpuSystem: 'u64',
  throttled: 'u64',
  pidsPeak: 'u64',
  ioRead: 'u64',
  ioWritten: 'u64',
} as const satisfies Layout;

export const FRAME_SIZE = 512;

/** What Node asks of a supervisor: `value` is the signal's number, rows × 65536 + columns, or milliseconds of CPU time; `go` lets the child pass its barrier. */
export const ORDER_KINDS = { signal: 1, resize: 2, go: 3, cpuTime: 4 } as const;
export const ORDER = { kind: 'u32', value: 'u32' } as const satisfies Layout;

/** Where each field of a layout begins. */
export function offsetsOf<L extends Layout>(layout: L): { readonly [K in keyof L]: number } {
  return walk(layout).offsets as { readonly [K in keyof L]: number };
}

/** The size of a whole layout. */
export function sizeOf(layout: Layout): number {
  return walk(layout).size;
}

function walk(layout: Layout): { readonly offsets: Readonly<Record<string, number>>; readonly size: number } {
  const offsets: Record<string, number> = {};
  let at = 0;
  for (const [name, width] of Object.entries(layout)) {
    const bytes = width === 'u64' ? 8 : 4;
    at = Math.ceil(at / bytes) * bytes;
    offsets[name] = at;
    at += bytes;
  }
  return { offsets, size: Math.ceil(at / 8) * 8 };
}
