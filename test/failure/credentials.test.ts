/**
 * A child that changes its credentials still ends when its supervisor dies.
 *
 * strace stops the child right behind such a change, and the supervisor is killed there. prctl(2), PR_SET_PDEATHSIG
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { native } from '#lib/launch/native.js';
import { encode } from '#lib/plan/encode.js';
import { useCleanHost } from '../support/host.js';
import { launcher } from '../support/launcher.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

suite('SIGKILL of the supervisor behind a change of credentials', requires('root', 'strace'), () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'credentials-'));
    chmodSync(directory, 0o777);
  });
  after(() => removeTree(directory));

  /** Waits for a line in what strace writes down; gives its process. */
  async function line(strace: ChildProcess, output: string, what: string): Promise<number> {
    const pattern = new RegExp(`^(\\d+) +${what}`, 'm');
    return until(() => {
      const found = existsSync(output) ? pattern.exec(readFileSync(output, 'utf8')) : null;
      if (found !== null) return Number(found[1]);
      assert.deepEqual([strace.exitCode, strace.signalCode], [null, null], `never: ${what}`);
      return undefined;
    });
  }

  /** Performs a container whose command leaves a file; gives whether it is there when all has ended. */
  async function survives(kills: boolean): Promise<boolean> {
    const out = join(directory, kills ? 'killed' : 'not');
    const box = new Container().mount(bind(directory, '/out', { idmapped: false }));
    const memfd = native().sealedMemfd(
      encode(box.plan('sh', ['-c', `: >/out/${kills ? 'killed' : 'not'}`], { stdio: 'ignore' })),
    );
    const output = `${out}.calls`;
    // Set-up stops behind its first change; what init has forked makes another one, where it need not be stopped.
    const inject = 'inject=setresuid:signal=SIGSTOP:when=1';
    const args = ['-f', '-qq', '-o', output, '-e', 'trace=getpid,setresuid', '-e', inject, launcher, '--once'];
    const strace = spawn('strace', args, { cwd: '/', stdio: ['ignore', 'ignore', 'ignore', memfd] });
    native().close(memfd);
    const end = once(strace, 'exit');
    const child = await line(strace, output, '--- stopped by SIGSTOP ---');
    const supervisor = await line(strace, output, 'getpid');
    if (kills) {
      process.kill(supervisor, 'SIGKILL');
      await line(strace, output, '\\+\\+\\+ killed by SIGKILL');
    }
    process.kill(child, 'SIGCONT');
    await end;
    return readdirSync(directory).includes(kills ? 'killed' : 'not');
  }

  test('without it: the command runs', async () => {
    assert.equal(await survives(false), true);
  });

  test('with it: there never is a command', async () => {
    assert.equal(await survives(true), false);
  });
});
