/** `init()` decides whether PID 1 is carrel's or the command itself. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { spawn } from 'carrel/plan';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('init()', () => {
  test('with: PID 1 is carrel’s, the command is its child', async () => {
    const { stdout } = await box.run('sh', ['-c', 'echo $$ $PPID']);
    assert.equal(stdout, '2 1\n');
  });

  test('without: the command is PID 1', async () => {
    const { stdout } = await box.init(false).run('sh', ['-c', 'echo $$ $PPID']);
    assert.equal(stdout, '1 0\n');
  });

  test('orphans are given to PID 1, which reaps them', async () => {
    const script = [
      'i=0; while [ $i -lt 20 ]; do (true & exec true) ; i=$((i+1)); done',
      // Until no zombie is left: else the loop never ends.
      'while grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null; do :; done',
      '(sleep 9999 & echo $! > /tmp/orphan)',
      'p=$(cat /tmp/orphan); grep ^PPid /proc/$p/status; kill -9 $p; while test -e /proc/$p; do :; done; echo reaped',
    ].join('\n');
    const { stdout } = await box.run('sh', ['-c', script], { timeout: 60_000 });
    assert.match(stdout, /PPid:\t1\nreaped\n$/);
  });

  test('what the command leaves running ends with it', async () => {
    for (const init of [true, false]) {
      const result = await box.init(init).run('sh', ['-c', 'sleep 9999 & sleep 9999 & exit 7']);
      assert.deepEqual([result.exitCode, result.reason], [7, 'exited']);
    }
  });

  test('exit codes and signals are the command’s', async () => {
    for (const init of [true, false]) {
      assert.equal((await box.init(init).run('sh', ['-c', 'exit 42'])).exitCode, 42);
    }
    const { signal, exitCode, reason } = await box.run('sh', ['-c', 'kill -SEGV $$']);
    assert.deepEqual([signal, exitCode, reason], ['SIGSEGV', null, 'signaled']);
  });

  test(
    'of a command that lasts, PID 1 gives back the stack that it began with, and is as before',
    requires('own-memory'),
    async () => {
      const script = [
        'stack() { sed -n "s/^VmStk:[^0-9]*\\([0-9]*\\) kB/\\1/p" /proc/1/status; }',
        'while [ "$(stack)" -ge 100 ]; do sleep 0.01; done',
        '(true & exec true); trap "echo caught; exit 7" USR1; kill -USR1 1; while :; do sleep 0.01; done',
      ].join('\n');
      const { stdout, exitCode, usage } = await box.run('sh', ['-c', script], { timeout: 60_000 });
      assert.deepEqual([stdout, exitCode], ['caught\n', 7]);
      assert.ok(usage !== undefined);
    },
  );

  test('a second one, in a plan made by hand, disturbs no first one', async () => {
    const plan = box.plan('sh', ['-c', 'echo $$ $PPID; sleep 0.2']);
    const init = plan.steps.findIndex(({ op }) => op === 'init');
    const child = spawn({ ...plan, steps: [...plan.steps.slice(0, init), { op: 'init' }, ...plan.steps.slice(init)] });
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      output += String(chunk);
    });
    assert.ok((await child.result).ok);
    assert.equal(output, '3 2\n');
  });

  test('signals reach the command, not PID 1', async () => {
    const child = box.spawn('sh', ['-c', 'trap "echo caught; exit 3" USR1; echo ready; while :; do sleep 0.01; done']);
    child.stdout?.setEncoding('utf8');
    let output = '';
    for await (const chunk of child.stdout ?? []) {
      if (output === '') child.kill('SIGUSR1');
      output += chunk;
    }
    assert.equal(output, 'ready\ncaught\n');
    assert.equal((await child.result).exitCode, 3);
  });
});
