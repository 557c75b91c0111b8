/** A stream of a command is made when it is first touched; until then, and without, all is as with one. */

import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, writeSync } from 'node:fs';
import type { Duplex, Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Container, type ContainerProcess } from 'carrel';
import { type EitherProcess, observeBoth, testBoth } from '../support/both.js';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const NONE = 'ignore';
const ROUNDS = 10;
const FOUR = ['pipe', 'pipe', 'pipe', 'pipe'] as const;

function there<Stream>(stream: Stream | null | undefined): Stream {
  assert.ok(stream);
  return stream;
}

async function text(stream: Readable | null | undefined): Promise<string> {
  return Buffer.concat(await there(stream).toArray()).toString();
}

/** How many of Node's handles on pipes and sockets `act` makes. */
async function handles(act: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === 'PIPEWRAP') count += 1;
    },
  }).enable();
  await act();
  hook.disable();
  return count;
}

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Lets all that is under way in Node come. */
async function turns(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await turn();
}

suite('until it is touched', () => {
  test('no stream is there, from the start to the end', async () => {
    const without = await handles(() => once(box.spawn('true', [], { stdio: NONE }), 'exit'));
    const start = async (act: (child: ContainerProcess) => void): Promise<number> => {
      const counts: number[] = [];
      // On a busy machine the launcher may have its copies still when a command has ended; a stream waits for those.
      for (let round = 0; round < ROUNDS; round += 1) {
        const count = await handles(async () => {
          const child = box.spawn('true', [], { stdio: FOUR });
          act(child);
          await once(child, 'exit');
        });
        counts.push(count);
      }
      return Math.min(...counts);
    };
    assert.equal(await start(() => {}), without);
    assert.equal(await start((child) => child.stdout?.resume()), without + 1);
    assert.equal(await start((child) => child.stdio[3]?.resume()), without + FOUR.length);
    assert.equal(await start((child) => child.kill('SIGKILL')), without);
  });

  test('each is the same object wherever it is read, and null where there is none', async () => {
    const child = box.spawn('true', [], { stdio: ['pipe', NONE, 'pipe', NONE, 'pipe'] });
    const { stdin, stdout, stderr, stdio } = child;
    assert.deepEqual([stdout, stdio[1], stdio[3]], [null, null, null]);
    assert.ok(stdin === stdio[0] && stderr === stdio[2] && child.stdin === stdin && child.stdio === stdio);
    assert.ok(Object.isFrozen(stdio) && stdio.length === 5 && stdio[4] !== null);
    assert.deepEqual([...stdio], [child.stdin, null, child.stderr, null, stdio[4]]);
    for (const stream of stdio) stream?.resume();
    await once(child, 'close');
  });

  testBoth('a command that reads its input waits for it', async (spawn) => {
    const child = spawn('cat', []);
    await once(child as never, 'spawn');
    await turns();
    assert.equal(child.exitCode, null);
    there(child.stdin).end('late\n');
    assert.equal(await text(child.stdout), 'late\n');
    if (child.exitCode === null) await once(child as never, 'exit');
    assert.equal(child.exitCode, 0);
  });

  testBoth('a command that writes more than fits waits, and then goes on', async (spawn) => {
    const child = spawn('sh', ['-c', 'head -c 1000000 /dev/zero; echo done >&2']);
    await once(child as never, 'spawn');
    await turns();
    assert.equal(child.exitCode, null);
    assert.equal((await text(child.stdout)).length, 1_000_000);
    assert.equal(await text(child.stderr), 'done\n');
  });

  test('its events come in their order, though nobody reads and nothing was written', async () => {
    const { carrel, bare } = await observeBoth(async (spawn) => {
      const child = spawn('true', [], FOUR);
      const events: string[] = [];
      for (const name of ['spawn', 'exit', 'close'] as const) child.on(name, () => events.push(name));
      await once(child as never, 'close');
      return events;
    });
    assert.deepEqual(carrel, bare);
  });
});

suite('touched after the end', () => {
  const SCRIPT = 'seq 1 10000; echo error >&2; echo extra >&3';
  const expected = Array.from({ length: 10_000 }, (_, index) => `${index + 1}\n`).join('');
  const all = async ({ stdout, stderr, stdio }: Pick<EitherProcess, 'stdout' | 'stderr' | 'stdio'>) =>
    Promise.all([text(stdout), text(stderr), text(stdio[3])]);

  test('it has everything, and says end and close', async () => {
    for (const wait of [(child: ContainerProcess) => once(child, 'exit'), ({ result }: ContainerProcess) => result]) {
      const child = box.spawn('sh', ['-c', SCRIPT], { stdio: FOUR });
      await wait(child);
      await turns();
      const ends = Promise.all([1, 2, 3].map((index) => once(there(child.stdio[index]), 'end')));
      assert.deepEqual(await all(child), [expected, 'error\n', 'extra\n']);
      await ends;
      await once(child, 'close');
    }
  });

  test('in the listener of exit: each stream ends, then the process says close', async () => {
    for (const script of ['true', SCRIPT]) {
      const child = box.spawn('sh', ['-c', script], { stdio: FOUR });
      const events: string[] = [];
      child.once('exit', () => {
        for (const index of [1, 2, 3]) {
          const stream = there(child.stdio[index]);
          for (const name of ['end', 'close']) stream.once(name, () => events.push(name));
          stream.resume();
        }
      });
      await once(child, 'close');
      assert.deepEqual(events.sort(), ['close', 'close', 'close', 'end', 'end', 'end']);
    }
  });

  test('when the process has said close, each is closed, and holds nothing', async () => {
    for (const script of ['true', 'echo out; echo error >&2; echo extra >&3']) {
      const child = box.spawn('sh', ['-c', script], { stdio: FOUR });
      await once(child, 'close');
      for (const stream of child.stdio) assert.deepEqual([stream?.destroyed, stream?.closed], [true, true]);
      assert.deepEqual(await all(child), ['', '', '']);
      for (const index of [0, 3]) {
        const late = there(child.stdio[index]);
        late.on('error', () => {});
        const error = await new Promise<NodeJS.ErrnoException | null | undefined>((done) => late.write('late', done));
        // What goes both ways has heard the other side end.
        assert.ok(error?.code === 'ERR_STREAM_DESTROYED' || (index === 3 && error?.code === 'EPIPE'), error?.code);
      }
    }
  });

  test('where it could not be started, each is destroyed', async () => {
    const child = box.spawn('no-such-program', [], { stdio: FOUR });
    await assert.rejects(child.result, { code: 'ENOENT' });
    for (const stream of child.stdio) assert.equal(stream?.destroyed, true);
    await assert.rejects(text(child.stdout), { code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  test('it can be let go of, held and piped as any other', async () => {
    const child = box.spawn('echo', ['out'], { stdio: FOUR });
    await child.result;
    for (const stream of child.stdio as readonly (Duplex & { ref?(): void; unref?(): void })[]) {
      stream.unref?.();
      stream.ref?.();
    }
    const other = box.spawn('cat', [], { stdio: ['pipe', 'pipe', NONE] });
    there(child.stdout).pipe(there(other.stdin));
    assert.equal(await text(other.stdout), 'out\n');
  });
});

suite('nothing is lost, and nothing stays', () => {
  const count = process.env.CARREL_SOAK === undefined ? 200 : 10_000;

  test(`${count} starts whose streams nobody touches, and no descriptor stays`, async () => {
    const before = descriptors();
    const children: ContainerProcess[] = [];
    const started = async (script: string): Promise<void> => {
      const child = box.spawn('sh', ['-c', script], { stdio: FOUR });
      children.push(child);
      await child.result;
    };
    for (let begun = 0; begun < count; begun += 8) {
      const script = begun % 3 === 0 ? 'echo out; echo error >&2; echo extra >&3' : 'true';
      await Promise.all(Array.from({ length: 8 }, () => started(script)));
      assert.ok(descriptors() < before + 64, `${descriptors()} descriptors after ${begun}`);
    }
    // Where the launcher, on a busy machine, still had its copies at the end, a stream waits to be read.
    for (const { stdio } of children) for (const stream of stdio) stream?.resume();
  });

  test('handed to another command it goes there whole, with what its command said and says', async () => {
    const first = box.spawn('sh', ['-c', 'echo one; read line <&3; echo "$line"'], { stdio: FOUR });
    await once(first, 'spawn');
    await turns();
    const second = box.spawn('cat', [], { stdio: [first.stdout, 'pipe', NONE] });
    (there(first.stdio[3]) as Duplex).end('two\n');
    assert.equal(await text(second.stdout), 'one\ntwo\n');
    await Promise.all([first.result, second.result]);
  });

  test('of one that goes both ways, another command gets the rest when the first has ended', async () => {
    for (const [script, expected] of [
      ['echo extra >&3', 'extra\n'],
      ['true', ''],
    ] as const) {
      const first = box.spawn('sh', ['-c', script], { stdio: FOUR });
      await once(first, 'exit');
      const second = box.spawn('cat', [], { stdio: [first.stdio[3], 'pipe', NONE] });
      assert.equal(await text(second.stdout), expected);
      await second.result;
    }
  });

  test('handed over when its command has ended, and when that has said close', async () => {
    for (const [script, event, expected] of [
      ['echo one', 'exit', 'one\n'],
      ['true', 'exit', ''],
      ['true', 'close', ''],
      ['echo dropped', 'close', ''],
    ] as const) {
      const first = box.spawn('sh', ['-c', script]);
      await once(first, event);
      const second = box.spawn('cat', [], { stdio: [first.stdout, 'pipe', NONE] });
      assert.equal(await text(second.stdout), expected, `${script}, ${event}`);
      await second.result;
    }
  });

  test('an end that somebody outside can write to still becomes a stream, with all that is written', async () => {
    const child = box.spawn('sh', ['-c', 'echo inside; read line'], { stdio: ['pipe', 'pipe', NONE] });
    await once(child, 'spawn');
    const writer = openSync(`/proc/${child.pid}/fd/1`, 'w');
    child.stdin?.end();
    await child.result;
    let closed = false;
    child.once('close', () => {
      closed = true;
    });
    const shown = text(child.stdout);
    await turns();
    assert.equal(closed, false);
    writeSync(writer, 'outside\n');
    closeSync(writer);
    assert.equal(await shown, 'inside\noutside\n');
    if (!closed) await once(child, 'close');
  });
});
