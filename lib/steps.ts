/**
 * `carrel/steps`: the building blocks. It has a constructor for every step that a plan can hold; each gives a frozen
 * value, and does nothing. `carrel/plan` composes them, `Container.step()` inserts one.
 *
 * Each says what it needs. *Rights over* a namespace are capabilities in the user namespace that it belongs to. A plan
 * whose `clone` has a new user namespace has all of them, until `setCapabilities`.
 *
 * The child performs steps on its way into the container. The supervisor performs those marked *host*: in `before`, in
 * `after`, or among the acts of a `barrier`.
 *
 * @packageDocumentation
 */

export * from './definition/step-constructors.js';
export type { StepConstructor, StepFields } from './definition/steps.js';
export type { Barrier, HostStep, Op, Step, StepOf } from './plan/steps.js';
