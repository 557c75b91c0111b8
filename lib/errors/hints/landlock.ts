/** Rulesets of Landlock: whether there are any, what they are about, and who may load them. */

import type { Hint } from './hint.js';

export const LANDLOCK_HINTS: readonly Hint[] = [
  {
    op: 'createRuleset',
    error: 'ENOSYS',
    text: 'this kernel is built without Landlock, or a filter of system calls hides it: see carrel doctor',
  },
  {
    op: 'createRuleset',
    error: 'ENOTSUP',
    text: 'Landlock is switched off: the boot parameter lsm= does not list it',
  },
  {
    op: 'createRuleset',
    error: 'EINVAL',
    text: 'this kernel cannot refuse all of this: refer takes Linux 5.19, truncate 6.2, ioctlDev 6.10',
  },
  {
    op: 'createRuleset',
    error: 'E2BIG',
    text: 'this kernel cannot refuse all of this: ports take Linux 6.7, scopes 6.12',
  },
  { op: 'createRuleset', error: 'ENOMSG', text: 'a ruleset that refuses nothing is none' },
  {
    op: 'addPathRule',
    error: 'ENOENT',
    text: '{path} does not exist in the container, or is a link that leads nowhere: a rule needs what is there',
  },
  { op: 'addPathRule', error: 'ENOTDIR', text: '{path} leads through a file' },
  {
    op: 'addPathRule',
    error: 'EACCES',
    text: 'the user of the command has no permission to enter a directory above {path}',
  },
  {
    op: 'addPathRule',
    error: 'ELOOP',
    text: 'the path leads through a link of /proc, which could lead out of the container, or through too many links',
  },
  { op: 'addPathRule', error: 'EINVAL', text: 'the ruleset does not refuse all of this, so no rule can allow it' },
  { op: 'addPathRule', error: 'ENOMSG', text: '{path} is no directory, and nothing of this is about files' },
  { op: 'addPortRule', error: 'EINVAL', text: 'the ruleset does not refuse all of this, so no rule can allow it' },
  { op: 'addPortRule', error: 'EAFNOSUPPORT', text: 'this kernel is built without TCP' },
  {
    op: 'restrictSelf',
    error: 'EPERM',
    syscall: 'landlock_restrict_self',
    text: 'it takes CAP_SYS_ADMIN in the user namespace that the child is in, or noNewPrivileges before it',
  },
  {
    op: 'restrictSelf',
    error: 'E2BIG',
    text: 'a process can be under 16 rulesets: this one, or what started it, is under that many',
  },
];
