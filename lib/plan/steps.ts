/**
 * The vocabulary: every step that a plan can hold, in one table.
 *
 * This table is the only list of steps. From it follow the types below, the encoder, `src-native/wire.h`, the dispatch
 * of the launcher, the constructors of `carrel/steps`, and `docs/steps.md`. Its rows are in `steps/`, by group: there
 * the comment above a row is what all documentation says of the step, written once. `npm run generate` makes the rest.
 *
 * A step is one act that a user could be told about, named after its kernel call.
 */

import type { Default, Field } from './fields.js';
import { CGROUP_STEPS } from './steps/cgroups.js';
import { COURSE_STEPS } from './steps/course.js';
import { FILE_STEPS } from './steps/files.js';
import { ID_STEPS } from './steps/ids.js';
import { KEEPING_STEPS } from './steps/keeping.js';
import { LABEL_STEPS } from './steps/labels.js';
import { LANDLOCK_STEPS } from './steps/landlock.js';
import { MOUNT_STEPS } from './steps/mounts.js';
import { NAMESPACE_STEPS } from './steps/namespaces.js';
import { NETWORK_STEPS } from './steps/network.js';
import { PROCESS_STEPS } from './steps/process.js';
import { SERVED_STEPS } from './steps/served.js';
import { SOCKET_STEPS } from './steps/sockets.js';
import type { StepGroup, StepSpec } from './steps/spec.js';
import { TERMINAL_STEPS } from './steps/terminal.js';

export const STEPS = {
  ...COURSE_STEPS,
  ...ID_STEPS,
  ...CGROUP_STEPS,
  ...NAMESPACE_STEPS,
  ...NETWORK_STEPS,
  ...MOUNT_STEPS,
  ...FILE_STEPS,
  ...TERMINAL_STEPS,
  ...PROCESS_STEPS,
  ...LANDLOCK_STEPS,
  ...LABEL_STEPS,
  ...SERVED_STEPS,
  ...KEEPING_STEPS,
  ...SOCKET_STEPS,
} as const satisfies StepGroup;

/** The name of a step. */
export type Op = keyof typeof STEPS;

type Fields<O extends Op> = (typeof STEPS)[O]['fields'];
/** The fields of a step that say `Says` in the table. */
type KeysWith<O extends Op, Says> = {
  [K in keyof Fields<O>]: Fields<O>[K] extends Says ? K : never;
}[keyof Fields<O>];
type OptionalKeys<O extends Op> = KeysWith<O, { readonly optional: true }>;
/** The fields of a step that its constructor fills in. */
export type DefaultedKeys<O extends Op> = KeysWith<O, { readonly default: Default }>;

type ValueOf<F> = F extends { readonly kind: 'steps' }
  ? readonly HostStep[]
  : F extends { readonly kind: 'attempts' }
    ? readonly Attempt[]
    : F extends Field<infer Value>
      ? Value
      : never;

/** A step of one kind: plain data. `op` is its name; `from` the builder call that it came from, for readers. */
export type StepOf<O extends Op> = { readonly op: O; readonly from?: string } & {
  readonly [K in Exclude<keyof Fields<O>, OptionalKeys<O>>]: ValueOf<Fields<O>[K]>;
} & { readonly [K in OptionalKeys<O>]?: ValueOf<Fields<O>[K]> };

type OpsIn<Column> = { [O in Op]: (typeof STEPS)[O]['column'] extends Column ? O : never }[Op];

/** A step that the supervisor can perform on the host: in `before`, in `after`, at a barrier. */
export type HostStep = { [O in OpsIn<'host' | 'both'>]: StepOf<O> }[OpsIn<'host' | 'both'>];
/** The one step that carries others: `acts`, what the supervisor does while the child waits. */
export type Barrier = StepOf<'barrier'>;
/** A step that the child can perform on its way into the container. */
export type ContainerStep = { [O in OpsIn<'container' | 'both'>]: StepOf<O> }[OpsIn<'container' | 'both'>];
type UntriedOp = { [O in Op]: (typeof STEPS)[O] extends { readonly untried: true } ? O : never }[Op];
type TriedOp = Exclude<OpsIn<'container' | 'both'>, EndingOp | UntriedOp>;
/** A step that can be tried in a process of its own: what `assertRefused` carries. */
export type Attempt = { [O in TriedOp]: StepOf<O> }[TriedOp];
/** The name of a step that a plan can end with. */
export type EndingOp = { [O in Op]: (typeof STEPS)[O] extends { readonly ends: true } ? O : never }[Op];
/** The last step of a plan: how it ends, and who goes on then. */
export type Ending = { [O in EndingOp]: StepOf<O> }[EndingOp];
/** A step that a server performs, in a running container. */
export type ServedStep = { [O in OpsIn<'server'>]: StepOf<O> }[OpsIn<'server'>];
/** Any step. `from` names the builder call that it came from, and is not sent. */
export type Step = HostStep | ContainerStep | ServedStep;

const SPECS: Readonly<Record<string, StepSpec>> = STEPS;

/** The number of each step on the wire: its place in the table, from 1. */
export const OPS: Readonly<Record<Op, number>> = Object.freeze(
  Object.fromEntries(Object.keys(STEPS).map((op, index) => [op, index + 1])),
) as Readonly<Record<Op, number>>;

const FIELDS: ReadonlyMap<string, readonly (readonly [name: string, field: Field])[]> = new Map(
  Object.entries(SPECS).map(([op, { fields }]) => [op, Object.entries(fields)]),
);

/** The fields of a step in the order of the wire. */
export function fieldsOf(op: Op): readonly (readonly [name: string, field: Field])[] {
  return FIELDS.get(op) ?? [];
}

/** The names of all steps that a plan can have. A server performs the others. */
export const PLANNED_OPS: readonly Op[] = Object.freeze(
  Object.entries(SPECS).flatMap(([op, { column }]) => (column === 'server' ? [] : [op as Op])),
);

/** The names of all steps that a server performs. */
export const SERVED_OPS: readonly Op[] = Object.freeze(
  Object.entries(SPECS).flatMap(([op, { column }]) => (column === 'server' ? [op as Op] : [])),
);

/** The names of all steps that a plan can end with. */
export const ENDING_OPS: readonly EndingOp[] = Object.freeze(
  Object.entries(SPECS).flatMap(([op, { ends }]) => (ends ? [op as EndingOp] : [])),
);

/** Whether `step` is one that a plan can end with. */
export function isEnding(step: Step): step is Ending {
  return (ENDING_OPS as readonly Op[]).includes(step.op);
}

/** Whether a step of this name can be tried: no ending can. */
export function canBeTried(op: Op): op is TriedOp {
  const { column, ends, untried } = SPECS[op] as StepSpec;
  return column !== 'server' && ends !== true && untried !== true;
}

/** Whether a step gives bytes: the answer of the server that has performed it has them. */
export function givesBytes(op: Op): boolean {
  return SPECS[op]?.gives === true;
}

/** Whether `step` is one that can be tried. */
export function isAttempt(step: Step): step is Attempt {
  return canBeTried(step.op);
}
