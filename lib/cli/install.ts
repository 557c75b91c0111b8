/** `carrel install-launcher`: writes the launcher to a file, and says what makes AppArmor know it. */

import { usageError } from '../errors/errors.js';
import { installLauncher } from '../running/engine.js';

export const INSTALL = `carrel install-launcher PATH

Writes carrel's launcher to PATH, such as /usr/local/lib/carrel-launcher, and prints a profile of AppArmor for it.
Where AppArmor restricts user namespaces, as on Ubuntu 24.04, an ordinary user starts containers by such a file alone.
Run it as root, and once more after each update of carrel. With CARREL_LAUNCHER=PATH Node starts that file.
`;

export function runInstall(args: readonly string[]): string {
  if (args.includes('--help') || args.includes('-h')) return INSTALL;
  const [path, ...rest] = args;
  if (path === undefined || path.startsWith('-') || rest.length > 0)
    throw usageError('carrel install-launcher takes one path: /usr/local/lib/carrel-launcher');
  const { version, unchanged, byRoot, profile, profilePath, path: target } = installLauncher(path);
  const owner = byRoot
    ? ''
    : '\nIt belongs to you: load a profile for a file of root’s only, which nobody else can exchange.\n';
  return `${target} ${unchanged ? 'is there already' : 'is written'}: the launcher of carrel ${version}.
${owner}
Where AppArmor restricts user namespaces, put this into ${profilePath}:

${profile}
and load it: apparmor_parser --replace ${profilePath}
Every user who can execute the file gets what the profile grants: chgrp and chmod 0750 leave it to a group.

Then start Node with CARREL_LAUNCHER=${target}
`;
}
