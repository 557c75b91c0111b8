/**
 * The options of `carrel run` and `carrel explain`: one table, from which follow parsing, `--help` and the documentation. Each says the same as the
 * builder call or option of `spawn` that it stands for.
 */

import type { DefinitionInput } from '../definition/definition.js';
import type { IdMap } from '../definition/idmap.js';
import type { ProcChoice } from '../definition/kernel-files.js';
import { bind, type Mount, tmpfs } from '../definition/mounts.js';
import type { NamespaceEntry } from '../definition/namespaces.js';
import type { Network } from '../definition/network.js';
import { usageError } from '../errors.js';
import type { Capability, Namespace } from '../plan/constants.js';

/** What the options come to. The parts that lists are made of are put together at the end, so that their order does not matter. */
export interface Draft {
  readonly definition: { -readonly [K in keyof DefinitionInput]: DefinitionInput[K] };
  readonly mounts: Mount[];
  readonly layers: { readonly lower: string[]; upper?: string; work?: string };
  readonly masks: string[];
  readonly env: Record<string, string>;
  readonly rlimits: Record<string, string | number | { soft: string | number; hard: string | number }>;
  readonly sysctl: Record<string, string>;
  namespaces?: readonly Namespace[];
  readonly shared: string[];
  readonly joined: NamespaceEntry[];
  readonly capabilities: { add: Capability[]; drop: Capability[]; dropAll: boolean };
  timeout?: number;
  killSignal?: NodeJS.Signals;
  interactive: boolean;
  terminal: boolean;
}

/** One option. */
export interface CliOption {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** What it takes, in capitals; none: it is a switch. */
  readonly value?: string;
  readonly group: 'Files' | 'Isolation' | 'Process' | 'Rights and limits';
  readonly help: string;
  /** `value` is `''` for a switch. */
  readonly apply: (draft: Draft, value: string) => void;
}

export const OPTIONS: readonly CliOption[] = [
  {
    name: 'rootfs',
    value: 'DIR',
    group: 'Files',
    help: 'a directory that becomes /; without it: the programs of this machine, and none of its data',
    apply: ({ definition }, value) => {
      definition.rootfs = value;
    },
  },
  {
    name: 'lower',
    value: 'DIR',
    group: 'Files',
    help: 'instead of --rootfs: directories that are laid over each other, the topmost first, and become /; what is written is gone at the end',
    apply: ({ layers }, value) => layers.lower.push(value),
  },
  {
    name: 'upper',
    value: 'DIR',
    group: 'Files',
    help: 'with --lower: where what is written goes to; it needs --work',
    apply: ({ layers }, value) => {
      layers.upper = value;
    },
  },
  {
    name: 'work',
    value: 'DIR',
    group: 'Files',
    help: 'with --upper: an empty directory beside it',
    apply: ({ layers }, value) => {
      layers.work = value;
    },
  },
  {
    name: 'readonly',
    group: 'Files',
    help: 'makes / read-only; /tmp stays writable',
    apply: ({ definition }) => {
      definition.readonly = true;
    },
  },
  {
    name: 'bind',
    short: 'b',
    value: 'SOURCE:TARGET[:ro]',
    group: 'Files',
    help: 'shows a file or directory of the host at TARGET',
    apply: ({ mounts }, value) => mounts.push(bindOf(value)),
  },
  {
    name: 'mount',
    value: 'type=…,…',
    group: 'Files',
    help: 'the same in full, for paths with a colon: type=bind,source=DIR,target=DIR, with ,readonly ,optional ,noexec and the like, or type=tmpfs,target=DIR[,size=64m][,mode=1777]',
    apply: ({ mounts }, value) => mounts.push(mountOf(value)),
  },
  {
    name: 'tmpfs',
    value: 'TARGET[:SIZE]',
    group: 'Files',
    help: 'an empty file system in memory at TARGET, of SIZE such as 64m',
    apply: ({ mounts }, value) => {
      const [target = '', size] = value.split(':');
      mounts.push(tmpfs(target, size === undefined ? {} : { size }));
    },
  },
  {
    name: 'mask',
    value: 'PATH',
    group: 'Files',
    help: 'hides PATH inside',
    apply: ({ masks }, value) => masks.push(value),
  },
  {
    name: 'proc',
    value: 'auto|new|bind|none',
    group: 'Isolation',
    help: 'the /proc inside: a new one, the one around, none, or by default a new one where the kernel allows it',
    apply: ({ definition }, value) => {
      definition.proc = value as ProcChoice;
    },
  },
  {
    name: 'network',
    value: 'none|host',
    group: 'Isolation',
    help: 'none, the default, is loopback only; host is the network of the host',
    apply: ({ definition }, value) => {
      definition.network = value as Network;
    },
  },
  {
    name: 'namespaces',
    value: 'LIST',
    group: 'Isolation',
    help: 'the namespaces that are new, by commas: user,mount,pid,network,ipc,uts,cgroup,time; the default is all but time',
    apply: (draft, value) => {
      draft.namespaces = list(value) as readonly Namespace[];
    },
  },
  {
    name: 'share',
    value: 'LIST',
    group: 'Isolation',
    help: 'namespaces that are not new but the host’s; each weakens the container',
    apply: ({ shared }, value) => shared.push(...list(value)),
  },
  {
    name: 'join',
    value: 'NAME=PATH',
    group: 'Isolation',
    help: 'joins a namespace that exists: network=/proc/123/ns/net',
    apply: ({ joined }, value) => joined.push(Object.fromEntries([pair(value)]) as NamespaceEntry),
  },
  {
    name: 'hostname',
    value: 'NAME',
    group: 'Isolation',
    help: 'the host name inside; the default is carrel',
    apply: ({ definition }, value) => {
      definition.hostname = value;
    },
  },
  {
    name: 'domainname',
    value: 'NAME',
    group: 'Isolation',
    help: 'the NIS domain name inside',
    apply: ({ definition }, value) => {
      definition.domainname = value;
    },
  },
  {
    name: 'sysctl',
    value: 'KEY=VALUE',
    group: 'Isolation',
    help: 'a setting of one of the new namespaces: net.ipv4.ip_forward=1',
    apply: ({ sysctl }, value) => assign(sysctl, pair(value)),
  },
  {
    name: 'interactive',
    short: 'i',
    group: 'Process',
    help: 'passes standard input on; without it there is none',
    apply: (draft) => {
      draft.interactive = true;
    },
  },
  {
    name: 'tty',
    short: 't',
    group: 'Process',
    help: 'a terminal of the container’s own; -it joins it with yours',
    apply: (draft) => {
      draft.terminal = true;
    },
  },
  {
    name: 'env',
    short: 'e',
    value: 'NAME[=VALUE]',
    group: 'Process',
    help: 'a variable; without =VALUE it is passed on. Nothing else of your environment is',
    apply: ({ env }, value) => assign(env, variable(value)),
  },
  {
    name: 'cwd',
    short: 'w',
    value: 'DIR',
    group: 'Process',
    help: 'the working directory inside; the default is /',
    apply: ({ definition }, value) => {
      definition.cwd = value;
    },
  },
  {
    name: 'user',
    short: 'u',
    value: 'NAME|UID[:GID]',
    group: 'Process',
    help: 'who the command is inside, by the container’s own passwd or by number; the default is root, who is nobody on the host',
    apply: ({ definition }, value) => {
      definition.user = value;
    },
  },
  {
    name: 'idmap',
    value: 'auto|subuid',
    group: 'Isolation',
    help: 'auto, the default: a range of ids for each container where root starts it, else one id, yours; subuid: those that /etc/subuid gives you',
    apply: ({ definition }, value) => {
      definition.idmap = value as IdMap;
    },
  },
  {
    name: 'no-init',
    group: 'Process',
    help: 'the command itself is PID 1',
    apply: ({ definition }) => {
      definition.init = false;
    },
  },
  {
    name: 'timeout',
    value: 'TIME',
    group: 'Process',
    help: 'ends the command after TIME: milliseconds, or 500ms, 30s, 5m, 2h',
    apply: (draft, value) => {
      draft.timeout = milliseconds(value);
    },
  },
  {
    name: 'kill-signal',
    value: 'SIGNAL',
    group: 'Process',
    help: 'what is sent when the time is up; the default is SIGKILL',
    apply: (draft, value) => {
      draft.killSignal = value.replace(/^(?!SIG)/, 'SIG') as NodeJS.Signals;
    },
  },
  {
    name: 'umask',
    value: 'MODE',
    group: 'Process',
    help: 'the file mode creation mask, octal; the default is 022',
    apply: ({ definition }, value) => {
      definition.umask = octal(value);
    },
  },
  {
    name: 'cap-add',
    value: 'NAME',
    group: 'Rights and limits',
    help: 'a capability beside the default ones: net_admin',
    apply: ({ capabilities }, value) => capabilities.add.push(...list(value).map(capability)),
  },
  {
    name: 'cap-drop',
    value: 'NAME|all',
    group: 'Rights and limits',
    help: 'one of the default capabilities less, or all',
    apply: ({ capabilities }, value) => {
      if (value.toLowerCase() === 'all') capabilities.dropAll = true;
      else capabilities.drop.push(...list(value).map(capability));
    },
  },
  {
    name: 'new-privileges',
    group: 'Rights and limits',
    help: 'lets set-user-id programs gain privileges',
    apply: ({ definition }) => {
      definition.noNewPrivileges = false;
    },
  },
  {
    name: 'rlimit',
    value: 'NAME=SOFT[:HARD]',
    group: 'Rights and limits',
    help: 'limits a resource of each process: nofile=1024, fsize=64m, cpu=10:20',
    apply: ({ rlimits }, value) => assign(rlimits, limit(value)),
  },
  {
    name: 'nice',
    value: 'NUMBER',
    group: 'Rights and limits',
    help: 'the nice value, -20 to 19',
    apply: ({ definition }, value) => {
      definition.nice = whole(value);
    },
  },
  {
    name: 'oom-score-adj',
    value: 'NUMBER',
    group: 'Rights and limits',
    help: 'how soon it is killed where memory is short, -1000 to 1000',
    apply: ({ definition }, value) => {
      definition.oomScoreAdj = whole(value);
    },
  },
  {
    name: 'cpu-affinity',
    value: 'LIST',
    group: 'Rights and limits',
    help: 'the CPUs that it runs on: 0-3,8',
    apply: ({ definition }, value) => {
      definition.cpuAffinity = value;
    },
  },
];

const list = (value: string): readonly string[] => value.split(',').filter((part) => part !== '');

function pair(value: string): readonly [string, string] {
  const at = value.indexOf('=');
  if (at <= 0) throw usageError(`"${value}" is not of the form NAME=VALUE`);
  return [value.slice(0, at), value.slice(at + 1)];
}

/** Not by assignment: a name may be __proto__. */
function assign<Value>(record: Record<string, Value>, [name, value]: readonly [string, Value]): void {
  Object.defineProperty(record, name, { value, enumerable: true, configurable: true, writable: true });
}

function variable(value: string): readonly [string, string] {
  if (value.includes('=')) return pair(value);
  const own = process.env[value];
  if (own === undefined) throw usageError(`${value} is not set here, and so cannot be passed on`);
  return [value, own];
}

function bindOf(value: string): Mount {
  const [source = '', target, mode, ...more] = value.split(':');
  if (target === undefined || more.length > 0 || (mode !== undefined && mode !== 'ro' && mode !== 'rw')) {
    throw usageError(
      `"${value}" is not of the form SOURCE:TARGET or SOURCE:TARGET:ro; for paths with a colon see --mount`,
    );
  }
  return bind(source, target, { readonly: mode === 'ro' });
}

function mountOf(value: string): Mount {
  const fields = new Map(list(value).map((part) => (part.includes('=') ? pair(part) : [part, ''])));
  const { type, source = '', target = '', ...options } = Object.fromEntries(fields) as Record<string, string>;
  const given = Object.fromEntries(Object.entries(options).map(([name, text]) => [name, optionOf(name, text)]));
  if (type === 'bind') return bind(source, target, given);
  if (type !== 'tmpfs') throw usageError('it takes type=bind or type=tmpfs');
  return tmpfs(target, given);
}

/** A switch may stand alone. */
function optionOf(name: string, text: string): string | number | boolean {
  if (name === 'mode') return octal(text);
  return ['', 'true', 'false'].includes(text) ? text !== 'false' : text;
}

function limit(value: string): readonly [string, string | number | { soft: string | number; hard: string | number }] {
  const [name, limits] = pair(value);
  const [soft = '', hard] = limits.split(':').map((text) => (/^\d+$/.test(text) ? Number(text) : text));
  return [name, hard === undefined ? soft : { soft, hard }];
}

function capability(name: string): Capability {
  return name.toUpperCase().replace(/^(?!CAP_)/, 'CAP_') as Capability;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function milliseconds(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|)$/.exec(value);
  if (match === null) throw usageError(`"${value}" is no time such as 500ms, 30s, 5m or 2h`);
  return Math.round(Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1));
}

function octal(value: string): number {
  if (!/^[0-7]{1,4}$/.test(value)) throw usageError(`"${value}" is no octal number such as 022`);
  return Number.parseInt(value, 8);
}

function whole(value: string): number {
  if (!/^-?\d+$/.test(value)) throw usageError(`"${value}" is no whole number`);
  return Number(value);
}
