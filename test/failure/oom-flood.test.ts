/** More OOM kills than a channel holds do not keep a supervisor from its other work. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { cgroupsOf } from '../support/plans.js';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** The kernel kills one process after the other, and each time the supervisor has something to tell. */
const FLOOD = 'while :; do (echo 1000 >/proc/self/oom_score_adj; exec tail /dev/zero); done';
/** Frames of 512 bytes: about twice what a socket holds. net.core.wmem_default is 212,992 */
const ENOUGH = 500;
/** Without another kill. */
const PATIENCE_MS = 30_000;

/** OOM kills so far, as the kernel counts them. */
function kills({ plan }: ContainerProcess): number {
  for (const directory of cgroupsOf(plan))
    for (const file of ['memory.events', 'memory.oom_control']) {
      const path = join(directory, file);
      if (existsSync(path)) return Number(/^oom_kill (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1]);
    }
  throw new Error('nobody counts');
}

/**
 * The event loop stands still until `progress` is at the `goal`, or stays the same for too long: so does a supervisor
 * that waits for it.
 */
function standStill(progress: () => number, goal: number): boolean {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  let last = progress();
  for (let since = performance.now(); last < goal && performance.now() - since < PATIENCE_MS; ) {
    Atomics.wait(wait, 0, 0, 20);
    const now = progress();
    if (now > last) since = performance.now();
    last = now;
  }
  return last >= goal;
}

suite('more OOM kills than a channel holds', requires('cgroups'), () => {
  test('do not keep the supervisor from all else while nobody reads of them', async () => {
    const box = new Container().limits({ memory: '16m', unified: { 'memory.oom.group': '0' } });
    const child = box.spawn('sh', ['-c', FLOOD], { stdio: 'ignore' });
    await once(child, 'spawn');
    const init = readProcesses().get(child.pid ?? 0)?.parent ?? 0;
    assert.ok(init > 1);
    assert.ok(
      standStill(() => kills(child), ENOUGH),
      'too few kills',
    );
    process.kill(init, 'SIGKILL');
    const reaped = standStill(() => (existsSync(`/proc/${init}`) ? 0 : 1), 1);
    const { usage } = await child.result;
    assert.ok(reaped, 'the supervisor waits for Node');
    assert.ok((usage.oomKills ?? 0) >= ENOUGH);
  });
});
