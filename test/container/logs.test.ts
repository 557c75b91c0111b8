/** What a main command writes is kept, up to a bound, and the command waits for nobody who reads it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container, type LogStream, type RunningContainer, type StartOptions } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { buffersBelow } from '../support/memory.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const shell = (script: string, options?: StartOptions): Promise<RunningContainer> =>
  box.start('sh', ['-c', script], options);

async function textOf(stream: LogStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

suite('logs()', () => {
  test('both streams in their order, or one, while it runs and after its end', async () => {
    const script = 'echo one; sleep 0.1; echo two >&2; sleep 0.1; printf "three\\377"; read line; echo $?';
    const container = await shell(script);
    const all = 'one\ntwo\nthree\xff1\n';
    const followed = [textOf(container.logs({ follow: true })), textOf(container.logs({ follow: true }))];
    assert.equal((await container.result).ok, true, 'its standard input is empty');
    assert.deepEqual(await Promise.all(followed), [all, all]);
    assert.equal(await textOf(container.logs()), all);
    assert.equal(await textOf(container.logs({ stream: 'stderr' })), 'two\n');
    assert.equal(await textOf(container.logs({ stream: 'stdout', follow: true })), 'one\nthree\xff1\n');
    assert.equal(container.logs().missedBytes, 0);
  });

  test('all that was written is there once it has ended, 50 times', async () => {
    for (let i = 0; i < 50; i += 1) {
      const container = await shell('head -c 300000 /dev/zero; echo end >&2');
      await container.result;
      assert.equal((await textOf(container.logs())).length, 300_004);
    }
  });

  test('without follow: what has come; the end of the container is not waited for', async () => {
    await using container = await shell('echo one; exec sleep 1000', { ready: { line: 'one' } });
    assert.equal(await textOf(container.logs()), 'one\n');
  });

  test('the last logBytes are kept, and who comes late knows what is missing', async () => {
    for (const [logBytes, kept] of [
      [undefined, 1024 ** 2],
      ['64k', 65_536],
      [10, 10],
    ] as const) {
      const container = await shell('head -c 3000000 /dev/zero | tr "\\0" x; echo end', { logBytes });
      await container.result;
      const stream = container.logs();
      const text = await textOf(stream);
      assert.equal(text.length, kept);
      assert.ok(text.endsWith('xxend\n'));
      assert.equal(stream.missedBytes, 3_000_004 - kept);
    }
  });

  test('a flood fills no memory, however slowly it is followed, and the command never waits', async () => {
    await using container = await shell('cat /dev/zero & exec cat /dev/zero >&2', { logBytes: '256k' });
    const slow = container.logs({ follow: true });
    const idle = container.logs({ follow: true, stream: 'stderr' });
    const fast = container.logs({ follow: true, stream: 'stdout' });
    const told: number[] = [];
    slow.on('missed', (bytes: number) => told.push(bytes));
    let read = 0;
    for await (const chunk of fast) {
      read += (chunk as Buffer).length;
      // A slow one takes a little now and then.
      slow.read(10);
      if (read + fast.missedBytes > 300_000_000 && told.length > 10) break;
    }
    await buffersBelow(4_000_000);
    assert.ok((told.at(-1) ?? 0) > 100_000_000);
    assert.deepEqual(
      told,
      [...told].sort((a, b) => a - b),
    );
    idle.destroy();
    slow.destroy();
  });

  test('a signal ends the reading, and nothing else', async () => {
    await using container = await shell('echo one; exec sleep 1000');
    const controller = new AbortController();
    const reading = textOf(container.logs({ follow: true, signal: controller.signal }));
    controller.abort(new Error('enough'));
    await assert.rejects(reading, { message: 'enough' });
    assert.throws(() => container.logs({ signal: controller.signal }), { message: 'enough' });
    assert.equal(container.state, 'running');
  });

  test('without a main command there is nothing, and it ends', async () => {
    await using container = await box.start();
    assert.equal(await textOf(container.logs({ follow: true })), '');
    for (const options of [{ logBytes: 1 }, { stdio: 'log' }] as const)
      await assert.rejects(box.start(options), { code: 'ERR_INVALID_ARG_VALUE' });
    await assert.rejects(box.start({ ready: { line: 'x' } }), { code: 'ERR_INVALID_ARG_VALUE', message: /line/ });
  });
});

suite('stdio', () => {
  test("'pipe': the caller reads, and nothing is kept", async () => {
    await using container = await shell('cat; echo out', { stdio: 'pipe' });
    container.main?.stdin?.end('in ');
    let text = '';
    for await (const chunk of container.main?.stdout ?? []) text += String(chunk);
    assert.equal(text, 'in out\n');
    assert.throws(() => container.logs(), { code: 'ERR_INVALID_ARG_VALUE', message: /stdio: "log"/ });
    await container.result;
    assert.throws(() => container.logs(), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test("'log': there are no streams beside it", async () => {
    await using container = await shell('exec sleep 1000');
    assert.deepEqual(container.main?.stdio, [null, null, null]);
  });

  test('what excludes it is refused: a terminal, logBytes without a log', async () => {
    for (const options of [
      { stdio: 'log', terminal: true },
      { stdio: 'pipe', logBytes: '1m' },
      { terminal: true, logBytes: '1m' },
      { stdio: 'logs' as 'log' },
      { logBytes: '1x' },
    ] as const)
      await assert.rejects(shell('true', options), { code: 'ERR_INVALID_ARG_VALUE' }, JSON.stringify(options));
    for (const logBytes of [0, -1, 1.5, '2g'])
      await assert.rejects(shell('true', { logBytes }), {
        code: 'ERR_OUT_OF_RANGE',
        message: /^logBytes.* from 1 to 1073741824/,
      });
    await using container = await shell('tty; exec sleep 1000', { terminal: true });
    const [shown] = (await once(container.main?.stdout ?? assert.fail(), 'data')) as [Buffer];
    assert.match(String(shown), /pts/);
  });

  test('what the command has left behind cannot hold the log open', async () => {
    const container = await box.init(false).start('sh', ['-c', 'sleep 1000 & echo done']);
    assert.equal(await textOf(container.logs({ follow: true })), 'done\n');
    assert.equal((await container.result).ok, true);
  });

  test('the start fails: nothing of the log is left', async () => {
    await assert.rejects(box.start('/absent'), { code: 'ENOENT' });
    await assert.rejects(box.start('true', [], { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });
});
