/** Where the programs of databases are. */

import { readdirSync } from 'node:fs';

/** PostgreSQL's, of the newest version: Debian has a directory for each. */
export function postgresPrograms(): string {
  const [newest] = readdirSync('/usr/lib/postgresql').sort((a, b) => Number(b) - Number(a));
  return `/usr/lib/postgresql/${newest}/bin`;
}
