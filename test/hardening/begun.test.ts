/** The child that waits ahead of a command is outside: nothing inside sees it, reaches it, or takes what it needs. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess, type RunningContainer } from 'carrel';
import { type Begun, waitingAfter, waitingNow } from '../support/ahead.js';
import { attack, verdicts } from '../support/attacker.js';
import { runCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { attempt, readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

delete process.env.CARREL_NO_AHEAD;
useCleanHost({ warmUp: () => new Container().run('true') });

/** Root without capabilities is a user like any other. */
const prefix = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];

const TIMES = process.env.CARREL_SOAK === undefined ? 10 : 200;

/** A program inside, which does what it is told, and says that it is done. */
class Attacker {
  readonly #process: ContainerProcess;
  readonly #said: AsyncIterator<Buffer>;

  constructor(box: RunningContainer) {
    this.#process = box.spawn('sh', []);
    this.#said = (this.#process.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  async ask(script: string): Promise<string> {
    this.#process.stdin?.write(`{ ${script}; } 2>&1; echo; echo DONE\n`);
    let said = '';
    while (!said.endsWith('\nDONE\n')) {
      const { done, value } = await this.#said.next();
      assert.ok(done !== true, `it has ended: ${said}`);
      said += String(value);
    }
    return said.slice(0, -6);
  }
}

/** A container in which somebody waits for orders, and a command is begun. */
async function begunIn(box: RunningContainer): Promise<{ readonly attacker: Attacker; readonly begun: Begun }> {
  const attacker = new Attacker(box);
  await attacker.ask('true');
  await box.run('true');
  return { attacker, begun: await waitingAfter() };
}

/** The next command is the one that was begun, unless somebody has ended that. */
async function goesOn(box: RunningContainer, { supervisor, child }: Begun): Promise<void> {
  assert.deepEqual(waitingNow(), [{ supervisor, child }]);
  assert.match(readFileSync(`/proc/${child}/status`, 'utf8'), /^State:\tS/m);
  const cat = box.spawn('cat', []);
  await once(cat, 'spawn');
  assert.equal(readProcesses().get(cat.pid ?? 0)?.parent, supervisor);
  cat.stdin?.end();
  assert.equal((await cat.result).exitCode, 0);
}

suite('a command that is begun ahead', () => {
  test('is closed to the same user of the host', requires('gcc'), async () => {
    await using box = await new Container().start();
    const { begun } = await begunIn(box);
    for (const pid of [begun.child, begun.supervisor]) {
      const seen = verdicts(attack(['look-into', String(pid)], prefix));
      assert.deepEqual(
        Object.entries(seen).filter(([, verdict]) => !['EPERM', 'EACCES'].includes(verdict)),
        [],
      );
      assert.ok(Object.keys(seen).length > 5);
    }
  });

  test('is in no list that the container can read', async () => {
    await using box = await new Container().start();
    const attacker = new Attacker(box);
    const lists = 'cat /proc/net/unix /proc/net/netlink /proc/net/packet /proc/net/tcp /proc/locks /proc/sysvipc/*';
    const look = (): Promise<string> => attacker.ask(`ls -d /proc/[0-9]*; cat /proc/loadavg | wc -w; ${lists}`);
    // The number of a process that lists them is another one each time.
    const listed = async (): Promise<string> => (await look()).replaceAll(/^\/proc\/(?!1$)\d+$/gm, '/proc/N');
    const before = await listed();
    assert.match(before, /^\/proc\/1$/m);
    await box.run('true');
    await waitingAfter();
    assert.equal(await listed(), before);
    assert.equal(waitingNow().length, 1);
  });

  test('is signalled by nobody inside, with all rights there', async () => {
    await using box = await new Container().capabilities({ add: ['CAP_KILL', 'CAP_SYS_PTRACE'] }).start();
    const { attacker, begun } = await begunIn(box);
    const everybody = `for pid in $(seq 2 400) ${begun.child} ${begun.supervisor}; do test $pid = $$ ||`;
    for (const signal of ['STOP', 'TERM', 'KILL'])
      await attacker.ask(`kill -${signal} -1; ${everybody} kill -${signal} $pid; done`);
    await goesOn(box, begun);
  });

  test('takes no room from the container, which takes none from it', requires('cgroups', 'python3'), async () => {
    await using box = await new Container().limits({ memory: '64m', pids: 20 }).start();
    const { attacker, begun } = await begunIn(box);
    assert.match(await attacker.ask("python3 -c 'import os\nwhile os.fork(): pass'"), /BlockingIOError/);
    await until(async () => ((await box.stats()).pids ?? 0) < 3);
    await goesOn(box, begun);
  });

  test('does not run on when the container has been killed since', async () => {
    for (let time = 0; time < TIMES; time += 1) {
      const box = await new Container().start();
      await begunIn(box);
      process.kill(box.pid, 'SIGKILL');
      const isGone = time % 2 === 1;
      if (isGone) await until(() => !isAlive(box.pid));
      const end = await box.run('echo', ['runs']).then(
        ({ reason }) => reason,
        (error: { readonly code?: string }) => error.code,
      );
      // A command may have a processor before PID 1 has one, and with it the signal.
      const ends = ['container-ended', 'ERR_ENDED', ...(isGone ? [] : ['exited'])];
      assert.ok(ends.includes(String(end)), end);
      assert.equal((await box.result).signal, 'SIGKILL');
    }
  });

  test('ends with Node, however that ends', async () => {
    const { stdout, signal } = await runCaller(
      `import { waitingAfter } from '${new URL('../support/ahead.js', import.meta.url)}';
       const box = await new Container().start();
       await box.run('true');
       const waiting = await waitingAfter();
       process.stdout.write(JSON.stringify(waiting), () => process.kill(process.pid, 'SIGKILL'));`,
    );
    assert.equal(signal, 'SIGKILL');
    const { supervisor, child } = JSON.parse(stdout) as Begun;
    await until(() => !isAlive(supervisor) && !isAlive(child));
  });
});

function isAlive(pid: number): boolean {
  return attempt(() => /^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) === false;
}
