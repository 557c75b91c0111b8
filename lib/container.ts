/** The builder: an immutable value over a plain definition. Each method gives a new one; none does anything to the machine. */

import { inspect } from 'node:util';
import type { CapabilityChoice } from './definition/capabilities.js';
import { knownOptions } from './definition/checks.js';
import { type ContainerDefinition, type DefinitionInput, define } from './definition/definition.js';
import type { IdMap } from './definition/idmap.js';
import type { ProcChoice } from './definition/kernel-files.js';
import type { LimitsInput } from './definition/limits.js';
import type { Mount } from './definition/mounts.js';
import type { NamespaceEntry, TimeOffsetsInput } from './definition/namespaces.js';
import type { Network } from './definition/network.js';
import type { Overlay } from './definition/overlay.js';
import type { ResourceLimitsInput } from './definition/rlimits.js';
import type { UserInput } from './definition/user.js';
import { invalidType } from './errors/errors.js';
import type { Plan } from './plan/plan.js';
import type { ContainerStep, Op } from './plan/steps.js';
import { explain, planOf, run, spawn } from './running/engine.js';
import type { Hook } from './running/hooks.js';
import type { ContainerProcess } from './running/process.js';
import type { RunOptions, RunResult } from './running/run.js';
import type { SpawnOptions } from './running/spawn.js';

/**
 * What a container is. Immutable: every method returns a new `Container`, so one can be kept and varied.
 *
 * Without any call it is the secure default: the host's programs and none of its data, every namespace new, root inside is
 * nobody on the host, Docker's default capabilities, no new privileges, loopback only, a private /dev, /proc and /tmp, and
 * nothing of the caller's environment or descriptors. What weakens that takes one explicit call each.
 *
 * ```ts
 * const box = new Container().rootfs('/srv/busybox').hostname('box');
 * const { stdout } = await box.run('ls', ['-la', '/']);
 * ```
 *
 * Setters replace what was set before, and `undefined` takes it back; `mount`, `mask`, `env`, `step` and `hook` add to it. Wrong arguments, and what contradicts the rest of the
 * definition, throw a TypeError or RangeError with Node's codes at the call that got them.
 */
export class Container {
  #definition: ContainerDefinition;
  #hooks: readonly Hook[] = [];

  /**
   * @param definition Any part of a definition, as the methods below would set it.
   * @throws TypeError or RangeError with Node's codes, naming the part.
   */
  constructor(definition: DefinitionInput = {}) {
    this.#definition = define(undefined, definition);
  }

  #with(changes: DefinitionInput): Container {
    const next = new Container();
    next.#definition = define(this.#definition, changes);
    next.#hooks = this.#hooks;
    return next;
  }

  /**
   * A directory that becomes `/`. Nothing in it is changed but by what runs in the container, which may write to it unless
   * it is `readonly()`. Where it lacks the directories `/proc`, `/dev` and `/tmp` they are made in a layer in memory, as {@link bind} has it. Started by root, its owners are
   * mapped: files of root on disk are root's inside. Left out: the host's programs and none of its data, in memory.
   *
   * @param directory A path on the host, or directories laid over each other by {@link overlay}; `undefined` takes it back. One that does not exist, or cannot be idmapped, is a
   * {@link StepError} at the start.
   * @see pivot_root(2), mount_setattr(2); idmapped mounts need Linux 5.12 and a file system that has them.
   */
  rootfs(directory: string | URL | Overlay | undefined): Container {
    return this.#with({ rootfs: directory });
  }

  /** Makes `/` read-only. /tmp, /dev/shm and mounts of your own stay writable. Default: `false`. OCI `root.readonly`. */
  readonly(readonly = true): Container {
    return this.#with({ readonly });
  }

  /**
   * Adds mounts, made by {@link bind}, {@link tmpfs}, {@link file}, {@link symlink} and {@link directory}, after those that are there. They are made in this order, after carrel's
   * own: a later one covers an earlier one on the same place, and all that an earlier one has put below its target. OCI `mounts`.
   */
  mount(...mounts: readonly Mount[]): Container {
    return this.#with({ mounts: [...this.#definition.mounts, ...mounts] });
  }

  /**
   * Hides paths of the container: a directory looks empty, a file is /dev/null. Links are followed, inside; what does not exist there needs no hiding. Masks come after all mounts. Besides these
   * the kernel's own secrets are always hidden. Default: none. OCI `linux.maskedPaths`.
   *
   * @throws TypeError naming the path.
   */
  mask(...paths: readonly string[]): Container {
    return this.#with({ mask: [...this.#definition.mask, ...paths] });
  }

  /**
   * Which /proc there is. `'new'`: the container's own, of its pid namespace. `'bind'`: the caller's, which shows the caller's processes; none of them can be acted on. `'none'`: no
   * /proc, and whatever needs one fails. `'auto'`, the default: a new one, but the caller's where there is no pid namespace of one's own, or where the kernel
   * refuses a new one, because the /proc around is itself partly hidden, as in Docker and Kubernetes; the plan says so. proc(5), mount_namespaces(7)
   *
   * @throws TypeError at the start, where `'new'` would be refused.
   */
  proc(choice: ProcChoice | undefined): Container {
    return this.#with({ proc: choice });
  }

  /**
   * Which namespaces are new: any of `user`, `mount`, `pid`, `network`, `ipc`, `uts`, `cgroup`, `time`. What is left out is shared with
   * the host: that weakens the container. An empty list means none. Default: all but `time`. OCI `linux.namespaces`, namespaces(7).
   *
   * `{ network: '/proc/123/ns/net' }` joins one that exists, and `{ network: child, ipc: child }` those of a {@link ContainerProcess} that runs.
   * With a joined user namespace, new ones belong to it; with a joined mount namespace there is no root file system and are no mounts of one's own. Whoever
   * joins needs CAP_SYS_ADMIN over each, which the user who made a user namespace has over it and all that belongs to it.
   *
   * @throws TypeError naming the entry; one that cannot be joined is a {@link StepError} at the start. setns(2)
   */
  namespaces(entries: readonly NamespaceEntry[] | undefined): Container {
    return this.#with({ namespaces: entries });
  }

  /**
   * Shifts clocks inside: `timeOffsets({ boottime: 86_400_000 })` lets the machine seem up for a day longer. In milliseconds, or `{ secs, nanosecs }`; a
   * negative one may not go back beyond 0. Needs `time` among the namespaces. Default: none. OCI `linux.timeOffsets`, time_namespaces(7), Linux 5.6.
   *
   * @throws TypeError or RangeError naming the clock.
   */
  timeOffsets(offsets: TimeOffsetsInput | undefined): Container {
    return this.#with({ timeOffsets: offsets });
  }

  /**
   * How ids inside relate to ids of the host. Needs `user` among the namespaces, new. user_namespaces(7)
   *
   * - `'auto'`, the default: started by root, 65,536 ids that nobody on the host has, a range for each container; started by an ordinary user, one
   *   id, which is the caller.
   * - `'subuid'`, for ordinary users: root inside is the caller, ids from 1 on are those that /etc/subuid and /etc/subgid give the caller. They are written by the host's set-user-id
   *   programs newuidmap and newgidmap. Files of the root filesystem and of binds are what they are: the caller's are root's inside, those of the ranges have users inside, all others are nobody's.
   * - `{ uid: 1000, gid: 1000 }`: one user of the host, whom the command is, and no other id exists. Root can name any, an ordinary user only himself. Files are what they are.
   * - `{ uid: [{ containerID, hostID, size }], gid: […] }`, OCI `linux.uidMappings` and `gidMappings`: ranges, 340 at most. Started by root, owners of files are mapped as with `'auto'`: uid 0 on
   *   disk is uid 0 inside. An ordinary user's are written by newuidmap and newgidmap, and have to be in /etc/subuid and /etc/subgid, or be his own id.
   *
   * @throws TypeError or RangeError naming the field; {@link CarrelError} with `ERR_SUBORDINATE_IDS` at the start where a helper or the ids are missing; a {@link StepError} with what the
   *   helper says where it refuses. newuidmap(1), subuid(5)
   */
  idmap(idmap: IdMap | undefined): Container {
    return this.#with({ idmap });
  }

  /** The host name inside: 1 to 64 letters, digits, `-` and `.`. Default: `carrel`. sethostname(2) */
  hostname(name: string | undefined): Container {
    return this.#with({ hostname: name });
  }

  /**
   * The NIS domain name inside, written as `hostname` is. Default: none, which the kernel calls `(none)`. OCI `domainname`, setdomainname(2)
   *
   * @throws TypeError also without `uts` among the namespaces.
   */
  domainname(name: string | undefined): Container {
    return this.#with({ domainname: name });
  }

  /**
   * Which network the container has: `'none'`, a loopback interface of its own that is up, and no other; `'host'`, the host's, with its name resolution and
   * also its abstract unix sockets, which some services of the host trust (CVE-2020-15257). A word for `network` among the `namespaces`, or not among them; to join a network use
   * `namespaces`. Default: as `namespaces` says, and with their default `'none'`.
   *
   * @throws TypeError where `namespaces` says otherwise.
   */
  network(network: Network | undefined): Container {
    return this.#with({ network });
  }

  /**
   * Adds environment variables. Nothing of the caller's environment is passed on; PATH and HOME, and TERM with a terminal, have
   * defaults of their own. OCI `process.env`.
   */
  env(variables: Readonly<Record<string, string>>): Container {
    return this.#with({ env: { ...this.#definition.env, ...variables } });
  }

  /** The working directory inside, absolute. One that does not exist is an error at the start. Default: `/`. OCI `process.cwd`. */
  cwd(directory: string | undefined): Container {
    return this.#with({ cwd: directory });
  }

  /**
   * Who the command is inside: a number, `'uid:gid'`, a name, `'name:group'`, or `{ uid, gid, additionalGids }`. With a number the group defaults to the same number, and there are no
   * supplementary groups. A name is looked up in the container's own /etc/passwd, and brings its group, those groups of /etc/group that list it, and HOME; with a group, that one
   * only. An ordinary user's container has one group, unless `idmap` gives it more. Others than root hold no capabilities. Default: 0. OCI `process.user`, passwd(5)
   *
   * @throws TypeError or RangeError at once; {@link CarrelError} at the start: `ERR_UNKNOWN_USER`, also where a mount covers /etc/passwd and nobody can tell who it will be, and `ERR_UNKNOWN_GROUP`.
   */
  user(user: UserInput | undefined): Container {
    return this.#with({ user });
  }

  /**
   * The capabilities of root inside, by their names in capabilities(7): a whole list, or `{ add, drop }` to Docker's default list. An empty list means none. Or all five sets, `{ bounding, effective,
   * permitted, inheritable, ambient }`, for whoever the user is; those that are left out are empty. Inheritable and ambient ones are empty otherwise (CVE-2022-29162). They count for the
   * container's own namespaces only, unless `user` is not among them. OCI `process.capabilities`.
   *
   * @throws TypeError naming what is unknown, or in one set and not in the one that it must be in.
   */
  capabilities(choice: CapabilityChoice | undefined): Container {
    return this.#with({ capabilities: choice });
  }

  /**
   * What it may use at the most, and that it is counted what it does use: `limits({ memory: '64m', pids: 32, cpus: 0.5, cpuTime: 2000 })`. The command and all that it starts
   * are in cgroups of their own, of version 2 or 1, which the supervisor makes and removes; the set-up is not charged to them. `limits({})` limits nothing, and
   * makes `usage` exact, and `stats()` and `pause()` possible. Default: none, and no cgroup is made. OCI `linux.resources`, cgroups(7)
   *
   * @throws TypeError or RangeError naming the limit; at the start a {@link CarrelError} with code `ERR_CGROUP_UNAVAILABLE` where one cannot be enforced here, with what
   *   is missing and what would help.
   */
  limits(limits: LimitsInput | undefined): Container {
    return this.#with({ limits });
  }

  /** Whether programs inside are kept from gaining privileges by set-user-id bits. Default: `true`. PR_SET_NO_NEW_PRIVS in prctl(2). */
  noNewPrivileges(enabled = true): Container {
    return this.#with({ noNewPrivileges: enabled });
  }

  /**
   * Limits resources of the command and of each process that comes of it: `rlimits({ nofile: 1024, core: 0, cpu: { soft: 10, hard: 20 } })`. Names are those of
   * getrlimit(2), with or without `RLIMIT_`; one number is both limits; `'unlimited'` is none; bytes may be a text such as `'64m'`, `cpu` is in seconds. A command's own `rlimits` go before
   * these, name by name. Default: the caller's limits. `nproc` counts all processes of the user on the machine, so an ordinary user's others too; `as` is too little for many run-times
   * long before their memory is. To raise a hard limit takes CAP_SYS_RESOURCE on the host, and is a {@link StepError} without it. OCI `process.rlimits`, getrlimit(2)
   *
   * @throws TypeError or RangeError naming the limit.
   */
  rlimits(limits: ResourceLimitsInput | undefined): Container {
    return this.#with({ rlimits: limits });
  }

  /**
   * Settings of the kernel that a namespace has for itself: `sysctl({ 'net.ipv4.ip_unprivileged_port_start': 0 })`. Keys are `net.*` with a new `network` namespace, `kernel.shm*`,
   * `kernel.msg*`, `kernel.sem*` and `fs.mqueue.*` with a new `ipc`, `kernel.domainname` with a new `uts`; with `/` for `.` where a name has a dot. Programs inside cannot change
   * them. Those of `ipc` can be set with a new user namespace since Linux 6.9. Default: the kernel's. OCI `linux.sysctl`, sysctl(8)
   *
   * @throws TypeError where a key is none of these, or its namespace is not new; one that the kernel refuses is a {@link StepError}.
   */
  sysctl(settings: Readonly<Record<string, string | number>> | undefined): Container {
    return this.#with({ sysctl: settings });
  }

  /** The file mode creation mask of the command, 0 to 0o777. Default: 0o022, whatever the caller's is. OCI `process.user.umask`, umask(2) */
  umask(mask: number | undefined): Container {
    return this.#with({ umask: mask });
  }

  /**
   * The nice value of all of the container's processes: −20, favoured most, to 19. Default: the caller's. To go below the caller's takes CAP_SYS_NICE on the
   * host, or RLIMIT_NICE, and is a {@link StepError} without. nice(2), setpriority(2)
   */
  nice(nice: number | undefined): Container {
    return this.#with({ nice });
  }

  /**
   * How soon the kernel kills the container's processes where memory is short: −1000, never, to 1000, first. Default: the caller's. To go below the caller's
   * takes CAP_SYS_RESOURCE on the host, and is a {@link StepError} without. OCI `process.oomScoreAdj`, proc(5)
   */
  oomScoreAdj(adjustment: number | undefined): Container {
    return this.#with({ oomScoreAdj: adjustment });
  }

  /**
   * The CPUs that the container's processes run on: `[0, 2]`, or `'0-3,8'`. Programs inside can change it for themselves, within what a cpuset allows: it is no limit.
   * Default: the caller's. One that is not there is a {@link StepError}. OCI `process.execCPUAffinity`, sched_setaffinity(2)
   */
  cpuAffinity(cpus: readonly number[] | string | undefined): Container {
    return this.#with({ cpuAffinity: cpus });
  }

  /**
   * Whether a tiny init of carrel's is PID 1, which reaps orphans and forwards signals. With `false` the command itself is PID 1, as in
   * Docker; it then ignores signals that it has no handler for. Without a new pid namespace there is none. Default: `true`.
   */
  init(enabled = true): Container {
    return this.#with({ init: enabled });
  }

  /**
   * Adds a step of your own to the plan, made by a constructor of `carrel/steps`: right before the first step of the kind `before`. By default that is
   * `pivotRoot`, when all mounts are made, paths of the host can still be opened, and every right is at hand. Slots are numbered from 0
   * among the steps that you add. It is performed with the rights of the container's set-up, and shows in `explain()`.
   *
   * @throws TypeError or RangeError naming the step's field; at the start, where the plan has no step of the kind `before`.
   */
  step(step: ContainerStep, options: { readonly before?: Op } = {}): Container {
    knownOptions('step()', options, ['before']);
    const { before = 'pivotRoot' } = options;
    return this.#with({ steps: [...this.#definition.steps, { step, before }] });
  }

  /**
   * Adds a function that is called when the container's namespaces are there and its ids are mapped, before anything is mounted in it. The container
   * waits until it, or the promise that it returns, is done: for a network interface that is moved into `namespaces.network.path`, for a
   * cgroup that `pid` is put into. Hooks run one after the other. One that fails ends the container, and is the `cause` of the `error`. `timeout`
   * goes on meanwhile. A hook belongs to the `Container`, not to its definition: `toJSON()` does not have it. Default: none.
   *
   * @throws TypeError unless it is a function.
   */
  hook(hook: Hook): Container {
    if (typeof hook !== 'function') throw invalidType('hook', 'a function', hook);
    const next = this.#with({});
    next.#hooks = [...this.#hooks, hook];
    return next;
  }

  /**
   * Starts a command, like `child_process.spawn`; it returns at once. What goes wrong afterwards is an `error` event.
   *
   * @param file A path in the container, or a name that is searched for in its PATH.
   * @throws TypeError or RangeError naming the argument; {@link CarrelError} where this host cannot do what the definition asks for, with `ERR_UNSUPPORTED` where carrel cannot work at all; the reason
   * of a `signal` that is aborted already. Then nothing was started.
   */
  spawn(file: string, args: readonly string[] = [], options: SpawnOptions = {}): ContainerProcess {
    return spawn(this.#definition, this.#hooks, { file, args, options });
  }

  /**
   * Runs a command to its end and collects its output. A non-zero exit code, a time-out, a signal are results; what keeps the
   * command from starting rejects, wrong arguments included, and so does an end other than exit code 0 with `check: true`.
   *
   * @throws What `spawn` throws; {@link StepError} where the kernel refused a step; {@link ExitError} with `check: true`.
   */
  run(
    file: string,
    args?: readonly string[],
    options?: RunOptions & { readonly encoding?: 'utf8' | undefined },
  ): Promise<RunResult>;
  run(
    file: string,
    args: readonly string[],
    options: RunOptions & { readonly encoding: 'buffer' },
  ): Promise<RunResult<Buffer>>;
  run(file: string, args?: readonly string[], options?: RunOptions): Promise<RunResult<string | Buffer>>;
  async run(file: string, args: readonly string[] = [], options: RunOptions = {}): Promise<RunResult<string | Buffer>> {
    return run(this.#definition, this.#hooks, { file, args, options });
  }

  /**
   * The plan that `spawn` would perform, as a value. Nothing is started; the machine is only asked.
   *
   * @param file Default: `sh`.
   * @throws What `spawn` throws.
   */
  plan(file = 'sh', args: readonly string[] = [], options: SpawnOptions = {}): Plan {
    return planOf(this.#definition, this.#hooks, { file, args, options });
  }

  /** The same plan as a text: what the host does on the left, what the container does on the right. Throws as `plan()`. */
  explain(file = 'sh', args: readonly string[] = [], options: SpawnOptions = {}): string {
    return explain(this.plan(file, args, options));
  }

  /** The definition, complete and plain; `new Container(definition)` makes an equal one. */
  toJSON(): ContainerDefinition {
    return this.#definition;
  }

  [inspect.custom](): string {
    return `Container ${inspect(this.#definition, { depth: 4 })}`;
  }
}
