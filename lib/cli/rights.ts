/** Options of `carrel run` about what a container's programs may do. */

import type { CliOption } from './draft.js';
import { capability, list, securityOption } from './values.js';

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
];
