/**
 * What each step of a plan is to the kernel: the calls that change something, in their order, with what the plan says
 * of them.
 *
 * Calls that only look (opening by O_PATH, closing, stat) may stand between.
 */

import { BASE } from '#lib/cgroup/files.js';
import { CAPABILITIES, NAMESPACES } from '#lib/plan/constants.js';
import type { ContainerStep, HostStep, Step, StepOf } from '#lib/plan/steps.js';
import { call, type Expected, maybe, NETWORK_CALLS, quote } from './network-calls.js';
import type { Call } from './trace.js';

const unlessMade = (expected: Expected): Expected => ({ ...expected, optional: true });
const file = (path: string): string => quote(path.slice(path.lastIndexOf('/') + 1));
const octal = (mode: number): string => `0${mode.toString(8)}`;
const wholeNumbers = (numbers: readonly number[]): string => `[${numbers.join(', ')}]`;
/** As the kernel reads them: three numbers a line. */
const lines = (numbers: readonly number[]): string =>
  numbers.map((number, index) => `${number}${index % 3 === 2 ? '\\n' : ' '}`).join('');

const attributeName = (name: string): string => `MOUNT_ATTR_${name === 'readonly' ? 'RDONLY' : name.toUpperCase()}`;
const attributesOf = (names: readonly string[]): readonly Expected[] =>
  names.length === 0 ? [] : [call('mount_setattr', ...names.map(attributeName))];
const attach = call('move_mount', 'MOVE_MOUNT_F_EMPTY_PATH|MOVE_MOUNT_T_EMPTY_PATH');
const copy = (...args: readonly string[]): Expected => call('open_tree', 'OPEN_TREE_CLONE', ...args);
const held: readonly Expected[] = [call('prctl', 'PR_SET_PDEATHSIG, SIGKILL'), call('prctl', 'PR_SET_DUMPABLE')];
const own = maybe('close_range', 'CLOSE_RANGE_UNSHARE|CLOSE_RANGE_CLOEXEC');
/** All but what is kept: it depends on the numbers of these how many gaps there are. */
const gaps: readonly Expected[] = Array.from({ length: 8 }, () => maybe('close_range', ', 0'));
/** Directories on the way to a target, where they are missing; which they may be says `mayMake`. */
const parents = maybe('mkdirat');
const toRead = (target: string): Expected => call('openat2', quote(target), 'O_RDONLY|O_NOCTTY|O_NONBLOCK');

/** The root is kept open under another number when something is attached to it. */
const onRoot = (target: string): readonly Expected[] => (target === '/' ? [call('fcntl', 'F_DUPFD_CLOEXEC')] : []);

const CLONE: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.keys(NAMESPACES).map((name) => [name, `CLONE_NEW${name.toUpperCase()}`])),
  mount: 'CLONE_NEWNS',
  network: 'CLONE_NEWNET',
};

/** In the order in which they are joined. */
const NESTED = ['network', 'ipc', 'uts', 'cgroup'] as const;

/** The clone itself. */
export function expectedClone(namespaces: readonly string[]): Expected {
  return call('clone3', 'CLONE_FILES', 'CLONE_PIDFD', ...namespaces.map((name) => CLONE[name] ?? name));
}

const credentials = (uid: number, gid: number): readonly Expected[] => [
  call('prctl', 'PR_SET_KEEPCAPS, 1'),
  call('setresgid', `${gid}, ${gid}, ${gid}`),
  call('setresuid', `${uid}, ${uid}, ${uid}`),
  ...held,
];

const subtree = '"cgroup.subtree_control"';
/** Controllers that are handed down already are not written again. */
const handDown = (controllers: readonly string[]): readonly Expected[] =>
  controllers.length === 0
    ? []
    : [
        call('openat2', subtree, 'O_RDONLY'),
        ...controllers.flatMap((name) => [maybe('openat2', subtree, 'O_WRONLY'), maybe('write', `"+${name}"`)]),
      ];
const madeIn = (name: string, inherit: readonly string[]): readonly Expected[] => [
  ...[call('mkdirat', quote(name)), call('openat', quote(name), 'O_NOFOLLOW', 'O_DIRECTORY')],
  ...[call('flock', 'LOCK_EX|LOCK_NB'), ...inherited(inherit)],
];
const inherited = (files: readonly string[]): readonly Expected[] =>
  files.flatMap((name) => [
    call('openat2', quote(name), 'O_RDONLY'),
    ...['O_RDONLY', 'O_WRONLY'].map((how) => maybe('openat2', quote(name), how)),
    maybe('write'),
  ]);

/** Every step has its row: a step that nobody can hold to strace does not exist. */
const CALLS: { readonly [O in (HostStep | ContainerStep)['op']]: (step: StepOf<O>) => readonly Expected[] } = {
  barrier: () => [call('sendmsg', 'iov_base="b"'), ...held],
  // What is tried is another process's.
  assertRefused: () => [call('clone', 'SIGCHLD'), call('wait4')],
  denySetgroups: () => [call('write', '"deny"')],
  setUidMap: ({ ranges }) => [call('write', `"${lines(ranges)}"`)],
  setGidMap: ({ ranges }) => [call('write', `"${lines(ranges)}"`)],
  // What the helpers do is theirs, in a process of its own.
  newuidmap: () => [call('wait4')],
  newgidmap: () => [call('wait4')],
  fchown: ({ uid, gid }) => [call('fchown', `${uid}, ${gid}`)],
  idmap: () => [call('mount_setattr', 'MOUNT_ATTR_IDMAP')],
  setTimeOffset: ({ clock, seconds, nanoseconds }) => [
    call('write', `"${clock === 'monotonic' ? 1 : 7} ${seconds} ${nanoseconds}"`),
  ],
  setPriority: ({ nice }) => [call('setpriority', 'PRIO_PROCESS', `, ${nice}`)],
  setOomScoreAdj: ({ adjustment }) => [call('write', `"${adjustment}"`)],
  setRlimit: ({ resource }) => [call('prlimit64', `RLIMIT_${resource.toUpperCase()}`)],
  makeCgroup: ({ parent, base, name = '', enable, inherit }) => [
    call('openat', quote(parent), 'O_DIRECTORY'),
    ...handDown(enable),
    // Another container's may be there.
    maybe('mkdirat', quote(base)),
    call('openat', quote(base), 'O_NOFOLLOW', 'O_DIRECTORY'),
    ...inherited(inherit),
    ...handDown(enable),
    ...madeIn(name, inherit),
  ],
  openCgroup: ({ path }) => [call('openat', quote(path), 'O_NOFOLLOW', 'O_DIRECTORY'), call('fstat')],
  nestCgroup: ({ name = '', inherit }) => [call('fcntl', 'F_DUPFD_CLOEXEC'), ...madeIn(name, inherit)],
  writeCgroup: ({ file: name, value }) => [call('openat2', quote(name), 'O_WRONLY'), call('write', quote(value))],
  // Kept for the end.
  endFrozen: () => [],
  endDescendants: () => [],
  watchOom: ({ file: name, control }) => [
    call('openat2', quote(name), 'O_RDONLY'),
    ...(control === undefined ? [] : [call('eventfd2'), call('openat2', quote(control), 'O_WRONLY'), call('write')]),
  ],
  enterCgroup: ({ slots }) => slots.flatMap(() => [call('openat2', '"cgroup.procs"', 'O_WRONLY'), call('write')]),
  limitCpuTime: ({ file: name }) => [call('openat2', quote(name), 'O_RDONLY'), call('timerfd_create')],
  readCounter: ({ file: name }) => [maybe('openat2', quote(name), 'O_RDONLY')],
  removeCgroup: () => [call('unlinkat', 'AT_REMOVEDIR'), maybe('unlinkat', quote(BASE), 'AT_REMOVEDIR')],
  nestNamespaces: ({ namespaces, uids, gids }) => [
    call('socketpair'),
    call('clone', 'SIGCHLD'),
    ...[uids, gids].flatMap((ranges, index) => [
      call('openat', index === 0 ? '"uid_map"' : '"gid_map"', 'O_WRONLY'),
      call('write', `"${lines(ranges)}"`),
    ]),
    call('openat', '"ns/user"'),
    ...NESTED.filter((name) => namespaces.includes(name)).flatMap((name) => [
      call('openat', '"ns/'),
      call('setns', CLONE[name] ?? ''),
    ]),
    call('kill', 'SIGKILL'),
    call('wait4'),
  ],
  // It only looks, until something is opened there.
  openDirectory: () => [],
  // Of a path in /proc it looks like looking.
  openNamespace: ({ path }) => [maybe('openat', quote(path)), call('ioctl', 'NS_GET_NSTYPE')],
  // The child holds on to its supervisor anew.
  setns: ({ type }) => [
    call('setns', CLONE[type] ?? ''),
    maybe('prctl', 'PR_SET_PDEATHSIG'),
    maybe('prctl', 'PR_SET_DUMPABLE'),
  ],
  captureTree: () => [copy()],
  openTree: ({ source = '', within, nofollow, descriptor }) => [
    // One that is looked up by openat2 is opened by O_PATH, which only looks.
    ...(within === undefined && !nofollow && descriptor === undefined ? [call('open_tree', quote(source))] : []),
    ...(descriptor === undefined ? [] : [maybe('open_tree', ', OPEN_TREE_CLOEXEC')]),
    copy(),
  ],
  unshare: ({ namespaces }) => [call('unshare', ...namespaces.map((name) => CLONE[name] ?? ''))],
  propagation: ({ type }) => [call('mount_setattr', `MS_${type.toUpperCase()}`)],
  mount: ({ type, options, attributes: names, target }) => [
    ...onRoot(target),
    call('fsopen', quote(type)),
    // Paths in options count from the target.
    call('fchdir'),
    ...options.map((option) => call('fsconfig', ...option.split('=').map(quote))),
    call('fsconfig', 'FSCONFIG_CMD_CREATE'),
    // All but one attribute from the beginning.
    call('fsmount', ...names.filter((name) => name !== 'nosymfollow').map(attributeName)),
    ...attributesOf(names.filter((name) => name === 'nosymfollow')),
    call('chdir', '"/"'),
    attach,
  ],
  omit: () => [],
  rmdir: ({ name }) => [
    maybe('openat', '"."'),
    maybe('fchmodat', '"/proc/self/fd/', '0700'),
    maybe('openat', '"."'),
    maybe('unlinkat', quote(name), 'AT_REMOVEDIR'),
  ],
  bind: ({ source, slot, attributes: names, create, target }) => [
    ...(slot === undefined ? [call('open_tree', quote(source ?? ''), 'OPEN_TREE_CLOEXEC'), copy()] : []),
    ...attributesOf(names),
    ...onRoot(target),
    ...(create ? [parents, maybe('openat', file(target), 'O_CREAT|O_EXCL|O_NOFOLLOW')] : []),
    attach,
  ],
  device: ({ target }) => [
    copy(),
    ...attributesOf(['readonly', 'nosuid', 'noexec']),
    parents,
    call('openat', file(target), 'O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW'),
    attach,
  ],
  mountSetattr: ({ attributes: names }) => attributesOf(names),
  sysctl: ({ path, value }) => [call('openat2', quote(path), 'O_WRONLY'), call('write', quote(value))],
  // Below an empty directory, or below /dev/null.
  mask: () => [
    maybe('fsopen', '"tmpfs"'),
    maybe('fsconfig', '"mode", "555"'),
    maybe('fsconfig', 'FSCONFIG_CMD_CREATE'),
    maybe('fsmount', 'MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV|MOUNT_ATTR_NOEXEC'),
    maybe('open_tree', 'OPEN_TREE_CLONE'),
    maybe('mount_setattr', 'MOUNT_ATTR_RDONLY|MOUNT_ATTR_NOSUID|MOUNT_ATTR_NOEXEC'),
    attach,
  ],
  readonlyPath: () => [copy(), ...attributesOf(['readonly']), attach],
  directory: () => [parents],
  // A new file; or over one that is there, one in memory.
  file: ({ target, mode }) => [
    parents,
    maybe('fsopen', '"tmpfs"'),
    maybe('fsconfig', 'FSCONFIG_CMD_CREATE'),
    maybe('fsmount', 'MOUNT_ATTR_NOSUID|MOUNT_ATTR_NODEV'),
    maybe('openat', '"file"', 'O_CREAT|O_EXCL', octal(mode)),
    maybe('openat', file(target), 'O_CREAT|O_EXCL', octal(mode)),
    call('write'),
    ...[attach, copy('"file"'), call('fchdir'), call('umount2', 'MNT_DETACH'), call('chdir', '"/"')].map(unlessMade),
    ...[...attributesOf(['readonly']), attach].map(unlessMade),
  ],
  replaceFile: ({ mode, content }) => [
    maybe('mkdirat', '0755'),
    call('getrandom'),
    call('openat', '".carrel-', 'O_CREAT|O_EXCL', '0600'),
    ...(content.length === 0 ? [] : [call('write')]),
    call('fchmod', octal(mode)),
    call('renameat', '".carrel-'),
  ],
  makeTarget: ({ target, type }) => [
    type === 'directory' ? maybe('mkdirat', file(target)) : maybe('openat', file(target), 'O_CREAT|O_EXCL'),
    maybe('openat', '"/proc/self/fd/'),
    call('flock', 'LOCK_SH|LOCK_NB'),
  ],
  removeTarget: ({ name }) => [maybe('flock', 'LOCK_EX|LOCK_NB'), maybe('unlinkat', quote(name))],
  symlink: ({ target, text }) => [parents, call('symlinkat', quote(text), file(target))],
  chmod: ({ target, mode }) => [toRead(target), call('fchmod', octal(mode))],
  copyPermissions: ({ target }) => [toRead(target), call('fchown'), call('fchmod')],
  setXattr: ({ target, name, value }) => [toRead(target), call('fsetxattr', quote(name), quote(value))],
  lockFile: ({ target }) => [toRead(target), call('fcntl', 'F_OFD_SETLK', 'F_RDLCK')],
  pivotRoot: () => [
    call('fchdir'),
    call('pivot_root', '".", "."'),
    // One for each mount on / and one for the old root.
    call('umount2', '".", MNT_DETACH'),
    maybe('umount2', '".", MNT_DETACH'),
    call('chdir', '"/"'),
  ],
  setHostname: ({ hostname }) => [call('sethostname', quote(hostname))],
  setDomainname: ({ domainname }) => [call('setdomainname', quote(domainname))],
  ...NETWORK_CALLS,
  joinSessionKeyring: () => [call('keyctl', 'KEYCTL_JOIN_SESSION_KEYRING')],
  openTerminal: ({ columns, rows }) => [
    call('openat2', '"/dev/pts/ptmx"', 'O_RDWR'),
    call('ioctl', 'TIOCSPTLCK'),
    call('ioctl', 'TIOCSWINSZ', `ws_row=${rows}, ws_col=${columns}`),
    call('ioctl', 'TIOCGPTPEER'),
    call('openat', '"console"', 'O_CREAT|O_EXCL|O_NOFOLLOW'),
    copy(),
    attach,
  ],
  relay: () => [call('fcntl', 'F_SETFL', 'O_NONBLOCK'), call('fcntl', 'F_SETFL', 'O_NONBLOCK')],
  init: () => [
    own,
    call('rt_sigprocmask', '~[]'),
    call('clone', 'SIGCHLD'),
    call('rt_sigprocmask', '[]'),
    call('setsid'),
  ],
  enter: ({ kept }) => [
    own,
    // All but these, the root and the report socket; it depends on their numbers how many gaps there are.
    ...Array.from({ length: kept.length + 2 }, () => maybe('close_range')),
    call('close_range', '4294967295, 0'),
    call('munmap'),
    call('pipe2'),
    call('clone', 'CLONE_PARENT'),
    ...held,
    call('setsid'),
  ],
  controllingTerminal: () => [call('ioctl', 'TIOCSCTTY')],
  setGroups: ({ groups }) => [call('setgroups', `${groups.length}, ${wholeNumbers(groups)}`)],
  setUser: ({ uid, gid }) => credentials(uid, gid),
  setAffinity: () => [call('sched_setaffinity')],
  // Kept for exec.
  umask: () => [],
  chdir: () => [call('fchdir')],
  setCapabilities: ({ bounding }) => [
    call('capset'),
    ...Object.keys(CAPABILITIES)
      .filter((name) => !(bounding as readonly string[]).includes(name))
      .map((name) => maybe('prctl', 'PR_CAPBSET_DROP', name)),
    call('prctl', 'PR_CAP_AMBIENT_CLEAR_ALL'),
    call('capset'),
  ],
  noNewPrivileges: () => [call('prctl', 'PR_SET_NO_NEW_PRIVS, 1')],
  seccomp: ({ filter, slot }) => [
    call(
      'seccomp',
      'SECCOMP_SET_MODE_FILTER',
      ...(slot === undefined ? [] : ['SECCOMP_FILTER_FLAG_NEW_LISTENER']),
      `len=${filter.length / 8}`,
    ),
  ],
  seccompReport: ({ reported }) => [
    own,
    call('seccomp', 'SECCOMP_SET_MODE_FILTER', 'SECCOMP_FILTER_FLAG_NEW_LISTENER', `len=${reported.length / 8}`),
    call('sendmsg', 'iov_base="l"'),
  ],
  exec: ({ paths, args, stdio }) => [
    own,
    call('sendmsg', 'iov_base="c"'),
    ...stdio.map(() => maybe('fcntl', 'F_DUPFD_CLOEXEC')),
    maybe('fcntl', 'F_DUPFD_CLOEXEC'),
    ...stdio.map(() => maybe('dup3')),
    call('umask'),
    // The first that is there.
    call('execve', (paths.at(-1) ?? '').replace(/.*\//, '/'), args.map(quote).join(', ')),
  ],
  createRuleset: () => [call('landlock_create_ruleset')],
  addPathRule: () => [call('landlock_add_rule', 'LANDLOCK_RULE_PATH_BENEATH')],
  addPortRule: () => [call('landlock_add_rule')],
  restrictSelf: () => [call('landlock_restrict_self')],
  setExecLabel: ({ module, label }) => [
    call('openat2', module === 'apparmor' ? '"thread-self/attr/apparmor/exec"' : '"thread-self/attr/exec"', 'O_WRONLY'),
    call('write', module === 'apparmor' ? quote(`exec ${label}`) : quote(label)),
  ],
  give: () => [own, call('sendmsg', 'iov_base="n"', 'SCM_RIGHTS')],
  awaitPlan: () => [call('chdir', '"/"'), call('prctl'), call('sendmsg', 'iov_base="b"'), call('read'), call('mmap')],
  hold: () => [own, call('sendmsg', 'iov_base="c"'), call('exit_group', '0')],
  serve: () => [call('rt_sigaction', 'SIGXFSZ'), own, call('sendmsg', 'iov_base="c"'), ...gaps, call('umask')],
  exit: ({ status }) => [own, call('sendmsg', 'iov_base="c"'), call('exit_group', `${status}`)],
};

/** What a step is to the kernel. */
export function expectedCalls(step: Step): readonly Expected[] {
  return (CALLS[step.op as keyof typeof CALLS] as (step: Step) => readonly Expected[])(step);
}

/** Whether a call only looks, or has been refused: nothing was changed by it. */
export function onlyLooks({ name, args, result }: Call): boolean {
  // A connection that is on its way is none that was refused. connect(2)
  if (result.startsWith('-1') && !result.includes('EINPROGRESS')) return true;
  if (name === 'openat' || name === 'openat2') return args.includes('O_PATH') || args.includes('"/proc/');
  // No signal: whether one could be sent. kill(2)
  if (name === 'pidfd_send_signal') return args.includes(', 0, ');
  return LOOKING.includes(name);
}

const LOOKING = [
  'capget',
  'clock_gettime',
  'close',
  'faccessat',
  'fstat',
  'fstatfs',
  'getdents64',
  'getpid',
  'getsockopt',
  'mmap',
  'newfstatat',
  'pidfd_open',
  'ppoll',
  'pread64',
  'read',
  'readlinkat',
  'recvmsg',
  'sched_getaffinity',
  'statx',
];

/** Why `calls`, of which none only looks, are not those of `expected`; `undefined` where they are. */
export function difference(expected: readonly Expected[], calls: readonly Call[], target = ''): string | undefined {
  const wanted = [...expected];
  for (const { name, args } of calls) {
    while (wanted[0]?.optional === true && !fits(wanted[0], name, args, target)) wanted.shift();
    const next = wanted[0];
    if (next === undefined) return `${name}(${args}) is not in the plan`;
    if (!fits(next, name, args, target)) return `${name}(${args}) instead of ${next.name}(${next.args.join(' … ')})`;
    // A path may lack several directories.
    if (next !== parents) wanted.shift();
  }
  const missed = wanted.find(({ optional }) => optional !== true);
  return missed === undefined ? undefined : `${missed.name}(${missed.args.join(' … ')}) has not happened`;
}

function fits(expected: Expected, name: string, args: string, target: string): boolean {
  if (expected === parents) return name === 'mkdirat' && target.split('/').some((part) => args.includes(quote(part)));
  return name === expected.name && expected.args.every((part) => args.includes(part));
}
