/** Limits → cgroups: which are made, what is written to them, what is watched, what is counted. */

import {
  BASE,
  type CgroupFacts,
  type CgroupFile,
  type CgroupHierarchy,
  type CgroupWrite,
  CONTROLLERS,
  COUNTED,
  controllerIn,
  FREEZER,
  hierarchyOf,
  WRITERS,
} from '../cgroup/files.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { CommandLimits, Limits } from '../definition/limits.js';
import { cgroupUnavailable } from '../errors/errors.js';
import type { Counter } from '../plan/constants.js';
import type { HostStep } from '../plan/steps.js';
import type { Slots } from './slots.js';

export interface LimitPlan {
  /** Host acts that make the cgroups and set the limits. */
  readonly before: readonly HostStep[];
  /** Host acts while the command waits to be executed: so nothing of the set-up is charged to it. */
  readonly acts: readonly HostStep[];
  /** Where the container's cgroups are. */
  readonly made: readonly CgroupHierarchy[];
  /** Host acts when all is over. */
  readonly after: readonly HostStep[];
  /** What was asked for and cannot be done. */
  readonly degraded: readonly string[];
}

/**
 * Always there where the host has them: they tell what a container uses, and can pause it. By their names in version 2.
 */
const ACCOUNTING = ['memory', 'pids', 'cpuacct', 'freezer'];
/** Where the hierarchy is made anyway. In version 1 it would be one more. */
const ACCOUNTING_2 = ['io'];

const from = 'limits()';
const NONE: CgroupFacts = { hierarchies: [], cpus: 1, obstacles: ['this host was not asked'], remedy: '' };

/** The container with the limits of a command: its own, and those of the container that it says nothing of. */
export function withLimits(definition: ContainerDefinition, own: CommandLimits | undefined): ContainerDefinition {
  if (own === undefined) return definition;
  return { ...definition, limits: { onUnsupported: 'error', ...definition.limits, ...own } };
}

export function planLimits(limits: Limits | undefined, facts: CgroupFacts = NONE, slots: Slots): LimitPlan {
  if (limits === undefined) return { before: [], acts: [], made: [], after: [], degraded: [] };
  const made = new Made(facts, slots);
  const writes = resolveLimits(limits, facts);
  const degraded = writes.degraded.concat(defaultSwap(limits, facts));
  for (const controller of ACCOUNTING) made.use(controller);
  for (const controller of ACCOUNTING_2) if (hierarchyOf(facts, controller)?.version === 2) made.use(controller);
  for (const { controller } of writes.writes) made.use(controller);
  if (isSized(limits)) made.useSizing();
  if (made.hierarchies.length === 0 && limits.onUnsupported === 'error') throw cgroupUnavailable('limits()', '', facts);

  const group = oomGroup(limits);
  const write = ({ controller, file, value }: CgroupWrite): HostStep[] => {
    const slot = made.slotOf(controller);
    return slot === undefined ? [] : [{ op: 'writeCgroup', slot, file, value, from }];
  };
  const oom = made.find(COUNTED.oomKills);
  const cpu = made.find(COUNTED.cpu);
  const freezer = made.of('freezer');
  return {
    before: [
      ...made.steps(),
      ...[...writes.writes, ...implied(limits, facts)].flatMap(write),
      ...(freezer === undefined
        ? []
        : [{ op: 'endFrozen', slot: freezer.slot, ...FREEZER[freezer.hierarchy.version].words, from } as const]),
      ...(oom === undefined ? [] : [watchOom(oom, group !== '0')]),
    ],
    acts: [
      // Memory last: what entering the others takes is not charged.
      { op: 'enterCgroup', slots: made.slots('memory'), from },
      ...(limits.cpuTime === undefined || cpu === undefined
        ? []
        : [
            {
              op: 'limitCpuTime',
              slot: cpu.slot,
              file: cpu.file.file,
              key: cpu.file.key ?? '',
              divisor: cpu.file.divisor ?? 1,
              milliseconds: limits.cpuTime,
              cpus: facts.cpus,
              from,
            } as const,
          ]),
    ].slice(made.hierarchies.length === 0 ? 2 : 0) as readonly HostStep[],
    made: made.hierarchies,
    after: [...made.counters(), ...made.removals()],
    degraded: [...degraded, ...made.untold()],
  };
}

/** Whether there is a limit that programs size themselves by. */
function isSized({ memory, cpus, cpuset }: Limits): boolean {
  return memory !== undefined || cpus !== undefined || cpuset !== undefined;
}

/** What to write for the limits; throws, or lists, what cannot be written. */
export function resolveLimits(
  limits: Limits,
  facts: CgroupFacts,
): { readonly writes: readonly CgroupWrite[]; readonly degraded: readonly string[] } {
  const writes: CgroupWrite[] = [];
  const degraded: string[] = [];
  const refuse = (option: string, controller: string, file?: string): void => {
    if (limits.onUnsupported === 'error') throw cgroupUnavailable(`limits.${option}`, controller, facts, file);
    degraded.push(`limits.${option}: ${lacking(controller, file)}`);
  };
  for (const [option, writer] of Object.entries(WRITERS)) {
    const value = limits[option as keyof typeof WRITERS];
    if (value === undefined) continue;
    const controller = CONTROLLERS[option as keyof typeof WRITERS];
    const hierarchy = hierarchyOf(facts, controller);
    const wanted =
      hierarchy &&
      (writer[hierarchy.version] as ((value: unknown, limits: Limits) => CgroupWrite[]) | undefined)?.(value, limits);
    const isThere = ({ file }: CgroupWrite): boolean => hierarchy?.files.includes(file) === true;
    const lost = wanted?.find((write) => write.optional !== true && !isThere(write));
    if (wanted === undefined || lost !== undefined) refuse(option, controller, lost?.file);
    else writes.push(...wanted.filter(isThere));
  }
  for (const [file, value] of Object.entries(limits.unified ?? {})) {
    const [controller = ''] = file.split('.', 1);
    const hierarchy = hierarchyOf(facts, controller);
    if (hierarchy?.version === 2 && hierarchy.files.includes(file)) writes.push({ controller, file, value });
    else if (file !== OOM_GROUP) refuse(`unified["${file}"]`, controller, file);
  }
  if (limits.cpuTime !== undefined && hierarchyOf(facts, 'cpuacct') === undefined) refuse('cpuTime', 'cpuacct');
  return { writes, degraded };
}

const OOM_GROUP = 'memory.oom.group';

/**
 * One OOM kill ends all of the container, unless `unified` says otherwise; what version 1 lacks the supervisor does.
 */
function oomGroup({ unified }: Limits): string {
  return unified?.[OOM_GROUP] ?? '1';
}

/** What follows unsaid, where the kernel has it. */
function implied(limits: Limits, facts: CgroupFacts): readonly CgroupWrite[] {
  const hierarchy = hierarchyOf(facts, 'memory');
  const swap = swapByDefault(limits);
  const writes = [
    ...(swap === undefined || hierarchy === undefined ? [] : (WRITERS.swap[hierarchy.version]?.(swap, limits) ?? [])),
    ...(limits.unified?.[OOM_GROUP] === undefined ? [{ controller: 'memory', file: OOM_GROUP, value: '1' }] : []),
  ];
  return writes.filter(({ file }) => hierarchy?.files.includes(file));
}

/** A limit of memory that swap does not soften. */
function swapByDefault({ memory, swap }: Limits): number | undefined {
  return memory !== undefined && swap === undefined ? 0 : undefined;
}

function defaultSwap(limits: Limits, facts: CgroupFacts): readonly string[] {
  const hierarchy = hierarchyOf(facts, 'memory');
  if (swapByDefault(limits) === undefined || hierarchy === undefined) return [];
  const [write] = WRITERS.swap[hierarchy.version]?.(0, limits) ?? [];
  return write === undefined || hierarchy.files.includes(write.file)
    ? []
    : [`limits.swap: ${lacking('memory', write.file)}`];
}

function lacking(controller: string, file?: string): string {
  return file === undefined ? `no controller ${controller}` : `no ${file}`;
}

interface Found {
  readonly slot: number;
  readonly hierarchy: CgroupHierarchy;
}

function watchOom({ slot, hierarchy, file }: Found & { readonly file: CgroupFile }, end: boolean): HostStep {
  const control = 'cgroup.event_control';
  const by = hierarchy.version === 1 && hierarchy.files.includes(control) ? { control } : {};
  return { op: 'watchOom', slot, file: file.file, ...by, end, from };
}

/** The cgroups of one container: one in each hierarchy that has a controller which is used. */
class Made {
  readonly #facts: CgroupFacts;
  readonly #slots: Slots;
  readonly #used = new Map<CgroupHierarchy, { readonly slot: number; readonly controllers: Set<string> }>();

  constructor(facts: CgroupFacts, slots: Slots) {
    this.#facts = facts;
    this.#slots = slots;
  }

  get hierarchies(): readonly CgroupHierarchy[] {
    return [...this.#used.keys()];
  }

  use(controller: string): void {
    const hierarchy = hierarchyOf(this.#facts, controller);
    if (hierarchy === undefined) return;
    this.#useIn(hierarchy, [controllerIn(hierarchy.version, controller)]);
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
    const [first = ''] = names;
    const made = this.#used.get(hierarchy) ?? { slot: this.#slots.add(`cgroup of ${first}`), controllers: new Set() };
    for (const name of names) made.controllers.add(name);
    this.#used.set(hierarchy, made);
  }

  of(controller: string): Found | undefined {
    for (const [hierarchy, { slot, controllers }] of this.#used)
      if (controllers.has(controller)) return { slot, hierarchy };
    return undefined;
  }

  slotOf(controller: string): number | undefined {
    return this.of(controller)?.slot;
  }

  /** A file of a cgroup that is made, where the kernel has it. */
  find(versions: {
    readonly 1?: CgroupFile;
    readonly 2?: CgroupFile;
  }): (Found & { readonly file: CgroupFile }) | undefined {
    for (const file of [versions[2], versions[1]]) {
      const found = file && this.of(file.controller);
      if (found && versions[found.hierarchy.version] === file && found.hierarchy.files.includes(file.file))
        return { ...found, file };
    }
    return undefined;
  }

  /** The slots of all, that of `last` at the end. */
  slots(last: string): readonly number[] {
    const slot = this.slotOf(last);
    const all = [...this.#used.values()].map((made) => made.slot);
    return slot === undefined ? all : [...all.filter((other) => other !== slot), slot];
  }

  steps(): readonly HostStep[] {
    return [...this.#used].map(([{ version, parent, controllers: real }, { slot, controllers }]) => ({
      op: 'makeCgroup',
      slot,
      parent,
      base: BASE,
      enable: version === 2 ? [...controllers].filter((name) => real.includes(name)) : [],
      inherit: version === 1 && controllers.has('cpuset') ? ['cpuset.cpus', 'cpuset.mems'] : [],
      from,
    }));
  }

  counters(): readonly HostStep[] {
    return (Object.keys(COUNTED) as Counter[]).flatMap((counter) => {
      const found = this.find(COUNTED[counter]);
      if (found === undefined) return [];
      const { slot, file } = found;
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
    return [...this.#used.values()].reverse().map(({ slot }) => ({ op: 'removeCgroup', slot, from }));
  }
}

const TOLD: readonly (readonly [Counter, string])[] = [
  ['memoryPeak', 'peakMemoryBytes'],
  ['oomKills', 'oomKills'],
  ['cpu', 'cpuMs'],
  ['pidsPeak', 'peakPids'],
];
