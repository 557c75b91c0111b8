/** Limits hold on a machine with cgroups of version 1 alone as well. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { requires } from '../support/requires.js';

const FILES = ['./limits.test.js', './pause.test.js', './precision.test.js', '../failure/cgroups.test.js'];

test('the tests of limits, where version 2 is not mounted', requires('cgroups', 'cgroup-hybrid'), () => {
  const files = FILES.map((file) => fileURLToPath(new URL(file, import.meta.url)));
  const script = 'umount /sys/fs/cgroup/unified && exec "$@"';
  const command = ['sh', '-c', script, 'sh', process.execPath, '--test', '--test-reporter=tap', ...files];
  const { NODE_TEST_CONTEXT: _context, ...env } = process.env;
  const run = spawnSync('unshare', ['--mount', '--propagation', 'private', ...command], { encoding: 'utf8', env });
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /^# pass [1-9]\d*$/m);
});
