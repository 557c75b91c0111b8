/**
 * Prints what the doctor observes here, as JSON, for the recorded hosts of `test/hosts`.
 *
 * It runs where they are: `docker run … node build/test/support/record-host.js`.
 */

import { tmpdir } from 'node:os';
import { probeCgroups } from '#lib/cgroup/probe.js';
import { define } from '#lib/definition/definition.js';
import { doctor } from '#lib/doctor/doctor.js';
import { probeWith } from '#lib/host/probe.js';
import { allowedCpus, probeSurroundings } from '#lib/host/surroundings.js';

const { findings } = await doctor();
const host = probeWith(probeCgroups(), define(undefined, { landlock: { scope: ['signal'] }, apparmor: 'unconfined' }));
const { arch, kernel, uid, gid, uidMap, gidMap, mounts, sysctls, masked, readonly, rlimits, landlock, cgroups } = host;
const refused = findings.flatMap(({ name, refused: by, detail }) => {
  const [said] = /VFS: [^(]*[^ (]/.exec(detail) ?? [];
  return by === undefined ? [] : [{ name, ...by, ...(said === undefined ? {} : { said }) }];
});
console.log(
  JSON.stringify(
    {
      host: {
        ...{ arch, kernel, uid, gid, capabilities: `0x${host.capabilities.toString(16)}`, uidMap, gidMap },
        ...{ mounts, sysctls, masked, readonly, rlimits, landlock, cgroups },
      },
      path: tmpdir(),
      cpu: allowedCpus()[0],
      surroundings: probeSurroundings(),
      refused,
    },
    undefined,
    2,
  ),
);
