/**
 * A pod of Kubernetes with the defaults of containerd: root without CAP_SYS_ADMIN, and an AppArmor profile.
 *
 * Sources: containerd's contrib/apparmor/template.go, `deny mount`; Kubernetes' API, SecurityContext: `procMount` is
 * `Default`, `seccompProfile` is unset unless the kubelet has seccompDefault. AppArmor sees move_mount(2) since 6.7.
 */

import type { HostMount } from '#lib/host/facts.js';
import { root } from '../support/hosts.js';
import { type DescribedHost, firstRefused } from '../support/observed.js';

const NOT_OVER = ['nosuid', 'nodev', 'noexec', 'relatime'];
const ofProc = (id: number, name: string): HostMount => ({
  ...{ id, parent: 2, root: `/${name}`, path: `/proc/${name}` },
  options: ['ro', ...NOT_OVER],
  type: 'proc',
});
const masked = (id: number, path: string): HostMount => ({
  ...{ id, parent: 2, root: '/', path },
  options: ['ro', 'relatime'],
  type: 'tmpfs',
});
/** chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod … */
const CAPABILITIES = 0xa80425fbn;

export const kubernetes: DescribedHost = {
  source: 'kubernetes.ts',
  system: 'linux 6.8.0-45-generic on x64, Node.js 22.0.0',
  host: {
    ...root,
    kernel: [6, 8],
    capabilities: CAPABILITIES,
    landlock: { version: 4 },
    cgroups: {
      hierarchies: [],
      cpus: 2,
      obstacles: ['cgroup v2: EROFS, mkdir at /sys/fs/cgroup'],
      remedy: 'run as root',
    },
    mounts: [
      { id: 1, parent: 0, root: '/', path: '/', options: ['rw', 'relatime'], type: 'overlay' },
      { id: 2, parent: 1, root: '/', path: '/proc', options: ['rw', ...NOT_OVER], type: 'proc' },
      ...['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name, index) => ofProc(3 + index, name)),
      masked(10, '/proc/acpi'),
      masked(11, '/proc/scsi'),
      { id: 12, parent: 1, root: '/', path: '/sys', options: ['ro', ...NOT_OVER], type: 'sysfs' },
      { ...masked(13, '/sys/firmware'), parent: 12 },
    ],
  },
  surroundings: {
    outer: 'Kubernetes',
    filtered: false,
    noNewPrivileges: false,
    label: 'cri-containerd.apparmor.d (enforce)',
  },
  settings: { 'kernel.ostype': 'Linux' },
  refuses: (plan) =>
    firstRefused(plan, {
      mount: { syscall: 'move_mount', code: 'EACCES' },
      bind: { syscall: 'move_mount', code: 'EACCES' },
      pivotRoot: { syscall: 'pivot_root', code: 'EACCES' },
    }),
};
