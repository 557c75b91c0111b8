/** A pool: containers that are there before they are asked for, each for one use. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bind, Container, type ContainerProcess, file, type Pool, StepError } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { firstOf, ready, waitingFirsts } from '../support/pooled.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** A command of the pool that goes on until it is told to end. */
async function holding(pool: Pool): Promise<ContainerProcess> {
  const child = await pool.spawn('cat');
  if (child.pid === undefined) await once(child, 'spawn');
  return child;
}

async function letGo(...children: readonly ContainerProcess[]): Promise<void> {
  for (const child of children) child.stdin?.end();
  await Promise.all(children.map(({ result }) => result));
}

suite('a container of a pool', () => {
  test('is there before its use: without a pool it is made for it', async () => {
    await using alone = new Container().spawn('cat');
    if (alone.pid === undefined) await once(alone, 'spawn');
    assert.deepEqual(waitingFirsts(), []);
    await using pool = new Container().pool({ size: 2 });
    await ready(pool, 2);
    const waiting = waitingFirsts();
    assert.equal(waiting.length, 2);
    const child = await holding(pool);
    assert.ok(waiting.includes(firstOf(child)), 'its PID 1 has waited');
    assert.deepEqual([pool.busy, pool.waiting], [1, 0]);
    await letGo(child);
    assert.equal(pool.busy, 0);
  });

  test('is used once, and another one takes its place', async () => {
    await using pool = new Container().pool({ size: 2 });
    const firsts = new Set<number>();
    for (let count = 0; count < 6; count += 1) {
      await ready(pool, 2);
      const child = await holding(pool);
      firsts.add(firstOf(child));
      await letGo(child);
    }
    assert.equal(firsts.size, 6);
  });

  test('is what its definition says: user, directory, variables, root, mounts, rights', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carrel-pool-'));
    try {
      const box = new Container()
        .mount(bind(directory, '/data'))
        .cwd('/data')
        .env({ NAME: 'value' })
        .hostname('pooled')
        .umask(0o077)
        .rlimits({ nofile: 100 });
      const script = 'id -u; pwd; echo $NAME; hostname; umask; ulimit -n; cat /proc/self/mountinfo | cut -d" " -f5-6';
      const rights = 'grep -E "^(Cap|NoNew|Seccomp|SigBlk|SigIgn)" /proc/self/status; ls -l /proc/self/fd | wc -l';
      const words = ['-c', `${script}; ${rights}`];
      const { stdout } = await box.run('sh', words, { check: true });
      await using pool = box.pool({ size: 1 });
      await ready(pool, 1);
      const pooled = await pool.run('sh', words, { check: true });
      assert.equal(pooled.stdout, stdout);
    } finally {
      removeTree(directory);
    }
  });

  test('ends with its command, and with all that this has left behind', async () => {
    await using pool = new Container().pool({ size: 1 });
    await ready(pool, 1);
    const { stdout } = await pool.run('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo left']);
    assert.equal(stdout, 'left\n');
  });
});

suite('a use of a pool', () => {
  test('is what run() of a container gives: output, input, variables, directory, files, collect, check', async () => {
    await using pool = new Container().pool({ size: 1 });
    await ready(pool, 1);
    const script = 'cat; echo "$1 $NAME" >&2; pwd; exit 3';
    const result = await pool.run('sh', ['-c', script, 'sh', 'word'], {
      input: 'input ',
      env: { NAME: 'name' },
      cwd: '/tmp',
    });
    assert.deepEqual([result.stdout, result.stderr, result.exitCode], ['input /tmp\n', 'word name\n', 3]);
    assert.deepEqual([result.reason, result.ok, result.degraded], ['exited', false, []]);
    await ready(pool, 1);
    const bytes = await pool.run('printf', ['\\377'], { encoding: 'buffer' });
    assert.deepEqual([...bytes.stdout], [255]);
    await ready(pool, 1);
    await assert.rejects(pool.run('false', { check: true }), { code: 'ERR_EXIT' });
    await ready(pool, 1);
    const { files } = await pool.run('cp', ['/tmp/in', '/tmp/out'], {
      files: [file('/tmp/in', 'content')],
      collect: ['/tmp/out'],
      check: true,
    });
    assert.equal(files['/tmp/out']?.toString(), 'content');
  });

  test('has a container of its own where its options make another one', async () => {
    await using pool = new Container().pool({ size: 1 });
    for (const [options, script, expected] of [
      [{ stdio: ['ignore', 'pipe', 'ignore'] }, 'readlink /proc/self/fd/0 /proc/self/fd/2', '/dev/null\n/dev/null\n'],
      [{ stdio: ['pipe', 'pipe', 'pipe', 'pipe'] }, 'test -e /proc/self/fd/3 && echo three', 'three\n'],
      [{ rlimits: { nofile: 50 } }, 'ulimit -n', '50\n'],
      [{ timing: true }, 'echo timed', 'timed\n'],
      [{ terminal: true }, 'test -t 1 && echo terminal', 'terminal\r\n'],
    ] as const) {
      await ready(pool, 1);
      const child = await pool.spawn('sh', ['-c', script], options as never);
      let said = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk;
      });
      const closed = once(child, 'close');
      assert.equal((await child.result).exitCode, 0);
      await closed;
      assert.equal(said, expected);
    }
  });

  test('rejects with what keeps its program from starting, as without a pool', async () => {
    await using pool = new Container().pool({ size: 1 });
    await ready(pool, 1);
    await assert.rejects(pool.run('no-such-program'), (error: StepError) => {
      assert.ok(error instanceof StepError);
      assert.deepEqual([error.code, error.step?.op, error.syscall], ['ENOENT', 'exec', 'execve']);
      return true;
    });
    await ready(pool, 1);
    await assert.rejects(pool.run('true', { cwd: '/no/such/directory' }), {
      code: 'ENOENT',
      path: '/no/such/directory',
    });
    await ready(pool, 1);
    const child = await pool.spawn('no-such-program');
    await assert.rejects(child.result, { code: 'ENOENT' });
    assert.equal((await pool.run('true')).ok, true);
  });

  test('is checked at once', async () => {
    await using pool = new Container().pool({ size: 1, max: 1 });
    const child = await holding(pool);
    const wrong = { code: 'ERR_INVALID_ARG_VALUE' };
    await assert.rejects(pool.run('true', { timeOut: 1 } as never), { ...wrong, message: /timeOut/ });
    await assert.rejects(pool.run('true', { timeout: '1 s' } as never), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(pool.run(7 as never), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(pool.run('true', { collect: 'x' } as never), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(pool.spawn('true', [], { detached: true } as never), { ...wrong, message: /detached/ });
    await assert.rejects(pool.spawn('true', [], { background: 'keep' }), { ...wrong, message: /background/ });
    await assert.rejects(pool.take({ timeout: 1 } as never), { ...wrong, message: /timeout/ });
    await assert.rejects(pool.take({ signal: 'x' } as never), { code: 'ERR_INVALID_ARG_TYPE', message: /signal/ });
    assert.equal(pool.waiting, 0);
    await letGo(child);
  });
});

suite('the options of pool()', () => {
  for (const [name, make, expected] of [
    ['none', (box: Container) => box.pool(undefined as never), /size: 4/],
    ['no size', (box: Container) => box.pool({} as never), /size/],
    ['a size of 0', (box: Container) => box.pool({ size: 0 }), /size/],
    ['a size that is no whole number', (box: Container) => box.pool({ size: 1.5 }), /size/],
    ['a max of 0', (box: Container) => box.pool({ size: 1, max: 0 }), /max/],
    ['a misspelt one', (box: Container) => box.pool({ size: 1, maximum: 2 } as never), /maximum.*max/s],
    ['with hook()', (box: Container) => box.hook(() => {}).pool({ size: 1 }), /hook\(\)/],
    ['with publish()', (box: Container) => box.publish(80).pool({ size: 1 }), /publish\(\)/],
  ] as const)
    test(`are checked at the call: ${name}`, () => {
      assert.throws(() => make(new Container()), { message: expected, code: /^ERR_(INVALID_ARG|OUT_OF)/ });
    });
});

suite('calls of a pool', () => {
  test('without max are never kept waiting: a burst makes more', async () => {
    await using pool = new Container().pool({ size: 1 });
    await ready(pool, 1);
    const children = await Promise.all(Array.from({ length: 5 }, () => holding(pool)));
    assert.deepEqual([pool.busy, pool.waiting], [5, 0]);
    await letGo(...children);
    await ready(pool, 1);
  });

  test('with max wait, and have their turns in their order', async () => {
    await using pool = new Container().pool({ size: 2, max: 1 });
    const held = await holding(pool);
    const begun: number[] = [];
    const calls = Array.from({ length: 6 }, async (_, index) => {
      const child = await pool.spawn('cat');
      begun.push(index);
      assert.equal(pool.busy, 1);
      child.stdin?.end();
      await child.result;
    });
    await until(() => pool.waiting === 6);
    await sleep(20);
    assert.deepEqual(begun, []);
    await letGo(held);
    await Promise.all(calls);
    assert.deepEqual(begun, [0, 1, 2, 3, 4, 5]);
    await until(() => pool.busy === 0);
    assert.equal(pool.waiting, 0);
  });

  test('with max are never more at a time', async () => {
    await using pool = new Container().pool({ size: 2, max: 3 });
    let most = 0;
    const calls = Array.from({ length: 20 }, async () => {
      const run = pool.run('true', { check: true });
      most = Math.max(most, pool.busy);
      await run;
      most = Math.max(most, pool.busy);
    });
    await Promise.all(calls);
    assert.equal(most, 3);
  });

  test('end their wait when their signal is aborted, and start nothing', async () => {
    await using pool = new Container().pool({ size: 1, max: 1 });
    const held = await holding(pool);
    const aborted = new AbortController();
    const { signal } = aborted;
    const calls = [pool.run('true', { signal }), pool.spawn('true', [], { signal }), pool.take({ signal })];
    const other = pool.run('echo', ['other']);
    assert.equal(pool.waiting, 4);
    aborted.abort(new Error('enough'));
    for (const call of calls) await assert.rejects(call, { message: 'enough' });
    assert.equal(pool.waiting, 1);
    for (const call of [pool.run('true', { signal }), pool.spawn('true', [], { signal }), pool.take({ signal })])
      await assert.rejects(call, { message: 'enough' });
    await letGo(held);
    assert.equal((await other).stdout, 'other\n');
  });

  test('that are aborted later end their command', async () => {
    await using pool = new Container().pool({ size: 1 });
    await ready(pool, 1);
    const aborted = new AbortController();
    const run = pool.run('sleep', ['1000'], { signal: aborted.signal });
    await until(() => pool.busy === 1 && pool.idle === 1);
    aborted.abort();
    assert.equal((await run).reason, 'aborted');
  });

  test('have all of their time when they have the container', async () => {
    await using pool = new Container().pool({ size: 1, max: 1 });
    const held = await holding(pool);
    const patient = pool.run('true', { timeout: 3000 });
    await sleep(3500);
    assert.equal(pool.waiting, 1);
    await letGo(held);
    const { reason, usage } = await patient;
    assert.equal(reason, 'exited');
    assert.ok(usage.wallMs < 3000, 'it is counted from then on');
    assert.equal((await pool.run('sleep', ['1000'], { timeout: 50 })).reason, 'timeout');
    await ready(pool, 1);
    assert.equal((await pool.run('sleep', ['1000'], { timeout: 50 })).reason, 'timeout');
  });
});

suite('a pool with limits()', requires('cgroups'), () => {
  test('limits each use by itself', async () => {
    await using pool = new Container().limits({ memory: '64m', pids: 16, cpuTime: 400 }).pool({ size: 1 });
    for (let count = 0; count < 3; count += 1) {
      await ready(pool, 1);
      const { reason, usage } = await pool.run('sh', ['-c', 'while :; do :; done']);
      assert.equal(reason, 'cpu-timeout');
      assert.ok((usage.cpuMs ?? 0) < 5000);
      await ready(pool, 1);
      const { ok, usage: little } = await pool.run('true', { check: true });
      assert.ok(ok && (little.cpuMs ?? 0) < 400 && (little.peakPids ?? 1) <= 2);
    }
    await ready(pool, 1);
    const fills = 'dd if=/dev/zero of=/dev/shm/file bs=1M count=60 && tail /dev/zero';
    assert.equal((await pool.run('sh', ['-c', fills])).reason, 'oom');
    await ready(pool, 1);
    const box = await pool.take();
    assert.equal((await box.stats()).pids, 0);
    assert.equal((await box.run('sh', ['-c', 'while :; do :; done'], { timeout: 5000 })).reason, 'container-ended');
    assert.equal((await box.result).reason, 'cpu-timeout');
  });

  test('gives a use that asks for other limits these', async () => {
    await using pool = new Container().limits({ memory: '64m', pids: 16 }).pool({ size: 1 });
    await ready(pool, 1);
    const child = await pool.spawn('cat', [], { limits: { pids: 7 } });
    assert.ok(child.plan.before.some((step) => step.op === 'writeCgroup' && step.value === '7'));
    await letGo(child);
  });
});

suite('a container that take() gives', () => {
  test('is the caller’s, as one that start() gives', async () => {
    await using pool = new Container().hostname('taken').pool({ size: 1 });
    await ready(pool, 1);
    // From the first one on they are made for it.
    await (await pool.take()).stop();
    await until(() => waitingFirsts().length === 1 && pool.idle === 1);
    const waiting = waitingFirsts();
    const box = await pool.take();
    assert.ok(waiting.includes(box.pid), 'it has waited');
    assert.equal(box.main, undefined);
    assert.equal(pool.busy, 1);
    await box.files.writeFile('/tmp/file', 'text');
    assert.equal((await box.run('sh', ['-c', 'cat /tmp/file; hostname'])).stdout, 'texttaken\n');
    assert.deepEqual(
      (await box.changes()).filter(({ path }) => path === '/tmp/file').map(({ kind }) => kind),
      ['added'],
    );
    assert.deepEqual((await box.run('sh', ['-c', 'ls /proc | grep "^[0-9]*$"'])).stdout.split('\n')[0], '1');
    const status = await box.stop();
    assert.deepEqual([status.reason, status.exitCode], ['exited', 0]);
    await until(() => pool.busy === 0);
  });

  test('is not ended by the signal of the call', async () => {
    await using pool = new Container().pool({ size: 1 });
    const aborted = new AbortController();
    const box = await pool.take({ signal: aborted.signal });
    aborted.abort();
    assert.equal((await box.run('echo', ['there'])).stdout, 'there\n');
    await box.stop();
  });

  test('needs an init, and run() does not', async () => {
    await using pool = new Container().init(false).pool({ size: 1 });
    await ready(pool, 1);
    assert.equal((await pool.run('sh', ['-c', 'echo $$'])).stdout, '1\n');
    await assert.rejects(pool.take(), { code: 'ERR_INVALID_ARG_VALUE', message: /init/ });
  });
});
