/** A working directory that a descriptor or a link leads out of the container to is refused. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** A descriptor left open by a runtime would lead out of the container. CVE-2024-21626 */
suite('a working directory behind a descriptor is refused', () => {
  async function refused(box: Container, cwd: string): Promise<void> {
    const refusal = { op: 'chdir', code: /^(ELOOP|ENOENT|ENOTDIR|EACCES)$/, option: 'cwd()' } as const;
    await rejectsAtStep(() => box.run('pwd', [], { cwd }), refusal);
  }

  test('through /proc/self/fd/0 to 64, and other links of /proc', async () => {
    const box = new Container();
    assert.equal((await box.run('pwd', [], { cwd: '/proc/self' })).exitCode, 0);
    for (let descriptor = 0; descriptor <= 64; descriptor += 1) await refused(box, `/proc/self/fd/${descriptor}`);
    for (const cwd of ['/proc/self/cwd', '/proc/self/root', '/proc/1/root']) await refused(box, cwd);
  });

  test('in a running container too', async () => {
    await using first = new Container().spawn('sleep', ['9999'], { stdio: 'ignore' });
    await once(first, 'spawn');
    const names = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'] as const;
    const box = new Container().namespaces([Object.fromEntries(names.map((name) => [name, first]))]);
    assert.equal((await box.run('pwd', [], { cwd: '/tmp', check: true })).stdout, '/tmp\n');
    for (let descriptor = 0; descriptor <= 64; descriptor += 1) await refused(box, `/proc/self/fd/${descriptor}`);
    for (const cwd of ['/proc/self/cwd', '/proc/self/root', '/proc/1/root', '/proc/1/cwd']) await refused(box, cwd);
  });

  test('through a link of the image', requires('busybox'), async () => {
    const root = freshBusyboxRoot();
    const box = new Container().rootfs(root);
    for (let descriptor = 0; descriptor <= 64; descriptor += 1) {
      symlinkSync(`/proc/self/fd/${descriptor}`, join(root, `home/${descriptor}`));
      await refused(box, `/home/${descriptor}`);
    }
    removeTree(root);
  });
});
