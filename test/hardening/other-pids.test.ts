/**
 * A /proc of another pid namespace, where the child's number is somebody else's, misleads nobody.
 *
 * pid_namespaces(7)
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

interface Answer {
  readonly exitCode?: number;
  readonly code?: string;
  readonly syscall?: string;
  readonly hint?: string;
}

function ask(...proc: readonly string[]): Promise<Answer> {
  return askCaller<Answer>(
    `console.log(JSON.stringify(await new Container().run('true').then(
       ({ exitCode }) => ({ exitCode }),
       ({ code, syscall, hint }) => ({ code, syscall, hint }),
     )));`,
    { prefix: ['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', ...proc] },
  );
}

suite('Node in a pid namespace of its own', requires('user-namespaces'), () => {
  test('with its own /proc: as everywhere', async () => {
    assert.deepEqual(await ask('--mount-proc'), { exitCode: 0 });
  });

  test('with the /proc of others: nothing is written to a process that only has the same number', async () => {
    const { code, syscall, hint } = await ask();
    assert.deepEqual([code, syscall], ['ESRCH', 'readlinkat']);
    assert.match(hint ?? '', /--mount-proc/);
  });
});
