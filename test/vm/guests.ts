/**
 * The other kernels that tests run on.
 *
 * Emulation is slow: each guest runs the files that tell most about what is different there.
 */

export interface Guest {
  readonly name: string;
  /** The script beside this file that starts it, and its options. */
  readonly script: readonly [string, ...string[]];
  /** The legs of each boot (../support/legs.ts); boots are side by side, with a CPU each. */
  readonly boots: readonly (readonly string[])[];
  /** Parts of the names of the test files that it runs, unless others are asked for. */
  readonly files: readonly string[];
  readonly limitSeconds: number;
  /** What runs the tests there. */
  readonly node: string;
}

/**
 * What depends on the kernel's release and on its cgroups, without what starts many a Node: each takes seconds there.
 */
const KINDS = [
  ...['ids', 'limits', 'mounts', 'namespaces', 'proc', 'rootfs', 'run', 'running-limits', 'update'].map(
    (name) => `container/${name}.test`,
  ),
  'container/overlay-memory',
  ...['failure/program', 'hardening/cores', 'hardening/inheritance', 'hardening/links'],
];

export const GUESTS: readonly Guest[] = [
  {
    name: 'uml',
    script: ['uml.sh'],
    boots: [['root'], ['delegated']],
    files: KINDS,
    limitSeconds: 1200,
    node: process.execPath,
  },
  {
    name: 'stock',
    script: ['qemu.sh', '-k', '6.1'],
    boots: [['root', 'delegated']],
    files: ['container/limits.test', 'container/pause.test'],
    limitSeconds: 1200,
    node: process.execPath,
  },
  {
    name: 'systemd',
    script: ['qemu.sh', '-s'],
    boots: [['session']],
    files: ['container/limits.test'],
    limitSeconds: 1200,
    node: process.execPath,
  },
  {
    name: 'apparmor',
    script: ['qemu.sh', '-k', '6.12'],
    boots: [['root']],
    files: ['container/apparmor.test'],
    limitSeconds: 1200,
    node: process.execPath,
  },
  {
    name: 'arm64',
    script: ['arm64.sh'],
    boots: [['root', 'user']],
    files: ['container/run', 'container/ids'],
    limitSeconds: 1200,
    node: '/usr/local/bin/node',
  },
];
