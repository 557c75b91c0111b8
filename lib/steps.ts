/**
 * `carrel/steps`: the building blocks. A constructor for every step that a plan can hold; each gives a frozen value, and does nothing.
 * `carrel/plan` composes them, `Container.step()` inserts one.
 *
 * Each says what it needs. *Rights over* a namespace are capabilities in the user namespace that it belongs to: all of them are at hand in a plan that is
 * cloned with a new user namespace, until `setCapabilities`. Steps are performed by the child on its way into the container, those marked *host* by
 * the supervisor: in `before`, in `after`, or among the acts of a `barrier`.
 *
 * @packageDocumentation
 */

import { knownOptions, object } from './definition/checks.js';
import { checkStep } from './definition/steps.js';
import { type Barrier, type Op, STEPS, type StepOf } from './plan/steps.js';

export type { Barrier, HostStep, Op, Step, StepOf } from './plan/steps.js';

/** What a step's constructor takes: its fields, those in `Defaulted` only where they differ from the default. */
export type StepFields<O extends Op, Defaulted extends PropertyKey> = Omit<StepOf<O>, 'op' | 'from' | Defaulted> &
  Partial<Pick<StepOf<O>, Defaulted & keyof StepOf<O>>>;

/**
 * Makes a step.
 *
 * @throws TypeError or RangeError with Node's codes, naming the field.
 */
export type StepConstructor<O extends Op, Defaulted extends PropertyKey = never> =
  Record<never, never> extends StepFields<O, Defaulted>
    ? (fields?: StepFields<O, Defaulted>) => StepOf<O>
    : (fields: StepFields<O, Defaulted>) => StepOf<O>;

// Where the host waits for nobody, and the container for the host.

/**
 * The child waits while the supervisor performs `acts`; with `hook` also until JavaScript of the caller's is done. Needs nothing. Defaults: `acts: []`, `hook: false`.
 */
export const barrier: (fields?: Partial<Pick<Barrier, 'acts' | 'hook'>>) => Barrier = step('barrier', {
  acts: [],
  hook: false,
}) as (fields?: object) => Barrier;

// Ids.

/** *Host.* Writes "deny" to /proc/PID/setgroups: what an ordinary user owes before {@link setGidMap}. Needs a new user namespace. user_namespaces(7), Linux 3.19 */
export const denySetgroups: StepConstructor<'denySetgroups'> = step('denySetgroups');

/**
 * *Host.* Writes /proc/PID/uid_map, once. `ranges` is flat: inside, outside, count, and so on, 340 ranges at most. Needs a new user namespace; more than the caller's own id
 * needs CAP_SETUID in the parent user namespace. user_namespaces(7)
 */
export const setUidMap: StepConstructor<'setUidMap'> = step('setUidMap');

/** *Host.* Writes /proc/PID/gid_map, as {@link setUidMap}; more than the caller's own group needs CAP_SETGID. user_namespaces(7) */
export const setGidMap: StepConstructor<'setGidMap'> = step('setGidMap');

/**
 * *Host.* Has the host's set-user-id program at `path` write /proc/PID/uid_map: the ids that /etc/subuid gives the caller. `ranges` is flat, as for {@link setUidMap}. What it says, and its exit
 * status, are part of the error. Needs a new user namespace; the program must be set-user-id root or have CAP_SETUID. newuidmap(1), subuid(5)
 */
export const newuidmap: StepConstructor<'newuidmap'> = step('newuidmap');

/** *Host.* The same for /proc/PID/gid_map and /etc/subgid. newgidmap(1), subgid(5) */
export const newgidmap: StepConstructor<'newgidmap'> = step('newgidmap');

/** *Host, or container.* Gives the pipe in `slot` an owner, by ids of the host, or of the container. Anything but a pipe is refused. Needs CAP_CHOWN. fchown(2) */
export const fchown: StepConstructor<'fchown'> = step('fchown');

/**
 * *Host.* Shows the tree in `slot`, attached nowhere yet, with its owners mapped by the container's user namespace, or by the one in the slot `namespace`. Needs CAP_SYS_ADMIN
 * over the file system, and one that can be idmapped. mount_setattr(2), Linux 5.12
 */
export const idmap: StepConstructor<'idmap'> = step('idmap');

/** Sets the supplementary groups, 256 at most. Needs CAP_SETGID, and a user namespace that has not denied it. Default: `groups: []`, none. setgroups(2) */
export const setGroups: StepConstructor<'setGroups', 'groups'> = step('setGroups', { groups: [] });

/** Sets real, effective and saved ids. Capabilities stay permitted until {@link setCapabilities}. Needs CAP_SETUID and CAP_SETGID, and ids that exist there. setresuid(2) */
export const setUser: StepConstructor<'setUser'> = step('setUser');

// Cgroups.

/**
 * *Host.* Makes the cgroup `base`/`name` below `parent`, opens it into `slot` and locks it until all is over; {@link removeCgroup} removes it. Without `name` it gets one that nobody else
 * has. Needs the right to write in `parent`. Defaults: `enable: []`, `inherit: []`. cgroups(7)
 */
export const makeCgroup: StepConstructor<'makeCgroup', 'enable' | 'inherit'> = step('makeCgroup', {
  enable: [],
  inherit: [],
});

/** *Host.* Writes `value` to `file` of the cgroup in `slot`. Needs {@link makeCgroup} before it. cgroups(7) */
export const writeCgroup: StepConstructor<'writeCgroup'> = step('writeCgroup');

/** *Host.* Says how all that is in the cgroup in `slot` is frozen and thawed, by `file`: when the container is ended nothing forks meanwhile, and nothing stays frozen. freezer-subsystem.rst */
export const endFrozen: StepConstructor<'endFrozen'> = step('endFrozen');

/**
 * *Host.* Has `oom` told when `oom_kill` in `file` of the cgroup in `slot` grows; with `end` the container is ended then. `control` is the file that cgroup v1 wants an eventfd in. Default: `end: true`.
 * cgroup-v2.rst, "memory.events"
 */
export const watchOom: StepConstructor<'watchOom', 'end'> = step('watchOom', { end: true });

/** *Host.* Puts the process that waits at the {@link barrier} into the cgroups in `slots`. Only in a barrier. Needs the right to write to cgroup.procs there, and in what is above both places. cgroups(7) */
export const enterCgroup: StepConstructor<'enterCgroup'> = step('enterCgroup');

/**
 * *Host.* Ends the container when the number behind `key` in `file` of the cgroup in `slot`, divided by `divisor` to be microseconds, has become `milliseconds`. `cpus`: how many CPUs it can use
 * at a time. Defaults: `key: ''`, the first number; `divisor: 1`. cgroup-v2.rst, "cpu.stat"; cpuacct.rst
 */
export const limitCpuTime: StepConstructor<'limitCpuTime', 'key' | 'divisor'> = step('limitCpuTime', {
  key: '',
  divisor: 1,
});

/** *Host.* Has the sum of the numbers behind `key` in `file` of the cgroup in `slot`, divided by `divisor`, told in the `usage` of the result. In `after`. Defaults: `key: ''`, the first number; `divisor: 1`. cgroups(7) */
export const readCounter: StepConstructor<'readCounter', 'key' | 'divisor'> = step('readCounter', {
  key: '',
  divisor: 1,
});

/** *Host.* Ends what is in the cgroup in `slot`, removes it, and its base where that is empty then. In `after`. Needs {@link makeCgroup} in `before`. cgroups(7) */
export const removeCgroup: StepConstructor<'removeCgroup'> = step('removeCgroup');

// Namespaces.

/** Moves the child into new namespaces; `pid` and `time` count for its children only. Needs CAP_SYS_ADMIN but for `user`. unshare(2) */
export const unshare: StepConstructor<'unshare'> = step('unshare');

/** *Host, or container.* Opens the namespace at `path` of the host into `slot`. It must be of `type`, and have the inode number `inode` unless that is 0, the default. namespaces(7) */
export const openNamespace: StepConstructor<'openNamespace', 'inode'> = step('openNamespace', { inode: 0 });

/** *Host, or container.* Joins the namespace in `slot`. Needs CAP_SYS_ADMIN over it and over one's own user namespace. A pid namespace counts for children only: join it on the host, before the clone. setns(2) */
export const setns: StepConstructor<'setns'> = step('setns');

/** *Host.* Shifts `clock` of the child's new time namespace, which it must have made by {@link unshare} and not be in yet. Needs CAP_SYS_TIME over it. Default: `nanoseconds: 0`. time_namespaces(7), Linux 5.6 */
export const setTimeOffset: StepConstructor<'setTimeOffset', 'nanoseconds'> = step('setTimeOffset', { nanoseconds: 0 });

/** Sets the host name, of up to 64 bytes. Needs CAP_SYS_ADMIN over the uts namespace. sethostname(2) */
export const setHostname: StepConstructor<'setHostname'> = step('setHostname');

/** Sets the NIS domain name, of up to 64 bytes. Needs CAP_SYS_ADMIN over the uts namespace. setdomainname(2) */
export const setDomainname: StepConstructor<'setDomainname'> = step('setDomainname');

/** Brings the network interface `name` up. Needs CAP_NET_ADMIN over the network namespace. netdevice(7) */
export const linkUp: StepConstructor<'linkUp'> = step('linkUp');

/** Writes `value` to /proc/sys/`path`, a key of one of the container's own namespaces: `net/ipv4/ip_forward`. Needs a /proc that is proc, and rights over that namespace. sysctl(8) */
export const sysctl: StepConstructor<'sysctl'> = step('sysctl');

// Mounts. Targets are resolved inside the root that the mounts so far have made, links included, and never lead out of it.

/** Sets how mount events travel at `target` and below: `private` on `/` is what every container begins with. Needs CAP_SYS_ADMIN over the mount namespace. mount_namespaces(7) */
export const propagation: StepConstructor<'propagation'> = step('propagation');

/** *Host, or container.* Copies the mounts at `source`, a path of the host, into `slot`, attached nowhere; with `recursive` those below it too. Needs CAP_SYS_ADMIN over the mount namespace. Default: `recursive: true`. open_tree(2), Linux 5.2 */
export const openTree: StepConstructor<'openTree', 'recursive'> = step('openTree', { recursive: true });

/**
 * Mounts a new file system of `type` on the directory `target`; on `/` it becomes the root for all that follows. `options` are `key` or `key=value`, relative paths in them count from the target; `nofollow` refuses a target behind a link. What later steps
 * need in it is made in it, or, with `own: false`, in a private layer over it. Needs CAP_SYS_ADMIN over the mount namespace, and a type that may be mounted there. Defaults: `options: []`, `attributes: []`, `nofollow: false`, `own: true`. fsopen(2), Linux 5.2
 */
export const mount: StepConstructor<'mount', 'options' | 'attributes' | 'nofollow' | 'own'> = step('mount', {
  options: [],
  attributes: [],
  nofollow: false,
  own: true,
});

/** Does nothing, and says in the plan that `what` is left out of the container, and for which `reason`. Needs nothing. */
export const omit: StepConstructor<'omit'> = step('omit');

/** *Host.* Removes the directory `path` of the host, whatever its permissions, with the files that overlayfs numbers, such as `#1f`: with anything else in it, it stays. For `after`: overlayfs leaves such a one in its work directory. Needs to own it. rmdir(2) */
export const rmdir: StepConstructor<'rmdir'> = step('rmdir');

/**
 * Attaches the tree in `slot`, or a copy of the mount at the host's `source`, with `recursive` of those below it too, at `target`. `create` makes a missing target, where {@link directory}
 * would. Needs CAP_SYS_ADMIN over the mount namespace. Defaults: `attributes: []`, `recursive: true`, `create: false`. move_mount(2), Linux 5.2
 */
export const bind: StepConstructor<'bind', 'attributes' | 'recursive' | 'create'> = step('bind', {
  attributes: [],
  recursive: true,
  create: false,
});

/** Binds the host's character device `source` on a new file `target`, after checking that it is `major`:`minor`. Needs CAP_SYS_ADMIN over the mount namespace. null(4) */
export const device: StepConstructor<'device'> = step('device');

/** Adds `attributes` to the mount at `target`. Needs CAP_SYS_ADMIN over the mount namespace. mount_setattr(2), Linux 5.12 */
export const mountSetattr: StepConstructor<'mountSetattr'> = step('mountSetattr');

/** Hides `target`, where it exists: a directory below an empty one, a file below /dev/null. Needs CAP_SYS_ADMIN over the mount namespace. OCI `linux.maskedPaths` */
export const mask: StepConstructor<'mask'> = step('mask');

/** Makes `target`, where it exists, a read-only mount of itself. Needs CAP_SYS_ADMIN over the mount namespace. OCI `linux.readonlyPaths` */
export const readonlyPath: StepConstructor<'readonlyPath'> = step('readonlyPath');

/**
 * Makes the directory `target`, and its missing parents with mode 0755. One that exists is left as it is. In a file system that the plan did not mount nothing is made: a private layer covers the nearest
 * directory, a tmpfs into which the directory's entries are bound one by one, and takes no other entries from `pivotRoot` on. Default: `mode: 0o755`. mkdirat(2)
 */
export const directory: StepConstructor<'directory', 'mode'> = step('directory', { mode: 0o755 });

/** Makes the file `target` with `content`, where {@link directory} would; over a file that is there, in memory and read-only. Default: `mode: 0o644`. openat(2) */
export const file: StepConstructor<'file', 'mode'> = step('file', { mode: 0o644 });

/** Makes a symbolic link at `target` that says `text`, where {@link directory} would, in place of a file or link that is there. symlinkat(2) */
export const symlink: StepConstructor<'symlink'> = step('symlink');

/** Makes the last mount on `/` the root, and detaches all that was there before. Needs CAP_SYS_ADMIN over the mount namespace. pivot_root(2) */
export const pivotRoot: StepConstructor<'pivotRoot'> = step('pivotRoot');

// The terminal.

/** Opens a new terminal of the container's /dev/pts into `master` and `slot`, and binds it on /dev/console. Needs a devpts there. Defaults: `columns: 80`, `rows: 24`. pty(7) */
export const openTerminal: StepConstructor<'openTerminal', 'columns' | 'rows'> = step('openTerminal', {
  columns: 80,
  rows: 24,
});

/** *Host.* Carries bytes between the terminal's `master` and the caller's `socket`, to the last. Needs {@link openTerminal} before it, in a barrier. pty(7) */
export const relay: StepConstructor<'relay'> = step('relay');

/** Makes the terminal in `slot` the controlling one of the command's session. Needs a session of its own, which {@link init} and the clone give. ioctl_tty(2) */
export const controllingTerminal: StepConstructor<'controllingTerminal'> = step('controllingTerminal');

// The process.

/** Forks: the parent half stays as PID 1, reaps, forwards signals and ends with the command; the child half goes on. Needs a new pid namespace to be PID 1. pid_namespaces(7) */
export const init: StepConstructor<'init'> = step('init');

/**
 * *Host, or container.* Limits `resource`: as an act of a barrier for the child and all that comes of it, as a step of the child for itself. A limit that is left out is none. To raise a
 * hard limit needs CAP_SYS_RESOURCE in the first user namespace, so on the host. prlimit(2)
 */
export const setRlimit: StepConstructor<'setRlimit'> = step('setRlimit');

/** *Host.* Sets the nice value of the child, −20 to 19, in a barrier. To lower it needs CAP_SYS_NICE, or RLIMIT_NICE. setpriority(2) */
export const setPriority: StepConstructor<'setPriority'> = step('setPriority');

/** *Host.* Writes the child's /proc/PID/oom_score_adj, −1000 to 1000, in a barrier. To lower it needs CAP_SYS_RESOURCE. proc(5) */
export const setOomScoreAdj: StepConstructor<'setOomScoreAdj'> = step('setOomScoreAdj');

/** The CPUs that the child may run on. Refused with EINVAL unless it then may run on exactly these, each below 8192. Needs nothing. sched_setaffinity(2) */
export const setAffinity: StepConstructor<'setAffinity'> = step('setAffinity');

/** The file mode creation mask that {@link exec} gives the command. Without this step it is 0o022; until then it is 0. Needs nothing. umask(2) */
export const umask: StepConstructor<'umask'> = step('umask');

/** A session keyring of its own, so that the caller's keys are out of reach. keyctl(2), Linux 2.6.10 */
export const joinSessionKeyring: StepConstructor<'joinSessionKeyring'> = step('joinSessionKeyring');

/** Changes the working directory to `target`, never through /proc's magic links. fchdir(2) */
export const chdir: StepConstructor<'chdir'> = step('chdir');

/** Sets all five sets of capabilities, exactly. Needs CAP_SETPCAP to shrink the bounding set. Defaults: `inheritable: []`, `ambient: []`. capabilities(7) */
export const setCapabilities: StepConstructor<'setCapabilities', 'inheritable' | 'ambient'> = step('setCapabilities', {
  inheritable: [],
  ambient: [],
});

/** No program gains privileges by being executed, from now on. prctl(2) PR_SET_NO_NEW_PRIVS, Linux 3.5 */
export const noNewPrivileges: StepConstructor<'noNewPrivileges'> = step('noNewPrivileges');

/**
 * Executes the first of `paths` that is there; descriptor n is the slot `stdio[n]`, every other one is closed. The last step of every plan that is run. Defaults: `paths` is `args[0]` alone, `env: []`, `stdio: [0, 1, 2]`. execve(2)
 */
export const exec: StepConstructor<'exec', 'paths' | 'env' | 'stdio'> = (fields) => {
  object('exec', fields);
  const defaults = { paths: fields.args?.slice?.(0, 1) ?? [], env: [], stdio: [0, 1, 2] };
  return step<'exec', 'paths' | 'env' | 'stdio'>('exec', defaults)(fields);
};

/** Ends the child itself, with `status`, 0 to 255: no program is executed. A last step, for plans that only try something. Default: `status: 0`. exit_group(2) */
export const exit: StepConstructor<'exit', 'status'> = step('exit', { status: 0 });

function step<O extends Op, Defaulted extends PropertyKey = never>(
  op: O,
  defaults: Partial<StepOf<O>> | Record<never, never> = {},
): StepConstructor<O, Defaulted> {
  const make = (fields: object = {}): StepOf<O> => {
    object(op, fields);
    // Its kind is what was called, and where it comes from is the caller's own affair.
    knownOptions(`${op}()`, fields, Object.keys(STEPS[op].fields));
    const column = STEPS[op].column === 'host' ? 'host' : 'container';
    return checkStep(op, { ...defaults, ...fields, op }, column) as unknown as StepOf<O>;
  };
  return make as StepConstructor<O, Defaulted>;
}
