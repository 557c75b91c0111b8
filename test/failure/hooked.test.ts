/** A hook whose Node has gone before its moment came keeps nobody waiting. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from '#lib/index.js';
import { useCleanHost } from '../support/host.js';
import { descendants, haveEnded } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Its child is a second on its way to the hook: strace keeps its first call for so long. */
const CALLER = `
  import { Container } from '#lib/index.js';
  import { launchBy, makeSpares } from '#lib/launch/launcher.js';
  makeSpares(false);
  const args = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=setsid', '-e', 'inject=setsid:delay_enter=1000000'];
  launchBy(['strace', ...args], { PATH: process.env.PATH }, (pid) => pid);
  const box = new Container().hook(() => new Promise(() => {}));
  const child = box.spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  child.on('error', (error) => console.error(error));
  console.log('started');`;

suite('a detached container with a hook', requires('strace'), () => {
  test('ends where Node has ended before the hook', async () => {
    const node = spawn(process.execPath, ['--input-type=module', '-e', CALLER], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(node.stdout, 'data');
    // strace, the launcher, the supervisor, and the child, which strace keeps.
    const made = await until(() => {
      const all = descendants(node.pid ?? 0);
      return all.length >= 4 && all.at(-1)?.state === 't' && all.map(({ pid }) => pid);
    });
    node.kill('SIGKILL');
    await once(node, 'exit');
    await haveEnded(...made);
    assert.equal(made.length, 4, made.join());
  });
});
