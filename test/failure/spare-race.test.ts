/**
 * One supervisor comes to its plan while the launcher makes the spare.
 *
 * strace holds each of them up, so that they meet.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from '#lib/index.js';
import { launchBy } from '#lib/launch/launcher.js';
import { requires } from '../support/requires.js';

/** How long strace keeps a call; the launcher makes a spare 3 ms after the last request. */
const HELD_MS = 30;
/** So much later everything that was under way has come to its place. */
const SETTLED_MS = 10 * HELD_MS;

/** Milliseconds, as strace counts them. */
const hold = (call: string): readonly string[] => ['-e', `inject=${call}:delay_enter=${HELD_MS * 1000}`];

suite('a plan that joins, while a spare is made for plans like the one before', requires('strace'), () => {
  test('the container after it starts', { timeout: 120_000 }, async () => {
    // The seals of a plan are asked for by fcntl, before the plan is seen; the spare child comes after two socket
    // pairs.
    const args = ['-f', '-qq', '-o', '/dev/null', ...hold('fcntl'), ...hold('socketpair')];
    assert.notEqual(
      launchBy(['strace', ...args], { PATH: process.env.PATH ?? '' }, (pid) => pid),
      undefined,
    );
    const box = new Container();
    const other = box.spawn('cat');
    await once(other, 'spawn');
    const joined = new Container().namespaces(['mount', 'pid', { user: other }, { network: other }]);
    for (let round = 0; round < 3; round += 1) {
      assert.equal((await box.run('echo', ['before'])).stdout, 'before\n');
      await sleep(SETTLED_MS);
      assert.equal((await joined.run('echo', ['joined'])).stdout, 'joined\n');
      await sleep(SETTLED_MS);
      assert.equal((await box.run('echo', ['after'])).stdout, 'after\n');
    }
    other.stdin?.end();
    assert.equal((await other.result).exitCode, 0);
  });
});
