/** Nothing that a command does, or that somebody does to it, holds up its end. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { Container, type Namespace } from 'carrel';
import { CLINGER, clingerMount, clingerProgram, clingers } from '../support/clinger.js';
import { useCleanHost } from '../support/host.js';
import { inject } from '../support/injecting.js';
import { ancestors, haveEnded, readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

const NO_PID: readonly Namespace[] = ['user', 'mount', 'network', 'ipc', 'uts', 'cgroup'];
/** Who the first process is. */
const KINDS: Readonly<Record<string, Container>> = {
  'with an init': new Container(),
  'as PID 1 itself': new Container().init(false),
  'without a pid namespace': new Container().namespaces(NO_PID),
};
const bare = new Container().namespaces(NO_PID);

useCleanHost({ warmUp: () => new Container().run('true') });

/** Waits for what it says first. */
async function said({ stdout }: { readonly stdout: Readable | null }): Promise<string> {
  assert.ok(stdout);
  const [line] = (await once(stdout, 'data')) as [Buffer];
  return line.toString().trim();
}

suite('a command that one of its own processes traces', requires('gcc'), () => {
  for (const [kind, box] of Object.entries(KINDS))
    for (const way of ['zombie', 'exiting'])
      test(`${kind}, ${way}: it has ended, and so has the other`, async () => {
        // The one that is exiting ends by it alone, and has to come so far before, on a busy machine too.
        const timeout = way === 'zombie' ? 60_000 : 1000;
        const child = box.mount(clingerMount()).spawn(CLINGER, ['held', '7', way], { stdio: 'ignore', timeout });
        const { exitCode, reason, degraded } = await child.result;
        assert.deepEqual([exitCode, degraded], [7, []]);
        assert.match(reason, way === 'zombie' ? /^exited$/ : /^timeout$/);
        assert.deepEqual(clingers(), []);
      });
});

suite('a command that somebody outside traces', requires('gcc'), () => {
  test('ends with its own status; what nobody can count is undefined, and said', async () => {
    const child = bare.spawn('sh', ['-c', 'read line; exit 7'], { stdio: ['pipe', 'ignore', 'inherit'] });
    await once(child, 'spawn');
    const tracer = spawn(clingerProgram(), ['trace', String(child.pid)], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.equal(await said(tracer), 'traced');
    child.stdin?.end('\n');
    const { exitCode, reason, usage, degraded } = await child.result;
    assert.deepEqual([exitCode, reason], [7, 'exited']);
    assert.deepEqual([usage.maxRssBytes, usage.cpuMs, usage.minorFaults], [undefined, undefined, undefined]);
    assert.match(degraded.join('\n'), /^usage\.\{maxRssBytes, .* could not be waited for, or .*$/);
    tracer.kill('SIGKILL');
    await haveEnded(child.pid ?? 0);
  });

  test('is ended by kill() and by its time all the same', async () => {
    for (const how of ['killed', 'timeout'] as const) {
      const child = bare.spawn('sleep', ['600'], { stdio: 'ignore', timeout: how === 'timeout' ? 300 : 0 });
      await once(child, 'spawn');
      const tracer = spawn(clingerProgram(), ['trace', String(child.pid)], { stdio: ['ignore', 'pipe', 'inherit'] });
      await said(tracer);
      if (how === 'killed') child.kill('SIGKILL');
      const { signal, reason } = await child.result;
      assert.deepEqual([signal, reason], ['SIGKILL', how]);
      tracer.kill('SIGKILL');
      await haveEnded(child.pid ?? 0);
    }
  });
});

suite('processes that make others faster than they are ended', requires('gcc'), () => {
  test('hold up no result, and none is left in the end', async () => {
    // For the sake of others: this user, or everybody, has only so many.
    const box = bare.mount(clingerMount()).rlimits({ nproc: 400 });
    for (const seeds of [1, 30]) {
      const { exitCode, reason } = await box.run(CLINGER, ['bomb', String(seeds)]);
      assert.deepEqual([exitCode, reason], [0, 'exited']);
      await haveEnded(...clingers());
    }
  });
});

suite('a process that cannot be ended', requires('root', 'strace'), () => {
  test('is told of, and is ended when it can be', async () => {
    const child = bare.spawn('sh', ['-c', 'sleep 600 & echo $!; read line'], { stdio: ['pipe', 'pipe', 'inherit'] });
    // Without a pid namespace its pid is the host's.
    const left = Number(await said(child));
    const [, supervisor = 0] = ancestors(child.pid ?? 0);
    const enough = await inject(supervisor, 'kill', { error: 'EPERM', when: '1+' });
    child.stdin?.end('\n');
    const { exitCode, reason, degraded, usage } = await child.result;
    assert.deepEqual([exitCode, reason], [0, 'exited']);
    assert.match(degraded.join('\n'), /^processes may be left: [^\n]*$/);
    assert.ok(usage.maxRssBytes, 'the command itself was waited for');
    assert.ok(readProcesses().has(left));
    // A reader that reads to the end waits for it.
    child.stdout?.destroy();
    await enough();
    await haveEnded(left, supervisor);
  });
});
