/** Names of AppArmor profiles and SELinux contexts, as far as the kernel's interface can carry them. */

import { invalidValue } from '../errors/errors.js';
import { text } from './checks.js';

/** The kernel takes a page, of which AppArmor's command and an end are no part of the name. proc_pid_attr(5) */
const LONGEST_BYTES = 4000;
// biome-ignore lint/suspicious/noControlCharactersInRegex: no name has any
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A profile, or profiles: names may have spaces inside, and `&`, `//` and `:` mean something to AppArmor. */
export function checkApparmor(value: unknown): string {
  const profile = text('apparmor', value);
  if (profile === '' || profile !== profile.trim() || CONTROL.test(profile))
    throw invalidValue('apparmor', 'the name of a profile, without control characters and spaces around it', value);
  return short('apparmor', profile);
}

const CONTEXT = /^[^\s:]+:[^\s:]+:[^\s:]+(:\S+)?$/;

/** User, role and type, and a level where the policy has them. */
export function checkSelinux(value: unknown): string {
  const context = text('selinux', value);
  if (!CONTEXT.test(context) || CONTROL.test(context))
    throw invalidValue('selinux', 'a context such as "system_u:system_r:container_t:s0"', value);
  return short('selinux', context);
}

function short(name: string, label: string): string {
  if (Buffer.byteLength(label) > LONGEST_BYTES) throw invalidValue(name, `up to ${LONGEST_BYTES} bytes`, label);
  return label;
}
