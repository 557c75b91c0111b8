/** Real programs do their work under the default filter, and say what they say without it. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type RunResult } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { COMPILERS } from '../support/programs/compilers.js';
import { INTERPRETERS } from '../support/programs/interpreters.js';
import { nginx, SERVERS, sshd } from '../support/programs/servers.js';
import type { Works } from '../support/programs/work.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const TIMEOUT_MS = 300_000;
const isRoot = process.env.CARREL_TEST_LEG === 'root';
const box = new Container().env({ HOME: '/tmp' }).cwd('/tmp');

const PROGRAMS: Works = {
  ...INTERPRETERS,
  ...COMPILERS,
  ...SERVERS,
  // Root's have parts that are somebody else: that takes more ids than one.
  ...(isRoot ? { 'nginx, as root': nginx('root'), 'sshd, as root': sshd('root') } : {}),
  nginx: nginx('user'),
  sshd: sshd('user'),
};

suite('programs', { timeout: 50 * TIMEOUT_MS }, () => {
  for (const [name, { needs, script, output, capabilities = {}, user = 0 }] of Object.entries(PROGRAMS))
    test(name, requires(...needs), async () => {
      const filtered = box.capabilities(capabilities).user(user);
      // What they say is the same without a filter. One leg is enough to know that.
      const containers = isRoot ? [filtered.seccomp('unconfined'), filtered] : [filtered];
      const run = (one: Container): Promise<RunResult> => one.run('sh', ['-euc', script], { timeout: TIMEOUT_MS });
      for (const { stdout, exitCode, stderr } of await Promise.all(containers.map(run)))
        assert.deepEqual([stdout, exitCode], [output, 0], stderr);
    });

  test('busybox as all that there is', requires('busybox'), async () => {
    const script = 'mkdir /tmp/a && seq 9 | sort -rn | head -1 > /tmp/a/b && tar -cf - /tmp/a | tar -tf -';
    const { stdout } = await new Container().rootfs(busyboxRoot()).run('sh', ['-c', script], { check: true });
    assert.match(stdout, /tmp\/a\/b/);
  });
});
