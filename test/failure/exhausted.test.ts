/**
 * A supervisor without free descriptors fails with an error that says so, for its own container alone.
 *
 * strace refuses them in its place, for one container only.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { inject } from '../support/injecting.js';
import { ancestors, readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

const box = new Container();

useCleanHost({ warmUp: () => box.run('true') });

suite('without a descriptor', requires('root', 'strace'), () => {
  test('a supervisor ends what the command has left behind all the same', async () => {
    await using child = box
      .namespaces(['user', 'mount'])
      .spawn('sh', ['-c', 'sleep 600 >/dev/null 2>&1 & echo $!; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
    assert.ok(child.stdout);
    const [said] = (await once(child.stdout, 'data')) as [Buffer];
    // Without a pid namespace its pid is the host's.
    const left = Number(said.toString());
    assert.ok(readProcesses().has(left));
    const [, , supervisor = 0] = ancestors(child.pid ?? 0);
    const enough = await inject(supervisor, 'openat', { error: 'ENFILE', when: '1..5' });
    child.stdin?.end('\n');
    assert.equal((await child.result).exitCode, 0);
    assert.equal(readProcesses().has(left), false);
    await enough();
  });
});

suite('without a descriptor for the command', requires('strace'), () => {
  test('a signal reaches it as soon as there is one', async () => {
    // The first is the supervisor's own, for its child; the second is the command's.
    const signal = await askCaller<string>(`
      import { launchBy, makeSpares } from '#lib/launch/launcher.js';
      makeSpares(false);
      const inject = ['-e', 'trace=pidfd_open', '-e', 'inject=pidfd_open:error=ENFILE:when=2'];
      launchBy(['strace', '-f', '-qq', '-o', '/dev/null', ...inject], { PATH: process.env.PATH }, (pid) => pid);
      const child = new Container().spawn('sleep', ['600'], { stdio: 'ignore' });
      await new Promise((resolve) => child.once('spawn', resolve));
      child.kill('SIGTERM');
      console.log(JSON.stringify((await child.result).signal));`);
    assert.equal(signal, 'SIGTERM');
  });
});
