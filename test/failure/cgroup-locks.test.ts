/** Only who has the lock of a cgroup removes it: neither one that is being made nor the next of its name. */

import assert from 'node:assert/strict';
import { closeSync, fstatSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, test } from 'node:test';
import { BASE } from '#lib/cgroup/files.js';
import { sweep } from '#lib/cgroup/sweep.js';
import { Container } from '#lib/index.js';
import { launchBy, makeSpares } from '#lib/launch/launcher.js';
import { native } from '#lib/launch/native.js';
import { useCleanHost } from '../support/host.js';
import { cgroupsOf } from '../support/plans.js';
import { requires } from '../support/requires.js';
import { withDirectory } from '../support/temporary.js';
import { until } from '../support/waiting.js';

const needs = requires('cgroups', 'strace');
/** What strace saw of the locks that supervisors ask for: each is a little late. */
let output = '';

useCleanHost({
  warmUp: async () => {
    if (needs.skip) return;
    output = join(mkdtempSync(join(tmpdir(), 'locks-')), 'calls');
    makeSpares(false);
    const late = ['-e', 'trace=flock', '-e', 'inject=flock:delay_enter=200000'];
    launchBy(['strace', '-f', '-qq', '-o', output, ...late], { PATH: process.env.PATH ?? '' }, (pid) => pid);
    await new Container().run('true');
  },
});

function opened(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

test('who sweeps is faster with the lock: the supervisor waits until the cgroup is removed', needs, async () => {
  const child = new Container().limits({ pids: 10 }).spawn('sh', ['-c', 'exit 7']);
  const [path = ''] = cgroupsOf(child.plan);
  const held = await until(() => opened(path));
  assert.ok(native().tryLock(held), 'before the supervisor');
  // It has met the lock, and has looked once more.
  await until(() => readFileSync(output, 'utf8').split(/flock.* = /).length > 2);
  assert.equal(statSync(path).ino, fstatSync(held).ino);
  rmdirSync(path);
  closeSync(held);
  assert.equal((await child.result).exitCode, 7);
});

test('who sweeps is late with the lock: the next one of that name stays', () =>
  withDirectory(async (parent) => {
    const path = join(parent, BASE, 'one');
    mkdirSync(path, { recursive: true });
    const { tryLock } = native();
    mock.method(native(), 'tryLock', (descriptor: number) => {
      rmdirSync(path);
      mkdirSync(path);
      return tryLock(descriptor);
    });
    try {
      sweep(parent);
      assert.ok(statSync(path, { throwIfNoEntry: false }) !== undefined);
    } finally {
      mock.restoreAll();
    }
    sweep(parent);
    assert.equal(statSync(path, { throwIfNoEntry: false }), undefined, 'a leftover');
  }));
