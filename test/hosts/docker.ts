/** What was recorded inside Docker, by `test/support/record-host.ts`: the files beside this one. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Host } from '#lib/host/facts.js';
import type { Surroundings } from '#lib/host/surroundings.js';
import type { Op } from '#lib/plan/steps.js';
import { root } from '../support/hosts.js';
import type { DescribedHost, Refused } from '../support/observed.js';

interface Recorded {
  readonly source: string;
  readonly host: Omit<Host, 'capabilities'> & { readonly capabilities: string };
  readonly surroundings: Surroundings;
  readonly refused: readonly (Refused & { readonly name: string; readonly step?: Op })[];
  /** The clone was refused, and with it everything. */
  readonly refusedClone?: Refused;
}

const NONE = 'this kernel is built without it';

function recorded(name: string): DescribedHost {
  const file = fileURLToPath(new URL(`../../../test/hosts/${name}.json`, import.meta.url));
  const { source, host, surroundings, refused, refusedClone } = JSON.parse(readFileSync(file, 'utf8')) as Recorded;
  return {
    source,
    system: 'linux 6.18.44 on x64, Node.js 20.20.2',
    // Programs and files are not what it was recorded for.
    host: { ...root, ...host, labels: { apparmor: NONE, selinux: NONE }, capabilities: BigInt(host.capabilities) },
    surroundings,
    settings: { 'kernel.ostype': 'Linux' },
    refuses: (_, trial) => {
      if (refusedClone !== undefined) return refusedClone;
      const found = refused.find(({ name: of }) => of === trial?.name);
      if (found === undefined) return undefined;
      const { name: _name, ...what } = found;
      return what;
    },
  };
}

export const dockerDefault: DescribedHost = recorded('docker-default');
export const dockerSeccomp: DescribedHost = recorded('docker-seccomp');
export const dockerOpen: DescribedHost = recorded('docker-open');
