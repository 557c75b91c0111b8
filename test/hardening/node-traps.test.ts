/** What carrel takes of Node is its own: no thread of libuv's pool, no child's end, no descriptor that stays. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const POOL = 2;

suite('libuv’s pool', requires('busybox'), () => {
  test('has no part in a container: each kind of start works while all of its threads wait', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pool-'));
    const fifos = Array.from({ length: POOL }, (_, index) => join(directory, `fifo-${index}`));
    execFileSync('mkfifo', fifos);
    const answer = await askCaller<{ said: string; terminal: string; busy: boolean; free: boolean }>(
      `
      const { openSync, closeSync, promises } = await import('node:fs');
      const fifos = ${JSON.stringify(fifos)};
      const opening = fifos.map((fifo) => promises.open(fifo, 'r'));
      let read = false;
      const reading = promises.readFile('/etc/hostname').catch(() => {}).then(() => { read = true; });
      const box = new Container();
      const image = box.rootfs(${JSON.stringify(busyboxRoot())}).user('root');
      const said = [];
      for (const one of [box, box.init(false), image, box.limits({ memory: '64m', onUnsupported: 'warn' })])
        said.push((await one.run('cat', [], { input: 'x', check: true })).stdout);
      said.push(...(await Promise.all(Array.from({ length: 64 }, () => box.run('echo', ['-n', 'y'])))).map(
        ({ stdout }) => stdout.trim().slice(-1)));
      const shown = box.spawn('tty', [], { terminal: true });
      const terminal = Buffer.concat(await shown.stdout.toArray()).toString();
      const late = await box.run('sleep', ['9999'], { timeout: 100 });
      said.push(late.reason);
      const busy = !read;
      // Somebody writes: each thread goes on.
      const ends = fifos.map((fifo) => openSync(fifo, 'r+'));
      await reading;
      for (const file of await Promise.all(opening)) await file.close();
      for (const end of ends) closeSync(end);
      console.log(JSON.stringify({ said: said.join(''), terminal, busy, free: read }));`,
      { env: { ...process.env, UV_THREADPOOL_SIZE: String(POOL) } },
    );
    removeTree(directory);
    assert.deepEqual(answer, {
      said: `xxxx${'y'.repeat(64)}timeout`,
      terminal: '/dev/pts/0\r\n',
      busy: true,
      free: true,
    });
  });

  test('is the caller’s: files are read beside 64 containers, with one thread', async () => {
    const { read, ended } = await askCaller<{ read: number; ended: number }>(
      `
      const { readFile } = await import('node:fs/promises');
      let ended = 0;
      const options = { stdio: ['pipe', 'ignore', 'ignore'] };
      const children = Array.from({ length: 64 }, () => new Container().spawn('cat', [], options));
      for (const child of children) child.once('exit', () => { ended += 1; });
      let read = 0;
      for (let index = 0; index < 500; index += 1) read += (await readFile('/proc/self/stat')).length > 0 ? 1 : 0;
      const before = ended;
      for (const child of children) child.stdin.end();
      await Promise.all(children.map(({ result }) => result));
      console.log(JSON.stringify({ read, ended: before }));`,
      { env: { ...process.env, UV_THREADPOOL_SIZE: '1' } },
    );
    assert.deepEqual([read, ended], [500, 0]);
  });
});

suite('descriptors', () => {
  const ROUNDS = process.env.CARREL_SOAK === undefined ? 40 : 500;
  /** What a caller does with each process, and then forgets it. */
  const USES: Readonly<Record<string, string>> = {
    'that nobody touches': '',
    'that somebody touches, and never reads': 'void [child.stdin, child.stdout, child.stderr, child.stdio[3]];',
    'of which one is read': 'child.stderr; child.stdout.resume();',
    'of which one is destroyed': 'child.stdout.destroy(); child.stderr;',
  };

  for (const [name, use] of Object.entries(USES))
    for (const where of ['the main thread', 'a worker'] as const)
      test(`streams ${name} leave none when their command has ended, in ${where}`, async () => {
        const body = `
          const { readdirSync } = await import('node:fs');
          const { setTimeout: sleep } = await import('node:timers/promises');
          const { setFlagsFromString } = await import('node:v8');
          const { runInNewContext } = await import('node:vm');
          setFlagsFromString('--expose-gc');
          const gc = runInNewContext('gc');
          const round = async (count) => {
            for (let index = 0; index < count; index += 1) {
              const script = 'echo out; echo err >&2; exit ' + (index % 3);
              const child = new Container().spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'pipe', 'pipe'] });
              ${use}
              await child.result;
            }
          };
          const counted = async () => {
            for (let tries = 0; tries < 3; tries += 1) { await sleep(50); gc(); }
            return readdirSync('/proc/self/fd').length;
          };
          await round(5);
          const before = await counted();
          await round(${ROUNDS});
          const after = await counted();`;
        const inWorker = `
          const { Worker } = await import('node:worker_threads');
          const { once } = await import('node:events');
          const source = ${JSON.stringify(`(async () => {
            const { Container } = await import('carrel'); ${body}
            require('node:worker_threads').parentPort.postMessage([before, after]);
          })();`)};
          const [counts] = await once(new Worker(source, { eval: true, execArgv: [] }), 'message');
          console.log(JSON.stringify(counts));`;
        const source = where === 'a worker' ? inWorker : `${body} console.log(JSON.stringify([before, after]));`;
        const [before, after] = await askCaller<[number, number]>(source);
        assert.equal(after, before);
      });

  test('what was not read when they were closed is there for who reads late', async () => {
    const child = new Container().spawn('sh', ['-c', 'head -c 200000 /dev/zero; echo late >&2'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { stdout, stderr } = child;
    assert.ok(stdout && stderr);
    // More than a pipe holds: it ends when that is read.
    const bytes = stdout.toArray();
    await child.result;
    assert.equal(Buffer.concat(await bytes).length, 200_000);
    assert.equal(Buffer.concat(await stderr.toArray()).toString(), 'late\n');
    const silent = new Container().spawn('true');
    void silent.stdout;
    await silent.result;
    assert.deepEqual(await silent.stdout?.toArray(), []);
  });
});
