/** Options of `carrel run` about what a container's programs may do. */

import type { LandlockScope } from '../plan/constants.js';
import type { CliOption } from './draft.js';
import { capability, list, securityOption, whole } from './values.js';

const LANDLOCK_HELP = {
  read: 'with any of these three, all other files are closed: files and directories that can be read',
  write: 'files that can be written, directories in which entries can be made, moved and removed',
  execute: 'programs that can be executed, the command itself among them, with its loader',
  connect: 'the only TCP port to connect to; several: once for each',
  bind: 'the only TCP port to bind; several: once for each',
} as const;

/** Rows of `OPTIONS`. */
export const RIGHTS_OPTIONS: readonly CliOption[] = [
  {
    name: 'cap-add',
    value: 'NAME',
    group: 'Rights and limits',
    help: 'adds a capability to the default ones: net_admin',
    apply: ({ capabilities }, value) => capabilities.add.push(...list(value).map(capability)),
  },
  {
    name: 'cap-drop',
    value: 'NAME|all',
    group: 'Rights and limits',
    help: 'takes away one of the default capabilities, or all',
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
    name: 'security-opt',
    value: 'seccomp=default|unconfined|FILE',
    group: 'Rights and limits',
    help:
      'the system calls that programs can make: default, the default, is about Docker’s; unconfined is all; ' +
      'FILE holds a profile, JSON as Docker and Podman have it',
    apply: ({ definition }, value) => {
      definition.seccomp = securityOption(value);
    },
  },
  {
    name: 'seccomp-report',
    group: 'Rights and limits',
    help: 'tells at the end, on standard error, which system calls were refused: why a program fails',
    apply: (draft) => {
      draft.seccompReport = true;
    },
  },
  {
    name: 'apparmor',
    value: 'PROFILE',
    group: 'Rights and limits',
    help: 'the AppArmor profile of the host that the command runs under',
    apply: ({ definition }, value) => {
      definition.apparmor = value;
    },
  },
  {
    name: 'selinux',
    value: 'LABEL',
    group: 'Rights and limits',
    help: 'the SELinux context of the host that the command runs in',
    apply: ({ definition }, value) => {
      definition.selinux = value;
    },
  },
  ...(['read', 'write', 'execute'] as const).map(
    (part): CliOption => ({
      name: `landlock-${part}`,
      value: 'PATH',
      group: 'Rights and limits',
      help: LANDLOCK_HELP[part],
      apply: ({ landlock }, value) => {
        landlock[part] = [...(landlock[part] ?? []), value];
      },
    }),
  ),
  ...(['connect', 'bind'] as const).map(
    (call): CliOption => ({
      name: `landlock-${call}-tcp`,
      value: 'PORT|none',
      group: 'Rights and limits',
      help: LANDLOCK_HELP[call],
      apply: ({ landlock }, value) => {
        const ports = value === 'none' ? [] : list(value).map(whole);
        landlock[`${call}Tcp`] = [...(landlock[`${call}Tcp`] ?? []), ...ports];
      },
    }),
  ),
  {
    name: 'landlock-scope',
    value: 'signal|abstract-unix-socket',
    group: 'Rights and limits',
    help: 'these reach no process that the command has not started',
    apply: ({ landlock }, value) => {
      landlock.scope = [...(landlock.scope ?? []), ...list(value)] as readonly LandlockScope[];
    },
  },
  {
    name: 'landlock-unsupported',
    value: 'error|warn',
    group: 'Rights and limits',
    help: 'where this kernel cannot do what landlock options ask for: error, the default, starts nothing',
    apply: ({ landlock }, value) => {
      landlock.onUnsupported = value as 'error' | 'warn';
    },
  },
];
