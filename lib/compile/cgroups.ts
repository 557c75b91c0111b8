/** The cgroups of one command: one in each hierarchy that has a controller which is used. */

import {
  BASE,
  type CgroupFacts,
  type CgroupFile,
  type CgroupHierarchy,
  COUNTED,
  controllerIn,
  hierarchyOf,
} from '../cgroup/files.js';
import type { Limits } from '../definition/limits.js';
import type { Counter } from '../plan/constants.js';
import type { HostStep } from '../plan/steps.js';
import type { Slots } from './slots.js';

/** A cgroup that is there. A later one of the same name has another number. */
export interface CgroupPlace {
  readonly path: string;
  readonly inode: number;
}

/** A cgroup of a container that stays. */
export interface EnteredCgroup extends CgroupPlace {
  readonly hierarchy: CgroupHierarchy;
  /** Where its processes are: itself, or one below it. */
  readonly processes: CgroupPlace;
}

/** The cgroups of a container that stays, as who enters it sees them. */
export interface EnteredCgroups {
  readonly limits: Limits;
  /** In each hierarchy that it has one in. */
  readonly places: readonly EnteredCgroup[];
}

/** What the cgroups of a command follow from, beside its limits. */
export interface CgroupSurroundings {
  /** Others enter the container later. */
  readonly stays?: boolean;
  /** They may, which is decided when its cgroups are there. */
  readonly pooled?: boolean | undefined;
  /** The cgroups of the container that the command enters. */
  readonly entered?: EnteredCgroups | undefined;
}

/** One that is made. */
export interface Found {
  readonly slot: number;
  readonly hierarchy: CgroupHierarchy;
}

interface Made extends Found {
  readonly controllers: Set<string>;
  /** The container's, in which it is made. */
  readonly within: { readonly slot: number; readonly place: EnteredCgroup } | undefined;
}

/** The name of the cgroup, in one of version 2 that hands controllers down, in which the container's processes are. */
export const MAIN = 'main';

const from = 'limits()';

export class Cgroups {
  readonly #facts: CgroupFacts;
  readonly #slots: Slots;
  readonly #stays: boolean;
  readonly #entered: readonly EnteredCgroup[];
  readonly #made = new Map<CgroupHierarchy, Made>();
  readonly #pooled: boolean;
  #main: number | undefined;

  constructor(facts: CgroupFacts, slots: Slots, { stays = false, pooled = false, entered }: CgroupSurroundings) {
    this.#facts = facts;
    this.#slots = slots;
    this.#stays = stays;
    this.#pooled = pooled;
    this.#entered = entered?.places ?? [];
  }

  get hierarchies(): readonly CgroupHierarchy[] {
    return [...this.#made.keys()];
  }

  use(controller: string): void {
    const hierarchy = hierarchyOf(this.#facts, controller);
    if (hierarchy === undefined) return;
    this.#useIn(hierarchy, [controllerIn(hierarchy.version, controller)]);
    // Any command that enters later may be limited, by what is handed down to it.
    if ((this.#stays || this.#pooled) && hierarchy.version === 2) this.#useIn(hierarchy, hierarchy.controllers);
  }

  /**
   * Of version 1 Java believes in limits only where it finds all of these. os/cgroupSubsystem_linux.cpp of OpenJDK
   */
  useSizing(): void {
    if (this.of('memory')?.hierarchy.version !== 1) return;
    for (const hierarchy of this.#facts.hierarchies) {
      const sizing = hierarchy.controllers.filter((name) => ['cpu', 'cpuacct', 'cpuset'].includes(name));
      if (hierarchy.version === 1 && sizing.length > 0) this.#useIn(hierarchy, sizing);
    }
  }

  #useIn(hierarchy: CgroupHierarchy, names: readonly string[]): void {
    const made = this.#made.get(hierarchy) ?? this.#add(hierarchy, names);
    for (const name of names) made.controllers.add(name);
  }

  #add(hierarchy: CgroupHierarchy, [first = '']: readonly string[]): Made {
    const place = this.#entered.find((one) => one.hierarchy.parent === hierarchy.parent);
    const within =
      place === undefined ? undefined : { slot: this.#slots.add(`the container's cgroup of ${first}`), place };
    const made = { slot: this.#slots.add(`cgroup of ${first}`), hierarchy, controllers: new Set<string>(), within };
    this.#made.set(hierarchy, made);
    return made;
  }

  of(controller: string): Found | undefined {
    return [...this.#made.values()].find(({ controllers }) => controllers.has(controller));
  }

  /** A file of a cgroup that is made, where the kernel has it. */
  find(versions: {
    readonly 1?: CgroupFile;
    readonly 2?: CgroupFile;
  }): (Found & { readonly file: CgroupFile }) | undefined {
    for (const file of [versions[2], versions[1]]) {
      const found = file && this.of(file.controller);
      if (found && versions[found.hierarchy.version] === file && found.hierarchy.files.includes(file.file))
        return { slot: found.slot, hierarchy: found.hierarchy, file };
    }
    return undefined;
  }

  /** The slots of all that the command enters, that of `last` at the end. */
  slots(last: string): readonly number[] {
    const slot = this.of(last)?.slot;
    const all = [...this.#made.values()].map((made) => made.slot);
    return slot === undefined ? all : [...all.filter((other) => other !== slot), slot];
  }

  steps(): readonly HostStep[] {
    return [...this.#made.values()].flatMap(({ slot, hierarchy, controllers, within }): readonly HostStep[] => {
      const inherit = hierarchy.version === 1 && controllers.has('cpuset') ? ['cpuset.cpus', 'cpuset.mems'] : [];
      if (within === undefined) {
        const { parent } = hierarchy;
        return [
          { op: 'makeCgroup', slot, parent, base: BASE, enable: handedDown(hierarchy, controllers), inherit, from },
        ];
      }
      const { path, inode } = within.place;
      return [
        { op: 'openCgroup', slot: within.slot, path, inode, from },
        { op: 'nestCgroup', slot, within: within.slot, inherit, from },
      ];
    });
  }

  /** Opens what the command enters of the container's, where it has no cgroup of its own; gives the slots. */
  join(): { readonly steps: readonly HostStep[]; readonly slots: readonly number[] } {
    const left = this.#entered.filter(({ hierarchy }) => !this.#isMadeIn(hierarchy));
    const slots = left.map(({ hierarchy }) => this.#slots.add(`the container's cgroup of ${nameOf(hierarchy)}`));
    const steps = left.map(
      ({ processes }, index): HostStep => ({ op: 'openCgroup', slot: slots[index] ?? 0, ...processes, from }),
    );
    return { steps, slots };
  }

  #isMadeIn({ parent }: CgroupHierarchy): boolean {
    return this.hierarchies.some((hierarchy) => hierarchy.parent === parent);
  }

  /**
   * The one of version 2 that hands controllers down to commands. It has no processes itself: those of the container go
   * on in one below it. cgroups(7), "no internal processes"
   */
  get #handing(): Made | undefined {
    const one = [...this.#made.values()].find(({ hierarchy }) => hierarchy.version === 2);
    return (this.#stays || this.#pooled) && one !== undefined && handedDown(one.hierarchy, one.controllers).length > 0
      ? one
      : undefined;
  }

  /** What makes it so, once the command is in the cgroup. */
  below(): readonly HostStep[] {
    const handing = this.#handing;
    if (handing === undefined) return [];
    const main = this.#slots.add('cgroup of the processes');
    // Of a pool the next slots are the same ones, whichever of its containers this becomes.
    if (!this.#stays) return [];
    this.#main = main;
    const value = handedDown(handing.hierarchy, handing.controllers)
      .map((name) => `+${name}`)
      .join(' ');
    return [
      { op: 'nestCgroup', slot: main, within: handing.slot, name: MAIN, inherit: [], from },
      { op: 'enterCgroup', slots: [main], from },
      // Refused while a process is left there.
      { op: 'writeCgroup', slot: handing.slot, file: 'cgroup.subtree_control', value, from },
    ];
  }

  /** Where the container's own processes are: those of commands with limits of their own are not. */
  processesOf<F extends Found>(found: F): F {
    if (this.#main === undefined || found.slot !== this.#handing?.slot) return found;
    return { ...found, slot: this.#main };
  }

  counters(): readonly HostStep[] {
    return (Object.keys(COUNTED) as Counter[]).flatMap((counter) => {
      const found = this.find(COUNTED[counter]);
      if (found === undefined) return [];
      // A command that is killed for its own limits is no reason for the container.
      const { slot, file } = counter === 'oomKills' ? this.processesOf(found) : found;
      return [
        { op: 'readCounter', slot, counter, file: file.file, key: file.key ?? '', divisor: file.divisor ?? 1, from },
      ];
    });
  }

  /** What this host cannot tell of a container. */
  untold(): readonly string[] {
    return TOLD.filter(([counter]) => this.find(COUNTED[counter]) === undefined).map(([counter, usage]) => {
      const files = [COUNTED[counter][2]?.file, COUNTED[counter][1]?.file].filter((file) => file !== undefined);
      return `usage.${usage}: no ${[...new Set(files)].join(', no ')}`;
    });
  }

  removals(): readonly HostStep[] {
    const slots = [...this.#made.values()].map(({ slot }) => slot);
    return [...slots, ...(this.#main === undefined ? [] : [this.#main])]
      .reverse()
      .map((slot) => ({ op: 'removeCgroup', slot, from }));
  }
}

/** What is handed down to a cgroup of version 2. */
function handedDown({ version, controllers: real }: CgroupHierarchy, controllers: ReadonlySet<string>): string[] {
  return version === 2 ? [...controllers].filter((name) => real.includes(name)) : [];
}

function nameOf({ version, controllers }: CgroupHierarchy): string {
  return version === 2 ? 'version 2' : controllers.join(', ');
}

const TOLD: readonly (readonly [Counter, string])[] = [
  ['memoryPeak', 'peakMemoryBytes'],
  ['oomKills', 'oomKills'],
  ['cpu', 'cpuMs'],
  ['pidsPeak', 'peakPids'],
];
