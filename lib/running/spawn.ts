/** Starts a command: options → command → plan → process. */

import { probeCgroups } from '../cgroup/probe.js';
import { RANGE_FIRST } from '../compile/ids.js';
import { knownOptions } from '../definition/checks.js';
import type { ContainerDefinition } from '../definition/definition.js';
import { invalidType } from '../errors/errors.js';
import { inquire } from '../host/inquiry.js';
import { monotonicNs } from '../launch/clock.js';
import type { Plan } from '../plan/plan.js';
import { askedBy, type Call, SPAWN_OPTIONS } from './command.js';
import type { Hook } from './hooks.js';
import { type KnownCommand, knownCommand } from './kept.js';
import { perform } from './perform.js';
import type { ContainerProcess } from './process.js';

/** What {@link Container.plan} does. */
export function planOf(definition: ContainerDefinition, hooks: readonly Hook[], call: Call): Plan {
  knownOptions('plan()', call.options, SPAWN_OPTIONS);
  return planFor(definition, knownCommand(definition, askedBy(call, hooks.length > 0)));
}

/** What {@link Container.spawn} does. */
export function spawn(definition: ContainerDefinition, hooks: readonly Hook[], call: Call): ContainerProcess {
  knownOptions('spawn()', call.options, SPAWN_OPTIONS);
  return start(definition, hooks, call);
}

/** The plan for a command, with the first range of ids, which is another's as soon as it is performed. */
function planFor(definition: ContainerDefinition, known: KnownCommand): Plan {
  const cgroups = definition.limits === undefined ? undefined : probeCgroups();
  const { host, users } = inquire(definition, known.command.framed.user ?? definition.user, cgroups);
  return known.planIn({ host, firstId: RANGE_FIRST, users });
}

/** Starts the command. Everything that can be wrong with the arguments is thrown before anything is made. */
export function start(definition: ContainerDefinition, hooks: readonly Hook[], call: Call): ContainerProcess {
  const calledNs = monotonicNs();
  const known = knownCommand(definition, askedBy(call, hooks.length > 0));
  const { signal } = call.options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalidType('signal', 'an AbortSignal', signal);
  signal?.throwIfAborted();
  return perform(planFor(definition, known), { stdio: known.stdio, signal, hooks, calledNs });
}
