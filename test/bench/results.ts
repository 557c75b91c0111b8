/**
 * What a run of the bench found, as plain data: build/bench.json, and docs/performance.json for the run that the
 * document shows.
 */

import type { MemoryKind } from './measuring.js';
import type { Summary } from './statistics.js';
import type { Pace } from './worker.js';

export interface Results {
  readonly machine: Machine;
  readonly form: Form;
  readonly starts: readonly Start[];
  readonly rates: readonly Rate[];
  readonly helpers: readonly Helpers[];
  /** Absent in runs of before it was measured. */
  readonly staying?: Staying;
  readonly pooled?: Pooled;
  /** Absent in runs of before it was measured. */
  readonly doors?: Doors;
  /** Absent in runs of before it was measured. */
  readonly egress?: Egress;
  readonly outputs: readonly Output[];
  readonly phases: readonly Phase[];
  readonly loading: readonly Loading[];
  readonly filters: readonly Filtered[];
  /** Absent in runs of before it was measured. */
  readonly opens?: readonly Opened[];
  /** Absent where this machine cannot hold so many containers. */
  readonly growth?: Growth;
  /** What could not be measured, and why. */
  readonly skipped: readonly string[];
}

/** `short`: few samples, for breakage; `quiet`: only what the budgets need. */
export type Form = 'full' | 'short' | 'quiet';

export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  readonly system: string;
  readonly node: string;
  readonly user: string;
  /** On which processors starts were measured. */
  readonly where: string;
  /** ISO 8601, of the day alone. */
  readonly date: string;
  /** The part of all processors' time that others used before the run, from 0 to 1. */
  readonly busy: number;
  readonly versions: Readonly<Record<string, string>>;
}

/** What of memory the Node process holds that starts the command; none where no Node process is. */
export interface Held {
  readonly kind: MemoryKind | 'none';
  readonly bytes: number;
}

/** One way to start `true`, from one Node process. */
export interface Start {
  readonly name: string;
  readonly held: Held;
  readonly pace: Pace;
  readonly totalNs: Summary;
  /** How long the call itself takes, in which nothing else happens in this Node; absent where there is no Node. */
  readonly blockedNs?: Summary;
  /** The longest time that a timer of 1 ms was late while some were started, by perf_hooks' monitorEventLoopDelay(). */
  readonly delayMs?: number;
}

/** What runs already, and what that costs. */
export interface Growth {
  readonly starts: readonly Idle[];
  readonly reached: readonly Reached[];
  readonly ending: Ending;
}

/** One start beside so many idle containers. */
export interface Idle {
  readonly name: string;
  readonly idle: number;
  readonly totalNs: Summary;
  readonly blockedNs: Summary;
}

/** The start of the n-th idle container, from the call until its command runs: of the last fifty before it. */
export interface Reached {
  readonly nth: number;
  readonly totalNs: Summary;
  readonly blockedNs: Summary;
}

/** The end of many that are killed at once. */
export interface Ending {
  readonly containers: number;
  /** Of one call of `kill()`. */
  readonly killNs: Summary;
  /** Of all of them, in which nothing else happens in this Node. */
  readonly allKillsNs: Summary;
  /** The longest turn of the event loop until the last had ended. */
  readonly longestTurnNs: Summary;
  /** From the first call until the last had ended. */
  readonly wholeNs: Summary;
}

/** What a system call costs below a filter. */
export interface Filtered {
  /** `none`; `default`: carrel's; `docker`: Docker's profile, by carrel; `libseccomp`: the same, by libseccomp. */
  readonly name: string;
  readonly instructions: number;
  /** What it takes to load it. */
  readonly loadNs: Summary;
  /** One call that the number alone lets through. */
  readonly allowedNs: Summary;
  /** One call whose arguments the filter reads. */
  readonly comparedNs: Summary;
}

/** What it takes to open a file, and to close it. */
export interface Opened {
  /** `none`; `landlock`: below a policy of Landlock. */
  readonly name: string;
  /** In the root directory. */
  readonly shallowNs: Summary;
  /** Seven directories below that. */
  readonly deepNs: Summary;
}

/** A Node program that loads carrel, and an empty one of its kind, from start to end. */
export interface Loading {
  /** Its source, or its command line. */
  readonly what: string;
  readonly totalNs: Summary;
  readonly emptyNs: Summary;
}

/** Many starts, so many at a time. */
export interface Rate {
  readonly name: string;
  readonly concurrency: number;
  readonly perSecond: number;
  /** Of all the machine, in all processes and the kernel. */
  readonly cpuMsEach: number;
}

/** Proportional set size of carrel's own processes: launcher, supervisors, inits. proc_pid_smaps(5) */
export interface Helpers {
  readonly containers: number;
  readonly launcherBytes: number;
  readonly restBytes: number;
}

/** The same of containers that stay and do nothing: before their files were asked for, and after. */
export interface Staying {
  readonly containers: number;
  readonly idleBytes: number;
  readonly filesBytes: number;
  /** Processor time that they took in a second. */
  readonly busyMs: number;
}

/** Containers that are ready in a pool. */
export interface Pooled {
  readonly containers: number;
  readonly idleBytes: number;
  /** Processor time that they took in a second. */
  readonly busyMs: number;
}

/** Through the doors of one container that stays, and without. */
export interface Doors {
  /** `readFile` of 4 KB a second: one by one, and with many in flight. */
  readonly reads: { readonly perSecond: number; readonly inFlight: number };
  /** The same, by Node's own. */
  readonly nodeReads: Doors['reads'];
  /** Through a port, and through the loopback of this machine. */
  readonly bytes: number;
  readonly portMs: number;
  readonly loopbackMs: number;
  /** One file, by cp(1), into the container, and out. */
  readonly copyBytes: number;
  readonly cpMs: number;
  readonly copyInMs: number;
  readonly copyOutMs: number;
}

/** With a list of what may be reached, and without. */
export interface Egress {
  /** A start, from the call to the end of `true`. */
  readonly listedNs: Summary;
  readonly plainNs: Summary;
  /** So many bytes from outside, by carrel's relay, and by one of Node's own sockets on loopback. */
  readonly bytes: number;
  readonly relayedMs: Summary;
  readonly nodeMs: Summary;
  /** By the resolver, with many questions in flight. */
  readonly answersPerSecond: number;
  /** A name that is looked up, connected to, and says a byte: from inside, and on loopback. */
  readonly nameMs: Summary;
  readonly loopbackMs: Summary;
}

/** So many bytes through the standard output of one command. */
export interface Output {
  readonly name: string;
  readonly bytes: number;
  readonly bytesPerSecond: Summary;
}

/** One act of a start, in the order of time. */
export interface Phase {
  readonly what: string;
  readonly by: 'node' | 'host' | 'container';
  readonly startUs: number;
  readonly durationUs?: number;
}
