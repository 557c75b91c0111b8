/** A listener that throws costs nothing but itself: its error is an uncaught exception, and all else goes on. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

interface Seen {
  readonly events: readonly string[];
  readonly thrown: readonly string[];
  readonly bytes: number;
}

/** Has the first listener of `event` throw in another Node, whose own end comes when nothing is left to wait for. */
function seenWith(event: string, program = 'sh'): Promise<Seen> {
  return askCaller<Seen>(`
    const seen = { events: [], thrown: [], bytes: 0 };
    process.on('uncaughtException', ({ message }, origin) => seen.thrown.push(origin + ': ' + message));
    process.on('exit', () => console.log(JSON.stringify(seen)));
    // The time-out is for output that nobody reads: the command would wait for ever.
    const child = new Container().spawn('${program}', ['-c', 'head -c 300000 /dev/zero; exit 3'], { timeout: 30_000 });
    child.once('${event}', () => {
      throw new Error('thrown');
    });
    for (const name of ['spawn', 'error', 'exit', 'close'])
      child.prependListener(name, (value) => seen.events.push(name === 'exit' ? 'exit ' + value : name));
    child.stdout.on('data', ({ length }) => {
      seen.bytes += length;
    });
  `);
}

const thrown = ['uncaughtException: thrown'];

suite('a listener that throws', () => {
  for (const event of ['spawn', 'exit', 'close'])
    test(`of ${event}: all of the output comes, and the end`, async () => {
      assert.deepEqual(await seenWith(event), { events: ['spawn', 'exit 3', 'close'], thrown, bytes: 300_000 });
    });

  test('of a stream’s close: the process’s comes nevertheless', async () => {
    const answer = await askCaller(`
      const seen = [];
      process.on('uncaughtException', ({ message }) => seen.push(message));
      process.on('exit', () => console.log(JSON.stringify(seen)));
      const child = new Container().spawn('echo', ['late']);
      child.stdout.on('close', () => {
        throw new Error('thrown');
      });
      child.on('exit', () => child.stdout.on('data', (bytes) => seen.push(String(bytes))));
      child.on('close', () => seen.push('close'));
    `);
    assert.deepEqual(answer, ['late\n', 'thrown', 'close']);
  });

  test('of error: close comes nevertheless', async () => {
    const seen = await seenWith('error', 'no-such-program');
    assert.deepEqual(seen, { events: ['error', 'close'], thrown, bytes: 0 });
  });

  test('of spawn: who waits for it within carrel is told', requires('cgroups'), async () => {
    const answer = await askCaller(`
      process.on('uncaughtException', () => {});
      const child = new Container().limits({}).spawn('sleep', ['9999'], { stdio: 'ignore', timeout: 30_000 });
      child.on('spawn', () => {
        throw new Error('thrown');
      });
      const stats = await child.stats().catch(({ code }) => ({ pids: code }));
      child.kill('SIGKILL');
      console.log(JSON.stringify([stats.pids, (await child.result).reason]));
    `);
    assert.deepEqual(answer, [1, 'killed']);
  });

  test('of a command that enters a container: it is an uncaught exception too', async () => {
    const answer = await askCaller(`
      const seen = [];
      process.on('uncaughtException', ({ message }, origin) => seen.push(origin + ': ' + message));
      const box = await new Container().start();
      const child = box.spawn('sh', ['-c', 'kill -9 $$'], { stdio: 'ignore' });
      child.once('exit', () => {
        throw new Error('thrown');
      });
      await child.result;
      const failed = box.spawn('no-such-program');
      failed.prependListener('error', ({ code }) => seen.push(code));
      failed.on('error', () => {
        throw new Error('thrown');
      });
      await failed.result.catch(() => {});
      await box.stop();
      console.log(JSON.stringify(seen));
    `);
    assert.deepEqual(answer, [...thrown, 'ENOENT', ...thrown]);
  });

  test('nobody has to listen to a command that comes too late', async () => {
    const answer = await askCaller(`
      const seen = [];
      process.on('uncaughtException', ({ message }, origin) => seen.push(origin + ': ' + message));
      let late = 0;
      for (let turn = 0; turn < 20 && late < 3; turn += 1) {
        const box = await new Container().start();
        const children = Array.from({ length: 4 }, () => box.spawn('true', [], { stdio: 'ignore' }));
        box.kill('SIGKILL');
        await box.result;
        for (const child of children)
          await child.result.catch(({ code }) => {
            if (code === 'ERR_ENDED') late += 1;
            else seen.push(code);
          });
      }
      console.log(JSON.stringify([late > 0, seen]));
    `);
    assert.deepEqual(answer, [true, []]);
  });

  test('what the supervisor has said behind it is heard, whole', async () => {
    const answer = await askCaller(`
      import { writeSync } from 'node:fs';
      import { Channel } from '#lib/launch/channel.js';
      import { lane } from '#lib/launch/lane.js';
      import { encodeMessage } from '#lib/plan/message-bytes.js';
      const seen = [];
      process.on('uncaughtException', ({ message }) => seen.push('thrown: ' + message));
      process.on('exit', () => console.log(JSON.stringify(seen)));
      const channel = new Channel(lane());
      const { line: { supervisor } } = channel.open({
        notice: ({ kind }) => {
          seen.push(kind);
          if (kind !== 'rejected') throw new Error(kind);
        },
        lineEnded: () => seen.push('end'),
      });
      const namespaces = {};
      const said = [
        { kind: 'oom', supervisor, kills: 1 },
        { kind: 'running', supervisor, pid: 7, namespaces },
        { kind: 'oom', supervisor, kills: 2 },
        { kind: 'rejected', supervisor, rule: 1 },
        { kind: 'gone', supervisor },
      ];
      const bytes = Buffer.concat(said.map((message) => encodeMessage(message)));
      const cut = Math.ceil(bytes.length * 0.6);
      writeSync(channel.theirs, bytes, 0, cut);
      setTimeout(() => writeSync(channel.theirs, bytes, cut), 20);
    `);
    const each = ['oom', 'thrown: oom', 'running', 'thrown: running', 'oom', 'thrown: oom', 'rejected', 'end'];
    assert.deepEqual(answer, each);
  });
});
