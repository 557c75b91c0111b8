/** Errors that calls throw at once. */

import assert from 'node:assert/strict';

/** The error that `call` throws: it has to. */
export function errorOf(call: () => unknown): NodeJS.ErrnoException {
  try {
    call();
  } catch (error) {
    assert.ok(error instanceof Error);
    return error;
  }
  assert.fail('nothing was thrown');
}
