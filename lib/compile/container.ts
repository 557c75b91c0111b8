/**
 * Definition + command + facts of the host → plan. Pure: nothing is read, nothing is changed, the same input gives the
 * same plan.
 *
 * This file is the order of a container; each line says why it stands where it stands. What each part is made of is in
 * the files beside it.
 */

import type { ContainerDefinition } from '../definition/definition.js';
import type { User } from '../definition/user.js';
import { contradiction } from '../errors/errors.js';
import type { Host } from '../host/facts.js';
import type { Namespace } from '../plan/constants.js';
import type { Descriptor } from '../plan/fields.js';
import { complete, type Frame } from '../plan/frame.js';
import { freezeDeep, type Plan } from '../plan/plan.js';
import type { ContainerStep, HostStep, StepOf } from '../plan/steps.js';
import { partsOf } from '../seccomp/report.js';
import { checkCaller, isCaller, userOf } from './caller.js';
import { planCapture } from './capture.js';
import {
  type Command,
  endingFor,
  execStep,
  type FramedCommand,
  fileSteps,
  type Invocation,
  type Variables,
  variablesOf,
} from './command.js';
import { planEgress } from './egress.js';
import type { Entered } from './enter.js';
import { planEntrance } from './entrance.js';
import { canSetGroups, hasGroup, type IdPlan, idsInWords, mapIds, onHost, planIds, setupUser } from './ids.js';
import { insertSteps } from './insert.js';
import { planJoins } from './join.js';
import { planLabels } from './labels.js';
import { planLandlock } from './landlock.js';
import { planLimits, withLimits } from './limits.js';
import { planLocks } from './locks.js';
import { planMounts } from './mounts.js';
import { namespaceSettings } from './namespace-settings.js';
import { withSharedUser } from './network.js';
import { planOutbound } from './outbound.js';
import { ownCgroup } from './own-cgroup.js';
import { impliedLimits } from './quotas.js';
import { limitResources, raiseLimits, schedule } from './resources.js';
import { planSeccomp } from './seccomp.js';
import { boundingSet, dropRights } from './security.js';
import { Slots } from './slots.js';
import { planStdio } from './stdio.js';
import { type Identity, identify, type Users } from './users.js';

/** What a frame is compiled from. */
export interface FrameInput {
  readonly command: FramedCommand;
  readonly host: Host;
  /** The first id of the range that the container has. */
  readonly firstId: number;
  readonly users: Users;
  /** The container that it enters, if it enters one. */
  readonly entered?: Entered | undefined;
}

/** All of a plan but the ending, and what the ending takes from it. Many commands share it. */
export interface CompiledFrame {
  readonly frame: Frame;
  readonly variables: Variables;
  /** The slot of each of the command's descriptors. */
  readonly descriptors: readonly Descriptor[];
  /** Before which of the leading steps a command's files are written. */
  readonly filesAt: number;
  /** So many of the leading steps make the container: what follows is the command's alone. */
  readonly madeBy: number;
  /** The ending, where it is none of a command's. */
  readonly ending?: StepOf<'hold'>;
}

/** The whole plan of a command. */
export function compile(
  definition: ContainerDefinition,
  { framed, invocation }: Command,
  host: Host,
  firstId: number,
  users: Users = {},
): Plan {
  return completeFor(compileFrame(definition, { command: framed, host, firstId, users }), invocation);
}

/** The plan of a command whose frame is there. */
export function completeFor(
  { frame, variables, descriptors, filesAt, ending = undefined }: CompiledFrame,
  invocation: Invocation,
): Plan {
  const { timeoutMs, timeoutSignal } = invocation;
  const files = fileSteps(invocation);
  return complete(files.length === 0 ? frame : withSteps(frame, filesAt, files), {
    ending: ending ?? execStep(invocation, variables, descriptors),
    timeoutMs,
    timeoutSignal,
  });
}

function withSteps(frame: Frame, at: number, steps: readonly ContainerStep[]): Frame {
  const { leading } = frame;
  return { ...frame, leading: Object.freeze([...leading.slice(0, at), ...steps, ...leading.slice(at)]) };
}

/** The frame of a container's plans. */
export function compileFrame(
  container: ContainerDefinition,
  { command, host, firstId, users, entered }: FrameInput,
): CompiledFrame {
  const definition = withSharedUser(withLimits(container, command.limits), host);
  const user = identify(userOf(definition, command.user ?? definition.user, host), users);
  checkCaller(definition, user, host);
  const ids = planIds(definition, user, host, { first: firstId, entered: entered?.ids });
  const owner = ownerOf(ids, user, host);
  const groups = groupsOf(ids, user, host);
  const has = (name: Namespace): boolean => definition.namespaces.includes(name);
  const shifted = Object.keys(definition.timeOffsets).length > 0;
  if (shifted && !has('time')) throw contradiction('timeOffsets need "time" among the namespaces, new and not joined');

  const slots = new Slots();
  // While the supervisor holds it nobody else gets the range, whatever becomes of Node.
  if (ids.kind === 'range') slots.keep('id range');
  const stdio = planStdio(command, slots, ids, user, owner, host);
  const stays = command.stays !== undefined;
  const pooled = command.pooled === 'containers';
  const limits = planLimits(definition.limits, host.cgroups, slots, { stays, pooled, entered: entered?.cgroups });
  // A chain of filters has one listener: it also tells who is left of a command that joins a pid namespace.
  const listener = partsOf(definition.seccomp).report ? slots.add('listener') : undefined;
  const joins = planJoins(definition, host, slots, {
    limited: limits.acts.length > 0,
    entering: entered !== undefined,
    keeps: command.background === 'keep',
    reported: listener,
    outer: entered?.outer,
  });
  const joined = ids.kind === 'joined' && joins.user !== undefined;
  const mounts = planMounts(
    definition,
    joined ? { ...ids, slot: joins.user } : ids,
    host,
    user,
    slots,
    stays || pooled,
  );
  const locks = planLocks(definition, ids, slots);
  const egress = planEgress(definition, host, slots, stays || pooled);
  const gifts = [...(stays ? mounts.captured : []), ...egress.given];
  const capture = planCapture(definition, command, gifts, locks.nest.length > 0, slots);
  const ending = endingFor(command);
  // A hook is for namespaces that are there.
  const hookLater = command.hooked && locks.nest.length > 0;
  const hookNow = command.hooked && !hookLater;
  const nested = (name: Namespace): boolean => (locks.namespaces as readonly Namespace[]).includes(name);
  const init: readonly ContainerStep[] = definition.init && has('pid') ? [{ op: 'init', from: 'init()' }] : [];
  const outbound = planOutbound(definition, host);
  const connectNow = locks.nest.length > 0 ? [] : outbound.acts;
  const connectLater = locks.nest.length > 0 ? outbound.acts : [];
  const acts = [
    // What tells the command from others follows from the cgroup that it is in.
    ...limits.early,
    ...mapIds(ids, host),
    ...timeOffsets(definition),
    ...raiseLimits(definition, command, host),
    ...schedule(definition),
    ...(joined ? [] : mounts.acts),
    // Its program needs the maps.
    ...connectNow,
  ];
  const become = (uid: number, gid: number, gids: readonly number[], from: string): readonly ContainerStep[] => [
    // Where setgroups is denied there is no way to drop groups; what they allow is the caller's own to give. Where it
    // may be, root has dropped its own before.
    ...(canSetGroups(ids, host) && !(ids.kind === 'joined' && gids.length === 0)
      ? ([{ op: 'setGroups', groups: gids, from }] as const)
      : []),
    { op: 'setUser', uid, gid, from },
  ];
  const first = setupUser(ids, host);
  const isFirst = user.uid === first?.uid && user.gid === first.gid && groups.length === 0;
  const isOwn = (ids.kind === 'one' && ids.own) || isCaller(definition, host);

  const resources = limitResources(definition, command, impliedLimits(ids, host));
  const entrance = planEntrance(joins.enters, stdio, resources);
  const landlock = planLandlock(definition, host, slots);
  const seccomp = planSeccomp(definition, boundingSet(definition), host, { listener, behind: entrance, ending });
  const { rights, filters } = dropRights(definition, user, host, [...landlock.steps, ...seccomp]);

  const degraded = [...limits.degraded, ...landlock.degraded];

  const chdir: ContainerStep = {
    op: 'chdir',
    target: command.cwd ?? definition.cwd,
    alternatives: [],
    from: 'cwd()',
  };
  const making: readonly ContainerStep[] = [
    // The kernel keeps them until the exec. Here /proc is the caller's: nobody inside has touched it. CVE-2025-52881
    ...planLabels(definition, host),
    ...capture.open,
    // Not by clone3: the child would be in it at once, and clocks are shifted before anybody is. time_namespaces(7)
    ...(shifted ? [{ op: 'unshare', namespaces: ['time'], from: 'timeOffsets()' } as const] : []),
    // Until its ids are mapped the child is nobody, and can make no file. user_namespaces(7)
    ...(acts.length > 0 || hookNow ? [{ op: 'barrier', acts, hook: hookNow } as const] : []),
    // Paths are those of the joined mount namespace from here on.
    ...joins.steps,
    // Root of the container from here on: what is made belongs to it. A single id is the caller's already.
    ...(first === undefined ? [] : become(first.uid, first.gid, [], 'idmap()')),
    ...stdio.chown,
    // Not by clone3: the root of a cgroup namespace is the cgroup that its maker is in. cgroup_namespaces(7)
    ...(has('cgroup') && !joins.cgroup && !nested('cgroup')
      ? [{ op: 'unshare', namespaces: ['cgroup'], from: 'namespaces()' } as const]
      : []),
    // Before the mounts: /sys and /dev/mqueue show the namespaces that they are mounted in.
    ...locks.nest,
    ...(hookLater || connectLater.length > 0 ? [{ op: 'barrier', acts: connectLater, hook: hookLater } as const] : []),
    // Mounts, the masks last: a fresh /proc is refused once the old one is partly hidden. Then the old root goes.
    ...mounts.steps,
    ...namespaceSettings(definition),
    ...outbound.routes,
    // Behind /sys, which shows the network that it is mounted in.
    ...egress.steps,
    // Before init: set-up aside, all of the container stays there.
    ...(definition.cpuAffinity === undefined
      ? []
      : [{ op: 'setAffinity', cpus: definition.cpuAffinity, from: 'cpuAffinity()' } as const]),
    // Needs the container's /dev/pts, and descriptors that are shared with the supervisor still.
    ...stdio.openTerminal,
    // Every mount is there: from here on the container is in its own user namespace, and they are locked.
    ...locks.lock,
    ...init,
  ];
  // What follows is the command's alone, not init's.
  const rest: readonly ContainerStep[] = [
    ...(joins.enters ? [] : stdio.controlTerminal),
    // As late as can be: what comes before is not charged to the command, and init stays outside.
    ...(limits.acts.length > 0 ? [{ op: 'barrier', acts: limits.acts, hook: false, from: 'limits()' } as const] : []),
    // Once more: its root is the cgroup that the command is in from here on.
    ...(has('cgroup') && limits.acts.length > 0
      ? [{ op: 'unshare', namespaces: ['cgroup'], from: 'limits()' } as const]
      : []),
    ...joins.late,
    // A mount of cgroups shows the namespace that it is made in.
    ...ownCgroup(definition, host, limits.made, locks.nest.length > 0),
    // No namespace changes any more, but the one that it is to enter.
    ...capture.give,
    // The namespace that others join has the container's cgroup as its root: what it hands down to them lies there.
    ...(limits.below.length > 0 ? [{ op: 'barrier', acts: limits.below, hook: false, from: 'limits()' } as const] : []),
    ...(has('cgroup') && limits.below.length > 0
      ? [{ op: 'unshare', namespaces: ['cgroup'], from: 'limits()' } as const]
      : []),
    // Its own keys: keyrings follow no namespace. session-keyring(7)
    { op: 'joinSessionKeyring' },
    ...(isOwn || isFirst ? [] : become(user.uid, user.gid, groups, 'user()')),
    // A command's files are written right before this, into its own cgroup: they may make this directory.
    // As the user: a directory that the user may not enter is an error, not a way in.
    chdir,
    { op: 'umask', mask: definition.umask, from: 'umask()' },
    // No step above is to fail by them, and none of them may bind init.
    ...resources.filter((step) => !entrance.includes(step)),
    // Rights go last: every step above needs some.
    ...rights,
  ];

  const variables = variablesOf(definition, command, host, { home: user.home, enters: entered !== undefined });
  const frame: Frame = freezeDeep({
    // Trees while the supervisor still has its rights over them, which it leaves behind with its user namespace.
    before: [...limits.before, ...joins.open, ...stdio.before, ...(joined ? mounts.acts : []), ...joins.before],
    clone: definition.namespaces.filter(
      (entry): entry is Namespace =>
        typeof entry === 'string' && entry !== 'cgroup' && !nested(entry) && !(entry === 'time' && shifted),
    ),
    leading: insertSteps([...making, ...rest], [...filters, ...entrance], ending, definition, slots),
    after: [...limits.after, ...mounts.after],
    slots: slots.names,
    received: slots.received,
    kept: slots.kept,
    ...(degraded.length > 0 ? { degraded } : {}),
    detached: command.detached,
    ...(command.timed ? { timed: true } : {}),
    ...(command.session === undefined ? {} : { session: command.session }),
    environment: variables.list,
  });
  return Object.freeze({
    frame,
    variables,
    descriptors: freezeDeep(stdio.descriptors),
    filesAt: frame.leading.indexOf(chdir),
    madeBy: rest[0] === undefined ? -1 : frame.leading.indexOf(rest[0]),
    ...(ending === 'hold' ? { ending: Object.freeze({ op: 'hold', from: 'start()' } as const) } : {}),
  });
}

/** Who the command is on the host: owner of its pipes. */
function ownerOf(ids: IdPlan, { uid, gid }: Identity, host: Host): User {
  const owner = onHost(ids, { uid, gid }, host);
  if (owner !== undefined) return owner;
  const [uids, gids] = [idsInWords(ids, 'uid'), idsInWords(ids, 'gid')];
  throw contradiction(
    `user ${uid}:${gid} does not exist in the container: it has the uids ${uids} and the gids ${gids}`,
  );
}

/**
 * Supplementary groups. What was asked for must exist; what the image gives a user does not go with one id, where no
 * other exists.
 */
function groupsOf(ids: IdPlan, { groups, asked }: Identity, host: Host): readonly number[] {
  if (!canSetGroups(ids, host)) {
    if (asked && groups.length > 0)
      throw contradiction(
        'additionalGids: an ordinary user can set no groups, unless idmap() gives the container more ids',
      );
    return [];
  }
  if (ids.kind === 'joined' && ids.known === undefined) return groups;
  const missing = groups.find((gid) => !hasGroup(ids, gid));
  if (missing === undefined) return groups;
  throw contradiction(`group ${missing} does not exist in the container: it has the gids ${idsInWords(ids, 'gid')}`);
}

function timeOffsets({ timeOffsets }: ContainerDefinition): readonly HostStep[] {
  return Object.entries(timeOffsets).map(([clock, { secs, nanosecs }]) => ({
    op: 'setTimeOffset',
    clock: clock as 'monotonic' | 'boottime',
    seconds: secs,
    nanoseconds: nanosecs,
    from: 'timeOffsets()',
  }));
}
