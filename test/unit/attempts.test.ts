/** What is kept of a container's attempts to reach something, and what is told. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Attempts, type Connection } from '#lib/running/egress/connection.js';

const ONE = { name: 'a', address: '192.0.2.1', port: 443, outcome: 'relayed' } as const;

function attempts(): { readonly made: Attempts; readonly told: readonly Connection[] } {
  const told: Connection[] = [];
  return { made: new Attempts((connection) => told.push(connection)), told };
}

describe('attempts', () => {
  test('are kept as they were made, with the time', () => {
    const { made, told } = attempts();
    const before = Date.now();
    made.add(ONE);
    const [kept] = made.listed;
    const { timeMs = 0, ...rest } = kept ?? {};
    assert.deepEqual(rest, { ...ONE, sentBytes: 0, receivedBytes: 0 });
    assert.ok(timeMs >= before && timeMs <= Date.now());
    assert.deepEqual(told, [kept]);
  });

  test('are listed up to a thousand, and all are told', () => {
    const { made, told } = attempts();
    for (let port = 1; port <= 1500; port += 1) made.add({ ...ONE, port });
    assert.deepEqual([made.listed.length, made.more, told.length], [1000, 500, 1500]);
    assert.deepEqual([made.listed.at(-1)?.port, told.at(-1)?.port], [1000, 1500]);
  });

  test('have their bytes filled in, which does not change what was read before', () => {
    const { made } = attempts();
    const open = made.add(ONE);
    const [before] = made.listed;
    open.sentBytes = 7;
    const [after] = made.listed;
    assert.deepEqual([before?.sentBytes, after?.sentBytes], [0, 7]);
    assert.ok(Object.isFrozen(before));
  });

  test('to look a name up that is refused are told once each, of a thousand names', () => {
    const { made, told } = attempts();
    for (let round = 0; round < 2; round += 1) for (let name = 0; name < 1000; name += 1) made.refuse(`n${name}`);
    assert.deepEqual([told.length, made.listed.length, made.more], [1000, 1000, 0]);
    assert.deepEqual(
      told.slice(0, 1).map(({ name, address, port, outcome }) => [name, address, port, outcome]),
      [['n0', undefined, 0, 'not-listed']],
    );
    made.refuse('more');
    made.refuse('n0');
    assert.deepEqual([told.length, made.more], [1000, 1]);
  });

  test('to connect are told although a thousand names were refused before', () => {
    const { made, told } = attempts();
    for (let name = 0; name < 2000; name += 1) made.refuse(`n${name}`);
    made.add(ONE);
    assert.equal(told.at(-1)?.name, 'a');
    assert.deepEqual([told.length, made.listed.length, made.more], [1001, 1000, 1001]);
  });
});
