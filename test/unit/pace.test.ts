/** `Pace` counts what a container asks of Node, and has it rest where that is too much. */

import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { Pace } from '#lib/running/egress/pace.js';

const MOST = 10;
let nowMs = 1000;

/** Goes on in time, and lets what is due happen. */
function pass(milliseconds: number): void {
  nowMs += milliseconds;
  mock.timers.tick(milliseconds);
}

function paced(): { readonly pace: Pace; readonly seen: readonly string[] } {
  const seen: string[] = [];
  const pace = new Pace(
    MOST,
    () => seen.push('rest'),
    () => seen.push('go on'),
  );
  return { pace, seen };
}

function count(pace: Pace, times: number): void {
  for (let done = 0; done < times; done += 1) pace.count();
}

describe('a pace', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
    mock.method(performance, 'now', () => nowMs);
  });

  afterEach(() => mock.reset());

  test('is not felt below its measure, however long that goes on', () => {
    const { pace, seen } = paced();
    for (let tenth = 0; tenth < 50; tenth += 1) {
      count(pace, MOST - 1);
      pass(100);
    }
    assert.deepEqual(seen, []);
  });

  test('rests at its measure until the tenth of a second is over, and once', () => {
    const { pace, seen } = paced();
    count(pace, 1);
    pass(30);
    count(pace, MOST - 1);
    assert.deepEqual(seen, ['rest']);
    // What was taken already.
    count(pace, MOST);
    pass(69);
    assert.deepEqual(seen, ['rest']);
    pass(1);
    assert.deepEqual(seen, ['rest', 'go on']);
    count(pace, MOST);
    assert.deepEqual(seen, ['rest', 'go on', 'rest']);
  });

  test('that has ended does not go on', () => {
    const { pace, seen } = paced();
    count(pace, MOST);
    pace.end();
    pass(1000);
    assert.deepEqual(seen, ['rest']);
    pace.end();
  });
});
