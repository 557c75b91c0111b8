/** The end of a command takes all that it has started with it, also in a pid namespace that it has joined. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readlinkSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess, type Namespace, type NamespaceEntry } from 'carrel';
import { askCaller } from '../support/caller.js';
import { CLINGER, clingerMount, clingerProgram } from '../support/clinger.js';
import { useCleanHost } from '../support/host.js';
import { LINKS } from '../support/namespaces.js';
import { readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

const ALL: readonly Namespace[] = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'];
const keeping = new Container().mount(clingerMount());

useCleanHost({ warmUp: () => new Container().run('true') });

/** A container to be joined, and its main command. */
async function keeper(box: Container = keeping): Promise<ContainerProcess & AsyncDisposable> {
  const child = box.spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return child;
}

/** What of another container's namespaces a command joins. */
const joins = {
  all: (other: ContainerProcess): readonly NamespaceEntry[] => ALL.map((name) => ({ [name]: other })),
  'pid and user': (other: ContainerProcess): readonly NamespaceEntry[] => [
    ...ALL.filter((name) => name !== 'pid' && name !== 'user'),
    { pid: other, user: other },
  ],
};

/** The host's numbers of all but the main command and init that are in its pid namespace. */
function others(other: ContainerProcess): readonly number[] {
  // Zombies are what init has not come to reap.
  const all = [...readProcesses().values()].filter(({ comm, state }) => comm !== 'carrel-init' && state !== 'Z');
  return all.map(({ pid }) => pid).filter((pid) => pid !== other.pid && isIn(pid, other));
}

/** The kernel takes its time over the last of a process, such as its mounts. */
async function nobodyElse(other: ContainerProcess): Promise<void> {
  await until(() => others(other).length === 0);
}

function isIn(pid: number, other: ContainerProcess): boolean {
  const inode = other.namespaces?.pid.inode;
  try {
    return statSync(`/proc/${pid}/ns/pid`).ino === inode;
  } catch {
    return false; // it has ended
  }
}

async function said(stdout: Readable | null): Promise<string> {
  assert.ok(stdout);
  const [line] = (await once(stdout, 'data')) as [Buffer];
  return line.toString().trim();
}

for (const [what, entries] of Object.entries(joins)) {
  suite(`a command that joins ${what}`, () => {
    test('by its own end: background processes that hold its output end too', async () => {
      await using other = await keeper();
      const box = new Container().namespaces(entries(other));
      const result = await box.run('sh', ['-c', 'echo first; (sleep 600 & sleep 600) & sleep 600 & exit 3']);
      assert.deepEqual([result.exitCode, result.reason, result.stdout], [3, 'exited', 'first\n']);
      assert.deepEqual(result.degraded, []);
      await nobodyElse(other);
    });

    test('by its time, its output, an abort and kill()', async () => {
      await using other = await keeper();
      const box = new Container().namespaces(entries(other));
      const script = 'echo 1234567; sleep 600 & sleep 600';
      const { reason: first } = await box.run('sh', ['-c', script], { timeout: 100 });
      const { reason: second } = await box.run('sh', ['-c', script], { maxOutput: 6 });
      const { reason: third } = await box.run('sh', ['-c', script], { signal: AbortSignal.timeout(100) });
      const child = box.spawn('sh', ['-c', script]);
      await said(child.stdout);
      child.kill('SIGKILL');
      const { reason: fourth } = await child.result;
      assert.deepEqual([first, second, third, fourth], ['timeout', 'output-limit', 'aborted', 'killed']);
      await nobodyElse(other);
      assert.equal(other.exitCode, null, 'the main command goes on');
    });

    test('by Node’s end', async () => {
      await using other = await keeper();
      const handles = JSON.stringify(other.namespaces);
      const names = JSON.stringify(what === 'all' ? ALL : ['pid', 'user']);
      await askCaller(`
        const handles = ${handles};
        const joined = ${names}.map((name) => ({ [name]: handles[name] }));
        const rest = ${JSON.stringify(ALL)}.filter((name) => !${names}.includes(name));
        const child = new Container().namespaces([...rest, ...joined]).spawn('sh', ['-c', '(sleep 600 &) ; sleep 600'],
          { stdio: 'ignore' });
        await new Promise((resolve) => child.once('spawn', resolve));
        await new Promise((resolve) => setTimeout(resolve, 50));
        console.log('0');
        process.exit(0);`);
      await nobodyElse(other);
    });

    test('hidden, undumpable processes in sessions of their own', requires('gcc'), async () => {
      await using other = await keeper();
      const box = new Container().namespaces(entries(other));
      const child = (what === 'all' ? box : box.mount(clingerMount())).spawn(CLINGER, ['scatter', '20']);
      assert.equal(await said(child.stdout), 'scattered');
      assert.ok(others(other).length > 20);
      child.kill('SIGKILL');
      const { degraded } = await child.result;
      assert.deepEqual(degraded, []);
      await nobodyElse(other);
    });

    test('two at a time: each ends its own', async () => {
      await using other = await keeper();
      const box = new Container().namespaces(entries(other));
      await using second = box.spawn('sh', ['-c', 'sleep 600 & echo $!; read line'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      await said(second.stdout);
      await box.run('sh', ['-c', 'sleep 600 & exit 0']);
      assert.equal(others(other).length, 2, 'its shell, and what that has left behind');
    });

    test('with limits() its cgroup ends them', requires('cgroups'), async () => {
      await using other = await keeper();
      const { exitCode, degraded } = await new Container()
        .namespaces(entries(other))
        .limits({ pids: 50 })
        .run('sh', ['-c', '(sleep 600 &) ; exit 4']);
      assert.deepEqual([exitCode, degraded], [4, []]);
      await nobodyElse(other);
    });
  });
}

suite('a command that joins a pid namespace', () => {
  test('has a cgroup namespace of its own, also where it joins one', async () => {
    await using other = await keeper();
    const box = new Container().namespaces(joins.all(other));
    const { stdout } = await box.run('readlink', ['/proc/self/ns/cgroup', '/proc/self/ns/pid'], { check: true });
    const [cgroup, pid] = stdout.trim().split('\n');
    assert.equal(pid, readlinkSync(`/proc/${other.pid}/ns/${LINKS.pid}`));
    assert.notEqual(cgroup, readlinkSync(`/proc/${other.pid}/ns/${LINKS.cgroup}`));
    assert.notEqual(cgroup, readlinkSync('/proc/self/ns/cgroup'));
  });

  test('and lets a process escape by a right that it was given: says so, and waits for no stream', async () => {
    await using other = await keeper();
    const box = new Container().namespaces(joins.all(other)).capabilities(['CAP_SYS_ADMIN']);
    const script = 'unshare --cgroup sleep 600 & while ! grep -q sleep /proc/$!/comm; do :; done; echo out; exit 5';
    const { exitCode, stdout, degraded } = await box.run('sh', ['-c', script]);
    assert.deepEqual([exitCode, stdout], [5, 'out\n']);
    assert.match(degraded.join('\n'), /^processes may be left: not all have ended [^\n]*$/);
    assert.equal(others(other).length, 1);
    // The supervisor that has stayed behind ends when nobody is left.
  });

  test('where a filter around carrel has a listener: ends who is found, and says so', requires('gcc'), async () => {
    await using other = await keeper();
    const handles = JSON.stringify(other.namespaces);
    const prefix = [clingerProgram(), 'listen'];
    const { exitCode, degraded } = await askCaller<{ exitCode: number; degraded: readonly string[] }>(
      `
        const handles = ${handles};
        const box = new Container().namespaces(${JSON.stringify(ALL)}.map((name) => ({ [name]: handles[name] })));
        console.log(JSON.stringify(await box.run('sh', ['-c', '(sleep 600 &) ; sleep 600 & exit 6'])));`,
      { prefix },
    );
    assert.equal(exitCode, 6);
    assert.match(degraded.join('\n'), /^processes may be left: none was found, [^\n]* \(EBUSY\)$/);
    await nobodyElse(other);
  });
});
