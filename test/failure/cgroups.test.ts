/** A cgroup that nobody uses is removed, whatever was killed, and one in use is never touched. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { cgroupsOf } from '../support/plans.js';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

const box = new Container().limits({ onUnsupported: 'warn' });
useCleanHost({ warmUp: () => box.run('true') });

async function removed(directories: readonly string[]): Promise<void> {
  await until(() => !directories.some((path) => existsSync(path)));
}

/** Another Node with a container of its own, which says where its cgroups are. */
async function startCaller(act: string): Promise<{ caller: ChildProcess; directories: readonly string[] }> {
  const script = `
    import { once } from 'node:events';
    import { join } from 'node:path';
    import { Container } from 'carrel';
    const child = new Container().limits({}).spawn('sh', ['-c', 'sleep 9999 & sleep 9999'], { stdio: 'ignore' });
    await once(child, 'spawn');
    ${act}
    const made = child.plan.before.filter(({ op }) => op === 'makeCgroup');
    console.log(JSON.stringify(made.map(({ parent, base, name }) => join(parent, base, name))));
  `;
  const caller = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(caller.stdout ?? caller, 'data')) as [Buffer];
  const directories = JSON.parse(String(line)) as readonly string[];
  assert.ok(directories.length > 0 && directories.every((path) => existsSync(path)));
  return { caller, directories };
}

/**
 * The supervisor above a command under init: the process above the first that is called so, which may be after the
 * command runs.
 */
async function supervisorOf(command: number): Promise<number> {
  return until(() => {
    const table = readProcesses();
    let entry = table.get(command);
    while (entry !== undefined && entry.comm !== 'carrel-init') entry = table.get(entry.parent);
    const supervisor = table.get(entry?.parent ?? -1);
    return supervisor?.comm === 'carrel' && supervisor.pid;
  });
}

function oneIn(directories: readonly string[]): number {
  return Number.parseInt(readFileSync(join(directories[0] ?? '', 'cgroup.procs'), 'utf8'), 10);
}

suite('SIGKILL', requires('cgroups'), () => {
  for (const [name, act] of [
    ['of Node', ''],
    ['of Node, with a paused container', 'await child.pause();'],
  ] as const) {
    test(`${name}: the supervisor removes the cgroups`, async () => {
      const { caller, directories } = await startCaller(act);
      caller.kill('SIGKILL');
      await removed(directories);
    });

    test(`${name} and of the supervisor: the next one who looks removes them`, async () => {
      const { caller, directories } = await startCaller(act);
      const supervisor = await supervisorOf(oneIn(directories));
      process.kill(supervisor, 'SIGKILL');
      caller.kill('SIGKILL');
      // The container dies meanwhile; who looks too early leaves it to the next.
      await until(async () => {
        await askCaller(`await new Container().limits({}).run('true'); console.log(1);`);
        return !directories.some((path) => existsSync(path));
      });
    });
  }

  test('of the supervisor: a status, and Node removes the cgroups', async () => {
    const child = box.spawn('sleep', ['9999'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const directories = cgroupsOf(child.plan);
    process.kill(await supervisorOf(child.pid ?? 0), 'SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    await removed(directories);
  });
});

suite('others beside', requires('cgroups'), () => {
  test('leave what is in use alone, empty or not', async () => {
    const child = box.spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    await once(child, 'spawn');
    for (let round = 0; round < 3; round += 1)
      assert.equal(await askCaller(`console.log((await new Container().limits({}).run('true')).exitCode);`), 0);
    for (const directory of cgroupsOf(child.plan)) assert.ok(existsSync(directory), directory);
    assert.ok((await child.stats()).pids === 1);
    child.stdin?.end();
    assert.equal((await child.result).exitCode, 0);
  });

  test('never collide: three processes, twenty containers at a time each, again and again', async () => {
    const script = `
      const box = new Container().limits({ memory: '64m', pids: 10 });
      const codes = new Set();
      for (let round = 0; round < 3; round += 1) {
        const runs = Array.from({ length: 20 }, () => box.run('sh', ['-c', 'exit 7']));
        for (const { exitCode, usage } of await Promise.all(runs)) codes.add(exitCode).add(usage.oomKills);
      }
      console.log(JSON.stringify([...codes]));
    `;
    const answers = await Promise.all([0, 1, 2].map(() => askCaller<readonly number[]>(script)));
    assert.deepEqual(answers, [
      [7, 0],
      [7, 0],
      [7, 0],
    ]);
  });
});
