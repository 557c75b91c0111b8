/** Runtimes other than Node.js are taken from a version on, and older ones refused by name. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runtimeLack } from '#lib/host/runtime.js';

test('Node.js itself, and other runtimes from a version on, will do', () => {
  for (const versions of [
    process.versions,
    { bun: '1.4.0' },
    { bun: '2.0.1' },
    { deno: '2.7.0' },
    { deno: '2.10.3-rc.1' },
  ]) {
    assert.equal(runtimeLack(versions), undefined);
  }
});

test('older ones are refused by name and version', () => {
  assert.equal(runtimeLack({ bun: '1.3.14' }), 'bun 1.3.14 is too old, 1.4 is the oldest that will do');
  assert.equal(runtimeLack({ bun: '0.9.0' }), 'bun 0.9.0 is too old, 1.4 is the oldest that will do');
  assert.equal(runtimeLack({ deno: '2.6.9' }), 'deno 2.6.9 is too old, 2.7 is the oldest that will do');
});
