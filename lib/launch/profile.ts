/** The profile by which an ordinary user starts containers where AppArmor restricts user namespaces, as on Ubuntu. */

/** Where profiles are loaded from when the machine starts. */
export const PROFILE_PATH = '/etc/apparmor.d/carrel-launcher';

/**
 * It grants by the path of the program, and restricts nothing. The rule `userns,` is one of AppArmor 4.
 *
 * @param path The installed launcher.
 */
export function launcherProfile(path: string): string {
  return `abi <abi/4.0>,
include <tunables/global>

profile carrel-launcher "${path}" flags=(unconfined) {
  userns,
}
`;
}
