/** A step in words: one sentence for each kind of step. */

import { CAPABILITIES, type LabelModule } from './constants.js';
import type { Op, Step, StepOf } from './steps.js';

const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
const octal = (mode: number): string => `0${mode.toString(8)}`;
const given = (name: string | Uint8Array): string =>
  quoted(typeof name === 'string' ? name : Buffer.from(name).toString('latin1'));
/** The path of a step that a server performs, and where it begins. */
const inside = ({ path, at }: { readonly path: string | Uint8Array; readonly at?: number | undefined }): string =>
  `${given(path)}${at === undefined ? '' : ` below slot ${at}`}`;
const bits = ({ mode }: { readonly mode: number }): string =>
  mode === 0
    ? 'is it there'
    : `may it be ${['executed', 'written', 'read'].filter((_, bit) => (mode >> bit) & 1).join(', ')}`;
/** As a shell would take it; in `$'…'` where there are control characters, which a terminal would obey. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
  const control = /[\u0000-\u001f\u007f-\u009f]/g;
  if (!control.test(word)) return `'${word.replaceAll("'", `'\\''`)}'`;
  const escaped = word.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  return `$'${escaped.replace(control, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`)}'`;
}
const attributes = (names: readonly string[]): string => (names.length === 0 ? '' : `, ${names.join(' ')}`);
const capabilities = (names: readonly string[]): string =>
  names.length === 0
    ? 'none'
    : names.length === Object.keys(CAPABILITIES).length
      ? 'all'
      : names.map((name) => name.replace('CAP_', '').toLowerCase()).join(' ');

const limit = (value: number | undefined): string => (value === undefined ? 'unlimited' : String(value));

function ranges(numbers: readonly number[]): string {
  const lines: string[] = [];
  for (let at = 0; at + 2 < numbers.length; at += 3)
    lines.push(`${numbers[at]} → ${numbers[at + 1]} × ${numbers[at + 2]}`);
  return lines.join(', ');
}

const SENTENCES: { readonly [O in Op]: (step: StepOf<O>) => string } = {
  barrier: (step) => (step.hook ? 'wait for the host and its hook' : 'wait for the host'),
  assertRefused: (step) => `must be refused: ${step.attempts.map(describe).join('; ')}`,
  denySetgroups: () => 'setgroups deny',
  setUidMap: (step) => `uid_map ${ranges(step.ranges)}`,
  setGidMap: (step) => `gid_map ${ranges(step.ranges)}`,
  newuidmap: (step) => `newuidmap ${ranges(step.ranges)} (${quoted(step.path)})`,
  newgidmap: (step) => `newgidmap ${ranges(step.ranges)} (${quoted(step.path)})`,
  fchown: (step) => `fchown the pipe in slot ${step.slot} to ${step.uid}:${step.gid}`,
  idmap: (step) =>
    step.namespace === undefined
      ? `idmap slot ${step.slot} to the container's ids`
      : `idmap slot ${step.slot} to the ids of the namespace in slot ${step.namespace}`,
  setTimeOffset: (step) => `shift the ${step.clock} clock by ${step.seconds} s ${step.nanoseconds} ns`,
  setPriority: (step) => `nice ${step.nice}`,
  setOomScoreAdj: (step) => `oom_score_adj ${step.adjustment}`,
  endDescendants: (step) =>
    `at its end: end all in the cgroup namespace in slot ${step.namespace}, until the listener in slot ` +
    `${step.listener} tells that nobody is left`,
  setRlimit: (step) => `rlimit ${step.resource}: ${limit(step.soft)}, at most ${limit(step.hard)}`,
  openNamespace: ({ type, path, slot, at }) =>
    `open the ${type} namespace ${quoted(path)}${at === undefined ? '' : ` of slot ${at}`} into slot ${slot}`,
  openDirectory: (step) => `open the directory ${quoted(step.path)} into slot ${step.slot}`,
  nestNamespaces: (step) =>
    `make namespaces in a user namespace inside this one, slot ${step.slot}: ${list(step.namespaces)}`,
  setns: (step) => `setns ${step.type}, slot ${step.slot}`,
  openTree: (step) => {
    const from = step.descriptor === undefined ? quoted(step.source ?? '') : `of slot ${step.descriptor}`;
    const within = step.within === undefined ? '' : ` within ${quoted(step.within)}`;
    return `open_tree ${from}${within}${step.nofollow ? ', no links,' : ''} into slot ${step.slot}`;
  },
  rmdir: (step) => `rmdir ${quoted(step.name)}, slot ${step.slot}`,
  makeCgroup: (step) =>
    `make the cgroup ${quoted(`${step.parent}/${step.base}`)}/${step.name ?? '…'}` +
    (step.enable.length === 0 ? '' : ` with ${step.enable.join(', ')}`),
  openCgroup: (step) => `open the cgroup ${quoted(step.path)} into slot ${step.slot}`,
  nestCgroup: (step) => `make the cgroup ${step.name ?? '…'} in the one in slot ${step.within}`,
  writeCgroup: (step) => `write ${quoted(step.value)} to ${step.file} of the cgroup in slot ${step.slot}`,
  endFrozen: (step) => `at its end: nothing stays frozen in the cgroup in slot ${step.slot}`,
  watchOom: (step) =>
    `on an OOM kill in the cgroup in slot ${step.slot}: tell${step.end ? ', and end the container' : ''}`,
  enterCgroup: (step) => `move the command into the cgroups in slots ${step.slots.join(', ')}`,
  limitCpuTime: (step) =>
    `after ${step.milliseconds} ms of CPU time in the cgroup in slot ${step.slot}: end the container`,
  readCounter: (step) =>
    `read ${step.key === '' ? '' : `${step.key} in `}${step.file} of the cgroup in slot ${step.slot}`,
  removeCgroup: (step) => `remove the cgroup in slot ${step.slot}`,
  unshare: (step) => `unshare ${list(step.namespaces)}`,
  propagation: (step) => `make ${quoted(step.target)} ${step.type}, recursively`,
  mount: (step) =>
    `mount ${step.type} on ${quoted(step.target)}${attributes(step.attributes)}` +
    (step.options.length === 0 ? '' : ` (${step.options.map(quoted).join(',')})`) +
    (step.slot === undefined ? '' : `, and hold ${quoted(step.made ?? '.')} in slot ${step.slot}`),
  captureTree: (step) => `copy the mount on ${quoted(step.target)}, and none below it, into slot ${step.slot}`,
  omit: (step) => `leave out ${step.what}: ${step.reason}`,
  bind: (step) => {
    const what = step.slot === undefined ? quoted(step.source ?? '') : `slot ${step.slot}`;
    return `bind ${what} on ${quoted(step.target)}${attributes(step.attributes)}`;
  },
  device: (step) => `bind device ${step.source} (${step.major}:${step.minor}) on ${quoted(step.target)}`,
  mountSetattr: (step) => `make ${quoted(step.target)} ${step.attributes.join(' ')}`,
  sysctl: (step) => `sysctl ${step.path.replaceAll('/', '.')} = ${step.value}`,
  mask: (step) => `mask ${quoted(step.target)}`,
  readonlyPath: (step) => `make ${quoted(step.target)} readonly`,
  directory: (step) => `mkdir ${quoted(step.target)} ${octal(step.mode)}`,
  file: (step) => `write ${quoted(step.target)} ${octal(step.mode)} (${step.content.length} bytes)`,
  replaceFile: (step) =>
    `write ${quoted(step.target)} ${octal(step.mode)} (${step.content.length} bytes), in place of what is there`,
  makeTarget: (step) =>
    `make the ${step.type} ${quoted(step.target)} on the host where it is missing, slot ${step.slot}`,
  removeTarget: (step) => `take ${quoted(step.name)} away, slot ${step.slot}, if it is still empty`,
  symlink: (step) => `symlink ${quoted(step.target)} → ${quoted(step.text)}`,
  chmod: (step) => `chmod ${octal(step.mode)} ${quoted(step.target)}`,
  copyPermissions: (step) => `give ${quoted(step.target)} the owner and the permissions of ${quoted(step.model)}`,
  setXattr: (step) => `set ${step.name} of ${quoted(step.target)} to ${quoted(step.value)}`,
  lockFile: (step) => `lock ${quoted(step.target)} for reading, slot ${step.slot}`,
  pivotRoot: () => 'pivotRoot, and the old root is gone',
  setHostname: (step) => `setHostname ${quoted(step.hostname)}`,
  setDomainname: (step) => `setDomainname ${quoted(step.domainname)}`,
  linkUp: (step) => `link up ${step.name}`,
  newNetwork: (step) =>
    `make a network that nobody is in, slot ${step.slot}, and act there; the own one is in slot ${step.left}`,
  addVeth: (step) => `make the interface ${step.name}, and its other end ${step.peer} in slot ${step.network}`,
  addAddress: (step) => `give ${step.name} the address ${step.address}/${step.prefix}`,
  addRoute: (step) => {
    const by = step.gateway === undefined ? step.name : `${step.gateway}, ${step.name}`;
    return `route ${step.destination}/${step.prefix} ${step.type === 'local' ? 'to itself' : `by ${by}`}`;
  },
  removeRoute: (step) => `no route ${step.destination}/${step.prefix} by ${step.name}`,
  listenTcp: (step) => `listen on TCP port ${step.port} of ${FAMILIES[step.family]}, slot ${step.slot}`,
  bindUdp: (step) => `take datagrams at ${step.address}, port ${step.port}, slot ${step.slot}`,
  connectNetwork: (step) => `connect the network by ${[step.path, ...step.args].map(quoted).join(' ')}`,
  joinSessionKeyring: () => 'join a new session keyring',
  openTerminal: (step) => `open a terminal, ${step.columns} × ${step.rows}, and bind it on /dev/console`,
  relay: (step) => `relay the terminal in slot ${step.master} to slot ${step.socket}`,
  enter: (step) => `fork into the pid namespace, with the slots ${list(step.kept.map(String))} and nothing else`,
  init: () => 'init: PID 1 stays to reap and forward signals, its child goes on',
  controllingTerminal: () => 'make the terminal the controlling one',
  setGroups: (step) => `setgroups ${list(step.groups.map(String))}`,
  setUser: (step) => `setresuid ${step.uid}, setresgid ${step.gid}`,
  setAffinity: (step) => `run on the CPUs ${list(step.cpus.map(String))}`,
  umask: (step) => `umask ${octal(step.mask)}`,
  chdir: (step) => `chdir ${[step.target, ...step.alternatives].map(quoted).join(', or ')}`,
  setCapabilities: (step) => {
    const others = (['permitted', 'bounding', 'inheritable', 'ambient'] as const)
      // These two are the same as the effective ones, those two are empty, where nothing is said of them.
      .filter((set, index) => step[set].join() !== (index < 2 ? step.effective.join() : ''))
      .map((set) => `${set} ${capabilities(step[set])}`);
    return `capabilities ${capabilities(step.effective)}${others.length === 0 ? '' : ` (${others.join('; ')})`}`;
  },
  noNewPrivileges: () => 'no new privileges',
  seccomp: (step) => {
    const flags = step.flags.map((flag) => flag.replace('SECCOMP_FILTER_FLAG_', '').toLowerCase());
    const listener = step.slot === undefined ? '' : `, its listener into slot ${step.slot}`;
    return `seccomp: a filter of ${step.filter.length / 8} instructions${attributes(flags)}${listener}`;
  },
  seccompReport: (step) =>
    `seccomp: a filter of ${step.filter.length / 8} instructions, and what it refuses is told to Node; ` +
    `its listener into slot ${step.slot}`,
  createRuleset: (step) =>
    `landlock, slot ${step.slot}: refuse, unless rules allow it, ` +
    list([...step.files, ...step.ports, ...step.scopes]),
  addPathRule: (step) => `landlock, slot ${step.slot}: allow ${list(step.access)} in ${quoted(step.target)}`,
  addPortRule: (step) => `landlock, slot ${step.slot}: allow ${list(step.access)} with port ${step.port}`,
  restrictSelf: (step) => `landlock, slot ${step.slot}: this holds from here on`,
  setExecLabel: (step) => `at exec: ${LABELS[step.module]} ${quoted(step.label)}`,
  exec: (step) => `exec ${step.args.map(quoted).join(' ')}`,
  socket: (step) => `make a socket, ${step.domain}, into slot ${step.slot}`,
  connectTcp: (step) => `connect slot ${step.slot} to port ${step.port} of the loopback, within ${step.timeoutMs} ms`,
  connectUnix: (step) => `connect slot ${step.slot} to ${inside(step)}`,
  bindTcp: (step) => `bind slot ${step.slot} to port ${step.port} of the loopback`,
  bindUnix: (step) => `bind slot ${step.slot} to ${inside(step)}`,
  listen: (step) => `listen on slot ${step.slot}, up to ${step.backlog} in its queue`,
  give: (step) => `give Node ${step.slots.length === 1 ? 'slot' : 'slots'} ${step.slots.join(', ')}`,
  awaitPlan: () => 'wait for the plan that goes on here',
  hold: () => 'leave init alone, until it is told to end',
  exit: (step) => `exit with status ${step.status}`,
  serve: (step) =>
    `serve: read lists of steps from slot ${step.requests}, perform them, and answer` +
    (step.clears === undefined ? '' : `; in the end empty slot ${step.clears}`),
  open: (step) => {
    const made = step.flags.includes('create') ? ` ${octal(step.mode)}` : '';
    const links = step.nofollow ? ', no link,' : '';
    return `open the ${step.kind} ${inside(step)}${links} into slot ${step.slot}${attributes(step.flags)}${made}`;
  },
  close: (step) => `close slot ${step.slot}`,
  pread: (step) => `read up to ${step.length} bytes of slot ${step.slot} from ${step.offset} on`,
  pwrite: (step) => `write ${step.content.length} bytes to slot ${step.slot} from ${step.offset} on`,
  sendfile: (step) => `copy up to ${step.length} bytes of slot ${step.slot} into slot ${step.to}`,
  ftruncate: (step) => `set the size of slot ${step.slot} to ${step.length} bytes`,
  fstat: (step) => `fstat slot ${step.slot}`,
  stat: (step) => `${step.nofollow ? 'lstat' : 'stat'} ${inside(step)}`,
  getdents: (step) => `list the directory in slot ${step.slot}, up to ${step.length} bytes`,
  mkdirat: (step) => `mkdir ${inside(step)} ${octal(step.mode)}`,
  unlinkat: (step) => `${step.directory ? 'rmdir' : 'unlink'} ${inside(step)}`,
  renameat: (step) => `rename ${given(step.path)} to ${given(step.to)}`,
  linkat: (step) => `link ${given(step.path)} as ${given(step.to)}`,
  symlinkat: (step) => `symlink ${inside(step)} → ${given(step.text)}`,
  readlinkat: (step) => `readlink ${inside(step)}`,
  fchmodat: (step) => `chmod ${octal(step.mode)} ${inside(step)}`,
  fchownat: (step) => `${step.nofollow ? 'lchown' : 'chown'} ${step.uid}:${step.gid} ${inside(step)}`,
  utimensat: (step) =>
    `set the times of ${inside(step)}: read ${step.atimeS} s ${step.atimeNs} ns, ` +
    `changed ${step.mtimeS} s ${step.mtimeNs} ns`,
  faccessat: (step) => `access ${inside(step)}: ${bits(step)}`,
  mknodat: (step) => `make the ${step.type} ${inside(step)} ${octal(step.mode)}`,
  copyRange: (step) =>
    `copy up to ${step.length} bytes of slot ${step.slot} from ${step.offset} on to slot ${step.into}`,
  listXattr: (step) => `list the extended attributes of slot ${step.slot}`,
  getXattr: (step) => `get ${step.name} of slot ${step.slot}`,
  copyXattr: (step) => `copy ${step.name} of slot ${step.slot} to slot ${step.into}`,
  lock: (step) => `lock slot ${step.slot} for writing`,
  handOver: (step) => `hand Node what is in the slots ${list(step.slots.map(String))}`,
  takeOver: (step) => `take what Node has sent into slot ${step.slot}`,
};

const FAMILIES = { ipv4: 'IPv4', ipv6: 'both families' } as const;

const LABELS: Readonly<Record<LabelModule, string>> = {
  apparmor: 'the AppArmor profile',
  selinux: 'the SELinux context',
};

/** One step in words, in a line. */
export function describe(step: Step): string {
  return (SENTENCES[step.op] as (step: Step) => string)(step);
}
