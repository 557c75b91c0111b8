/** One launcher serves all containers of a Node, and loses no request. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from '#lib/index.js';
import { launchBy, launcherPid } from '#lib/launch/launcher.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { launchers } from '../support/processes.js';

const box = new Container();
let usual: number | undefined;

useCleanHost({
  warmUp: async () => {
    await box.run('true');
    usual = launchers()[0];
  },
});

test('without: one launcher serves them all', async () => {
  await Promise.all([box.run('true'), box.run('true')]);
  assert.deepEqual(launchers(), [usual]);
});

test('SIGSTOP of the launcher: requests wait, none is lost', async () => {
  const [pid = 0] = launchers();
  process.kill(pid, 'SIGSTOP');
  const results = Promise.all(Array.from({ length: 20 }, (_, index) => box.run('echo', [String(index)])));
  await sleep(50);
  process.kill(pid, 'SIGCONT');
  for (const [index, { stdout }] of (await results).entries()) assert.equal(stdout, `${index}\n`);
});

/** For launchBy(): where its command is found. */
const env = { PATH: process.env.PATH ?? '' };

test('a command that does not come to the launcher is ended, and the launcher before it goes on', async () => {
  const pids: number[] = [];
  const prove = (pid: number): undefined => void pids.push(pid);
  for (const command of [['sleep', '9999'], ['false'], ['carrel-is-no-such-program']])
    assert.equal(launchBy(command, env, prove), undefined, command[0]);
  assert.equal(pids.length, 2);
  assert.throws(() => launchBy(['sleep', '9999'], env, refuse), /^Error: refused$/);
  assert.equal(launcherPid(), usual);
  assert.equal((await box.run('true')).exitCode, 0);
  assert.deepEqual(launchers(), [usual]);
});

function refuse(): never {
  throw new Error('refused');
}

test('what Node refuses to start leaves no descriptor', () => {
  assert.throws(() => launchBy(['/dev/null/program'], env, refuse), { code: 'ENOTDIR' });
});

test('a command that comes to the launcher: that one serves what follows', async () => {
  // In another Node: this one goes on with its own.
  const answer = await askCaller<readonly unknown[]>(`
    const { launchBy, launcherPid } = await import(${JSON.stringify(import.meta.resolve('#lib/launch/launcher.js'))});
    await new Container().run('true');
    const usual = launcherPid();
    const pid = launchBy(['env', '-i'], { PATH: process.env.PATH }, (its) => its);
    const { exitCode } = await new Container().run('true');
    console.log(JSON.stringify([exitCode, pid !== usual, pid === launcherPid()]));
  `);
  assert.deepEqual(answer, [0, true, true]);
});
