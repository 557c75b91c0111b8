/** What a running container works with. */

import type { GivenCall } from '../definition/call.js';
import type { NamespaceHandle } from '../definition/namespaces.js';
import type { Namespace } from '../plan/constants.js';
import type { Plan } from '../plan/plan.js';
import type { SpawnOptions } from './command.js';
import type { Files } from './files/files.js';
import type { LogStream, LogsOptions } from './log-stream.js';
import type { Ports } from './ports/ports.js';
import type { ContainerProcess } from './process.js';
import type { WaitOptions } from './readiness.js';
import type { ReadyOf } from './ready.js';
import type { ExitStatus, Reason } from './result.js';
import type { RunOptions, RunResult } from './run.js';
import type { Writings } from './snapshot/writings.js';
import type { StartedFrom } from './started-from.js';

/** Options of a command that enters: those of `spawn`. It ends with the container, and so with Node. */
export type EnterOptions = Omit<SpawnOptions, 'detached'>;

/** @internal What a running container works with, made by its maker: to name the class does not load all of that. */
export interface Workings<Of> {
  readonly id: string;
  readonly container: StartedFrom['container'];
  /** The main command, or what stands for PID 1 where there is none. */
  readonly child: ContainerProcess;
  readonly holds: boolean;
  /** PID 1, as the host numbers it. */
  readonly pid: number;
  /** Those that are not the container's are looked at. */
  namespaces(): Readonly<Record<Namespace, NamespaceHandle>>;
  readonly files: Files;
  spawn(call: GivenCall<EnterOptions>): ContainerProcess;
  run(call: GivenCall<RunOptions>, made: (child: ContainerProcess) => void): Promise<RunResult<string | Buffer>>;
  plan(call: GivenCall<EnterOptions>): Plan;
  logs(options: LogsOptions): LogStream;
  /** Looks at the container until it is ready. */
  waitFor(container: Of, ready: ReadyOf<Of> | readonly ReadyOf<Of>[], options: WaitOptions): Promise<void>;
  explain(plan: Plan): string;
  readonly ports: Ports;
  /** Has another list of what may be reached hold. */
  allow(list: readonly string[]): Promise<void>;
  readonly writings: Writings;
  setTimeout(milliseconds: number): Promise<void>;
  /** Ends all of it. `exited`: it was asked to. */
  end(reason: Reason): void;
  /** Ends what nobody is told of, once the container has ended. */
  close(): Promise<void>;
  /** How it ended, where that could not be found out. */
  lost(error: Error): ExitStatus;
}
