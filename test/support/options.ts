/**
 * Options of a definition about the process and its networks: values that are taken, what becomes of them, and what is
 * refused.
 */

import type { DefinitionInput } from 'carrel';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';
const RANGE = 'ERR_OUT_OF_RANGE';

export type Case = readonly [value: unknown, expected: unknown];
export type Wrong = readonly [value: unknown, code: string];

export interface Option {
  readonly unset: unknown;
  readonly right: readonly Case[];
  readonly wrong: readonly Wrong[];
  /** Parts that this one needs. */
  readonly beside?: DefinitionInput;
}

const both = (limit: number | 'unlimited'): object => ({ soft: limit, hard: limit });

/** Of a container whose network is joined. */
const joined = { network: { path: '/proc/1/ns/net', inode: 1 }, user: { path: '/proc/1/ns/user', inode: 2 } };

export const PROCESS_OPTIONS = {
  limits: {
    unset: undefined,
    right: [
      [{}, { onUnsupported: 'error' }],
      [
        { memory: '64m', swap: 0, pids: 1, cpus: 0.5, cpuWeight: 10_000, cpuset: '0-1,3', cpuTime: 2000 },
        {
          onUnsupported: 'error',
          memory: 67_108_864,
          swap: 0,
          pids: 1,
          cpus: 0.5,
          cpuWeight: 10_000,
          cpuset: '0-1,3',
          cpuTime: 2000,
        },
      ],
      [
        { io: { '8:0': { rbps: '1m', wiops: 5 } }, unified: { 'memory.high': '1' }, onUnsupported: 'warn' },
        { io: { '8:0': { rbps: 1_048_576, wiops: 5 } }, unified: { 'memory.high': '1' }, onUnsupported: 'warn' },
      ],
      [
        { memory: undefined, swap: '0' },
        { onUnsupported: 'error', swap: 0 },
      ],
    ],
    wrong: [
      ['64m', TYPE],
      [{ mem: 1 }, VALUE],
      [{ memory: 4095 }, RANGE],
      [{ memory: '64x' }, VALUE],
      [{ swap: -1 }, RANGE],
      [{ pids: 0 }, RANGE],
      [{ pids: '1' }, TYPE],
      [{ pids: 4_194_305 }, RANGE],
      [{ cpus: 0 }, RANGE],
      [{ cpus: Number.NaN }, RANGE],
      [{ cpus: '1' }, TYPE],
      [{ cpuWeight: 10_001 }, RANGE],
      [{ cpuset: 'all' }, VALUE],
      [{ cpuset: '0;1' }, VALUE],
      [{ cpuTime: 0 }, RANGE],
      [{ cpuTime: 2 ** 32 }, RANGE],
      [{ io: { sda: { rbps: 1 } } }, VALUE],
      [{ io: { '8:0': {} } }, VALUE],
      [{ io: { '8:0': { bps: 1 } } }, VALUE],
      [{ io: { '8:0': { riops: 0 } } }, RANGE],
      [{ unified: { '../memory.max': '1' } }, VALUE],
      [{ unified: { 'cgroup.procs': '1' } }, VALUE],
      [{ unified: { 'memory.max': 1 } }, TYPE],
      [{ onUnsupported: 'ignore' }, VALUE],
    ],
  },
  entrypoint: {
    unset: undefined,
    right: [
      [[], []],
      [
        ['nice', '', 'a b'],
        ['nice', '', 'a b'],
      ],
    ],
    wrong: [
      ['nice', TYPE],
      [{}, TYPE],
      [[1], TYPE],
      [[undefined], TYPE],
      [[''], VALUE],
      [['a\0b'], VALUE],
    ],
  },
  command: {
    unset: undefined,
    right: [
      [[], []],
      // Behind an entrypoint even this is a word.
      [
        ['', 'a b'],
        ['', 'a b'],
      ],
    ],
    wrong: [
      ['echo', TYPE],
      [{}, TYPE],
      [['echo', 1], TYPE],
      [new Array(1), TYPE],
      [['a\0b'], VALUE],
    ],
  },
  domainname: {
    unset: undefined,
    right: [
      ['example', 'example'],
      ['a.b-c', 'a.b-c'],
    ],
    wrong: [
      [1, TYPE],
      ['', VALUE],
      ['-a', VALUE],
      ['a b', VALUE],
      ['x'.repeat(65), VALUE],
    ],
  },
  hosts: {
    unset: {},
    right: [
      [{}, {}],
      [
        { db: '127.0.0.1', 'Cache_1.example': '::1', gone: undefined },
        { db: '127.0.0.1', 'cache_1.example': '::1' },
      ],
      [{ [`${'x'.repeat(63)}.x`]: 'fd00::1' }, { [`${'x'.repeat(63)}.x`]: 'fd00::1' }],
      [Object.fromEntries([['__proto__', '::1']]), Object.fromEntries([['__proto__', '::1']])],
    ],
    wrong: [
      ['db=127.0.0.1', TYPE],
      [['db:127.0.0.1'], TYPE],
      [new Map([['db', '127.0.0.1']]), TYPE],
      [{ db: 1 }, TYPE],
      [{ db: '' }, VALUE],
      [{ db: 'localhost' }, VALUE],
      [{ db: '127.1' }, VALUE],
      [{ db: '127.0.0.1\n::1 x' }, VALUE],
      [{ db: 'fe80::1%eth0' }, VALUE],
      [{ '127.0.0.1': 'db' }, VALUE],
      [{ '': '::1' }, VALUE],
      [{ 'a b': '::1' }, VALUE],
      [{ 'a\nb': '::1' }, VALUE],
      [{ 'a.': '::1' }, VALUE],
      [{ 'a..b': '::1' }, VALUE],
      [{ '-a': '::1' }, VALUE],
      [{ bücher: '::1' }, VALUE],
      [{ db: '::1', DB: '127.0.0.1' }, VALUE],
      [{ ['x'.repeat(64)]: '::1' }, VALUE],
      [Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`n${index}`, '::1'])), RANGE],
    ],
  },
  publish: {
    unset: [],
    right: [
      [[], []],
      [[{ containerPort: 80 }], [{ containerPort: 80, host: '127.0.0.1', port: 0 }]],
      [
        [
          { containerPort: 1, host: '::', port: 65_535 },
          { containerPort: 65_535, host: undefined, port: undefined },
        ],
        [
          { containerPort: 1, host: '::', port: 65_535 },
          { containerPort: 65_535, host: '127.0.0.1', port: 0 },
        ],
      ],
    ],
    wrong: [
      [80, TYPE],
      [[80], TYPE],
      [[{}], TYPE],
      [[{ containerPort: '80' }], TYPE],
      [[{ containerPort: 0 }], RANGE],
      [[{ containerPort: 65_536 }], RANGE],
      [[{ containerPort: 80, port: -1 }], RANGE],
      [[{ containerPort: 80, port: '80' }], TYPE],
      [[{ containerPort: 80, host: 'localhost' }], VALUE],
      [[{ containerPort: 80, host: 0 }], TYPE],
      [[{ containerPort: 80, hostPort: 80 }], VALUE],
      [[{ containerPort: 80 }, { containerPort: 80, port: 1 }], VALUE],
    ],
  },
  network: {
    unset: undefined,
    right: [
      ['none', 'none'],
      ['host', 'host'],
      [{ namespaces: joined }, { namespaces: joined }],
      [{ namespaces: { ...joined, pid: { path: '/proc/1/ns/pid', inode: 3 } }, pid: 1 }, { namespaces: joined }],
    ],
    wrong: [
      [true, TYPE],
      [null, TYPE],
      [{}, TYPE],
      [[], TYPE],
      [{ path: '/proc/1/ns/net' }, TYPE],
      ['bridge', VALUE],
      [{ namespaces: undefined }, VALUE],
      [{ namespaces: 'net' }, TYPE],
      [{ namespaces: {} }, VALUE],
      [{ namespaces: { network: joined.network } }, VALUE],
      [{ namespaces: { ...joined, network: { path: '/proc/1/ns/net', inode: 0 } } }, VALUE],
      [{ namespaces: { ...joined, network: { path: '/proc/1/ns/net', inode: -1 } } }, RANGE],
      [{ namespaces: { ...joined, network: '/proc/1/ns/net' } }, TYPE],
    ],
  },
  rlimits: {
    unset: {},
    right: [
      [{}, {}],
      [{ nofile: 1024 }, { nofile: both(1024) }],
      [{ RLIMIT_NOFILE: 1024, nproc: undefined }, { nofile: both(1024) }],
      [
        { core: 0, as: '64m', stack: 'unlimited' },
        { core: both(0), as: both(67_108_864), stack: both('unlimited') },
      ],
      [{ core: '0' }, { core: both(0) }],
      [{ cpu: { soft: 1, hard: 2 } }, { cpu: { soft: 1, hard: 2 } }],
      [
        { cpu: { soft: 1 }, nproc: { hard: 2 } },
        { cpu: both(1), nproc: both(2) },
      ],
      [{ memlock: { soft: '1k', hard: 'unlimited' } }, { memlock: { soft: 1024, hard: 'unlimited' } }],
    ],
    wrong: [
      [1, TYPE],
      [{ files: 1 }, VALUE],
      [{ nofile: 1, RLIMIT_NOFILE: 2 }, VALUE],
      [{ nofile: true }, TYPE],
      [{ nofile: [1, 2] }, TYPE],
      [{ nofile: -1 }, RANGE],
      [{ nofile: 1.5 }, RANGE],
      [{ nofile: Number.POSITIVE_INFINITY }, RANGE],
      [{ nofile: '1k' }, VALUE],
      [{ as: 'much' }, VALUE],
      [{ nofile: {} }, VALUE],
      [{ nofile: { max: 1 } }, VALUE],
      [{ nofile: { soft: 2, hard: 1 } }, VALUE],
      [{ nofile: { soft: 'unlimited', hard: 1 } }, VALUE],
    ],
  },
  sysctl: {
    unset: {},
    right: [
      [{}, {}],
      [
        { 'net.ipv4.ip_forward': 1, 'kernel.shmmax': '64', 'kernel.sem': '1 2 3 4', 'fs.mqueue.msg_max': 5 },
        { 'net/ipv4/ip_forward': '1', 'kernel/shmmax': '64', 'kernel/sem': '1 2 3 4', 'fs/mqueue/msg_max': '5' },
      ],
      [{ 'net/ipv4/conf/a.1/rp_filter': 0 }, { 'net/ipv4/conf/a.1/rp_filter': '0' }],
      [{ 'kernel.domainname': 'x', 'kernel.msgmax': undefined }, { 'kernel/domainname': 'x' }],
    ],
    wrong: [
      ['net.ipv4.ip_forward=1', TYPE],
      [{ 'net.ipv4.ip_forward': true }, TYPE],
      [{ 'net.ipv4.ip_forward': 1, 'net/ipv4/ip_forward': 1 }, VALUE],
      [{ 'net.ipv4.ip_forward': '1\n0' }, VALUE],
      [{ 'net.ipv4.ip_forward': '1\0' }, VALUE],
      [{ 'kernel.hostname': 'x' }, VALUE],
      [{ 'kernel.core_pattern': '|/bin/sh' }, VALUE],
      [{ 'vm.overcommit_memory': '1' }, VALUE],
      [{ 'user.max_user_namespaces': '1' }, VALUE],
      [{ 'net.': '1' }, VALUE],
      [{ net: '1' }, VALUE],
      [{ 'net/../kernel/core_pattern': '1' }, VALUE],
      [{ 'net/./x': '1' }, VALUE],
      [{ '/net/x': '1' }, VALUE],
      [{ 'kernel.shmmax/../core_pattern': '1' }, VALUE],
      [{ 'fs/mqueue/a/b': '1' }, VALUE],
      [{ 'net/x\0': '1' }, VALUE],
    ],
  },
  umask: {
    unset: 0o022,
    right: [
      [0, 0],
      [0o077, 0o077],
    ],
    wrong: [
      ['077', TYPE],
      [0o1000, RANGE],
      [-1, RANGE],
    ],
  },
  nice: {
    unset: undefined,
    right: [
      [-20, -20],
      [0, 0],
      [19, 19],
    ],
    wrong: [
      ['0', TYPE],
      [20, RANGE],
      [-21, RANGE],
      [0.5, RANGE],
    ],
  },
  oomScoreAdj: {
    unset: undefined,
    right: [
      [-1000, -1000],
      [0, 0],
      [1000, 1000],
    ],
    wrong: [
      ['0', TYPE],
      [1001, RANGE],
      [-1001, RANGE],
    ],
  },
  cpuAffinity: {
    unset: undefined,
    right: [
      [[0], [0]],
      [
        [3, 1, 3],
        [1, 3],
      ],
      ['0-3,8', [0, 1, 2, 3, 8]],
      ['5', [5]],
    ],
    wrong: [
      [1, TYPE],
      [['1'], TYPE],
      [[], VALUE],
      ['', VALUE],
      ['3-1', VALUE],
      ['a', VALUE],
      ['1,', VALUE],
      [[8192], RANGE],
      ['0-9000', RANGE],
    ],
  },
} as const satisfies Readonly<Partial<Record<keyof DefinitionInput, Option>>>;
