/** The builder: an immutable value over a plain definition. A setter gives a new one, and leaves the machine alone. */

import { inspect } from 'node:util';
import { type Addition, type Additive, add, sum } from './definition/additions.js';
import { callOf, givenCall } from './definition/call.js';
import type { CapabilityChoice } from './definition/capabilities.js';
import { knownOptions } from './definition/checks.js';
import { type ContainerDefinition, type DefinitionInput, define } from './definition/definition.js';
import { checkHosts } from './definition/hosts.js';
import type { IdMap } from './definition/idmap.js';
import type { ProcChoice } from './definition/kernel-files.js';
import type { LandlockInput } from './definition/landlock.js';
import type { LimitsInput } from './definition/limits.js';
import type { Mount } from './definition/mounts.js';
import type { NamespaceEntry, TimeOffsetsInput } from './definition/namespaces.js';
import type { NetworkInput } from './definition/network.js';
import type { Overlay } from './definition/overlay.js';
import { checkPublishCall, type PublishOptions } from './definition/publish.js';
import type { ResourceLimitsInput } from './definition/rlimits.js';
import { type SeccompInput, type SeccompOptions, withOptions } from './definition/seccomp.js';
import type { UserInput } from './definition/user.js';
import { givenWords } from './definition/words.js';
import { invalidType } from './errors/errors.js';
import type { Plan } from './plan/plan.js';
import type { ContainerStep, Op } from './plan/steps.js';
import type { SpawnOptions } from './running/command.js';
import { explain, planOf, pool, run, spawn, start } from './running/engine.js';
import type { Hook } from './running/hooks.js';
import type { PoolOptions } from './running/pool/options.js';
import type { Pool } from './running/pool/pool.js';
import type { ContainerProcess } from './running/process.js';
import type { Bytes, RunOptions, RunResult, Texts } from './running/run.js';
import type { RunningContainer } from './running/running-container.js';
import type { StartOptions } from './running/start.js';

/** Said here: the other way round, imports would go in a circle. */
declare module './running/started-from.js' {
  interface StartedFrom {
    /** What it was started from, to start another one like it. */
    readonly container: Container;
  }
}

/**
 * What a container is. It is immutable: every method returns a new `Container`, so one can be kept and varied.
 *
 * Without any call it is the secure default. It has the host's programs and none of its data. Every namespace is new,
 * and root inside is nobody on the host. It has Podman's default capabilities, no new privileges, loopback only, and a
 * private /dev, /proc and /tmp. Nothing of the caller's environment or descriptors enters it. Each weakening takes an
 * explicit call.
 *
 * ```ts
 * const box = new Container().rootfs('/srv/busybox').hostname('box');
 * const { stdout } = await box.run('ls', ['-la', '/']);
 * ```
 *
 * A setter replaces what was set before, and `undefined` takes it back; `mount`, `mask`, `env`, `hosts`, `publish`,
 * `step` and `hook` add to it. A wrong argument throws at the call that got it, and so does one that contradicts the
 * rest of the definition: a TypeError or RangeError with Node's codes.
 */
export class Container {
  #definition: ContainerDefinition;
  /** What calls have added since, until somebody reads it. */
  #added: Addition | undefined;
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
    next.#definition = define(this.toJSON(), changes);
    next.#hooks = this.#hooks;
    return next;
  }

  #add<Part extends Additive>(part: Part, value: NonNullable<DefinitionInput[Part]>): Container {
    const next = new Container();
    next.#definition = this.#definition;
    next.#added = add(this.#definition, this.#added, part, value);
    next.#hooks = this.#hooks;
    return next;
  }

  /**
   * Makes a directory the container's `/`. Only what runs in the container changes it, and nothing does after
   * `readonly()`. Where it lacks `/proc`, `/dev` or `/tmp`, carrel makes them in a layer in memory, as {@link bind}
   * says. Started by root, its owners are mapped: files of root on disk are root's inside. Default: the host's programs
   * and none of its data, in memory.
   *
   * @param directory A path on the host, or directories laid over each other by {@link overlay}; `undefined` takes it
   *   back. One that does not exist, or cannot be idmapped, is a {@link StepError} at the start.
   * @see pivot_root(2), mount_setattr(2); idmapped mounts need Linux 5.12 and a file system that has them.
   */
  rootfs(directory: string | URL | Overlay | undefined): Container {
    return this.#with({ rootfs: directory });
  }

  /**
   * Makes `/` read-only. /tmp, /dev/shm and mounts of your own stay writable. Default: `false`. OCI `root.readonly`.
   */
  readonly(readonly = true): Container {
    return this.#with({ readonly });
  }

  /**
   * Adds mounts, made by {@link bind}, {@link tmpfs}, {@link file}, {@link symlink} and {@link directory}. carrel makes
   * them after its own, in the order of the calls. A later one covers an earlier one on the same place, and all that an
   * earlier one has put below its target. OCI `mounts`.
   */
  mount(...mounts: readonly Mount[]): Container {
    return this.#add('mounts', mounts);
  }

  /**
   * Hides paths of the container: a directory looks empty, a file is /dev/null. Links are followed, inside. A path that
   * does not exist stays as it is. Masks come after all mounts. The kernel's own secrets are always hidden. Default:
   * none. OCI `linux.maskedPaths`.
   *
   * @throws TypeError naming the path.
   */
  mask(...paths: readonly string[]): Container {
    return this.#add('mask', paths);
  }

  /**
   * Chooses the container's /proc. proc(5), mount_namespaces(7)
   *
   * - `'new'`: one of its own, of its pid namespace.
   * - `'bind'`: the caller's. It shows the caller's processes; a program inside can act on none of them.
   * - `'none'`: no /proc. A program that needs one fails.
   * - `'auto'`, the default: `'new'`, or `'bind'` where there is no pid namespace of one's own, or the kernel refuses a
   *   new one. It refuses one where the /proc around is partly hidden, as in Docker and Kubernetes. The plan says so.
   *
   * @throws TypeError at the start, where `'new'` would be refused.
   */
  proc(choice: ProcChoice | undefined): Container {
    return this.#with({ proc: choice });
  }

  /**
   * Sets which namespaces are new: any of `user`, `mount`, `pid`, `network`, `ipc`, `uts`, `cgroup`, `time`. What is
   * left out is shared with the host: that weakens the container. An empty list means none. Default: all but `time`.
   * OCI `linux.namespaces`, namespaces(7).
   *
   * `{ network: '/proc/123/ns/net' }` joins one that exists. `{ network: child, ipc: child }` joins those of a
   * {@link ContainerProcess} that runs. New namespaces belong to a joined user namespace. A joined mount namespace
   * leaves no root file system and no mounts of one's own. To join takes CAP_SYS_ADMIN over each namespace. The user
   * who made a user namespace has it over that, and over all that belongs to it.
   *
   * A command that joins a pid namespace ends with all that it has started, and the others there go on. For that it has
   * a cgroup namespace of its own in any case, and a seccomp filter that allows every call: a program that wants a
   * filter with a listener gets EBUSY. `limits()` does without both. With CAP_SYS_ADMIN a process can hide from its
   * end by another cgroup namespace; then `degraded` of the result says that processes may be left.
   *
   * @throws TypeError naming the entry; one that cannot be joined is a {@link StepError} at the start. setns(2)
   */
  namespaces(entries: readonly NamespaceEntry[] | undefined): Container {
    return this.#with({ namespaces: entries });
  }

  /**
   * Shifts clocks inside: with `timeOffsets({ boottime: 86_400_000 })` the machine seems up for a day longer. An offset
   * is in milliseconds, or `{ secs, nanosecs }`. A negative one may not go back beyond 0. Needs `time` among the
   * namespaces. Default: none. OCI `linux.timeOffsets`, time_namespaces(7), Linux 5.6.
   *
   * @throws TypeError or RangeError naming the clock.
   */
  timeOffsets(offsets: TimeOffsetsInput | undefined): Container {
    return this.#with({ timeOffsets: offsets });
  }

  /**
   * Sets how ids inside relate to ids of the host. Needs `user` among the namespaces, new. user_namespaces(7)
   *
   * - `'auto'`, the default. Started by root, each container has a range of its own: 65,536 ids that nobody on the host
   *   has. Started by an ordinary user it has one id, which is the caller.
   * - `'subuid'`, for ordinary users. Root inside is the caller; ids from 1 on are those that /etc/subuid and
   *   /etc/subgid give the caller. The host's set-user-id programs newuidmap and newgidmap write them. Files of the
   *   root filesystem and of binds keep their owners: the caller's are root's inside, those of the ranges have users
   *   inside, all others are nobody's.
   * - `{ uid: 1000, gid: 1000 }`: the command is this one user of the host, and no other id exists. Root can name any
   *   user, an ordinary user only himself. Files keep their owners.
   * - `{ uid: [{ containerID, hostID, size }], gid: […] }`, OCI `linux.uidMappings` and `gidMappings`: ranges, 340 at
   *   most. Started by root, owners of files are mapped as with `'auto'`: uid 0 on disk is uid 0 inside. newuidmap and
   *   newgidmap write those of an ordinary user. They must be in /etc/subuid and /etc/subgid, or be the user's own id.
   *
   * @throws TypeError or RangeError naming the field; at the start {@link CarrelError} with `ERR_SUBORDINATE_IDS` where
   *   a helper or the ids are missing, and a {@link StepError} with what the helper says where it refuses.
   *   newuidmap(1), subuid(5)
   */
  idmap(idmap: IdMap | undefined): Container {
    return this.#with({ idmap });
  }

  /**
   * Sets the host name inside: 1 to 64 letters, digits, `-` and `.`. Default: `carrel`. /etc/hosts leads it to
   * 127.0.0.1. A root filesystem's own file keeps its lines, in a read-only one in memory over it. Where a writable
   * directory has none, none is made, and the plan says so. sethostname(2), hosts(5)
   */
  hostname(name: string | undefined): Container {
    return this.#with({ hostname: name });
  }

  /**
   * Sets the NIS domain name inside, written as `hostname` is. Default: none, which the kernel calls `(none)`. OCI
   * `domainname`, setdomainname(2)
   *
   * @throws TypeError also without `uts` among the namespaces.
   */
  domainname(name: string | undefined): Container {
    return this.#with({ domainname: name });
  }

  /**
   * Adds a port of the container that the host forwards to, from the start to the end. TCP only. `address(port)` of the
   * {@link RunningContainer} tells where: `publish(5432)`. It takes `start()`; `run()` and `spawn()` throw. Default:
   * none. `docker run --publish`
   *
   * @throws TypeError or RangeError naming the option; also where the container has the host's network, or the port is
   *   published already.
   */
  publish(port: number, options: PublishOptions = {}): Container {
    return this.#with({ publish: [...this.toJSON().publish, checkPublishCall(port, options)] });
  }

  /**
   * Adds names to /etc/hosts inside: `hosts({ db: '127.0.0.1', cache: '::1' })`. They are read before any name server
   * is asked, and what the file says of the same names does not count. Upper and lower case are the same. A root
   * filesystem's own file keeps its other lines, in a read-only one in memory over it; where it has none, its /etc is
   * read-only inside, as {@link file} says. Default: none. `docker run --add-host`, hosts(5)
   *
   * @throws TypeError or RangeError naming the entry; also without `mount` among the namespaces, or with a mount over
   *   /etc/hosts. At the start, where the root filesystem's /etc/hosts is no text of up to 64 KiB.
   */
  hosts(entries: Readonly<Record<string, string>>): Container {
    return this.#with({ hosts: { ...this.toJSON().hosts, ...checkHosts(entries) } });
  }

  /**
   * Chooses the network: a word for `network` among the `namespaces`, or not among them. Default: as `namespaces` says,
   * and with their default `'none'`.
   *
   * - `'none'`: a loopback interface of its own, which is up, and no other.
   * - `'host'`: the host's, with its name resolution. It has the host's abstract unix sockets too, which some services
   *   of the host trust (CVE-2020-15257).
   * - `{ allow: ['api.example.org:443', '*.example.com:443', '203.0.113.0/24:443'] }`: by TCP what is listed, and
   *   nothing else. {@link EgressList} says what that means.
   * - `'outbound'`: a way out for everything that the host reaches, but its loopback. It takes the package passt or
   *   slirp4netns, and neither `CAP_NET_RAW` nor `CAP_NET_ADMIN`. docs/networks.md says more.
   * - A container that runs: its network, whose ports they share, and which lasts as long as one of them. Settings of
   *   the network are the other's. As root the container has a user namespace of its own, and no rights over the
   *   network. An ordinary user's is in the other's user namespace: it has its ids, no `idmap`, and no `CAP_SYS_ADMIN`.
   *   `docker run --network container:NAME`
   *
   * @throws TypeError where `namespaces` says otherwise; {@link CarrelError} with `ERR_ENDED`, here and at the start,
   *   where the other has ended; with `ERR_OUTBOUND` at the start, without these packages.
   */
  network(network: NetworkInput | undefined): Container {
    return this.#with({ network });
  }

  /**
   * Sets what `run()` and `spawn()` start where a call names no file, behind the {@link entrypoint}:
   * `command('npm', 'test')`. A file that is given to the call replaces both. Default: none, and such a call throws.
   * OCI `config.Cmd`, Docker's CMD.
   *
   * @throws TypeError naming the word.
   */
  command(...words: readonly string[] | readonly [undefined]): Container {
    return this.#with({ command: givenWords(words) });
  }

  /**
   * Sets the words that stand before {@link command}: `entrypoint('nice', '-n', '5')`. `entrypoint()` is none. It
   * leaves the command as it is. Default: none. OCI `config.Entrypoint`, Docker's ENTRYPOINT.
   *
   * @throws TypeError naming the word.
   */
  entrypoint(...words: readonly string[] | readonly [undefined]): Container {
    return this.#with({ entrypoint: givenWords(words) });
  }

  /**
   * Adds environment variables. Nothing of the caller's environment is passed on. PATH and HOME have defaults of their
   * own, and so has TERM with a terminal. OCI `process.env`.
   */
  env(variables: Readonly<Record<string, string>>): Container {
    return this.#add('env', variables);
  }

  /**
   * Sets the working directory inside, absolute. Default: `/`. One that does not exist is an error at the start. OCI
   * `process.cwd`.
   */
  cwd(directory: string | undefined): Container {
    return this.#with({ cwd: directory });
  }

  /**
   * Sets who the command is inside: a number, `'uid:gid'`, a name, `'name:group'`, or `{ uid, gid, additionalGids }`.
   * Default: 0. OCI `process.user`, passwd(5)
   *
   * With a number the group defaults to the same number, and there are no supplementary groups. carrel looks a name up
   * in the container's own /etc/passwd. The name brings its group, HOME, and those groups of /etc/group that list it; a
   * group that is given replaces all of these groups. An ordinary user's container has one group, unless `idmap` gives
   * it more. A user other than root holds no capabilities.
   *
   * @throws TypeError or RangeError at once; {@link CarrelError} at the start: `ERR_UNKNOWN_GROUP`, and
   *   `ERR_UNKNOWN_USER`, also where nobody can tell who it will be: a mount covers /etc/passwd, a process holds a
   *   lease on it, or it is on FUSE.
   */
  user(user: UserInput | undefined): Container {
    return this.#with({ user });
  }

  /**
   * Sets the capabilities of root inside, by their names in capabilities(7). OCI `process.capabilities`.
   *
   * It takes a whole list, or `{ add, drop }` to Podman's default list; an empty list means none. Inheritable and
   * ambient ones are empty then (CVE-2022-29162). Or it takes all five sets, for any user:
   * `{ bounding, effective, permitted, inheritable, ambient }`; those that are left out are empty. They count for the
   * container's own namespaces only, unless `user` is not among them.
   *
   * `CAP_SYS_ADMIN` lets programs inside mount, and make containers. It moves nothing that carrel has mounted: neither
   * `readonly` binds nor masks, since these belong to a user namespace around the container's own. Both must be new for
   * that, `user` and `mount`.
   *
   * @throws TypeError naming what is unknown, or in one set and not in the one that it must be in.
   */
  capabilities(choice: CapabilityChoice | undefined): Container {
    return this.#with({ capabilities: choice });
  }

  /**
   * Limits what the container may use, and measures what it does use:
   * `limits({ memory: '64m', pids: 32, cpus: 0.5, cpuTime: 2000 })`. The command and all that it starts are in cgroups
   * of their own, of version 2 or 1. The supervisor makes and removes them; they are not charged for the set-up.
   * `limits({})` limits nothing, makes `usage` exact, and `stats()` and `pause()` possible. Default: none, and no
   * cgroup is made. OCI `linux.resources`, cgroups(7)
   *
   * @throws TypeError or RangeError naming the limit; at the start a {@link CarrelError} with code
   *   `ERR_CGROUP_UNAVAILABLE` where one cannot be enforced here. It says what is missing and what would help.
   */
  limits(limits: LimitsInput | undefined): Container {
    return this.#with({ limits });
  }

  /**
   * Keeps programs inside from gaining privileges by set-user-id bits. Default: `true`. PR_SET_NO_NEW_PRIVS in
   * prctl(2).
   */
  noNewPrivileges(enabled = true): Container {
    return this.#with({ noNewPrivileges: enabled });
  }

  /**
   * Sets which system calls programs inside can make. OCI `linux.seccomp`, seccomp(2)
   *
   * - `'default'`: about as Docker's. What it does not name does not exist inside: ENOSYS. Known dangers are EPERM:
   *   keyrings, io_uring, bpf, and without CAP_SYS_ADMIN mounts and new namespaces. Sockets are of four families: Unix,
   *   netlink, IPv4 and IPv6.
   * - `'unconfined'`: no filter.
   * - A profile as OCI and Docker have it in JSON: `seccomp(JSON.parse(text))`. Of several rules that fit a call, the
   *   strictest counts. Profiles with `SCMP_ACT_NOTIFY` are refused. What carrel itself does behind the filter has to
   *   get through it, execve(2) above all.
   *
   * With each profile, calls of another architecture kill the process (SIGSYS), and those of x32 are ENOSYS. A filter
   * cannot be taken off. Default: `'default'`.
   *
   * With `report`, what the profile refuses is told: as `violation` events, and as `violations` of the result. That
   * says why a program fails. It changes no answer: each call still gets the profile's own. A refused call takes 30 to
   * 180 µs instead of less than one, an allowed one as long as before, a start about 1 ms longer. What is told is what
   * a program has in its memory when it is asked, and may change: build no protection on it. Not told are clone3 where
   * it is ENOSYS, which libraries try first at each new thread, sendmsg, and calls that end the process. A program
   * inside that wants a listener gets EBUSY. So does a container inside that is to report: it is refused.
   * seccomp_unotify(2)
   *
   * @param options.report Default: `false`.
   * @throws TypeError or RangeError naming the place in the profile. At the start a TypeError, where a rule that
   *   refuses calls names one that carrel does not know, or where carrel's own calls are refused.
   */
  seccomp(profile: SeccompInput | undefined, options?: SeccompOptions): Container {
    return this.#with({ seccomp: options === undefined ? profile : withOptions(profile, options) });
  }

  /**
   * Restricts programs inside by Landlock, beside all else: `landlock({ read: '/', execute: '/usr', write: '/tmp' })`.
   * It needs no namespace and no rights: with `namespaces([])` it is a policy of files for a command on the host.
   *
   * - With `read`, `write` or `execute`, what no list names is closed: files, directories, programs. Paths are resolved
   *   when the command starts, as the command's user, and a rule follows the file. A program that is refused gets
   *   EACCES. Metadata stays open: stat, chmod, chown, chdir, extended attributes. Mounts are refused, with every
   *   capability.
   * - With `connectTcp` or `bindTcp`, other TCP ports are closed; UDP and unix sockets are not. Multipath TCP, SMC, TCP
   *   Fast Open and io_uring are refused too, as an old kernel would: Landlock does not see them.
   * - With `scope`, signals, or connections to abstract unix sockets, reach no process outside: none that the command
   *   has not started.
   *
   * What is left out is not restricted. Descriptors that the command gets stay as they are. Each program that it starts
   * is restricted as well. Programs cannot trace, nor look into, processes outside. Default: no restrictions.
   *
   * @throws TypeError or RangeError naming the part; at the start a {@link CarrelError} with code
   *   `ERR_LANDLOCK_UNAVAILABLE` where this kernel cannot refuse what is asked for, and a {@link StepError} for a path
   *   that does not exist. landlock(7), Linux 6.2 for files
   */
  landlock(landlock: LandlockInput | undefined): Container {
    return this.#with({ landlock });
  }

  /**
   * Has the command run under an AppArmor profile of the host: `apparmor('my-profile')`. It holds from the exec on,
   * beside all else, for the command and for all that comes of it. What it says of files is said of paths in the
   * container. Default: none is asked for; the command then gets what the host's policy says. OCI
   * `process.apparmorProfile`
   *
   * Root has to load a profile first: apparmor_parser(8). `'&my-profile'` stacks it on the caller's own. Where the
   * caller is under a profile itself, that one has to allow the change; and with {@link noNewPrivileges} the kernel
   * takes a stacked one only.
   *
   * @throws At the start a {@link CarrelError} with code `ERR_LABEL_UNAVAILABLE` where the host has no AppArmor, and a
   *   {@link StepError} for a profile that is not loaded. apparmor(7)
   */
  apparmor(profile: string | undefined): Container {
    return this.#with({ apparmor: profile });
  }

  /**
   * Has the command run in an SELinux context of the host: `selinux('system_u:system_r:container_t:s0:c1,c2')`.
   * It holds from the exec on, beside all else. Default: none is asked for; the command then gets what the host's
   * policy says. OCI `process.selinuxLabel`
   *
   * The policy has to let the caller's domain set such a context (`setexec`), and go over to it; with
   * {@link noNewPrivileges} that is `nnp_transition` too. Files get no labels.
   *
   * @throws At the start a {@link CarrelError} with code `ERR_LABEL_UNAVAILABLE` where the host has no SELinux, and a
   *   {@link StepError} for a context that the policy does not have or allow. setexeccon(3)
   */
  selinux(label: string | undefined): Container {
    return this.#with({ selinux: label });
  }

  /**
   * Limits resources of the command, and of each process that comes of it:
   * `rlimits({ nofile: 1024, core: 0, cpu: { soft: 10, hard: 20 } })`. Names are those of getrlimit(2), with or without
   * `RLIMIT_`. One number is both limits; `'unlimited'` is none. Bytes may be a text such as `'64m'`; `cpu` is in
   * seconds. Each limit of the command's own `rlimits` overrides the container's limit of the same name. Default: the
   * caller's limits. Where the container is the caller's own user, `nofile` is three quarters of the caller's: so the
   * container cannot use up what that user may have under way in sockets. OCI `process.rlimits`, getrlimit(2)
   *
   * `nproc` counts all processes of the user on the machine: those of an ordinary user outside the container too. Many
   * run-times reach `as` long before they use that much memory. To raise a hard limit takes CAP_SYS_RESOURCE on the
   * host. Without it, that is a {@link StepError}. Where the machine's core pattern names a program, `core: 0` does not
   * keep it from a process that crashes; `core: 1` does, unless the process makes it 0. core(5)
   *
   * @throws TypeError or RangeError naming the limit.
   */
  rlimits(limits: ResourceLimitsInput | undefined): Container {
    return this.#with({ rlimits: limits });
  }

  /**
   * Sets what a namespace has for itself in the kernel: `sysctl({ 'net.ipv4.ip_unprivileged_port_start': 0 })`.
   * Programs inside cannot change it. Default: the kernel's. OCI `linux.sysctl`, sysctl(8)
   *
   * Keys are `net.*` with a new `network` namespace; `kernel.shm*`, `kernel.msg*`, `kernel.sem*` and `fs.mqueue.*` with
   * a new `ipc`; `kernel.domainname` with a new `uts`. Write `/` for `.` where a name has a dot. With a new user
   * namespace, those of `ipc` need Linux 6.9.
   *
   * @throws TypeError where a key is none of these, or its namespace is not new; one that the kernel refuses is a
   *   {@link StepError}.
   */
  sysctl(settings: Readonly<Record<string, string | number>> | undefined): Container {
    return this.#with({ sysctl: settings });
  }

  /**
   * Sets the file mode creation mask of the command, 0 to 0o777. Default: 0o022, not the caller's. OCI
   * `process.user.umask`, umask(2)
   */
  umask(mask: number | undefined): Container {
    return this.#with({ umask: mask });
  }

  /**
   * Sets the nice value of all of the container's processes: −20, favoured most, to 19. Default: the caller's. To go
   * below the caller's takes CAP_SYS_NICE on the host, or RLIMIT_NICE. Without either, that is a {@link StepError}.
   * nice(2), setpriority(2)
   */
  nice(nice: number | undefined): Container {
    return this.#with({ nice });
  }

  /**
   * Sets how soon the kernel kills the container's processes where memory is short: −1000, never, to 1000, first.
   * Default: the caller's. To go below the caller's takes CAP_SYS_RESOURCE on the host. Without it, that is a
   * {@link StepError}. OCI `process.oomScoreAdj`, proc(5)
   */
  oomScoreAdj(adjustment: number | undefined): Container {
    return this.#with({ oomScoreAdj: adjustment });
  }

  /**
   * Sets the CPUs that the container's processes run on: `[0, 2]`, or `'0-3,8'`. It is no limit: programs inside can
   * change it for themselves, within what a cpuset allows. Default: the caller's. A CPU that is not there is a
   * {@link StepError}. OCI `process.execCPUAffinity`, sched_setaffinity(2)
   */
  cpuAffinity(cpus: readonly number[] | string | undefined): Container {
    return this.#with({ cpuAffinity: cpus });
  }

  /**
   * Sets whether a tiny init of carrel's is PID 1; it reaps orphans and forwards signals. With `false` the command
   * itself is PID 1, as in Docker. It then ignores signals that it has no handler for. Without a new pid namespace
   * there is no init. Default: `true`.
   */
  init(enabled = true): Container {
    return this.#with({ init: enabled });
  }

  /**
   * Adds a step of your own to the plan, made by a constructor of `carrel/steps`: right before the first step of the
   * kind `before`. The default is `pivotRoot`. All mounts are made then, paths of the host can still be opened, and
   * every right is at hand. Slots are numbered from 0 among the steps that you add. The step has the rights of the
   * container's set-up, and shows in `explain()`.
   *
   * @throws TypeError or RangeError naming the step's field; at the start, where the plan has no step of the kind
   *   `before`.
   */
  step(step: ContainerStep, options: { readonly before?: Op } = {}): Container {
    knownOptions('step()', options, ['before']);
    const { before = 'pivotRoot' } = options;
    return this.#add('steps', [{ step, before }]);
  }

  /**
   * Adds a function that carrel calls when the container's namespaces are there and its ids are mapped, before any
   * mount. The container waits until the function is done, and the promise that it returns. It can move a network
   * interface into `namespaces.network.path`, or put `pid` into a cgroup. Hooks run one after the other, while
   * `timeout` goes on. One that fails ends the container, and is the `cause` of the `error`. A hook belongs to the
   * `Container`, not to its definition: `toJSON()` does not have it. Default: none.
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
   * Starts a command, like `child_process.spawn`, and returns at once. What goes wrong afterwards is an `error` event.
   *
   * @param file A path in the container, or a name that is searched for in its PATH. Without it the container's
   *   {@link entrypoint} and {@link command} are started: `spawn()`, `spawn({ cwd: '/tmp' })`.
   * @param args Its arguments. They may be left out: `spawn('ls', { cwd: '/tmp' })`.
   * @throws TypeError or RangeError naming the argument, and TypeError where there is nothing to start.
   *   {@link CarrelError} where this host cannot do what the definition asks for, with `ERR_UNSUPPORTED` where carrel
   *   cannot work at all. The reason of a `signal` that is aborted already. Then nothing was started.
   */
  spawn(file: string, args?: readonly string[] | SpawnOptions | null, options?: SpawnOptions): ContainerProcess;
  spawn(options?: SpawnOptions): ContainerProcess;
  spawn(
    file?: string | SpawnOptions,
    args?: readonly string[] | SpawnOptions | null,
    options?: SpawnOptions,
  ): ContainerProcess {
    const definition = this.toJSON();
    return spawn(definition, { hooks: this.#hooks }, callOf('spawn', definition, file, args, options));
  }

  /**
   * Runs a command to its end and collects its output. A non-zero exit code, a time-out and a signal are results. What
   * keeps the command from starting rejects, wrong arguments included. With `check: true` any end other than exit code
   * 0 rejects too. Without a file it runs what `spawn` starts without one.
   *
   * @throws What `spawn` throws; {@link StepError} where the kernel refused a step; {@link ExitError} with
   *   `check: true`.
   */
  run(file: string, args?: readonly string[] | null, options?: RunOptions & Texts): Promise<RunResult>;
  run(file: string, args: readonly string[] | null, options: RunOptions & Bytes): Promise<RunResult<Buffer>>;
  run(file: string, options: RunOptions & Texts): Promise<RunResult>;
  run(file: string, options: RunOptions & Bytes): Promise<RunResult<Buffer>>;
  run(options: RunOptions & Bytes): Promise<RunResult<Buffer>>;
  run(options?: RunOptions & Texts): Promise<RunResult>;
  run(
    file: string,
    args?: readonly string[] | RunOptions | null,
    options?: RunOptions,
  ): Promise<RunResult<string | Buffer>>;
  async run(
    file?: string | RunOptions,
    args?: readonly string[] | RunOptions | null,
    options?: RunOptions,
  ): Promise<RunResult<string | Buffer>> {
    const definition = this.toJSON();
    return run(definition, { hooks: this.#hooks }, callOf('run', definition, file, args, options));
  }

  /**
   * Starts a container that stays, for commands that enter it later. It resolves when the container is `ready`; without
   * that option, when it runs. With a main command it ends when that ends. Without one PID 1 is carrel's init alone: it
   * ends by `stop()`, `kill()`, disposal, `timeout`, `signal`, a limit, or with Node.
   *
   * @param file The main command, as `spawn` takes it. Default: the container's {@link entrypoint} and {@link command},
   *   or none.
   * @throws What `spawn` throws, as a rejection; {@link ReadyError} where it did not become ready, and the reason of a
   *   `signal` that is aborted. Then nothing of it is left.
   */
  start(file: string, args?: readonly string[] | null, options?: StartOptions): Promise<RunningContainer>;
  start(file: string, options?: StartOptions): Promise<RunningContainer>;
  start(options?: StartOptions): Promise<RunningContainer>;
  async start(
    file?: string | StartOptions,
    args?: readonly string[] | StartOptions | null,
    options?: StartOptions,
  ): Promise<RunningContainer> {
    const call = givenCall('start', file, args, options);
    return start(this.toJSON(), this.#hooks, call, this, (parts) => this.#with(parts));
  }

  /**
   * Keeps containers ready, each for one use, and begins to make them at once. Close it when it is no longer needed, or
   * write `await using`.
   *
   * @throws TypeError or RangeError naming the option; TypeError for a container with `hook()` or `publish()`.
   */
  pool(options: PoolOptions): Pool {
    return pool(this.toJSON(), this.#hooks, options, { container: this, like: (parts) => this.#with(parts) });
  }

  /**
   * Gives the plan that `spawn` would perform, as a value. Nothing is started; the machine is only asked.
   *
   * @param file Default: what `spawn` starts without one, and `sh` where it would throw.
   * @throws What `spawn` throws.
   */
  plan(file?: string, args?: readonly string[] | SpawnOptions | null, options?: SpawnOptions): Plan {
    const definition = this.toJSON();
    return planOf(definition, { hooks: this.#hooks }, callOf('plan', definition, file, args, options, 'sh'));
  }

  /**
   * Gives the same plan as a text: what the host does on the left, what the container does on the right. Throws as
   * `plan()`.
   */
  explain(file?: string, args?: readonly string[] | SpawnOptions | null, options?: SpawnOptions): string {
    return explain(this.plan(file, args, options));
  }

  /** Gives the definition, complete and plain; `new Container(definition)` makes an equal one. */
  toJSON(): ContainerDefinition {
    if (this.#added !== undefined) {
      this.#definition = sum(this.#added);
      this.#added = undefined;
    }
    return this.#definition;
  }

  [inspect.custom](): string {
    return `Container ${inspect(this.toJSON(), { depth: 4 })}`;
  }
}
