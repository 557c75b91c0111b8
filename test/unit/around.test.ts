/** Questions whether a container goes on: an answer counts for what was asked before it was given. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Asking } from '#lib/running/around.js';

const NEVER = new Promise<never>(() => {});

/** What has become of a question, as far as it has. */
function noted(question: Promise<boolean>): { now: boolean | undefined } {
  const note: { now: boolean | undefined } = { now: undefined };
  void question.then((goesOn) => {
    note.now = goesOn;
  });
  return note;
}

test('an answer is for its question and for those before it, and for none that was asked later', async () => {
  const asking = new Asking();
  const sent: number[] = [];
  const [first, second, third] = [1, 2, 3].map(() => noted(asking.goesOn(NEVER, (question) => sent.push(question))));
  assert.deepEqual(sent, [1, 2, 3]);
  asking.stays(2);
  await turn();
  assert.deepEqual([first?.now, second?.now, third?.now], [true, true, undefined]);
  asking.stays(2);
  await turn();
  assert.equal(third?.now, undefined);
  asking.stays(3);
  await turn();
  assert.equal(third?.now, true);
});

test('the end answers all that was not answered', async () => {
  const asking = new Asking();
  let end = (): void => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const answered = noted(asking.goesOn(ended, () => {}));
  asking.stays(1);
  const open = noted(asking.goesOn(ended, () => {}));
  const lost = noted(asking.goesOn(Promise.reject(new Error('lost')), () => {}));
  end();
  await turn();
  assert.deepEqual([answered.now, open.now, lost.now], [true, false, false]);
});
