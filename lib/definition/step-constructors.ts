/** Made by scripts/steps.ts from lib/plan/steps/: the constructor of every step. Do not edit. */

import { type StepConstructor, step } from './steps.js';

// The course of a plan.

/**
 * Holds the child while the supervisor performs `acts` on the host. With `hook` it also holds the child until
 * JavaScript of the caller's is done.
 *
 * Defaults: `acts: []`; `hook: false`. Needs nothing.
 */
export const barrier: StepConstructor<'barrier', 'acts' | 'hook'> = step('barrier');

/**
 * Does nothing. It says in the plan that `what` is left out of the container, and for which `reason`.
 *
 * Needs nothing.
 */
export const omit: StepConstructor<'omit'> = step('omit');

/**
 * Tries `attempts`, one after the other, in a process of its own. One of them must be refused, by an error number in
 * `errnos` unless that is empty. So a plan says what it relies on, and ends where that does not hold. What the attempts
 * change outside of that process stays. They cannot hold a barrier, init, an ending, or this step.
 *
 * Default: `errnos: []`. Needs nothing. Errors: ECANCELED where all were done; else what has refused one, where
 * `errnos` does not list that.
 */
export const assertRefused: StepConstructor<'assertRefused', 'errnos'> = step('assertRefused');

/**
 * Forks. The parent half stays as PID 1: it reaps, forwards signals, and ends with the command. The child half goes on
 * with the plan.
 *
 * Needs a new pid namespace, to be PID 1.
 *
 * Source: pid_namespaces(7).
 */
export const init: StepConstructor<'init'> = step('init');

/**
 * Forks into the pid namespace that the child has joined by {@link setns}, and the child ends. The new process goes on
 * with the plan, as a child of the supervisor. It has the slots of `kept`, the container's root directory, and a socket
 * by which it tells of itself. So those who are there already see nothing in it that the command has not. No step
 * behind it can name another slot, or be performed on the host.
 *
 * Needs a filter that lets it fork. Errors: EAGAIN where the user has as many processes as it may.
 *
 * Source: clone(2) CLONE_PARENT, pid_namespaces(7), CVE-2016-9962.
 */
export const enter: StepConstructor<'enter'> = step('enter');

/**
 * Executes the first of `paths` that exists. Descriptor n of the command is the slot `stdio[n]`; every other one is
 * closed. An entry `'ignore'` is /dev/null for the first three, and no descriptor for others. A plan ends with this
 * step.
 *
 * Defaults: `paths`, the first of `args`; `env: []`; `stdio: [0, 1, 2]`.
 *
 * Source: execve(2).
 */
export const exec: StepConstructor<'exec', 'paths' | 'env' | 'stdio'> = step('exec');

/**
 * Waits for the plan that goes on here: its first steps are the same, and this step stands in the place of the next.
 * Node sends it, when there is a command. Meanwhile the directory is `/`, so that no mount of the container is busy. A
 * {@link chdir} among the first steps is then done once more, since another directory may have come in the place of
 * that one. A plan ends with this step.
 *
 * Needs that carrel itself performs the plan. Errors: EACCES where the user may not search `/`.
 *
 * Source: umount(2) EBUSY.
 */
export const awaitPlan: StepConstructor<'awaitPlan'> = step('awaitPlan');

/**
 * Hands Node the descriptors in `slots`, up to 9, in this order. They come with the notice that the container runs.
 * Slots that steps behind {@link init} fill are the child's own: no act of the host's can name them.
 *
 * Needs nothing.
 *
 * Source: SCM_RIGHTS in unix(7).
 */
export const give: StepConstructor<'give'> = step('give');

/**
 * Ends the child, and leaves {@link init} alone as PID 1. It reaps, and goes on until it is told to end. No program
 * runs: commands enter later. A plan ends with this step.
 *
 * Needs {@link init} before it. Errors: ESRCH without it.
 *
 * Source: pid_namespaces(7).
 */
export const hold: StepConstructor<'hold'> = step('hold');

/**
 * Ends the child itself with `status`, 0 to 255. No program runs: it is for plans that only try something. A plan ends
 * with this step.
 *
 * Default: `status: 0`. Needs nothing.
 *
 * Source: exit_group(2).
 */
export const exit: StepConstructor<'exit', 'status'> = step('exit');

/**
 * Serves: the child goes on as a server. It reads lists of steps from the socket in the slot `requests`, performs one
 * after the other, and answers there. It ends when nobody can ask any more. `own` has its own descriptors: the host's
 * /proc/self/fd, by {@link openDirectory}. It keeps these and the slots of `kept`, and closes all else. With `clears`
 * it does one thing more when nobody can ask any more: it empties the directory in that slot, one of `kept`. First it
 * waits until nobody has a lock on what a list has put into the slot `lock`, by {@link lockFile}. A plan ends with this
 * step.
 *
 * Default: `kept: []`. Needs nothing; with `clears`, the right to remove what is there.
 *
 * Source: unix(7).
 */
export const serve: StepConstructor<'serve', 'kept'> = step('serve');

// Ids.

/**
 * *Host.* Writes "deny" to /proc/PID/setgroups. The kernel demands it of an ordinary user before {@link setGidMap}.
 *
 * Needs a new user namespace.
 *
 * Source: user_namespaces(7), Linux 3.19.
 */
export const denySetgroups: StepConstructor<'denySetgroups'> = step('denySetgroups');

/**
 * *Host.* Writes /proc/PID/uid_map, once. `ranges` is flat: first id inside, first id outside, count, and so on. It
 * holds 340 ranges at most. A second user namespace, by {@link unshare}, has its own: at a barrier behind that. Outside
 * is then the user namespace above.
 *
 * Needs a new user namespace; for more than the caller's own id, CAP_SETUID in the parent user namespace.
 *
 * Source: user_namespaces(7).
 */
export const setUidMap: StepConstructor<'setUidMap'> = step('setUidMap');

/**
 * *Host.* Writes /proc/PID/gid_map, once. `ranges` is as for {@link setUidMap}.
 *
 * Needs a new user namespace; for more than the caller's own group, CAP_SETGID in the parent user namespace.
 *
 * Source: user_namespaces(7).
 */
export const setGidMap: StepConstructor<'setGidMap'> = step('setGidMap');

/**
 * *Host.* Runs the host's program at `path`, which writes /proc/PID/uid_map: with ids that /etc/subuid gives the
 * caller. `ranges` is as for {@link setUidMap}.
 *
 * Needs a new user namespace; a program that is set-user-id root or has CAP_SETUID. Errors: The message has what the
 * program says, and its exit status.
 *
 * Source: newuidmap(1), subuid(5).
 */
export const newuidmap: StepConstructor<'newuidmap'> = step('newuidmap');

/**
 * *Host.* Runs the host's program at `path`, which writes /proc/PID/gid_map: with ids that /etc/subgid gives the
 * caller. `ranges` is as for {@link setUidMap}.
 *
 * Needs a new user namespace; a program that is set-user-id root or has CAP_SETGID. Errors: The message has what the
 * program says, and its exit status.
 *
 * Source: newgidmap(1), subgid(5).
 */
export const newgidmap: StepConstructor<'newgidmap'> = step('newgidmap');

/**
 * *Host, or container.* Gives the pipe in `slot` an owner, so that the command can open /dev/stdout again. `uid` and
 * `gid` are ids of the host where the supervisor performs it, of the container where the child does.
 *
 * Needs CAP_CHOWN. Errors: EINVAL for anything but a pipe.
 *
 * Source: fchown(2).
 */
export const fchown: StepConstructor<'fchown'> = step('fchown');

/**
 * *Host.* Shows the tree in `slot` with its owners mapped by a user namespace: the container's, or the one in the slot
 * `namespace`. The tree must be attached nowhere yet.
 *
 * Needs CAP_SYS_ADMIN over the file system, which must be one that can be idmapped.
 *
 * Source: mount_setattr(2), Linux 5.12.
 */
export const idmap: StepConstructor<'idmap'> = step('idmap');

/**
 * *Host, or container.* Sets the supplementary groups, 256 at most. In `before` they are the supervisor's, with which
 * the child is born: so root drops the host's groups before it joins a user namespace that denies setgroups.
 *
 * Default: `groups: []`. Needs CAP_SETGID, and a user namespace that has not denied it. Errors: EINVAL for more groups.
 *
 * Source: setgroups(2).
 */
export const setGroups: StepConstructor<'setGroups', 'groups'> = step('setGroups');

/**
 * Sets the real, effective and saved ids. Capabilities stay permitted until {@link setCapabilities}.
 *
 * Needs CAP_SETUID and CAP_SETGID, and ids that the user namespace maps.
 *
 * Source: setresgid(2), setresuid(2).
 */
export const setUser: StepConstructor<'setUser'> = step('setUser');

// Cgroups.

/**
 * *Host.* Makes the cgroup `base`/`name` below the directory `parent`, opens it into `slot`, and locks it until all is
 * over. Without `name` it gets one that no other cgroup has. `base` is made where it is missing. Controllers in
 * `enable` are handed down to both (cgroup v2); files in `inherit` are copied down to both (v1). {@link removeCgroup}
 * removes it; carrel may remove one that has no lock and is empty.
 *
 * Defaults: `enable: []`; `inherit: []`. Needs the right to write in `parent`.
 *
 * Source: cgroups(7).
 */
export const makeCgroup: StepConstructor<'makeCgroup', 'enable' | 'inherit'> = step('makeCgroup');

/**
 * *Host.* Opens the cgroup at `path` into `slot`, one that another supervisor has made. It must have the inode number
 * `inode`, unless that is 0: a later one of the same name is another.
 *
 * Default: `inode: 0`. Errors: ENOENT where it was removed; ESRCH for another inode number.
 *
 * Source: cgroups(7).
 */
export const openCgroup: StepConstructor<'openCgroup', 'inode'> = step('openCgroup');

/**
 * *Host.* Makes the cgroup `name` in the one in slot `within`, opens it into `slot`, and locks it until all is over.
 * Without `name` it gets one that no other cgroup has. It has the controllers that the one above hands down; files in
 * `inherit` are copied from there (v1). {@link removeCgroup} removes it. So does the end of the one above.
 *
 * Default: `inherit: []`. Needs {@link makeCgroup} or {@link openCgroup} before it, and the right to write in that
 * cgroup. Errors: ENOENT where the one above was removed.
 *
 * Source: cgroups(7).
 */
export const nestCgroup: StepConstructor<'nestCgroup', 'inherit'> = step('nestCgroup');

/**
 * *Host.* Writes `value` to `file` of the cgroup in `slot`.
 *
 * Needs {@link makeCgroup} before it.
 *
 * Source: cgroups(7).
 */
export const writeCgroup: StepConstructor<'writeCgroup'> = step('writeCgroup');

/**
 * *Host.* Says how the cgroup in `slot` is frozen and thawed: by `freeze` or `thaw`, written to its `file`. So, when
 * the supervisor ends the container, nothing in it forks meanwhile, and nothing stays frozen.
 *
 * Needs {@link makeCgroup} before it.
 *
 * Source: freezer-subsystem.rst.
 */
export const endFrozen: StepConstructor<'endFrozen'> = step('endFrozen');

/**
 * *Host.* Reports `oom` when `oom_kill` in `file` of the cgroup in `slot` grows. With `end` it ends the container then.
 * `control` names the file that cgroup v1 wants an eventfd in.
 *
 * Default: `end: true`. Needs {@link makeCgroup} before it.
 *
 * Source: cgroup-v2.rst, "memory.events"; cgroups(7).
 */
export const watchOom: StepConstructor<'watchOom', 'end'> = step('watchOom');

/**
 * *Host.* Moves the process that waits at the {@link barrier} into the cgroups in `slots`, in this order. It is an act
 * of a barrier only.
 *
 * Needs the right to write to cgroup.procs there, and in the cgroup above the old place and the new one.
 *
 * Source: cgroups(7).
 */
export const enterCgroup: StepConstructor<'enterCgroup'> = step('enterCgroup');

/**
 * *Host.* Ends the container when the CPU time of the cgroup in `slot` reaches `milliseconds`. The time is the number
 * behind `key` in `file`, divided by `divisor` to be microseconds. An empty `key` means the first number there. `cpus`
 * says how many CPUs the container can use at a time.
 *
 * Defaults: `key: ''`; `divisor: 1`. Needs {@link makeCgroup} before it.
 *
 * Source: cgroup-v2.rst, "cpu.stat"; cpuacct.rst.
 */
export const limitCpuTime: StepConstructor<'limitCpuTime', 'key' | 'divisor'> = step('limitCpuTime');

/**
 * *Host.* Reports the sum of the numbers behind `key` in `file` of the cgroup in `slot`, divided by `divisor`. It
 * becomes `counter` in the `usage` of the result. An empty `key` means the first number there. It belongs in `after`. A
 * counter that cannot be read is not reported.
 *
 * Defaults: `key: ''`; `divisor: 1`. Needs {@link makeCgroup} in `before`.
 *
 * Source: cgroups(7).
 */
export const readCounter: StepConstructor<'readCounter', 'key' | 'divisor'> = step('readCounter');

/**
 * *Host.* Ends what is in the cgroup in `slot`, and removes it, with the cgroups in it whose supervisors were killed.
 * It also removes its base, unless another cgroup is there. It belongs in `after`.
 *
 * Needs {@link makeCgroup} or {@link nestCgroup} before it.
 *
 * Source: cgroups(7).
 */
export const removeCgroup: StepConstructor<'removeCgroup'> = step('removeCgroup');

// Namespaces.

/**
 * Moves the child into new namespaces. `pid` and `time` count for its children only.
 *
 * Needs CAP_SYS_ADMIN, but for `user`.
 *
 * Source: unshare(2).
 */
export const unshare: StepConstructor<'unshare'> = step('unshare');

/**
 * Makes a user namespace inside the child's own, and new `namespaces` that belong to it. The child joins these at once.
 * It joins the user namespace in `slot` later, by {@link setns}, and then makes its mounts anew by {@link unshare}:
 * what was mounted before is locked then. No capability inside can unmount it, or make it writable. `uids` and `gids`
 * are the maps: first id inside, first id in the child's user namespace, count, and so on.
 *
 * Needs CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID in the child's user namespace, and a /proc around that is proc.
 *
 * Source: mount_namespaces(7), "Restrictions on mount namespaces"; user_namespaces(7).
 */
export const nestNamespaces: StepConstructor<'nestNamespaces'> = step('nestNamespaces');

/**
 * *Host, or container.* Opens the namespace at `path` of the host into `slot`. It must be of `type`, and have the inode
 * number `inode`, unless that is 0. With `at`, the path counts from the directory in that slot, by
 * {@link openDirectory}: so the child finds its own namespaces in the host's /proc when its root is another one.
 *
 * Default: `inode: 0`. Errors: EINVAL for another type; ESRCH for another inode number: its process has ended.
 *
 * Source: namespaces(7).
 */
export const openNamespace: StepConstructor<'openNamespace', 'inode'> = step('openNamespace');

/**
 * *Host, or container.* Joins the namespace in `slot`. A pid namespace counts for children only: {@link enter} makes
 * one.
 *
 * Needs CAP_SYS_ADMIN over it, and over the process's own user namespace.
 *
 * Source: setns(2).
 */
export const setns: StepConstructor<'setns'> = step('setns');

/**
 * *Host.* Shifts `clock` of the child's new time namespace by `seconds` and `nanoseconds`. The child must have made the
 * namespace by {@link unshare}, and nobody may be in it yet.
 *
 * Default: `nanoseconds: 0`. Needs CAP_SYS_TIME over the time namespace.
 *
 * Source: time_namespaces(7), Linux 5.6.
 */
export const setTimeOffset: StepConstructor<'setTimeOffset', 'nanoseconds'> = step('setTimeOffset');

/**
 * Sets the host name, of up to 64 bytes.
 *
 * Needs CAP_SYS_ADMIN over the uts namespace.
 *
 * Source: sethostname(2).
 */
export const setHostname: StepConstructor<'setHostname'> = step('setHostname');

/**
 * Sets the NIS domain name, of up to 64 bytes.
 *
 * Needs CAP_SYS_ADMIN over the uts namespace.
 *
 * Source: setdomainname(2).
 */
export const setDomainname: StepConstructor<'setDomainname'> = step('setDomainname');

/**
 * Writes `value` to /proc/sys/`path`, a key of one of the container's own namespaces: `net/ipv4/ip_forward`.
 *
 * Needs a /proc that is proc, and rights over that namespace.
 *
 * Source: proc(5), sysctl(8).
 */
export const sysctl: StepConstructor<'sysctl'> = step('sysctl');

// Networks.

/**
 * Brings the network interface `name` up.
 *
 * Needs CAP_NET_ADMIN over the network namespace.
 *
 * Source: netdevice(7).
 */
export const linkUp: StepConstructor<'linkUp'> = step('linkUp');

/**
 * Moves the child into a new network namespace and opens that into `slot`, and the one that it leaves into `left`. The
 * child comes back by {@link setns}. Then nobody is in the new one; it lasts as long as a socket of it is open.
 *
 * Needs CAP_SYS_ADMIN, and CAP_NET_ADMIN over both.
 *
 * Source: network_namespaces(7); SIOCGSKNS, Linux 4.10.
 */
export const newNetwork: StepConstructor<'newNetwork'> = step('newNetwork');

/**
 * Makes two interfaces that are the ends of one cable: `name`, and `peer` in the network namespace in the slot
 * `network`. Both are down.
 *
 * Needs CAP_NET_ADMIN over both network namespaces. Errors: EOPNOTSUPP where the kernel has no veth.
 *
 * Source: veth(4), rtnetlink(7) RTM_NEWLINK.
 */
export const addVeth: StepConstructor<'addVeth'> = step('addVeth');

/**
 * Gives the interface `name` an address, and a route to all that begins with its first `prefix` bits.
 *
 * Needs CAP_NET_ADMIN over the network namespace. Errors: EEXIST where it has it; EACCES for IPv6 where that is
 * switched off.
 *
 * Source: rtnetlink(7) RTM_NEWADDR.
 */
export const addAddress: StepConstructor<'addAddress'> = step('addAddress');

/**
 * Adds a route by the interface `name` to all that begins with the first `prefix` bits of `destination`: to the
 * `gateway`, or to the network itself. A `local` one makes all of these addresses the namespace’s own.
 *
 * Default: `type: 'unicast'`. Needs CAP_NET_ADMIN over the network namespace. Errors: EEXIST where there is one;
 * ENETUNREACH where the gateway is not at that interface.
 *
 * Source: rtnetlink(7) RTM_NEWROUTE.
 */
export const addRoute: StepConstructor<'addRoute', 'type'> = step('addRoute');

/**
 * Removes such a route. What is connected by it can send no more.
 *
 * Default: `type: 'unicast'`. Needs CAP_NET_ADMIN over the network namespace. Errors: ESRCH where there is none.
 *
 * Source: rtnetlink(7) RTM_DELROUTE.
 */
export const removeRoute: StepConstructor<'removeRoute', 'type'> = step('removeRoute');

/**
 * Makes a socket into `slot` that takes connections to `port`, at every address: of IPv4, or of both families. Up to
 * `backlog` wait to be accepted. The kernel keeps up to twice `bufferBytes` of each connection in each direction; 0 is
 * what it likes.
 *
 * Defaults: `backlog: 511`; `bufferBytes: 0`. Needs CAP_NET_BIND_SERVICE over the network namespace for ports below
 * 1024. Errors: EADDRINUSE where somebody listens; EAFNOSUPPORT in a kernel without that family.
 *
 * Source: listen(2), IPV6_V6ONLY in ipv6(7), SO_RCVBUF in socket(7).
 */
export const listenTcp: StepConstructor<'listenTcp', 'backlog' | 'bufferBytes'> = step('listenTcp');

/**
 * Makes a socket into `slot` that takes datagrams to `address`, which is of IPv4, and `port`.
 *
 * Needs CAP_NET_BIND_SERVICE over the network namespace for ports below 1024. Errors: EADDRINUSE where somebody has it;
 * EADDRNOTAVAIL where it is not the namespace’s own.
 *
 * Source: udp(7), bind(2).
 */
export const bindUdp: StepConstructor<'bindUdp'> = step('bindUdp');

/**
 * *Host.* Runs the host's program at `path` with `args`, which stays until the container ends. It carries packets
 * between the child's network namespace and the network of the host. Its descriptors 0 and 1 are the network namespace,
 * and the user namespace that owns that. What it says goes to 2. It writes to 3 when the network is there; or it ends
 * with status 0, and leaves a process that goes on. It has no other descriptor, and no environment.
 *
 * Needs a new network namespace, /dev/net/tun, and what the program needs. Errors: The message has what the program
 * says, and its exit status.
 *
 * Source: pasta(1), slirp4netns(1).
 */
export const connectNetwork: StepConstructor<'connectNetwork'> = step('connectNetwork');

// Mounts.

/**
 * Sets how mount events travel at `target` and below. Every container begins with `private` on `/`.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: mount_namespaces(7).
 */
export const propagation: StepConstructor<'propagation'> = step('propagation');

/**
 * *Host, or container.* Copies the mount at `source`, a path of the host, into `slot`, attached nowhere. With
 * `recursive` it copies those below it too. What this plan has mounted on `/` by then is never among them. With
 * `within`, `source` counts from that directory and never leads out of it. `nofollow` refuses a `source` behind a
 * symbolic link. With `descriptor` it copies the mount of the directory or file that a slot holds, and the host looks
 * up no path. The kernel gives the child no mount of another namespace. So the child looks the file up, and takes no
 * other one.
 *
 * Defaults: `recursive: true`; `nofollow: false`. Needs CAP_SYS_ADMIN over the mount namespace. Errors: EXDEV where
 * `source` leads out of `within`. ELOOP for a link with `nofollow`. ESTALE where another file is in the place of the
 * descriptor's. EINVAL without exactly one of `source` and `descriptor`.
 *
 * Source: open_tree(2), Linux 5.2; openat2(2) RESOLVE_BENEATH, RESOLVE_NO_SYMLINKS, Linux 5.6.
 */
export const openTree: StepConstructor<'openTree', 'recursive' | 'nofollow'> = step('openTree');

/**
 * Copies the mount at the directory `target` inside into `slot`, attached nowhere, without those below it: what is
 * covered later, or left behind, can still be reached by it.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: open_tree(2), Linux 5.2.
 */
export const captureTree: StepConstructor<'captureTree'> = step('captureTree');

/**
 * Mounts a new file system of `type` on the directory `target`. On `/` it becomes the root for all that follows.
 * `options` are `key` or `key=value`; relative paths in them count from the target. `nofollow` refuses a target behind
 * a symbolic link. What later steps need in it they make in it, or, with `own: false`, in a private layer over it.
 * `slot` then holds the directory `made`, whose path counts from the target as those in options do: what the file
 * system made there. {@link rmdir} removes it.
 *
 * Defaults: `options: []`; `attributes: []`; `nofollow: false`; `own: true`. Needs CAP_SYS_ADMIN over the mount
 * namespace, and a type that may be mounted there.
 *
 * Source: fsopen(2), fsmount(2), Linux 5.2.
 */
export const mount: StepConstructor<'mount', 'options' | 'attributes' | 'nofollow' | 'own'> = step('mount');

/**
 * Attaches the tree in `slot`, or a copy of the mount at the host's `source`, at `target`. With `recursive` the copy
 * has the mounts below it too. `create` makes a missing target, of the source's kind, as {@link directory} and
 * {@link file} do.
 *
 * Defaults: `attributes: []`; `recursive: true`; `create: false`. Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: move_mount(2), Linux 5.2.
 */
export const bind: StepConstructor<'bind', 'attributes' | 'recursive' | 'create'> = step('bind');

/**
 * Binds the host's character device `source` on a new file `target`, read-only: programs write to the device, and
 * cannot change its owner, mode and times, which are the host's.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace. Errors: ENODEV, unless it is `major`:`minor`.
 *
 * Source: null(4).
 */
export const device: StepConstructor<'device'> = step('device');

/**
 * Adds `attributes` to the mount at `target`.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: mount_setattr(2), Linux 5.12.
 */
export const mountSetattr: StepConstructor<'mountSetattr'> = step('mountSetattr');

/**
 * Hides `target`, where it exists: a directory below an empty read-only one, a file below /dev/null.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: OCI `linux.maskedPaths`.
 */
export const mask: StepConstructor<'mask'> = step('mask');

/**
 * Makes `target`, where it exists, a read-only mount of itself.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: OCI `linux.readonlyPaths`.
 */
export const readonlyPath: StepConstructor<'readonlyPath'> = step('readonlyPath');

/**
 * Makes the last mount on `/` the root, and detaches all that was there before. Private layers become read-only, and
 * take no more entries.
 *
 * Needs CAP_SYS_ADMIN over the mount namespace.
 *
 * Source: pivot_root(2).
 */
export const pivotRoot: StepConstructor<'pivotRoot'> = step('pivotRoot');

// Files and directories.

/**
 * Opens the directory `path` into `slot`, to look for something in it later, when that path is another one.
 *
 * Needs to come before the steps that change what the path is: {@link pivotRoot}, {@link setns}.
 *
 * Source: O_PATH in open(2).
 */
export const openDirectory: StepConstructor<'openDirectory'> = step('openDirectory');

/**
 * Makes the directory `target`, and its missing parents with mode 0755. An existing directory stays as it is. In a file
 * system that the plan did not mount, it makes nothing: a private layer covers the nearest directory. That is a tmpfs
 * into which the directory's entries are bound one by one; it takes none after {@link pivotRoot}.
 *
 * Default: `mode: 0o755`.
 *
 * Source: mkdirat(2).
 */
export const directory: StepConstructor<'directory', 'mode'> = step('directory');

/**
 * Makes the file `target` with `content`, where {@link directory} would. Over an existing file it binds one that is in
 * memory and read-only.
 *
 * Default: `mode: 0o644`.
 *
 * Source: openat(2).
 */
export const file: StepConstructor<'file', 'mode'> = step('file');

/**
 * Puts a new file with `content` in the place of what is at `target`, and makes missing directories above it, with mode
 * 0755. It does so in the very tree that is there, as the user that the child is: all belongs to that one. Links on the
 * way are followed, inside. One at `target` is replaced, as is a file that is open or linked elsewhere: nothing that is
 * there is opened. Who looks meanwhile finds what was there before, or the whole file.
 *
 * Default: `mode: 0o644`. Needs to come behind {@link pivotRoot}, and the right to write in the directory. Errors:
 * EACCES, EPERM, EROFS and ENOSPC as for every program of that user; EISDIR for a directory; EBUSY where something is
 * mounted on it.
 *
 * Source: openat(2), renameat(2), getrandom(2).
 */
export const replaceFile: StepConstructor<'replaceFile', 'mode'> = step('replaceFile');

/**
 * Makes a symbolic link at `target` that says `text`, where {@link directory} would. It takes the place of an existing
 * file or link.
 *
 * Source: symlinkat(2).
 */
export const symlink: StepConstructor<'symlink'> = step('symlink');

/**
 * Makes `target` where it is missing: an empty directory or file of `type`, in the very tree that is there. That may be
 * one that the plan did not mount. `slot` then holds what is there. If it was made, `parent` holds the directory above
 * it, and {@link removeTarget} takes it away. What was made in a layer goes with that. As long as `slot` is held, no
 * other container's plan does.
 *
 * Needs to be able to write there.
 *
 * Source: mkdirat(2), openat(2), flock(2).
 */
export const makeTarget: StepConstructor<'makeTarget'> = step('makeTarget');

/**
 * *Host.* Removes what {@link makeTarget} made from `parent`, where it is called `name`. It stays if it is not empty,
 * if another thing has taken its name, or if another plan holds it. It belongs in `after`.
 *
 * Needs to be able to write there.
 *
 * Source: unlinkat(2), flock(2).
 */
export const removeTarget: StepConstructor<'removeTarget'> = step('removeTarget');

/**
 * Sets the permissions of the file or directory `target`, which exists, to `mode`, 0 to 0o7777. Links are followed,
 * inside. In a tree of the host's it changes what the host has.
 *
 * Needs to own it, and to be able to open it; root of the container is so for what its ids own. Errors: ENXIO for a
 * socket: what cannot be opened keeps its permissions.
 *
 * Source: fchmod(2).
 */
export const chmod: StepConstructor<'chmod'> = step('chmod');

/**
 * Gives the directory `target` the owner and the permissions of the directory `model`. Both exist; links are followed,
 * inside.
 *
 * Needs to own `target`, and CAP_CHOWN where the owners differ.
 *
 * Source: fchown(2), fchmod(2).
 */
export const copyPermissions: StepConstructor<'copyPermissions'> = step('copyPermissions');

/**
 * Sets the extended attribute `name` of the file or directory `target`, which exists, to `value`. Links are followed,
 * inside. In a tree of the host's it changes what the host has.
 *
 * Needs to be able to open and to write it. Errors: ENOTSUP where the file system has no such attributes: memory has
 * none of `user` before Linux 6.6.
 *
 * Source: fsetxattr(2), xattr(7).
 */
export const setXattr: StepConstructor<'setXattr'> = step('setXattr');

/**
 * Takes a read lock on all of the file `target`, which exists, and keeps it in `slot` until all of the container has
 * ended. Then it is gone, before anybody is told. Who wants a write lock finds out that the file is in use. The
 * supervisor holds it: no program inside can let it go.
 *
 * Needs to come before {@link init}, and the right to read the file. Errors: EAGAIN or EACCES where somebody has a
 * write lock; EINVAL behind {@link init}.
 *
 * Source: F_OFD_SETLK in fcntl(2), Linux 3.15.
 */
export const lockFile: StepConstructor<'lockFile'> = step('lockFile');

/**
 * *Host.* Removes the directory in `slot` from the one above it, where it is called `name`, whatever its permissions.
 * Files that overlayfs numbers, such as `#1f`, go with it. With anything else in it, it stays, and so does what has
 * taken its name. With an empty slot it does nothing. It belongs in `after`: overlayfs leaves such a directory in its
 * work directory.
 *
 * Needs to own the directory.
 *
 * Source: rmdir(2).
 */
export const rmdir: StepConstructor<'rmdir'> = step('rmdir');

// The terminal.

/**
 * Opens a new terminal of the container's /dev/pts into `master` and `slot`, and binds it on /dev/console. `columns`
 * and `rows` are its size in characters.
 *
 * Defaults: `columns: 80`; `rows: 24`. Needs a devpts there.
 *
 * Source: pty(7), ioctl_tty(2).
 */
export const openTerminal: StepConstructor<'openTerminal', 'columns' | 'rows'> = step('openTerminal');

/**
 * *Host.* Carries bytes between the terminal's `master` and the caller's `socket`, from now on to the last one.
 *
 * Needs {@link openTerminal} before it, in a barrier.
 *
 * Source: pty(7).
 */
export const relay: StepConstructor<'relay'> = step('relay');

/**
 * Makes the terminal in `slot` the controlling one of the command's session.
 *
 * Needs a session of its own, which {@link init} and the clone give.
 *
 * Source: TIOCSCTTY in ioctl_tty(2).
 */
export const controllingTerminal: StepConstructor<'controllingTerminal'> = step('controllingTerminal');

// The process.

/**
 * *Host, or container.* Limits `resource`: as an act of a barrier for the child and all that comes of it, as a step of
 * the child for itself. A `soft` or `hard` limit that is left out is none.
 *
 * Needs CAP_SYS_RESOURCE in the first user namespace to raise a hard limit, so do that on the host.
 *
 * Source: prlimit(2).
 */
export const setRlimit: StepConstructor<'setRlimit'> = step('setRlimit');

/**
 * *Host.* Sets the nice value of the child, −20 to 19. It is an act of a barrier.
 *
 * Needs CAP_SYS_NICE, or RLIMIT_NICE, to lower it.
 *
 * Source: setpriority(2).
 */
export const setPriority: StepConstructor<'setPriority'> = step('setPriority');

/**
 * *Host.* Writes the child's /proc/PID/oom_score_adj, −1000 to 1000. It is an act of a barrier. The kernel kills the
 * process with the highest score first where memory is short.
 *
 * Needs CAP_SYS_RESOURCE to lower it.
 *
 * Source: proc(5).
 */
export const setOomScoreAdj: StepConstructor<'setOomScoreAdj'> = step('setOomScoreAdj');

/**
 * *Host.* Ends what a child without a pid namespace of its own has started, when it has ended itself. The supervisor
 * ends each process in the cgroup namespace in `namespace`, for up to a second. It goes on until the listener in
 * `listener` tells that nobody is left under its filter. The child fills both slots. Where `listener` stays empty,
 * `degraded` of the result says so.
 *
 * Needs rights to look at and to signal these processes, and a /proc that shows them.
 *
 * Source: cgroup_namespaces(7); POLLHUP in seccomp_unotify(2), Linux 5.9.
 */
export const endDescendants: StepConstructor<'endDescendants'> = step('endDescendants');

/**
 * Sets the CPUs that the child may run on. Each is below 8192.
 *
 * Needs nothing. Errors: EINVAL, unless the child may then run on exactly these.
 *
 * Source: sched_setaffinity(2).
 */
export const setAffinity: StepConstructor<'setAffinity'> = step('setAffinity');

/**
 * Sets the file mode creation mask that {@link exec} gives the command. Without this step it is 0o022. Until then the
 * child's own is 0.
 *
 * Needs nothing.
 *
 * Source: umask(2).
 */
export const umask: StepConstructor<'umask'> = step('umask');

/**
 * Gives the child a session keyring of its own, so that the caller's keys are out of reach.
 *
 * Source: keyctl(2), Linux 2.6.10.
 */
export const joinSessionKeyring: StepConstructor<'joinSessionKeyring'> = step('joinSessionKeyring');

/**
 * Changes the working directory to `target`, resolved inside, or, where that does not exist, to the first of
 * `alternatives` that does. It never goes through /proc's magic links.
 *
 * Default: `alternatives: []`. Errors: Those of `target`, where none exists. One that exists and may not be entered is
 * an error.
 *
 * Source: fchdir(2).
 */
export const chdir: StepConstructor<'chdir', 'alternatives'> = step('chdir');

/**
 * Sets all five sets of capabilities, exactly.
 *
 * Defaults: `inheritable: []`; `ambient: []`. Needs CAP_SETPCAP to shrink the bounding set.
 *
 * Source: capabilities(7).
 */
export const setCapabilities: StepConstructor<'setCapabilities', 'inheritable' | 'ambient'> = step('setCapabilities');

/**
 * Keeps every program from gaining privileges by being executed, from now on.
 *
 * Source: prctl(2) PR_SET_NO_NEW_PRIVS, Linux 3.5.
 */
export const noNewPrivileges: StepConstructor<'noNewPrivileges'> = step('noNewPrivileges');

/**
 * Loads `filter`, a program of classic BPF, which decides on each system call of the child from now on. All that comes
 * of the child inherits it, and nobody can take it off. An instruction has eight bytes, a program 4096 instructions at
 * most. The ending has to get through it. With `slot`, the filter's listener is opened there. A filter around the child
 * may have one already: then the slot stays empty. Programs inside that want a listener get EBUSY.
 *
 * Default: `flags: []`. Needs CAP_SYS_ADMIN over the user namespace that the child is in, or {@link noNewPrivileges}
 * before it. Errors: EINVAL for a program that the kernel does not take; EACCES without these rights.
 *
 * Source: seccomp(2), SECCOMP_FILTER_FLAG_NEW_LISTENER, Linux 5.0.
 */
export const seccomp: StepConstructor<'seccomp', 'flags'> = step('seccomp');

/**
 * Loads `reported`, a filter as that of {@link seccomp}, and gives its listener to the supervisor, into `slot`. Where
 * it returns SECCOMP_RET_USER_NOTIF, a call waits for the supervisor: it tells Node of the call, and answers with the
 * error that `filter` returns for it, never with anything else. Of `paths` and `addresses` every two numbers are a
 * call's and that of an argument: a path, or an address whose length is the next argument. These are told too. Programs
 * inside that want a listener get EBUSY. A call that the supervisor does not live to answer gets ENOSYS.
 *
 * Defaults: `flags: []`; `paths: []`; `addresses: []`. Needs what {@link seccomp} needs, and no filter around the child
 * that has a listener. Errors: EBUSY where there is one; EINVAL for a `filter` of instructions other than those that
 * carrel compiles.
 *
 * Source: seccomp_unotify(2), Linux 5.5.
 */
export const seccompReport: StepConstructor<'seccompReport', 'flags' | 'paths' | 'addresses'> = step('seccompReport');

// Landlock.

/**
 * Makes a ruleset in `slot`. Where it holds, it refuses what is named here, unless one of its rules allows it. `files`
 * and `ports` can be allowed by rules, `scopes` cannot. It holds nowhere before {@link restrictSelf}.
 *
 * Defaults: `files: []`; `ports: []`; `scopes: []`. Needs Landlock; `refer` Linux 5.19, `truncate` 6.2, `ports` 6.7,
 * `ioctlDev` 6.10, `scopes` 6.12. Errors: ENOSYS or ENOTSUP without Landlock; EINVAL or E2BIG for what this kernel
 * cannot refuse.
 *
 * Source: landlock_create_ruleset(2), landlock(7), Linux 5.13.
 */
export const createRuleset: StepConstructor<'createRuleset', 'files' | 'ports' | 'scopes'> = step('createRuleset');

/**
 * Adds a rule to the ruleset in `slot`: it allows `access` to `target`, resolved inside, and to all that is below. It
 * follows the file, not its name: links lead to it as before, and mounts show it elsewhere. Of `access`, a target that
 * is no directory gets what a file can have.
 *
 * Errors: ENOENT where `target` does not exist; EINVAL for what the ruleset does not refuse.
 *
 * Source: landlock_add_rule(2), LANDLOCK_RULE_PATH_BENEATH, Linux 5.13.
 */
export const addPathRule: StepConstructor<'addPathRule'> = step('addPathRule');

/**
 * Adds a rule to the ruleset in `slot`: it allows `access` to the TCP port `port`, of any address. To bind port 0 is to
 * get a port of the kernel's choice.
 *
 * Errors: EINVAL for what the ruleset does not refuse; EAFNOSUPPORT in a kernel without TCP.
 *
 * Source: landlock_add_rule(2), LANDLOCK_RULE_NET_PORT, Linux 6.7.
 */
export const addPortRule: StepConstructor<'addPortRule'> = step('addPortRule');

/**
 * Has the ruleset in `slot` hold for the child, and for all that comes of it, from now on. Nobody can take it off. What
 * is open stays open. A ruleset that refuses anything on files also refuses every mount and unmount. Where rulesets
 * hold already, each of them has to allow what is done; there are up to 16.
 *
 * Needs CAP_SYS_ADMIN over the user namespace that the child is in, or {@link noNewPrivileges} before it. Errors: EPERM
 * without these rights; E2BIG where 16 hold already.
 *
 * Source: landlock_restrict_self(2), Linux 5.13.
 */
export const restrictSelf: StepConstructor<'restrictSelf'> = step('restrictSelf');

// Labels.

/**
 * Asks the security module `module` to give `label` to what the child executes: an AppArmor profile, or an SELinux
 * context. It holds from {@link exec} on, for the command and for all that comes of it, as the host's policy says. It
 * is asked by /proc: the one that stands there has to be a real one, whose root it shows, without links.
 *
 * Needs AppArmor or SELinux, and a policy that lets the caller change to `label`. Errors: ENOENT for a profile that is
 * not loaded; EINVAL for a context that the policy does not have, without the module, and where /proc is something
 * else; EACCES where the policy does not allow the change.
 *
 * Source: `exec` in proc_pid_attr(5); attr/apparmor since Linux 5.8.
 */
export const setExecLabel: StepConstructor<'setExecLabel'> = step('setExecLabel');
