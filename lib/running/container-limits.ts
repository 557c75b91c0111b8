/** The limits of a container that stays, while they change: what its commands' own cgroups repeat of them follows. */

import type { CgroupControl } from '../cgroup/control.js';
import { limitsWithin } from '../compile/limits.js';
import type { CommandLimits, Limits } from '../definition/limits.js';

/** What the own cgroup of a command repeats of its container's. */
const REPEATED = ['memory', 'swap', 'cpus'] as const;
/** Commands that begin while CPUs are taken away may have those still. */
const ROUNDS_MOST = 8;

/** A command with limits of its own. */
export interface LimitedCommand {
  /** Has its limits be those that it has within the container's; `lower`: none of them grows. */
  follow(container: Limits, lower: boolean): Promise<void>;
}

export class ContainerLimits {
  #now: Limits;
  readonly #commands = new Set<LimitedCommand>();
  #lastChange: Promise<void> = Promise.resolve();

  constructor(limits: Limits) {
    this.#now = limits;
  }

  /** Those that a command has at most which is started now. */
  get now(): Limits {
    return this.#now;
  }

  add(command: LimitedCommand): void {
    this.#commands.add(command);
  }

  remove(command: LimitedCommand): void {
    this.#commands.delete(command);
  }

  /** Has it done after all changes that were asked for before. */
  inTurn(change: () => Promise<void>): Promise<void> {
    const done = this.#lastChange.then(change);
    this.#lastChange = done.catch(() => {});
    return done;
  }

  /**
   * Changes them. In version 1 no cgroup may have CPUs, or CPU time, that the one around it has not. So what becomes
   * less does so from the inside, and what becomes more from the outside. cpusets.rst, sched-bwc.rst
   *
   * @throws What the kernel refuses; then all are as they were.
   */
  async change(cgroups: CgroupControl, changes: Limits): Promise<void> {
    const before = this.#now;
    const after = { ...before, ...changes, onUnsupported: before.onUnsupported };
    const cpuset = changes.cpuset === undefined ? undefined : await cgroups.strictCpus();
    const write = async (limits: Limits): Promise<void> => cgroups.apply(await cgroups.resolve(limits));
    // Nothing is written where something cannot be.
    await cgroups.resolve(changes);
    try {
      this.#now = limitsWithin(after, before);
      // Both, until all commands have the new ones.
      if (cpuset !== undefined) await write({ cpuset: `${cpuset},${changes.cpuset}`, onUnsupported: 'error' });
      await this.#narrow(() => write(changes));
      this.#now = after;
      await this.#follow(after, false);
    } catch (error) {
      this.#now = before;
      if (cpuset !== undefined) await write({ cpuset, onUnsupported: 'error' }).catch(() => {});
      await this.#follow(before, false).catch(() => {});
      throw error;
    }
  }

  async #narrow(write: () => Promise<void>): Promise<void> {
    for (let round = 1; ; round += 1) {
      const known = new Set(this.#commands);
      await this.#follow(this.#now, true);
      try {
        return await write();
      } catch (error) {
        const isNew = [...this.#commands].some((command) => !known.has(command));
        if (!isNew || round === ROUNDS_MOST) throw error;
      }
    }
  }

  async #follow(limits: Limits, lower: boolean): Promise<void> {
    await Promise.all([...this.#commands].map((command) => command.follow(limits, lower)));
  }
}

/** What has to be changed for a command that has the limits `from` and is to have `to`. */
export function stepsBetween(from: CommandLimits, to: CommandLimits, lower: boolean): CommandLimits {
  const changed = REPEATED.filter((name) => {
    const [old, value] = [from[name], to[name]];
    return value !== undefined && value !== old && !(lower && old !== undefined && value > old);
  });
  return Object.fromEntries(changed.map((name) => [name, to[name]]));
}

/** The CPUs that a command has of the container's: its own ones, or all where it has none of those. cpuset(7) */
export function cpusWithin(own: string | undefined, container: string): string {
  if (own === undefined) return container;
  const all = cpusOf(container);
  const common = [...cpusOf(own)].filter((cpu) => all.has(cpu));
  return common.length === 0 ? container : common.join(',');
}

function cpusOf(list: string): ReadonlySet<number> {
  return new Set(
    list.split(',').flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    }),
  );
}
