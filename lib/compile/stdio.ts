/** What the command's descriptors are: which slots they come from, and the terminal where there is one. */

import type { User } from '../definition/user.js';
import type { Host } from '../host/facts.js';
import type { Descriptor } from '../plan/fields.js';
import type { ContainerStep, HostStep } from '../plan/steps.js';
import type { FramedCommand } from './command.js';
import type { IdPlan } from './ids.js';
import type { Slots } from './slots.js';

export interface StdioPlan {
  readonly before: readonly HostStep[];
  /** By root inside, where the supervisor has no right to. */
  readonly chown: readonly ContainerStep[];
  readonly openTerminal: readonly ContainerStep[];
  readonly controlTerminal: readonly ContainerStep[];
  /** The slot of each descriptor. */
  readonly descriptors: readonly Descriptor[];
}

const NAMES = ['stdin', 'stdout', 'stderr'] as const;

export function planStdio(
  { stdio, terminal, pooled }: FramedCommand,
  slots: Slots,
  ids: IdPlan,
  user: User,
  owner: User,
  host: Host,
): StdioPlan {
  const pipes: number[] = [];
  const foreign = owner.uid !== host.uid || owner.gid !== host.gid;
  const given = stdio.map((kind, index): Descriptor | 'terminal' => {
    // Who waits in a pool has a pipe in its place, which is closed.
    const isUnused = pooled !== undefined && kind === 'ignore' && index < NAMES.length;
    if ((kind === 'ignore' && !isUnused) || kind === 'terminal') return kind;
    const slot = slots.receive(NAMES[index] ?? `descriptor ${index}`);
    // /dev/stdout opens a pipe anew, which only its owner may. Where the command is the caller, it already is the
    // owner.
    if ((kind === 'pipe' || isUnused) && foreign) pipes.push(slot);
    return isUnused ? 'ignore' : slot;
  });
  const chown = ({ uid, gid }: User) => pipes.map((slot) => ({ op: 'fchown', slot, uid, gid, from: 'stdio' }) as const);
  const helped = ids.kind === 'ranges' && ids.helped;
  const own = terminal === undefined ? undefined : planTerminal(terminal, slots);
  return {
    before: helped ? [] : chown(owner),
    chown: helped ? chown(user) : [],
    openTerminal: own?.open ?? [],
    controlTerminal: own?.control ?? [],
    descriptors: given.map((entry) => (entry === 'terminal' ? (own?.slot ?? 'ignore') : entry)),
  };
}

interface TerminalPlan {
  readonly slot: number;
  readonly open: readonly ContainerStep[];
  readonly control: readonly ContainerStep[];
}

function planTerminal(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  slots: Slots,
): TerminalPlan {
  const from = 'terminal';
  const socket = slots.receive('terminal socket');
  const master = slots.add('terminal master');
  const slot = slots.add('terminal');
  return {
    slot,
    open: [
      { op: 'openTerminal', master, slot, columns, rows, from },
      { op: 'barrier', acts: [{ op: 'relay', master, socket, from }], hook: false, from },
    ],
    control: [{ op: 'controllingTerminal', slot, from }],
  };
}
