/** What the options of a command line come to, one after the other, and the definition that follows from it. */

import type { DefinitionInput } from '../definition/definition.js';
import type { LandlockInput } from '../definition/landlock.js';
import type { IoLimitInput, LimitsInput } from '../definition/limits.js';
import type { Mount } from '../definition/mounts.js';
import { DEFAULT_NAMESPACES, type NamespaceEntry } from '../definition/namespaces.js';
import { overlay } from '../definition/overlay.js';
import { withOptions } from '../definition/seccomp.js';
import { usageError } from '../errors/errors.js';
import type { Capability, Namespace } from '../plan/constants.js';

/** What the options come to. Lists are put together at the end, so that the order of options does not matter. */
export interface Draft {
  readonly definition: { -readonly [K in keyof DefinitionInput]: DefinitionInput[K] };
  readonly mounts: Mount[];
  readonly layers: { readonly lower: string[]; upper?: string; work?: string };
  readonly masks: string[];
  readonly env: Record<string, string>;
  readonly hosts: Record<string, string>;
  readonly allow: string[];
  readonly rlimits: Record<string, string | number | { soft: string | number; hard: string | number }>;
  readonly sysctl: Record<string, string>;
  readonly limits: { -readonly [K in keyof LimitsInput]: LimitsInput[K] };
  readonly io: Record<string, IoLimitInput>;
  readonly unified: Record<string, string>;
  seccompReport: boolean;
  readonly landlock: { -readonly [K in keyof LandlockInput]: LandlockInput[K] };
  namespaces?: readonly Namespace[];
  readonly shared: string[];
  readonly joined: NamespaceEntry[];
  readonly capabilities: { add: Capability[]; drop: Capability[]; dropAll: boolean };
  timeout?: number;
  killSignal?: NodeJS.Signals;
  interactive: boolean;
  terminal: boolean;
}

/** One option. */
export interface CliOption {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** What it takes, in capitals; none: it is a switch. */
  readonly value?: string;
  readonly group: 'Files' | 'Isolation' | 'Process' | 'Rights and limits';
  readonly help: string;
  /** `value` is `''` for a switch. */
  readonly apply: (draft: Draft, value: string) => void;
}

/** What no options come to. */
export function emptyDraft(): Draft {
  return {
    definition: {},
    mounts: [],
    layers: { lower: [] },
    masks: [],
    env: {},
    hosts: {},
    allow: [],
    rlimits: {},
    sysctl: {},
    limits: {},
    io: {},
    unified: {},
    seccompReport: false,
    landlock: {},
    shared: [],
    joined: [],
    capabilities: { add: [], drop: [], dropAll: false },
    interactive: false,
    terminal: false,
  };
}

/** Refuses options that contradict each other only as a whole. */
export function definitionOf(draft: Draft): Draft['definition'] {
  const { definition, mounts, layers, masks, env, hosts, rlimits, sysctl, limits, io, unified } = draft;
  const { shared, joined, capabilities, landlock, seccompReport, allow } = draft;
  const joins = joined.flatMap((entry) => Object.keys(entry));
  for (const name of shared) {
    if (!(DEFAULT_NAMESPACES as readonly string[]).includes(name)) {
      throw usageError(`--share: "${name}" is none of ${DEFAULT_NAMESPACES.join(', ')}`);
    }
  }
  const own = (draft.namespaces ?? DEFAULT_NAMESPACES).filter(
    (name) => !shared.includes(name) && !joins.includes(name),
  );
  const listed = draft.namespaces !== undefined || shared.length > 0 || joined.length > 0;
  const { add, drop, dropAll } = capabilities;
  const given = {
    ...limits,
    ...(Object.keys(io).length > 0 ? { io } : {}),
    ...(Object.keys(unified).length > 0 ? { unified } : {}),
  };
  const layered = layers.lower.length > 0 || layers.upper !== undefined || layers.work !== undefined;
  if (allow.length > 0 && definition.network !== undefined)
    throw usageError('--network and --allow exclude each other');
  if (layered && definition.rootfs !== undefined) throw usageError('--rootfs and --lower exclude each other');
  return {
    ...definition,
    ...(layered ? { rootfs: overlay(layers) } : {}),
    ...(allow.length > 0 ? { network: { allow } } : {}),
    mounts,
    mask: masks,
    env,
    hosts,
    rlimits,
    sysctl,
    ...(Object.keys(given).length > 0 ? { limits: given } : {}),
    ...(seccompReport ? { seccomp: withOptions(definition.seccomp, { report: true }) } : {}),
    ...(Object.keys(landlock).length > 0 ? { landlock } : {}),
    ...(listed ? { namespaces: [...own, ...joined] } : {}),
    capabilities: dropAll ? add : { add, drop },
  };
}
