/** The options of `carrel run` and `carrel explain`: parsing, `--help` and the documentation follow from this table. */

import type { IdMap } from '../definition/idmap.js';
import type { ProcChoice } from '../definition/kernel-files.js';
import { tmpfs } from '../definition/mounts.js';
import type { NamespaceEntry } from '../definition/namespaces.js';
import type { Network } from '../definition/network.js';
import type { Namespace } from '../plan/constants.js';
import type { CliOption } from './draft.js';
import { RIGHTS_OPTIONS } from './rights.js';
import {
  assign,
  bindOf,
  decimal,
  host,
  ioLimit,
  limit,
  list,
  milliseconds,
  mountOf,
  octal,
  pair,
  size,
  variable,
  whole,
} from './values.js';

/** Each says the same as the builder call or option of `spawn` that it stands for. */
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
    help: 'instead of --rootfs: directories laid over each other, the topmost first; all writes are gone at the end',
    apply: ({ layers }, value) => layers.lower.push(value),
  },
  {
    name: 'upper',
    value: 'DIR',
    group: 'Files',
    help: 'with --lower: the directory that keeps all writes; it needs --work',
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
    help:
      'in full: type=bind,source=DIR,target=DIR with ,readonly ,optional ,nofollow ,within=DIR and others; ' +
      'type=tmpfs,target=DIR[,size=64m][,mode=1777]; type=overlay,target=DIR,lower=DIR: its changes are thrown away',
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
    help: 'the /proc inside; auto, the default, makes a new one where the kernel allows it, else binds the one around',
    apply: ({ definition }, value) => {
      definition.proc = value as ProcChoice;
    },
  },
  {
    name: 'network',
    value: 'none|host|outbound',
    group: 'Isolation',
    help:
      'none, the default, gives loopback only; host gives the network of the host; ' +
      'outbound a way out by pasta or slirp4netns',
    apply: ({ definition }, value) => {
      definition.network = value as Network;
    },
  },
  {
    name: 'allow',
    value: 'NAME:PORT',
    group: 'Isolation',
    help: 'what may be reached by TCP, and nothing else: a name, *.NAME for all below it, an address or a range',
    apply: ({ allow }, value) => allow.push(value),
  },
  {
    name: 'namespaces',
    value: 'LIST',
    group: 'Isolation',
    help: 'the new namespaces, by commas: user,mount,pid,network,ipc,uts,cgroup,time; the default is all except time',
    apply: (draft, value) => {
      draft.namespaces = list(value) as readonly Namespace[];
    },
  },
  {
    name: 'share',
    value: 'LIST',
    group: 'Isolation',
    help: 'namespaces to share with the host; each weakens the container',
    apply: ({ shared }, value) => shared.push(...list(value)),
  },
  {
    name: 'join',
    value: 'NAME=PATH',
    group: 'Isolation',
    help: 'joins an existing namespace: network=/proc/123/ns/net',
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
    name: 'add-host',
    value: 'NAME=ADDRESS',
    group: 'Isolation',
    help: 'a name for /etc/hosts inside: db=127.0.0.1; NAME:ADDRESS as in Docker means the same',
    apply: ({ hosts }, value) => assign(hosts, host(value)),
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
    help: 'passes standard input on; without it the command has none',
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
    help: 'sets a variable; without =VALUE it passes yours on. Nothing else of your environment enters',
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
    help: 'the user inside, by the container’s own passwd or by number; the default is root, who is nobody on the host',
    apply: ({ definition }, value) => {
      definition.user = value;
    },
  },
  {
    name: 'idmap',
    value: 'auto|subuid',
    group: 'Isolation',
    help: 'auto, the default: for root a range of ids a container, else your id alone; subuid: also ids of /etc/subuid',
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
    help: 'the signal when the time is up; the default is SIGKILL',
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
  ...RIGHTS_OPTIONS,
  {
    name: 'memory',
    value: 'SIZE',
    group: 'Rights and limits',
    help: 'limits the memory of all of the container together, such as 64m; the kernel kills what needs more',
    apply: ({ limits }, value) => {
      limits.memory = size(value);
    },
  },
  {
    name: 'swap',
    value: 'SIZE',
    group: 'Rights and limits',
    help: 'limits swap space beyond --memory; the default with --memory is 0',
    apply: ({ limits }, value) => {
      limits.swap = size(value);
    },
  },
  {
    name: 'pids',
    value: 'NUMBER',
    group: 'Rights and limits',
    help: 'limits processes and threads at a time',
    apply: ({ limits }, value) => {
      limits.pids = whole(value);
    },
  },
  {
    name: 'cpus',
    value: 'NUMBER',
    group: 'Rights and limits',
    help: 'limits CPU time, in CPUs: 0.5 is half of one',
    apply: ({ limits }, value) => {
      limits.cpus = decimal(value);
    },
  },
  {
    name: 'cpu-weight',
    value: 'NUMBER',
    group: 'Rights and limits',
    help: 'the share where CPU time is short, 1 to 10000; others have 100',
    apply: ({ limits }, value) => {
      limits.cpuWeight = whole(value);
    },
  },
  {
    name: 'cpuset',
    value: 'LIST',
    group: 'Rights and limits',
    help: 'the only CPUs that it can use: 0-3,8',
    apply: ({ limits }, value) => {
      limits.cpuset = value;
    },
  },
  {
    name: 'cpu-time',
    value: 'TIME',
    group: 'Rights and limits',
    help: 'ends the container when all of it together has used so much CPU time: 500ms, 30s',
    apply: ({ limits }, value) => {
      limits.cpuTime = milliseconds(value);
    },
  },
  {
    name: 'io',
    value: 'MAJOR:MINOR,RATE=LIMIT[,…]',
    group: 'Rights and limits',
    help: 'limits a device of lsblk(8), per second: rbps and wbps in bytes, riops and wiops: 8:0,wbps=10m,riops=500',
    apply: ({ io }, value) => {
      const [device, rates] = ioLimit(value);
      assign(io, [device, { ...io[device], ...rates }]);
    },
  },
  {
    name: 'unified',
    value: 'FILE=VALUE',
    group: 'Rights and limits',
    help: 'writes any other file of cgroup v2: memory.high=48m',
    apply: ({ unified }, value) => assign(unified, pair(value)),
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
    help: 'how soon the kernel kills it where memory is short, -1000 to 1000',
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
