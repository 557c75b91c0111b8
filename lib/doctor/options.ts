/** What a container can be given, option by option, as samples: what each needs here follows from its plan. Pure. */

import { canMapRange } from '../compile/ids.js';
import type { DefinitionInput } from '../definition/definition.js';
import { file } from '../definition/entries.js';
import type { LimitsInput } from '../definition/limits.js';
import { bind, tmpfs } from '../definition/mounts.js';
import { DEFAULT_NAMESPACES } from '../definition/namespaces.js';
import { overlay } from '../definition/overlay.js';
import { umask } from '../definition/step-constructors.js';
import type { Ground } from './trial.js';
import type { Need } from './tried-by.js';

/** One option with one kind of value. */
export interface Sample {
  /** As it is written. */
  readonly option: string;
  readonly definition: DefinitionInput;
  /** The command gets a terminal. */
  readonly terminal?: true;
  /** What its plan does not show, and what it can then not do: it is weaker without. */
  readonly beyond?: Partial<Record<Need, string>>;
}

export const DEFAULT: Sample = { option: 'the default container', definition: {} };

/** Of each option that a definition can have. The compiler insists that none is missing. */
type Samples = { readonly [K in keyof DefinitionInput]-?: readonly Sample[] };
type LimitSamples = { readonly [K in Exclude<keyof LimitsInput, 'onUnsupported'>]-?: LimitsInput };

/** The default first, then in the order of the builder. */
export function samplesFor(ground: Ground): readonly Sample[] {
  const { path, cpu = 0 } = ground;
  const samples: Samples = {
    rootfs: [
      { option: 'rootfs()', definition: { rootfs: path } },
      { option: 'rootfs(overlay())', definition: { rootfs: overlay({ lower: [path] }) } },
    ],
    readonly: [{ option: 'readonly()', definition: { readonly: true } }],
    mounts: [
      { option: 'mount(bind())', definition: { mounts: [bind(path, '/mnt')] } },
      { option: 'mount(tmpfs())', definition: { mounts: [tmpfs('/mnt')] } },
      { option: 'mount(overlay())', definition: { mounts: [overlay('/mnt', { lower: [path] })] } },
      { option: 'mount(file())', definition: { mounts: [file('/etc/carrel', '')] } },
    ],
    mask: [{ option: 'mask()', definition: { mask: ['/etc'] } }],
    proc: [
      { option: "proc('new')", definition: { proc: 'new' } },
      { option: "proc('bind')", definition: { proc: 'bind' } },
      { option: "proc('none')", definition: { proc: 'none' } },
    ],
    namespaces: namespaces(ground),
    idmap: idmaps(ground),
    hostname: [{ option: 'hostname()', definition: { hostname: 'box' } }],
    domainname: [{ option: 'domainname()', definition: { domainname: 'box' } }],
    hosts: [{ option: 'hosts()', definition: { hosts: { db: '127.0.0.1' } } }],
    publish: [{ option: 'publish()', definition: { publish: [{ containerPort: 80 }] } }],
    network: [
      { option: "network('host')", definition: { network: 'host' } },
      { option: 'network({ allow })', definition: { network: { allow: ['example.org:443'] } } },
      { option: "network('outbound')", definition: { network: 'outbound' } },
    ],
    timeOffsets: [
      {
        option: 'timeOffsets()',
        definition: { namespaces: [...DEFAULT_NAMESPACES, 'time'], timeOffsets: { monotonic: 1 } },
      },
    ],
    // Words alone need nothing.
    entrypoint: [],
    command: [],
    env: [{ option: 'env()', definition: { env: { LANG: 'C' } } }],
    cwd: [{ option: 'cwd()', definition: { cwd: '/tmp' } }],
    user: [
      { option: 'user({ uid, gid })', definition: { user: { uid: 1, gid: 1 } } },
      { option: 'user({ additionalGids })', definition: { user: { uid: 1, gid: 1, additionalGids: [2] } } },
    ],
    capabilities: [
      { option: 'capabilities([])', definition: { capabilities: [] } },
      { option: "capabilities(['CAP_SYS_ADMIN'])", definition: { capabilities: ['CAP_SYS_ADMIN'] } },
    ],
    noNewPrivileges: [{ option: 'noNewPrivileges(false)', definition: { noNewPrivileges: false } }],
    seccomp: [
      { option: 'seccomp(profile)', definition: { seccomp: { defaultAction: 'SCMP_ACT_ALLOW' } } },
      { option: "seccomp('unconfined')", definition: { seccomp: 'unconfined' } },
      { option: 'seccomp(…, { report })', definition: { seccomp: { profile: 'default', report: true } } },
    ],
    landlock: [
      { option: 'landlock({ read, execute })', definition: { landlock: { read: '/', execute: '/' } } },
      { option: 'landlock({ write })', definition: { landlock: { write: '/tmp', execute: '/' } } },
      { option: 'landlock({ connectTcp, bindTcp })', definition: { landlock: { connectTcp: [], bindTcp: [] } } },
      { option: 'landlock({ scope })', definition: { landlock: { scope: ['signal'] } } },
    ],
    // Which labels the host's policy has, only the start tells.
    apparmor: [{ option: 'apparmor()', definition: { apparmor: 'unconfined' } }],
    selinux: [{ option: 'selinux()', definition: { selinux: 'system_u:system_r:container_t:s0' } }],
    rlimits: [
      {
        option: 'rlimits()',
        definition: { rlimits: { core: 0 } },
        beyond: { 'higher rlimits': 'hard limits stay at the caller’s, or below' },
      },
    ],
    sysctl: [
      { option: "sysctl('net.…')", definition: { sysctl: { 'net.ipv4.ip_unprivileged_port_start': 0 } } },
      { option: "sysctl('kernel.shm…')", definition: { sysctl: { 'kernel.shmmni': 64 } } },
    ],
    umask: [{ option: 'umask()', definition: { umask: 0o077 } }],
    nice: [
      { option: 'nice()', definition: { nice: 19 }, beyond: { 'lower nice': 'not below the caller’s nice value' } },
    ],
    oomScoreAdj: [
      {
        option: 'oomScoreAdj()',
        definition: { oomScoreAdj: 1000 },
        beyond: { 'lower oom_score_adj': 'not below the caller’s' },
      },
    ],
    cpuAffinity: [{ option: 'cpuAffinity()', definition: { cpuAffinity: [cpu] } }],
    limits: limits(ground),
    init: [{ option: 'init(false)', definition: { init: false } }],
    steps: [{ option: 'step()', definition: { steps: [{ step: umask({ mask: 0o077 }), before: 'exec' }] } }],
  };
  return [DEFAULT, ...Object.values(samples).flat(), { option: 'terminal: true', definition: {}, terminal: true }];
}

function namespaces({ host }: Ground): readonly Sample[] {
  const without = DEFAULT_NAMESPACES.filter((name) => name !== 'user');
  return [
    { option: 'namespaces([])', definition: { namespaces: [] } },
    {
      option: 'namespaces([]) with landlock()',
      definition: { namespaces: [], landlock: { read: '/', execute: '/' } },
    },
    { option: "namespaces([…, 'time'])", definition: { namespaces: [...DEFAULT_NAMESPACES, 'time'] } },
    ...(canMapRange(host) ? [{ option: "namespaces() without 'user'", definition: { namespaces: without } }] : []),
  ];
}

function idmaps({ host: { uid, gid }, host }: Ground): readonly Sample[] {
  return [
    { option: 'idmap({ uid, gid })', definition: { idmap: { uid, gid } } },
    // Root has ranges of its own.
    ...(canMapRange(host) ? [] : [{ option: "idmap('subuid')", definition: { idmap: 'subuid' } } as const]),
  ];
}

function limits({ cpu = 0 }: Ground): readonly Sample[] {
  const samples: LimitSamples = {
    memory: { memory: '64m' },
    swap: { memory: '64m', swap: '64m' },
    pids: { pids: 64 },
    cpus: { cpus: 1 },
    cpuWeight: { cpuWeight: 100 },
    cpuset: { cpuset: String(cpu) },
    io: { io: { '8:0': { wbps: '100m' } } },
    cpuTime: { cpuTime: 1000 },
    unified: { unified: { 'memory.high': '64m' } },
  };
  return Object.entries(samples).map(([name, value]) => ({
    option: `limits({ ${name} })`,
    definition: { limits: value },
  }));
}
