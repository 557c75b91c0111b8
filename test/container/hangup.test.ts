/** A terminal hangs up when Node lets go of it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { Screen } from '../support/screen.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

/** A command at a terminal, and somebody who looks at it. */
function observed(script: string): { readonly child: ContainerProcess; readonly screen: Screen } {
  const child = box.spawn('sh', ['-c', script], { terminal: true });
  return { child, screen: new Screen(child) };
}

suite('a terminal that Node lets go of', () => {
  test('hangs up: SIGHUP ends the command', async () => {
    for (const init of [true, false]) {
      const child = box.init(init).spawn('sh', ['-c', 'trap "exit 9" HUP; echo ready; while :; do sleep 0.01; done'], {
        terminal: true,
      });
      await new Screen(child).until(/ready/);
      child.stdout?.destroy();
      const { exitCode, reason } = await child.result;
      assert.deepEqual([exitCode, reason], [9, 'exited']);
    }
  });

  test('without a handler SIGHUP is the end', async () => {
    const { child, screen } = observed('echo ready; exec sleep 9999');
    await screen.until(/ready/);
    child.stdin?.destroy();
    assert.deepEqual(await once(child, 'exit'), [null, 'SIGHUP']);
  });

  test('who ignores it goes on, reads the end of the input, and can write no more', async () => {
    const script = 'trap "" HUP; echo ready; if read line; then exit 1; fi; echo lost 2>/dev/null || exit 7';
    const { child, screen } = observed(script);
    await screen.until(/ready/);
    child.stdout?.destroy();
    assert.equal((await child.result).exitCode, 7);
  });

  test('before the command runs', async () => {
    for (let round = 0; round < 10; round += 1) {
      const child = box.spawn('sleep', ['9999'], { terminal: true });
      child.stdout?.destroy();
      assert.equal((await child.result).signal, 'SIGHUP');
    }
  });

  test('to end the input is not to hang up', async () => {
    const { child, screen } = observed('echo ready; read line; echo got $line; sleep 0.1; echo end');
    await screen.until(/ready/);
    child.stdin?.end('line\n');
    await screen.until(/got line\r\n/);
    await screen.until(/end\r\n/);
    assert.equal((await child.result).exitCode, 0);
  });

  // Its supervisor would else wait for somebody to read the rest: useCleanHost looks for it.
  test('await using gives up what nobody has read', async () => {
    await using child = box.spawn('yes', [], { terminal: true });
    await once(child, 'spawn');
  });
});

suite('what comes late', () => {
  test('resize() is false, and no error', async () => {
    const child = box.spawn('true', [], { terminal: true });
    assert.equal(child.resize(90, 30), true);
    child.stdout?.resume();
    await once(child, 'close');
    assert.equal(child.resize(100, 40), false);
  });

  test('input is an error of the stream’s own, as with each that was destroyed; nothing is thrown', async () => {
    const child = box.spawn('true', [], { terminal: true });
    child.stdout?.resume();
    await once(child, 'close');
    const error = await new Promise<Error | null | undefined>((done) => child.stdin?.write('late\n', done));
    assert.equal((error as NodeJS.ErrnoException).code, 'ERR_STREAM_DESTROYED');
  });

  test('the end is an end of file, never EIO, with everything before it', async () => {
    for (let round = 0; round < 20; round += 1) {
      const child = box.spawn('sh', ['-c', 'seq 1 200; exit 3'], { terminal: true });
      const errors: Error[] = [];
      child.stdout?.on('error', (error: Error) => errors.push(error));
      const shown = Buffer.concat((await child.stdout?.toArray()) ?? []).toString();
      assert.ok(shown.endsWith('\r\n200\r\n'), shown.slice(-20));
      assert.deepEqual(errors, []);
      assert.equal((await child.result).exitCode, 3);
    }
  });
});
