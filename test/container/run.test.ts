/** `run()` gives a command's output, status and usage, within its limits of time and output. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container, ExitError } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('run()', () => {
  test('gives output, status and usage', async () => {
    const result = await box.run('sh', ['-c', 'echo out; echo err >&2; exit 3']);
    const { usage, ...rest } = result;
    assert.deepEqual(rest, {
      ok: false,
      exitCode: 3,
      signal: null,
      reason: 'exited',
      stdout: 'out\n',
      stderr: 'err\n',
      truncated: false,
      command: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      degraded: [],
      violations: [],
      connections: [],
      files: {},
      uncollected: {},
    });
    assert.ok(usage.wallMs > 0 && (usage.maxRssBytes ?? 0) > 4096 && (usage.minorFaults ?? 0) > 0);
  });

  test('input is written and closed; none is an empty one', async () => {
    assert.equal((await box.run('cat')).stdout, '');
    assert.equal((await box.run('cat', [], { input: 'text ü' })).stdout, 'text ü');
    assert.equal((await box.run('wc', ['-c'], { input: new Uint8Array(300_000) })).stdout.trim(), '300000');
    // Who does not read it is no error.
    assert.equal((await box.run('true', [], { input: Buffer.alloc(8_000_000) })).exitCode, 0);
  });

  test('env is added to the container’s', async () => {
    const result = await box.env({ A: '1', B: '2' }).run('sh', ['-c', 'echo $A $B $C'], { env: { B: 'x', C: 'y z' } });
    assert.equal(result.stdout, '1 x y z\n');
    const found = await box.run('tool', [], { env: { PATH: '/none' } }).catch((error) => error.code);
    assert.equal(found, 'ENOENT');
  });

  test('cwd replaces the container’s', async () => {
    assert.equal((await box.run('pwd')).stdout, '/\n');
    assert.equal((await box.cwd('/usr').run('pwd')).stdout, '/usr\n');
    assert.equal((await box.cwd('/usr').run('pwd', [], { cwd: '/tmp' })).stdout, '/tmp\n');
  });

  test('encoding: bytes as they came', async () => {
    const { stdout, stderr } = await box.run('printf', ['\\377\\000a'], { encoding: 'buffer' });
    assert.deepEqual(stdout, Buffer.from([0xff, 0, 0x61]));
    assert.deepEqual(stderr, Buffer.alloc(0));
  });

  test('a character that is split between two reads stays whole', async () => {
    const { stdout } = await box.run('sh', ['-c', 'printf "\\303"; sleep 0.05; printf "\\274"']);
    assert.equal(stdout, 'ü');
  });

  test('check: true tells why it was aborted', async () => {
    const reason = new Error('no longer wanted');
    await using stays = await box.start();
    for (const one of [box, stays]) {
      const controller = new AbortController();
      const run = one.run('sleep', ['1000'], { check: true, signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await assert.rejects(run, (error: Error) => error.name === 'ExitError' && error.cause === reason);
    }
  });

  test('check: a failure is an error that carries the result', async () => {
    assert.equal((await box.run('true', [], { check: true })).ok, true);
    await assert.rejects(box.run('sh', ['-c', 'echo out; echo why >&2; exit 9'], { check: true }), (error) => {
      assert.ok(error instanceof ExitError);
      const result = error.result as { stdout: string; exitCode: number };
      assert.deepEqual([error.code, result.stdout, result.exitCode], ['ERR_EXIT', 'out\n', 9]);
      assert.match(error.message, /exit code 9\nwhy$/);
      return true;
    });
  });
});

suite('maxOutput', () => {
  test('up to the limit nothing is cut', async () => {
    const result = await box.run('head', ['-c', '1000', '/dev/zero'], { maxOutput: 1000 });
    assert.deepEqual([result.stdout.length, result.truncated, result.reason], [1000, false, 'exited']);
  });

  test('above it the command is ended, and the beginning kept', async () => {
    for (const [script, stream] of [
      ['yes', 'stdout'],
      ['yes >&2', 'stderr'],
    ] as const) {
      const result = await box.run('sh', ['-c', script], { maxOutput: '1k' });
      assert.equal(result[stream], 'y\n'.repeat(512));
      assert.deepEqual([result.truncated, result.reason, result.ok], [true, 'output-limit', false]);
    }
  });

  test('a command that has ended by itself before its output was read: the same verdict, 100 times', async () => {
    const verdicts = new Set<string>();
    for (let i = 0; i < 100; i += 1) {
      const { reason, ok, truncated } = await box.run('printf', ['1234567'], { maxOutput: 6 });
      verdicts.add(`${reason} ${ok} ${truncated}`);
    }
    assert.deepEqual([...verdicts], ['output-limit false true']);
  });

  test('the same verdict where its time is up, or it fails, meanwhile', async () => {
    for (const script of ['printf 1234567; exit 3', 'printf 1234567; kill -9 $$', 'printf 1234567; sleep 9999']) {
      const result = await box.run('sh', ['-c', script], { maxOutput: 6, timeout: 5000 });
      assert.deepEqual([result.reason, result.ok, result.stdout], ['output-limit', false, '123456'], script);
    }
  });

  test('check: cut output never passes', async () => {
    for (let i = 0; i < 20; i += 1) {
      await assert.rejects(box.run('printf', ['1234567'], { maxOutput: 6, check: true }), {
        code: 'ERR_EXIT',
        message: /^printf 1234567: output-limit, more than 6 bytes$/,
      });
    }
  });

  test('a text that was cut ends with a whole character; bytes are all that the limit allows', async () => {
    const text = 'aü€😀';
    const whole = [1, 1, 3, 3, 3, 6, 6, 6, 6, 10];
    for (const [index, kept] of whole.entries()) {
      const maxOutput = index + 1;
      const { stdout } = await box.run('printf', [text], { maxOutput });
      assert.equal(stdout, Buffer.from(text).subarray(0, kept).toString(), String(maxOutput));
      const bytes = await box.run('printf', [text], { maxOutput, encoding: 'buffer' });
      assert.deepEqual(bytes.stdout, Buffer.from(text).subarray(0, maxOutput));
    }
  });

  test('what is no text, and was not cut, stays as it is', async () => {
    assert.equal((await box.run('printf', ['a\\303'], { maxOutput: 2 })).stdout, 'a\ufffd');
  });
});

/**
 * Runs a script that says when it is ready, with more and more time until it has come to say so: machines may be slow,
 * or emulated.
 */
async function runUntilTimeout(script: string, killSignal: NodeJS.Signals) {
  for (let timeout = 300; ; timeout *= 4) {
    const before = performance.now();
    const result = await box.run('sh', ['-c', script], { timeout, killSignal });
    const elapsedMs = performance.now() - before;
    if (result.stderr === 'ready\n' || timeout > 60_000) return { ...result, timeout, elapsedMs };
  }
}

suite('timeout', () => {
  test('without: it runs to its end; with: SIGKILL', async () => {
    assert.equal((await box.run('sleep', ['0.1'])).reason, 'exited');
    const script = 'trap "" TERM; echo begun; echo ready >&2; while :; do sleep 1; done';
    const result = await runUntilTimeout(script, 'SIGKILL');
    assert.deepEqual([result.reason, result.signal, result.stdout], ['timeout', 'SIGKILL', 'begun\n']);
    assert.ok(result.elapsedMs >= result.timeout, String(result.elapsedMs));
  });

  test('killSignal: the command may end in its own way', async () => {
    const script = 'trap "echo ending; exit 5" TERM; echo ready >&2; while :; do sleep 0.01; done';
    const result = await runUntilTimeout(script, 'SIGTERM');
    assert.deepEqual([result.reason, result.exitCode, result.stdout], ['timeout', 5, 'ending\n']);
  });

  test('holds while the event loop is blocked', async () => {
    for (let timeout = 300, seen = false; !seen; timeout *= 4) {
      const child = box.spawn('sleep', ['9999'], { timeout });
      await Promise.race([once(child, 'spawn'), child.result]);
      const path = `/proc/${child.pid}`;
      seen = child.pid !== undefined && existsSync(path);
      // Seen by the kernel, not told by carrel: no event of ours runs meanwhile.
      for (let tries = 0; seen && existsSync(path) && tries < 1000; tries += 1) execFileSync('sleep', ['0.05']);
      if (seen) assert.deepEqual([existsSync(path), child.exitCode, child.signalCode], [false, null, null]);
      assert.equal((await child.result).reason, 'timeout');
    }
  });
});

suite('AbortSignal', () => {
  test('ends the container', async () => {
    const controller = new AbortController();
    const running = box.run('sh', ['-c', 'echo begun; sleep 9999'], { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    const result = await running;
    assert.deepEqual([result.reason, result.signal], ['aborted', 'SIGKILL']);
  });

  test('aborted right away: ended before it ran', async () => {
    const controller = new AbortController();
    const running = box.run('sleep', ['9999'], { signal: controller.signal });
    controller.abort();
    assert.equal((await running).reason, 'aborted');
  });

  test('aborted before: nothing is started', async () => {
    await assert.rejects(box.run('true', [], { signal: AbortSignal.abort() }), { name: 'AbortError' });
  });

  test('aborted afterwards: no effect', async () => {
    const controller = new AbortController();
    const result = await box.run('true', [], { signal: controller.signal });
    controller.abort();
    assert.equal(result.reason, 'exited');
  });
});
