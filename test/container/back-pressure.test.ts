/** Through a published port a fast side waits for a slow one, no byte is lost, and each direction ends by itself. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { buffersBelow } from '../support/memory.js';
import { textOf } from '../support/sockets.js';

const MIB = 1024 * 1024;
const TOTAL = 128 * MIB;
/** What sockets of the kernel hold on the way, and Node of either side. */
const ON_THE_WAY = 64 * MIB;
/** What Node may hold of it here. */
const HELD = 4 * MIB;

const boxed = new Container().env({ NODE_OPTIONS: '--no-warnings' });

useCleanHost({
  warmUp: async () => {
    await using warm = await boxed.publish(1).start();
    assert.ok(warm);
  },
});

/** A container whose main command, a script of Node's, carries much by port 80, and listens on 81 when it can. */
function serving(script: string): Promise<RunningContainer> {
  return boxed
    .publish(80)
    .publish(81)
    .start('node', ['-e', script], { ready: { port: 81 } });
}

function dial(box: RunningContainer, port: number): Socket {
  return connect({ ...box.address(port), allowHalfOpen: true });
}

/** The number that `look` gives once it grows no more. */
async function standstill(look: () => Promise<number> | number): Promise<number> {
  let [before, now] = [-1, await look()];
  while (before !== now || now === 0) {
    await sleep(200);
    [before, now] = [now, await look()];
  }
  return now;
}

suite('a fast side waits for a slow one', () => {
  test('which reads outside, when it has ended its own direction', async () => {
    await using box = await serving(`
      const { createHash, randomBytes } = require('node:crypto');
      const { createServer } = require('node:net');
      const chunk = randomBytes(65536);
      const hash = createHash('sha256');
      let sent = 0;
      createServer({ allowHalfOpen: true }, (socket) => {
        const send = () => {
          for (let room = true; room && sent < ${TOTAL}; sent += chunk.length) {
            hash.update(chunk);
            room = socket.write(chunk);
          }
          if (sent < ${TOTAL}) return;
          socket.off('drain', send).end();
          console.log('sum ' + hash.digest('hex'));
        };
        socket.on('error', console.error).on('drain', send).resume().on('end', send);
      }).listen(80);
      createServer((socket) => socket.on('error', () => {}).end(String(sent))).listen(81);`);
    const slow = dial(box, 80).pause();
    slow.end('go on');
    const taken = await standstill(async () => Number(await textOf(dial(box, 81).end())));
    assert.ok(taken < ON_THE_WAY, `${taken} bytes were taken`);
    await buffersBelow(HELD);
    const hash = createHash('sha256');
    let received = 0;
    for await (const chunk of slow as AsyncIterable<Buffer>) {
      hash.update(chunk);
      received += chunk.length;
    }
    assert.equal(received, TOTAL);
    await box.waitFor({ line: `sum ${hash.digest('hex')}` });
  });

  test('which reads inside, and answers after the end of the other direction', async () => {
    await using box = await serving(`
      const { createHash } = require('node:crypto');
      const { createServer } = require('node:net');
      const hash = createHash('sha256');
      let slow;
      createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
        slow = socket.on('error', console.error).on('data', (chunk) => hash.update(chunk));
        slow.pause().on('end', () => slow.end(hash.digest('hex')));
      }).listen(80);
      createServer((socket) => {
        socket.on('error', () => {}).on('data', () => slow.resume());
      }).listen(81);`);
    const fast = dial(box, 80);
    const answer = textOf(fast);
    const hash = createHash('sha256');
    const chunk = randomBytes(65_536);
    let sent = 0;
    const send = (): void => {
      for (let room = true; room && sent < TOTAL; sent += chunk.length) {
        hash.update(chunk);
        room = fast.write(chunk);
      }
      if (sent >= TOTAL) fast.off('drain', send).end();
    };
    fast.on('drain', send);
    send();
    const taken = await standstill(() => sent);
    assert.ok(taken < ON_THE_WAY, `${taken} bytes were taken`);
    await buffersBelow(HELD);
    const going = dial(box, 81);
    going.end('on');
    assert.equal(await answer, hash.digest('hex'));
    if (!going.closed) await once(going.resume(), 'close');
  });
});
