/**
 * What a program that crashes leaves is the container's own, unless the machine's cores are for a program of the host.
 *
 * The kernel starts that program as root of the host, unless the limit is 1. A hostile program makes that 0.
 * core(5), RLIMIT_CORE in getrlimit(2), do_coredump() in the kernel
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

const box = new Container();

useCleanHost({ warmUp: () => box.run('true') });

/** Crashes, and looks whether there is a file. */
const CRASH = `
  cd /tmp
  sh -c 'kill -SEGV $$'
  for f in /tmp/core*; do test -s "$f" && echo file; done; true`;

/** Whether the kernel says that there was a core, and whether a file is there, inside. */
async function crash(container: Container, first = ''): Promise<{ readonly dumped: boolean; readonly file: boolean }> {
  const { stdout, stderr } = await container.run('sh', ['-c', `${first}${CRASH}`]);
  assert.match(stderr, /Segmentation fault/);
  return { dumped: /core dumped/.test(stderr), file: stdout === 'file\n' };
}

const able = box.rlimits({ core: 'unlimited' });

suite('where a core is a file', requires('core-files'), () => {
  test('it is the container’s own, and 0 and 1 keep it from being there', async () => {
    assert.deepEqual(await crash(able), { dumped: true, file: true });
    for (const core of [0, 1]) assert.deepEqual(await crash(box.rlimits({ core })), { dumped: false, file: false });
  });
});

suite('where a core is for a program of the host', requires('core-programs'), () => {
  test('0 does not keep it from that; 1 does, unless a program makes it 0: as SECURITY.md says', async () => {
    assert.match(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), /^\|/);
    assert.equal((await crash(able)).dumped, true);
    assert.equal((await crash(box.rlimits({ core: 0 }))).dumped, true);
    assert.equal((await crash(box.rlimits({ core: 1 }))).dumped, false);
    assert.equal((await crash(box.rlimits({ core: 1 }), 'ulimit -S -c 0; ')).dumped, true);
  });
});
