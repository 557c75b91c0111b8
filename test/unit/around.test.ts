/** Whether a container goes on, as its supervisor says: each question has an answer of its own. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Asking } from '#lib/running/around.js';

const FOREVER = new Promise<never>(() => undefined);

/** `undefined` as long as it is not known. */
async function known(answer: Promise<boolean>): Promise<boolean | undefined> {
  return Promise.race([answer, turn(undefined)]);
}

test('who asks is told that it goes on', async () => {
  let questions = 0;
  const asking = new Asking(() => {
    questions += 1;
  });
  const answer = asking.answered(FOREVER);
  assert.equal(questions, 1);
  assert.equal(await known(answer), undefined);
  asking.stays();
  assert.equal(await answer, false);
  assert.equal(questions, 1);
});

test('an answer that was on its way is not taken for one to a later question', async () => {
  let questions = 0;
  const asking = new Asking(() => {
    questions += 1;
  });
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const first = asking.answered(ended);
  // It begins to end here: the supervisor answers nothing from now on, but its answer to the first is on its way.
  const later = [asking.answered(ended), asking.answered(ended)];
  assert.equal(questions, 1);
  asking.stays();
  assert.equal(await first, false);
  assert.equal(questions, 2);
  for (const answer of later) assert.equal(await known(answer), undefined);
  end();
  assert.deepEqual(await Promise.all(later), [true, true]);
});

test('an answer that nobody waits for is none', async () => {
  const asking = new Asking(() => undefined);
  asking.stays();
  const answer = asking.answered(FOREVER);
  assert.equal(await known(answer), undefined);
  asking.stays();
  assert.equal(await answer, false);
});
