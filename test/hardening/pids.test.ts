/**
 * A number of a process that has ended, and is somebody else's by now, leads no signal astray.
 *
 * pidfd_open(2), proc_sys_kernel(5)
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { attackerProgram } from '../support/attacker.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

interface Answer {
  readonly taken: string;
  readonly sent: boolean;
  readonly reason: string;
  readonly late: boolean;
  readonly owner: string;
  readonly next: number;
}

/**
 * In a pid namespace of its own, where nobody else forks: ends the command or a helper above it, has its number given
 * to a process of the caller's, and only then lets Node hear of it.
 */
function takenOver(box: string, above: number, tries: number): Promise<Answer> {
  const isRoot = process.getuid?.() === 0;
  const users = isRoot ? [] : ['--user', '--map-root-user'];
  return askCaller<Answer>(
    `
    const { spawnSync } = await import('node:child_process');
    const { readFileSync } = await import('node:fs');
    const { once } = await import('node:events');
    const { ancestors } = await import(${JSON.stringify(import.meta.resolve('../support/processes.js'))});
    const comm = (pid) => readFileSync('/proc/' + pid + '/comm', 'utf8').trim();
    const child = ${box}.spawn('sleep', ['9999'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const pid = ancestors(child.pid, process.pid)[${above}];
    process.kill(pid, 'SIGKILL');
    // Node's thread is busy meanwhile.
    const { stdout } = spawnSync(${JSON.stringify(attackerProgram('neighbour'))}, ['take-over', pid, '${tries}'], {
      encoding: 'utf8',
    });
    const sent = child.kill('SIGKILL') || child.kill('SIGTERM');
    const { reason } = await child.result;
    const late = child.kill('SIGKILL');
    const owner = comm(pid);
    const { exitCode: next } = await new Container().run('true');
    console.log(JSON.stringify({ taken: stdout.trim().split('\\n').at(-1), sent, reason, late, owner, next }));
    process.kill(pid, 'SIGKILL');
    process.exit();`,
    { prefix: ['unshare', ...users, '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'] },
  );
}

suite('a number that is somebody else’s by now', requires('gcc', 'user-namespaces'), () => {
  const init = 'new Container()';
  for (const [whose, box, above] of [
    ['the command’s', init, 0],
    ['init’s', init, 1],
    ['the supervisor’s', init, 2],
    ['that of a command without init', 'new Container().init(false)', 0],
    ['that of a command in the host’s pid namespace', "new Container().namespaces(['user', 'mount'])", 0],
  ] as const)
    test(`${whose}: who has it lives`, async () => {
      const { taken, sent, reason, late, owner, next } = await takenOver(box, above, 100);
      assert.equal(taken, 'taken over: done');
      assert.equal(owner, 'neighbour');
      assert.equal(typeof sent, 'boolean');
      assert.match(reason, /^(killed|signaled)$/);
      assert.deepEqual([late, next], [false, 0]);
    });

  test('after 40,000 numbers were given', requires('soak'), async () => {
    const { taken, owner, late } = await takenOver('new Container()', 0, 40_000);
    assert.deepEqual([taken, owner, late], ['taken over: done', 'neighbour', false]);
  });
});
