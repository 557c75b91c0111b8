/**
 * The vocabulary: every step that a plan can hold, in one table.
 *
 * This table is the only truth of the wire: the TypeScript types below, the encoder, and `src-native/wire.h` (made by
 * `scripts/wire.ts`) all follow from it. A step is one act that a user could be told about, named after its kernel call.
 *
 * `column` says who performs it: the supervisor on the `host`, the child that becomes the `container`, or `both`.
 */

import { CAPABILITIES, CLOCKS, COUNTERS, MOUNT_ATTRIBUTES, NAMESPACES, PROPAGATIONS, RESOURCES } from './constants.js';
import {
  boolean,
  bytes,
  choice,
  type Field,
  flags,
  hostId,
  idRanges,
  integer,
  number,
  numbers,
  optional,
  slot,
  slots,
  steps,
  string,
  strings,
  unique,
} from './fields.js';

interface StepSpec {
  readonly column: 'host' | 'container' | 'both';
  /** It is how a plan can end: the last step of each is one of these, and no other step is. */
  readonly ends?: true;
  readonly fields: Readonly<Record<string, Field>>;
}

const attributes = flags(MOUNT_ATTRIBUTES);
const capabilities = flags(CAPABILITIES);

export const STEPS = {
  /** The child waits while the supervisor performs `acts` on the host; with `hook` also until Node says go. */
  barrier: { column: 'container', fields: { acts: steps, hook: boolean } },

  /** Writes /proc/PID/setgroups: "deny", which a user without CAP_SETGID owes before `setGidMap`. user_namespaces(7). */
  denySetgroups: { column: 'host', fields: {} },
  /** Writes /proc/PID/uid_map. `ranges` is flat: inside, outside, count, and so on. user_namespaces(7). */
  setUidMap: { column: 'host', fields: { ranges: idRanges } },
  /** Writes /proc/PID/gid_map. `ranges` is flat: inside, outside, count, and so on. user_namespaces(7). */
  setGidMap: { column: 'host', fields: { ranges: idRanges } },
  /** The helper at `path`, set-user-id, writes /proc/PID/uid_map as far as /etc/subuid allows it. `ranges` as in `setUidMap`. newuidmap(1). */
  newuidmap: { column: 'host', fields: { path: string, ranges: numbers } },
  /** The helper at `path`, set-user-id, writes /proc/PID/gid_map as far as /etc/subgid allows it. `ranges` as in `setGidMap`. newgidmap(1). */
  newgidmap: { column: 'host', fields: { path: string, ranges: numbers } },
  /** Gives the pipe in `slot` an owner, by ids of whoever performs it, so that /dev/stdout can be opened again inside. Refuses what is not a pipe. fchown(2). */
  fchown: { column: 'both', fields: { slot, uid: hostId, gid: hostId } },
  /** Shows the tree in `slot` with its owners mapped by the container's user namespace, or by the one in `namespace`. mount_setattr(2), since 5.12. */
  idmap: { column: 'host', fields: { slot, namespace: optional(slot) } },
  /** Shifts a clock of the container's time namespace, before anybody is in it. time_namespaces(7), since 5.6. */
  setTimeOffset: { column: 'host', fields: { clock: choice(CLOCKS), seconds: integer, nanoseconds: number } },
  /** The nice value of the container's processes, −20 to 19. setpriority(2). */
  setPriority: { column: 'host', fields: { nice: integer } },
  /** Writes /proc/PID/oom_score_adj: how soon the kernel kills the container's processes where memory is short, −1000 to 1000. proc(5). */
  setOomScoreAdj: { column: 'host', fields: { adjustment: integer } },
  /** Limits a resource, of the container's processes as the host's step, of the command as the child's; without `soft` or `hard` there is no such limit. prlimit(2). */
  setRlimit: {
    column: 'both',
    fields: { resource: choice(RESOURCES), soft: optional(number), hard: optional(number) },
  },
  /** Opens a namespace into `slot`. `inode`, unless 0, is the one that it must have: else its process has ended. namespaces(7) */
  openNamespace: { column: 'both', fields: { slot, path: string, type: choice(NAMESPACES), inode: number } },
  /** Joins the namespace in `slot`; a pid namespace counts for children only. setns(2). */
  setns: { column: 'both', fields: { slot, type: choice(NAMESPACES) } },

  /** Copies the mounts at `source` into `slot`, attached nowhere; with `recursive` those below it too. open_tree(2), since 5.2. */
  openTree: { column: 'both', fields: { slot, source: string, recursive: boolean } },

  /** Removes the directory `path` of the host, whatever its permissions, with the files that overlayfs numbers, such as `#1f`: with anything else in it, it stays. rmdir(2) */
  rmdir: { column: 'host', fields: { path: string } },
  /**
   * Makes the cgroup `base`/`name` below the directory `parent`, opens it into `slot` and locks it: who finds it without a lock may remove it. `base` is made
   * where it is missing, controllers in `enable` are handed down to both (cgroup v2), files in `inherit` are copied down to both (cgroup v1). cgroups(7)
   */
  makeCgroup: {
    column: 'host',
    fields: { slot, parent: string, base: string, name: unique, enable: strings, inherit: strings },
  },
  /** Writes `value` to `file` of the cgroup in `slot`. cgroups(7) */
  writeCgroup: { column: 'host', fields: { slot, file: string, value: string } },
  /**
   * How to end the container, once it is to be: what is frozen by `file` of the cgroup in `slot` cannot fork, and dies when it is thawed. `freeze` and `thaw` are what is
   * written to it. freezer-subsystem.rst
   */
  endFrozen: { column: 'host', fields: { slot, file: string, freeze: string, thaw: string } },
  /** Says when `oom_kill` in `file` of the cgroup in `slot` grows, and with `end` ends the container. `control`: the file that cgroup v1 wants an eventfd in. cgroups(7) */
  watchOom: { column: 'host', fields: { slot, file: string, control: optional(string), end: boolean } },
  /** Puts the process that waits at the barrier into the cgroups in `slots`, in this order. cgroups(7) */
  enterCgroup: { column: 'host', fields: { slots } },
  /** Ends the container once the number behind `key` in `file`, divided to be microseconds, is `milliseconds`; `cpus` is how many times faster than the clock it can grow. */
  limitCpuTime: {
    column: 'host',
    fields: { slot, file: string, key: string, divisor: number, milliseconds: number, cpus: number },
  },
  /** Tells the sum of the numbers behind `key` in `file`, without a key the first, divided by `divisor`. One that cannot be read is not told. */
  readCounter: {
    column: 'host',
    fields: { slot, counter: choice(COUNTERS), file: string, key: string, divisor: number },
  },
  /** Ends what is in the cgroup in `slot`, and removes it and its base, unless another is there. cgroups(7) */
  removeCgroup: { column: 'host', fields: { slot } },

  /** Moves the child itself into new namespaces. unshare(2). */
  unshare: { column: 'container', fields: { namespaces: flags(NAMESPACES) } },
  /** Sets how mount events travel for `target` and all below it. mount_namespaces(7). */
  propagation: { column: 'container', fields: { target: string, type: choice(PROPAGATIONS) } },
  /**
   * Mounts a new file system of `type`. `options` are `key` or `key=value`, paths in them count from the target; `nofollow` refuses a target behind a symbolic link. What a later
   * step needs in it is made in it where it is the plan's `own`, and in a private layer over it where it is not. fsopen(2), fsmount(2), since 5.2.
   */
  mount: {
    column: 'container',
    fields: { type: string, target: string, options: strings, attributes, nofollow: boolean, own: boolean },
  },
  /** Does nothing: says that `what` is left out of the container, and for which `reason`. */
  omit: { column: 'container', fields: { what: string, reason: string } },
  /** Attaches the tree in `slot`, or a copy of the mounts at `source`. `create` makes a missing target, of the source's kind, as `directory` and `file` do. move_mount(2). */
  bind: {
    column: 'container',
    fields: {
      slot: optional(slot),
      source: optional(string),
      target: string,
      attributes,
      recursive: boolean,
      create: boolean,
    },
  },
  /** Binds the host's character device `source`, after checking that it is `major`:`minor`, on a new file `target`. null(4). */
  device: { column: 'container', fields: { source: string, target: string, major: number, minor: number } },
  /** Adds `attributes` to the mount that is at `target`. mount_setattr(2), since 5.12. */
  mountSetattr: { column: 'container', fields: { target: string, attributes } },
  /** Writes `value` to /proc/sys/`path`, a key of one of the container's own namespaces. proc(5), sysctl(8) */
  sysctl: { column: 'container', fields: { path: string, value: string } },
  /** Hides `target`, where it exists: a directory below an empty read-only one, a file below /dev/null. OCI `maskedPaths`. */
  mask: { column: 'container', fields: { target: string } },
  /** Makes `target`, where it exists, a read-only mount of itself. OCI `readonlyPaths`. */
  readonlyPath: { column: 'container', fields: { target: string } },
  /** Makes a directory, and its missing parents, in a private layer where the file system is not the plan's own. An existing directory is left as it is. mkdirat(2). */
  directory: { column: 'container', fields: { target: string, mode: number } },
  /** Makes a file with `content`, in a private layer where the file system is not the plan's own; over an existing file, in memory and read-only. openat(2). */
  file: { column: 'container', fields: { target: string, mode: number, content: bytes } },
  /** Makes a symbolic link at `target` which says `text`, in a private layer where the file system is not the plan's own; an existing file or link is not there any more. symlinkat(2). */
  symlink: { column: 'container', fields: { target: string, text: string } },
  /** Makes the last mount on `/` the root, and detaches all that was there before; private layers take no more entries. pivot_root(2). */
  pivotRoot: { column: 'container', fields: {} },

  /** sethostname(2). */
  setHostname: { column: 'container', fields: { hostname: string } },
  /** setdomainname(2). */
  setDomainname: { column: 'container', fields: { domainname: string } },
  /** Brings the network interface `name` up. netdevice(7). */
  linkUp: { column: 'container', fields: { name: string } },
  /** A session keyring of its own, so that the caller's keys are out of reach. keyctl(2), since 2.6.10. */
  joinSessionKeyring: { column: 'container', fields: {} },

  /** Opens a new terminal of the container's /dev/pts into `master` and `slot`, and binds it on /dev/console. pty(7), ioctl_tty(2). */
  openTerminal: { column: 'container', fields: { master: slot, slot, columns: number, rows: number } },
  /** Carries bytes between the terminal's `master` end and the caller's `socket`, from now on to the last byte. */
  relay: { column: 'host', fields: { master: slot, socket: slot } },

  /** Forks: the parent half stays as PID 1 (reaps, forwards signals, ends with the command), the child half goes on. */
  init: { column: 'container', fields: {} },
  /** Makes the terminal in `slot` the controlling one of the command's session. TIOCSCTTY in ioctl_tty(2). */
  controllingTerminal: { column: 'container', fields: { slot } },
  /** setgroups(2). */
  setGroups: { column: 'container', fields: { groups: numbers } },
  /** Real, effective and saved ids; capabilities stay permitted until `setCapabilities`. setresgid(2), setresuid(2). */
  setUser: { column: 'container', fields: { uid: number, gid: number } },
  /** The CPUs that the process may run on, exactly these. sched_setaffinity(2). */
  setAffinity: { column: 'container', fields: { cpus: numbers } },
  /** The file mode creation mask that `exec` gives the command. umask(2). */
  umask: { column: 'container', fields: { mask: number } },
  /** fchdir(2); the path is resolved inside, and never through /proc's magic links. */
  chdir: { column: 'container', fields: { target: string } },
  /** Exactly these, in all five sets of capabilities(7). */
  setCapabilities: {
    column: 'container',
    fields: {
      bounding: capabilities,
      effective: capabilities,
      permitted: capabilities,
      inheritable: capabilities,
      ambient: capabilities,
    },
  },
  /** prctl(2) PR_SET_NO_NEW_PRIVS, since 3.5. */
  noNewPrivileges: { column: 'container', fields: {} },
  /** Tries `paths` in order. Descriptor n inside is the slot `stdio[n]`; every other one is closed. execve(2). */
  exec: { column: 'container', ends: true, fields: { paths: strings, args: strings, env: strings, stdio: slots } },
} as const satisfies Readonly<Record<string, StepSpec>>;

/** The name of a step. */
export type Op = keyof typeof STEPS;

type ValueOf<F> = F extends Field<infer Value> ? Value : never;
type Fields<O extends Op> = (typeof STEPS)[O]['fields'];
type OptionalKeys<O extends Op> = {
  [K in keyof Fields<O>]: Fields<O>[K] extends { readonly optional: true } ? K : never;
}[keyof Fields<O>];

/** A step of one kind: plain data. `op` is its name; `from` the builder call that it came from, for readers. */
export type StepOf<O extends Op> = { readonly op: O; readonly from?: string } & {
  readonly [K in Exclude<keyof Fields<O>, OptionalKeys<O>>]: ValueOf<Fields<O>[K]>;
} & { readonly [K in OptionalKeys<O>]?: ValueOf<Fields<O>[K]> };

type OpsIn<Column> = { [O in Op]: (typeof STEPS)[O]['column'] extends Column ? O : never }[Op];

/** A step that the supervisor can perform on the host: in `before`, in `after`, at a barrier. */
export type HostStep = { [O in OpsIn<'host' | 'both'>]: StepOf<O> }[OpsIn<'host' | 'both'>];
/** The one step that carries others. */
export type Barrier = {
  readonly op: 'barrier';
  /** The builder call that it came from. */
  readonly from?: string;
  /** What the supervisor does while the child waits. */
  readonly acts: readonly HostStep[];
  /** Whether JavaScript is called, and the child waits for that too. */
  readonly hook: boolean;
};
/** A step that the child can perform on its way into the container. */
export type ContainerStep =
  | Barrier
  | { [O in Exclude<OpsIn<'container' | 'both'>, 'barrier'>]: StepOf<O> }[Exclude<
      OpsIn<'container' | 'both'>,
      'barrier'
    >];
/** The name of a step that a plan can end with. */
export type EndingOp = { [O in Op]: (typeof STEPS)[O] extends { readonly ends: true } ? O : never }[Op];
/** The last step of a plan: how it ends, and who goes on then. */
export type Ending = StepOf<EndingOp>;
/** Any step. `from` names the builder call that it came from, and is not sent. */
export type Step = HostStep | ContainerStep;

/** The number of each step on the wire: its place in the table, from 1. */
export const OPS: Readonly<Record<Op, number>> = Object.freeze(
  Object.fromEntries(Object.keys(STEPS).map((op, index) => [op, index + 1])),
) as Readonly<Record<Op, number>>;

const FIELDS: ReadonlyMap<string, readonly (readonly [name: string, field: Field])[]> = new Map(
  Object.entries(STEPS as Readonly<Record<string, StepSpec>>).map(([op, { fields }]) => [op, Object.entries(fields)]),
);

/** The fields of a step in the order of the wire. */
export function fieldsOf(op: Op): readonly (readonly [name: string, field: Field])[] {
  return FIELDS.get(op) ?? [];
}

/** Whether `step` is one that a plan can end with. */
export function isEnding(step: Step): step is Ending {
  return (STEPS as Readonly<Record<string, StepSpec>>)[step.op]?.ends === true;
}
