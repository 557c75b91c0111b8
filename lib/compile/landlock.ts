/** What Landlock allows the command: one ruleset, by the best that the kernel has. */

import type { ContainerDefinition } from '../definition/definition.js';
import type { Landlock } from '../definition/landlock.js';
import { landlockUnavailable } from '../errors/errors.js';
import type { Host, LandlockFacts } from '../host/facts.js';
import { LANDLOCK_FILES, LANDLOCK_PORTS, type LandlockFileRight, type LandlockPortRight } from '../plan/constants.js';
import type { ContainerStep } from '../plan/steps.js';
import { TCP_GUARD } from '../seccomp/tcp.js';
import { checkMayLoad, guardStep } from './seccomp.js';
import type { Slots } from './slots.js';

export interface LandlockPlan {
  /** They stand right in front of the filter: of carrel's own nothing but that and the ending comes behind them. */
  readonly steps: readonly ContainerStep[];
  /** What was asked for and cannot be done. */
  readonly degraded: readonly string[];
}

/** What each list of paths allows. None allows to make devices: who can make one reads the disk by it. */
const ACCESS = {
  read: ['readFile', 'readDir'],
  write: [
    ...(['writeFile', 'truncate', 'ioctlDev', 'removeDir', 'removeFile', 'refer'] as const),
    ...(['makeDir', 'makeReg', 'makeSock', 'makeFifo', 'makeSym'] as const),
  ],
  // The kernel opens what it executes to be read, and asks for both.
  execute: ['execute', 'readFile'],
} as const satisfies Readonly<Record<string, readonly LandlockFileRight[]>>;

/** What a version of Landlock brought, and what there is without it. */
interface Part {
  readonly about: 'files' | 'ports' | 'scopes';
  /** Which of the rights on files it is. */
  readonly right?: LandlockFileRight;
  readonly version: number;
  readonly linux: string;
  readonly lack: string;
  /** Without it nothing is open that a list names as closed. */
  readonly tolerable?: true;
}

const PARTS: readonly Part[] = [
  {
    about: 'files',
    right: 'refer',
    version: 2,
    linux: '5.19',
    lack: 'nothing can be moved or linked to another directory',
    tolerable: true,
  },
  {
    about: 'files',
    right: 'truncate',
    version: 3,
    linux: '6.2',
    lack: 'files that write does not list can be truncated',
  },
  {
    about: 'files',
    right: 'ioctlDev',
    version: 5,
    linux: '6.10',
    lack: 'devices take ioctl(2) wherever they can be opened',
    tolerable: true,
  },
  { about: 'ports', version: 4, linux: '6.7', lack: 'no TCP port can be refused' },
  { about: 'scopes', version: 6, linux: '6.12', lack: 'scope ends nothing' },
];

const from = 'landlock()';
const NONE: LandlockFacts = { version: 0, obstacle: 'this host was not asked' };

export function planLandlock(definition: ContainerDefinition, host: Host, slots: Slots): LandlockPlan {
  const { landlock } = definition;
  if (landlock === undefined) return { steps: [], degraded: [] };
  checkMayLoad(definition, host, 'restrict programs by Landlock', 'no landlock()');
  const { version, obstacle } = host.landlock ?? NONE;
  if (version === 0) return withoutAny(landlock, `this kernel has none: ${obstacle}`);
  const ruleset = rulesetOf(landlock, version);
  const lacking = lackingIn(version).filter(({ about }) => asksFor(landlock, about));
  const lack = lacking.find(({ tolerable }) => !tolerable);
  if (lack !== undefined && landlock.onUnsupported === 'error') throw landlockUnavailable(sentence(lack));
  const { files, ports, scopes } = ruleset;
  const isEmpty = files.length + ports.length + scopes.length === 0;
  return {
    steps: isEmpty
      ? [omitted('what landlock() asks for', 'this kernel has nothing of it')]
      : [
          ...rulesetSteps(landlock, ruleset, slots.add('Landlock ruleset')),
          ...(ports.length > 0 ? [guardStep(TCP_GUARD, host, from)] : []),
        ],
    degraded: lacking.map((part) => `landlock: ${sentence(part)}`),
  };
}

/** What of all that can be asked for is not in this version. */
export function landlockLacks(version: number): readonly string[] {
  return lackingIn(version).map(sentence);
}

function lackingIn(version: number): readonly Part[] {
  return PARTS.filter((part) => part.version > version);
}

function withoutAny({ onUnsupported }: Landlock, reason: string): LandlockPlan {
  if (onUnsupported === 'error') throw landlockUnavailable(reason);
  return { steps: [omitted('all that landlock() asks for', reason)], degraded: [`landlock: ${reason}`] };
}

function omitted(what: string, reason: string): ContainerStep {
  return { op: 'omit', what, reason, from };
}

function sentence({ lack, linux }: Part): string {
  return `${lack} before Linux ${linux}`;
}

function asksFor(landlock: Landlock, about: Part['about']): boolean {
  const { read, write, execute, connectTcp, bindTcp, scope } = landlock;
  const parts = { files: [read, write, execute], ports: [connectTcp, bindTcp], scopes: [scope] };
  return parts[about].some((part) => part !== undefined);
}

/** All that it refuses, unless a rule allows it. */
interface Ruleset {
  readonly files: readonly LandlockFileRight[];
  readonly ports: readonly LandlockPortRight[];
  readonly scopes: NonNullable<Landlock['scope']>;
}

/** On files it refuses all that this kernel can refuse: what no list allows is closed. */
function rulesetOf(landlock: Landlock, version: number): Ruleset {
  const lacking = lackingIn(version);
  const has = (about: Part['about']): boolean => lacking.every((part) => part.about !== about);
  const isThere = (name: LandlockFileRight): boolean => lacking.every(({ right }) => right !== name);
  const ports = namesOf(LANDLOCK_PORTS).filter((right) => landlock[right] !== undefined);
  return {
    files: asksFor(landlock, 'files') ? namesOf(LANDLOCK_FILES).filter(isThere) : [],
    ports: has('ports') ? ports : [],
    scopes: has('scopes') ? (landlock.scope ?? []) : [],
  };
}

function rulesetSteps(landlock: Landlock, { files, ports, scopes }: Ruleset, slot: number): readonly ContainerStep[] {
  const paths = namesOf(ACCESS).flatMap((list) => (landlock[list] ?? []).map((path) => [path, ACCESS[list]] as const));
  const numbers = ports.flatMap((right) => (landlock[right] ?? []).map((port) => [port, [right]] as const));
  return [
    { op: 'createRuleset', slot, files, ports, scopes, from },
    ...merged(paths, files).map(([target, access]) => ({ op: 'addPathRule', slot, target, access, from }) as const),
    ...merged(numbers, ports).map(([port, access]) => ({ op: 'addPortRule', slot, port, access, from }) as const),
    { op: 'restrictSelf', slot, from },
  ];
}

/** One rule for what several lists name, in the order of the first mention; of the rights, those in `order`. */
function merged<Key, Right>(
  entries: readonly (readonly [Key, readonly Right[]])[],
  order: readonly Right[],
): readonly (readonly [Key, readonly Right[]])[] {
  const rights = new Map<Key, readonly Right[]>();
  for (const [key, some] of entries) rights.set(key, [...(rights.get(key) ?? []), ...some]);
  return [...rights].map(([key, all]) => [key, order.filter((right) => all.includes(right))]);
}

function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(table) as Name[];
}
