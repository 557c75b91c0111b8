/** How pools end, and what ends with them; and what becomes of their containers that are killed. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { firstOf, ready, waitingFirsts } from '../support/pooled.js';
import { ancestors, descendants, haveEnded, readProcesses, signalOne } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const CLOSED = { code: 'ERR_POOL_CLOSED', name: 'CarrelError' };

suite('close() of a pool', () => {
  test('ends those that are ready, refuses calls, and waits for those in use', async () => {
    const pool = new Container().pool({ size: 2, max: 1 });
    await ready(pool, 2);
    const child = await pool.spawn('cat');
    if (child.pid === undefined) await once(child, 'spawn');
    const waits = pool.run('true');
    const waiting = waitingFirsts();
    assert.ok(waiting.length > 0);
    let closed = false;
    const closing = pool.close().then(() => {
      closed = true;
    });
    await assert.rejects(waits, CLOSED);
    await assert.rejects(pool.run('true'), CLOSED);
    await assert.rejects(pool.spawn('true'), CLOSED);
    await assert.rejects(pool.take(), CLOSED);
    await haveEnded(...waiting);
    await sleep(20);
    assert.deepEqual([closed, pool.idle, pool.busy, pool.waiting], [false, 0, 1, 0]);
    child.stdin?.end('last words');
    assert.equal(await text(child.stdout as NodeJS.ReadableStream), 'last words');
    await closing;
    assert.equal((await child.result).exitCode, 0);
    assert.equal(pool.busy, 0);
    await pool.close();
    await pool[Symbol.asyncDispose]();
  });

  test('waits for a container that was taken', async () => {
    const pool = new Container().pool({ size: 1 });
    const box = await pool.take();
    const closing = pool.close();
    assert.equal((await box.run('echo', ['open'])).stdout, 'open\n');
    await box.stop();
    await closing;
  });

  test('right behind pool() leaves nothing', async () => {
    for (let count = 0; count < 5; count += 1) await new Container().pool({ size: 3 }).close();
  });
});

test('disposal of a pool ends those in use too', async () => {
  const pool = new Container().pool({ size: 2 });
  await ready(pool, 2);
  const child = await pool.spawn('sleep', ['1000']);
  const run = pool.run('sleep', ['1000']);
  const box = await pool.take();
  await until(() => pool.busy === 3);
  await pool[Symbol.asyncDispose]();
  assert.equal((await run).reason, 'killed');
  assert.equal((await child.result).reason, 'killed');
  assert.equal((await box.result).reason, 'killed');
  assert.deepEqual([pool.idle, pool.busy], [0, 0]);
});

suite('a container of a pool that is killed while it is ready', () => {
  for (const [who, victim] of [
    ['its PID 1', (first: number) => first],
    ['its supervisor', (first: number) => ancestors(first)[1]],
    ['who waits in it', (first: number) => [...readProcesses().values()].find(({ parent }) => parent === first)?.pid],
  ] as const)
    test(`is replaced, and keeps no call from its own: ${who}`, async () => {
      await using pool = new Container().pool({ size: 2 });
      for (let count = 0; count < 3; count += 1) {
        await ready(pool, 2);
        const waiting = waitingFirsts();
        for (const first of waiting) signalOne(victim(first), 'SIGKILL');
        await haveEnded(...waiting);
        await until(() => waitingFirsts().length === 2 && pool.idle === 2);
        assert.deepEqual(
          waitingFirsts().filter((first) => waiting.includes(first)),
          [],
        );
        assert.equal((await pool.run('echo', ['there'])).stdout, 'there\n');
      }
    });

  test('right before a call: the supervisors are gone, and nobody has told Node', async () => {
    await using pool = new Container().pool({ size: 2 });
    await ready(pool, 2);
    const supervisors = waitingFirsts().map((first) => ancestors(first)[1] ?? -1);
    const all = supervisors.flatMap((pid) => [pid, ...descendants(pid).map((one) => one.pid)]);
    for (const supervisor of supervisors) signalOne(supervisor, 'SIGKILL');
    // Node's event loop has no turn meanwhile.
    for (const began = performance.now(); performance.now() - began < 60_000; ) {
      const table = readProcesses();
      if (!all.some((pid) => table.has(pid))) break;
    }
    assert.equal((await pool.run('echo', ['there'])).stdout, 'there\n');
  });
});

suite('Node', () => {
  const script = (act: string): string => `
    import { Container } from 'carrel';
    import { setTimeout as sleep } from 'node:timers/promises';
    const pool = new Container().pool({ size: 3 });
    while (pool.idle < 3) await sleep(2);
    ${act}
  `;
  const node = async (act: string): Promise<string> => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script(act)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = text(child.stdout);
    await once(child, 'exit');
    return said;
  };

  test('ends by itself while containers are ready', async () => {
    assert.equal(await node(`console.log('ready')`), 'ready\n');
  });

  test('waits for those in use', async () => {
    const act = `const child = await pool.spawn('sh', ['-c', 'sleep 0.3; exit 4']);
      for (const name of ['stdin', 'stdout', 'stderr']) child[name].destroy();
      process.on('exit', () => console.log(child.exitCode));`;
    assert.equal(await node(act), '4\n');
  });

  test('waits for a call that is made at once', async () => {
    const said = await new Promise<string>((resolve) => {
      const code = `import { Container } from 'carrel';
        const { stdout } = await new Container().pool({ size: 1 }).run('echo', ['at once']);
        process.stdout.write(stdout);`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      void text(child.stdout).then(resolve);
    });
    assert.equal(said, 'at once\n');
  });

  test('takes all with it when it is killed', async () => {
    assert.equal(await node(`process.kill(process.pid, 'SIGKILL')`), '');
  });

  test('in a worker ends with the worker', async () => {
    const act = `const { Worker } = await import('node:worker_threads');
      await pool.close();
      const code = ${JSON.stringify(`
        const { Container } = require('carrel');
        const pool = new Container().pool({ size: 2 });
        const look = setInterval(() => { if (pool.idle === 2) { clearInterval(look); console.log('ready'); } }, 2);
      `)};
      const worker = new Worker(code, { eval: true, execArgv: [] });
      worker.on('exit', (status) => console.log(status));`;
    assert.equal(await node(act), 'ready\n0\n');
  });
});

test('hundreds of uses leave nothing: no process, mount, cgroup, descriptor or file', async () => {
  const before = readProcesses().size;
  const uses = process.env.CARREL_SOAK === undefined ? 300 : 3000;
  await using pool = new Container().pool({ size: 4, max: 8 });
  await Promise.all(
    Array.from({ length: uses }, async (_, index) => {
      if (index % 50 === 0) {
        const box = await pool.take();
        await box.stop({ grace: 0 });
        return;
      }
      const { stdout } = await pool.run('sh', ['-c', 'echo $$; echo more >/tmp/file'], { check: true });
      assert.match(stdout, /^\d+\n$/);
    }),
  );
  await until(() => pool.busy === 0 && pool.idle === 4);
  await until(() => readProcesses().size <= before + 4 * 3 + 50);
  const child = await pool.spawn('cat');
  await until(() => child.pid !== undefined);
  assert.ok(firstOf(child) > 0);
  child.stdin?.end();
  await child.result;
});
