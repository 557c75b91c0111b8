/** AppArmor profiles for the time of a test file. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** All that programs do in a container but what `rules` denies; `flags`: the container has a root of its own. */
export function profile(name: string, rules = '', attachment = ''): string {
  return `profile "${name}" ${attachment} flags=(attach_disconnected,mediate_deleted) {
    capability, network, mount, remount, umount, pivot_root, ptrace, signal, dbus, unix, file,
    ${rules}
  }`;
}

/** Loads profiles, also in place of older ones of these names. */
export function loadProfiles(...profiles: readonly string[]): void {
  parser('--replace', profiles);
}

export function removeProfiles(...profiles: readonly string[]): void {
  parser('--remove', profiles);
}

function parser(act: string, profiles: readonly string[]): void {
  execFileSync('apparmor_parser', [act, '--skip-cache', '--quiet'], { input: profiles.join('\n') });
}

/** The names of all that are loaded. */
export function loadedProfiles(): readonly string[] {
  const lines = readFileSync('/sys/kernel/security/apparmor/profiles', 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.replace(/ \(\w+\)$/, ''));
}
