/** Limits → cgroups: which are made, entered, what is written to them, what is watched, what is counted. */

import {
  type CgroupFacts,
  type CgroupFile,
  type CgroupHierarchy,
  type CgroupWrite,
  CONTROLLERS,
  COUNTED,
  FREEZER,
  hierarchyOf,
  WRITERS,
} from '../cgroup/files.js';
import type { ContainerDefinition } from '../definition/definition.js';
import type { CommandLimits, Limits } from '../definition/limits.js';
import { cgroupUnavailable } from '../errors/errors.js';
import type { HostStep } from '../plan/steps.js';
import { type CgroupSurroundings, Cgroups, type Found } from './cgroups.js';
import type { Slots } from './slots.js';

export interface LimitPlan {
  /** Host acts that make the cgroups and set the limits. */
  readonly before: readonly HostStep[];
  /** Host acts before the command joins a namespace: it enters the cgroups of the container that it enters. */
  readonly early: readonly HostStep[];
  /** Host acts while the command waits to be executed: so nothing of the set-up is charged to it. */
  readonly acts: readonly HostStep[];
  /** Host acts right behind these, once the command's cgroup namespace is made: it goes on below its root. */
  readonly below: readonly HostStep[];
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

const NOTHING: LimitPlan = { before: [], early: [], acts: [], below: [], made: [], after: [], degraded: [] };

export function planLimits(
  asked: Limits | undefined,
  facts: CgroupFacts = NONE,
  slots: Slots,
  surroundings: CgroupSurroundings = {},
): LimitPlan {
  const { entered, pooled = false } = surroundings;
  const cgroups = new Cgroups(facts, slots, surroundings);
  if (asked === undefined) return { ...NOTHING, ...enterOthers(cgroups) };
  const limits = entered === undefined ? asked : limitsWithin(asked, entered.limits);
  const writes = resolveLimits(limits, facts);
  const degraded = writes.degraded.concat(defaultSwap(limits, facts));
  for (const controller of ACCOUNTING) cgroups.use(controller);
  for (const controller of ACCOUNTING_2) if (hierarchyOf(facts, controller)?.version === 2) cgroups.use(controller);
  for (const { controller } of writes.writes) cgroups.use(controller);
  if (isSized(limits)) cgroups.useSizing();
  const made = cgroups.hierarchies;
  if (made.length === 0 && limits.onUnsupported === 'error') throw cgroupUnavailable('limits()', '', facts);
  const told = [...degraded, ...cgroups.untold()];
  if (made.length === 0) return { ...NOTHING, ...enterOthers(cgroups), degraded: told };

  const write = ({ controller, file, value }: CgroupWrite): HostStep[] => {
    const slot = cgroups.of(controller)?.slot;
    return slot === undefined ? [] : [{ op: 'writeCgroup', slot, file, value, from }];
  };
  const others = cgroups.join();
  const below = cgroups.below();
  const found = cgroups.find(COUNTED.oomKills);
  const oom = found && cgroups.processesOf(found);
  const watched = oom === undefined ? [] : [watchOom(oom, oomGroup(limits) !== '0')];
  const isBelow = oom?.slot !== found?.slot;
  return {
    before: [
      ...cgroups.steps(),
      ...others.steps,
      ...[...writes.writes, ...implied(limits, facts)].flatMap(write),
      ...endFrozen(cgroups),
      ...(isBelow || pooled ? [] : watched),
    ],
    early: [],
    acts: [
      // What is watched of a pool's container is where its processes will be.
      ...(pooled && !isBelow ? watched : []),
      // Memory last: what entering the others takes is not charged.
      { op: 'enterCgroup', slots: [...others.slots, ...cgroups.slots('memory')], from },
      ...limitCpuTime(limits, cgroups, facts),
    ],
    below: [...below, ...(isBelow ? watched : [])],
    made,
    after: [...cgroups.counters(), ...cgroups.removals()],
    degraded: told,
  };
}

/** Without a cgroup of its own a command is where the other processes of the container are. */
function enterOthers(cgroups: Cgroups): Pick<LimitPlan, 'before' | 'early'> {
  const { steps, slots } = cgroups.join();
  return { before: steps, early: slots.length === 0 ? [] : [{ op: 'enterCgroup', slots, from }] };
}

function endFrozen(cgroups: Cgroups): readonly HostStep[] {
  const freezer = cgroups.of('freezer');
  if (freezer === undefined) return [];
  return [{ op: 'endFrozen', slot: freezer.slot, ...FREEZER[freezer.hierarchy.version].words, from }];
}

function limitCpuTime({ cpuTime }: Limits, cgroups: Cgroups, { cpus }: CgroupFacts): readonly HostStep[] {
  const found = cgroups.find(COUNTED.cpu);
  if (cpuTime === undefined || found === undefined) return [];
  const { slot, file } = found;
  const { key = '', divisor = 1 } = file;
  return [{ op: 'limitCpuTime', slot, file: file.file, key, divisor, milliseconds: cpuTime, cpus, from }];
}

/**
 * The limits of a command in a container's, which are the most that it can have. What programs size themselves by is
 * written to its own cgroup, also where it is the container's: that one they look at.
 */
export function limitsWithin(own: Limits, container: Limits): Limits {
  const memory = least(own.memory, container.memory);
  const cpus = least(own.cpus, container.cpus);
  const swap = own.swap ?? (memory === undefined ? undefined : container.swap);
  return {
    ...own,
    ...(memory === undefined ? {} : { memory }),
    ...(swap === undefined ? {} : { swap }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other);
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

function watchOom({ slot, hierarchy, file }: Found & { readonly file: CgroupFile }, end: boolean): HostStep {
  const control = 'cgroup.event_control';
  const by = hierarchy.version === 1 && hierarchy.files.includes(control) ? { control } : {};
  return { op: 'watchOom', slot, file: file.file, ...by, end, from };
}
