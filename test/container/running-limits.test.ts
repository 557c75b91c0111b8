/** Limits of containers that stay, and of commands that enter them: where they are counted, and who ends by them. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type ContainerProcess, type LimitsInput, type RunningContainer } from 'carrel';
import { spawn as perform, plan } from 'carrel/plan';
import { exit, nestCgroup, openCgroup } from 'carrel/steps';
import { probeCgroups } from '#lib/cgroup/probe.js';
import type { HostStep } from '#lib/plan/steps.js';
import { useCleanHost } from '../support/host.js';
import { readProcesses } from '../support/processes.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().limits({ onUnsupported: 'warn' }).run('true') });

const MIB = 1024 * 1024;
const start = (limits?: LimitsInput): Promise<RunningContainer> => new Container().limits(limits).start();
/** Holds so many MiB, and says so. */
const hold = (mib: number): readonly string[] => ['-c', `x = bytearray(${mib} << 20); print(len(x))`];
const forks = ['-c', 'i=0; while [ $i -lt 8 ]; do sleep 60 & i=$((i+1)); done; echo started; kill $(jobs -p)'];

/** The cgroups that a command has entered: the container's, and its own. */
function cgroupsIn({ plan }: ContainerProcess): {
  readonly containers: readonly string[];
  readonly own: readonly string[];
} {
  const opened = new Map(plan.before.flatMap((step) => (step.op === 'openCgroup' ? [[step.slot, step.path]] : [])));
  const nested = plan.before.filter((step): step is HostStep & { op: 'nestCgroup' } => step.op === 'nestCgroup');
  return {
    containers: [...opened.values()],
    own: nested.map(({ within, name = '' }) => join(opened.get(within) ?? '', name)),
  };
}

function processesIn(directories: readonly string[]): readonly string[] {
  return directories.map((path) => readFileSync(join(path, 'cgroup.procs'), 'utf8').trim());
}

/** To enter takes one process more for a moment, which counts. */
async function alone(directories: readonly string[], { pid }: ContainerProcess): Promise<void> {
  await until(() => processesIn(directories).every((pids) => pids === `${pid}`));
}

async function sleeper(box: RunningContainer, limits?: LimitsInput): Promise<ContainerProcess> {
  const child = box.spawn('sleep', ['9999'], { stdio: 'ignore', limits });
  await once(child, 'spawn');
  return child;
}

describe('a container that stays', requires('cgroups', 'python3'), () => {
  test('has each command in its cgroups; they are gone with it', async () => {
    await using box = await start({});
    const child = await sleeper(box);
    const { containers, own } = cgroupsIn(child);
    assert.ok(containers.length > 0);
    assert.deepEqual(own, []);
    await alone(containers, child);
    await box.stop({ grace: 0 });
    assert.equal((await child.result).reason, 'container-ended');
    for (const path of containers) assert.ok(!existsSync(path), path);
  });

  test('without limits has none, and no command enters one', async () => {
    await using box = await start();
    const child = await sleeper(box);
    assert.deepEqual(cgroupsIn(child).containers, []);
  });

  test('bounds the processes of all its commands together', async () => {
    await using box = await start({ pids: 6 });
    const others = [await sleeper(box), await sleeper(box)];
    const few = await box.run('sh', forks);
    assert.match(few.stderr, /fork/i);
    await Promise.all(others.map((child) => child[Symbol.asyncDispose]()));
    assert.equal((await box.run('sh', ['-c', 'sleep 0 & wait; echo on'])).stdout, 'on\n');
  });

  test('that has no room for another process refuses it, and goes on', async () => {
    await using box = await start({ pids: 2 });
    const others = [await sleeper(box)];
    await rejectsAtStep(() => box.run('true'), { op: 'enter', code: 'EAGAIN' });
    await Promise.all(others.map((child) => child[Symbol.asyncDispose]()));
    assert.equal((await box.run('true')).exitCode, 0);
  });

  test('ends when a command needs more memory than all of it has', async () => {
    await using box = await start({ memory: '64m' });
    assert.equal((await box.run('python3', hold(16))).exitCode, 0);
    const bystander = await sleeper(box);
    const hungry = await box.run('python3', hold(128));
    assert.equal(hungry.reason, 'container-ended');
    assert.equal((await bystander.result).reason, 'container-ended');
    const { reason, usage } = await box.result;
    assert.equal(reason, 'oom');
    assert.ok((usage.oomKills ?? 0) >= 1);
  });

  test('ends when its commands have used up its CPU time', async () => {
    await using box = await start({ cpuTime: 400 });
    const { reason } = await box.run('sh', ['-c', 'while :; do :; done']);
    assert.equal(reason, 'container-ended');
    assert.equal((await box.result).reason, 'cpu-timeout');
  });

  test('tells what all of it uses, and is paused with all of it', async () => {
    await using box = await new Container().limits({ memory: '64m', pids: 20 }).start();
    const clock = box.spawn('sh', ['-c', 'while :; do echo; sleep 0.01; done']);
    await once(clock.stdout as NodeJS.ReadableStream, 'data');
    assert.ok(((await box.stats()).pids ?? 0) > 0);
    await box.pause();
    assert.equal(box.state, 'paused');
    let ticks = 0;
    clock.stdout?.on('data', () => {
      ticks += 1;
    });
    // What was on its way has come by then.
    await sleep(100);
    ticks = 0;
    const late = box.run('echo', ['late']);
    await sleep(200);
    assert.equal(ticks, 0);
    await box.resume();
    assert.equal(box.state, 'running');
    assert.equal((await late).stdout, 'late\n');
    await using without = await new Container().start();
    await assert.rejects(without.pause(), { code: 'ERR_CGROUP_UNAVAILABLE' });
    await assert.rejects(without.stats(), { code: 'ERR_CGROUP_UNAVAILABLE' });
  });

  test('with a main command counts it with all others', async () => {
    const box = await new Container().limits({}).start('python3', ['-c', 'x = bytearray(32 << 20); input()'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    assert.equal((await box.run('python3', hold(48))).exitCode, 0);
    box.main?.stdin?.end('\n');
    const { reason, usage } = await box.result;
    assert.equal(reason, 'exited');
    assert.ok((usage.peakMemoryBytes ?? 0) > 48 * MIB, `${usage.peakMemoryBytes}`);
  });
});

describe('a command with limits of its own', requires('cgroups', 'python3'), () => {
  test('is in cgroups of its own below the container’s, which go with it', async () => {
    await using box = await start({});
    const bystander = await sleeper(box);
    const child = await sleeper(box, {});
    const { own } = cgroupsIn(child);
    assert.ok(own.length > 0);
    await alone(own, child);
    await alone(cgroupsIn(bystander).containers, bystander);
    await until(async () => (await child.stats()).pids === 1);
    child.kill('SIGKILL');
    assert.equal((await child.result).reason, 'killed');
    for (const path of own) assert.ok(!existsSync(path), path);
    assert.equal((await box.run('true')).exitCode, 0);
  });

  test('is alone with them: another has those of the container', async () => {
    await using box = await start({ pids: 64 });
    const few = await box.run('sh', forks, { limits: { pids: 4 } });
    assert.match(few.stderr, /fork/i);
    assert.equal((await box.run('sh', forks)).stdout, 'started\n');
  });

  test('has them where the container has none', async () => {
    await using box = await start();
    const few = await box.run('sh', forks, { limits: { pids: 4 } });
    assert.match(few.stderr, /fork/i);
    assert.equal((await box.run('sh', forks)).stdout, 'started\n');
  });

  test('ends alone by an OOM kill, and the container by its own', async () => {
    await using box = await start({ memory: '256m' });
    const bystander = await sleeper(box);
    const { reason, usage } = await box.run('python3', hold(64), { limits: { memory: '32m' } });
    assert.equal(reason, 'oom');
    assert.ok((usage.oomKills ?? 0) >= 1);
    assert.equal((await box.run('python3', hold(64))).exitCode, 0);
    assert.equal(bystander.exitCode, null);
    await box.stop({ grace: 0 });
    assert.equal((await box.result).reason, 'exited');
  });

  test('ends alone when its CPU time is used up', async () => {
    await using box = await start({ cpuTime: 60_000 });
    const limits = { cpuTime: 2000 };
    assert.equal((await box.run('sh', ['-c', 'while :; do :; done'], { limits })).reason, 'cpu-timeout');
    assert.equal((await box.run('echo', ['on'], { limits })).stdout, 'on\n');
  });

  test('that is a fork bomb hinders no other', async () => {
    await using box = await start({ pids: 64 });
    const script = 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass';
    const bomb = box.spawn('python3', ['-c', script], { stdio: 'ignore', limits: { pids: 16 } });
    await once(bomb, 'spawn');
    await until(async () => ((await bomb.stats()).pids ?? 0) >= 15);
    for (let round = 0; round < 5; round += 1) assert.equal((await box.run('sh', ['-c', 'echo on'])).stdout, 'on\n');
    bomb.kill('SIGKILL');
    assert.equal((await bomb.result).reason, 'killed');
    const { stdout } = await box.run('sh', ['-c', 'ls /proc | grep -cE "^[0-9]+$"']);
    assert.ok(Number(stdout) < 8, stdout);
  });

  test('takes all that it has started with it', async () => {
    await using box = await start({});
    const script = 'setsid sh -c "(sleep 9999 &) ; sleep 9999" & echo $$';
    for (const limits of [{}, { pids: 32 }]) {
      assert.equal((await box.run('sh', ['-c', script], { limits })).exitCode, 0);
      const { stdout } = await box.run('sh', ['-c', 'cat /proc/[0-9]*/comm']);
      assert.doesNotMatch(stdout, /sleep/);
    }
  });

  test('and what it keeps in the background exclude each other', async () => {
    await using box = await start({});
    const options = { background: 'keep', limits: {} } as const;
    assert.throws(() => box.spawn('true', [], options), { code: 'ERR_INVALID_ARG_VALUE', message: /background/ });
    assert.equal((await box.run('true', { background: 'keep' })).exitCode, 0);
  });

  test('cannot have more than the container', async () => {
    await using box = await start({ memory: '64m' });
    const { reason } = await box.run('python3', hold(128), { limits: { memory: '256m' } });
    assert.equal(reason, 'oom');
  });
});

describe('what a program sizes itself by', requires('cgroups'), () => {
  const constrained = ['-p', 'process.constrainedMemory()'];
  test('is the container’s limit, or the command’s own', async () => {
    await using box = await start({ memory: '256m' });
    const seen = async (limits?: LimitsInput): Promise<number> =>
      Number((await box.run('node', constrained, { limits, check: true })).stdout);
    assert.equal(await seen(), 256 * MIB);
    assert.equal(await seen({ pids: 64 }), 256 * MIB);
    assert.equal(await seen({ memory: '128m' }), 128 * MIB);
    assert.equal(await seen({ memory: '1g' }), 256 * MIB);
  });

  test('is that of the main command too', async () => {
    const box = await new Container().limits({ memory: '256m' }).start('node', constrained, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(box.main?.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    assert.equal(Number(line), 256 * MIB);
    await box.result;
  });

  test('is so for Java', requires('javac'), async () => {
    await using box = await start({ memory: '512m', cpus: 1 });
    const seen = async (limits?: LimitsInput): Promise<string> => {
      const java = await box.run('java', ['-XshowSettings:system', '-version'], { limits });
      return /Memory Limit: (.*)/.exec(java.stderr)?.[1] ?? java.stderr;
    };
    assert.equal(await seen(), '512.00M');
    assert.equal(await seen({ memory: '256m' }), '256.00M');
  });
});

describe('a killed supervisor', requires('cgroups'), () => {
  /** Of a command that has entered: it is the supervisor's child. */
  const supervisorOf = (pid: number | undefined): number => {
    const parent = readProcesses().get(readProcesses().get(pid ?? 0)?.parent ?? 0);
    assert.equal(parent?.comm, 'carrel');
    return parent?.pid ?? 0;
  };

  test('of a command: its cgroups are gone, at the latest with the container', async () => {
    const box = await start({});
    const child = await sleeper(box, {});
    const { own, containers } = cgroupsIn(child);
    process.kill(supervisorOf(child.pid), 'SIGKILL');
    assert.equal((await child.result).signal, 'SIGKILL');
    assert.equal((await box.run('true')).exitCode, 0);
    await box.stop({ grace: 0 });
    for (const path of [...own, ...containers]) assert.ok(!existsSync(path), path);
  });

  test('of the container: Node removes what is left', async () => {
    const box = await start({});
    const child = await sleeper(box, {});
    const { own, containers } = cgroupsIn(child);
    const names = containers.map((path) => (basename(dirname(path)) === 'carrel' ? path : dirname(path)));
    process.kill(supervisorOf(box.pid), 'SIGKILL');
    await box.result;
    await child.result;
    await until(() => ![...own, ...names].some((path) => existsSync(path)));
  });
});

test('a cgroup that is not there, or is another one by now, is refused', requires('cgroups'), async () => {
  const [{ parent } = { parent: '' }] = probeCgroups().hierarchies;
  const within = (step: HostStep): Promise<unknown> => perform(plan({ before: [step], steps: [exit()] })).result;
  const at = { slot: 3, path: join(parent, 'carrel-none') };
  await rejectsAtStep(() => within(openCgroup(at)), { op: 'openCgroup', code: 'ENOENT' });
  await rejectsAtStep(() => within(openCgroup({ slot: 3, path: parent, inode: 999_999_999 })), {
    op: 'openCgroup',
    code: 'ESRCH',
  });
  const nested = plan({
    before: [openCgroup({ slot: 3, path: parent }), nestCgroup({ slot: 4, within: 3, name: 'a/b' })],
    steps: [exit()],
  });
  await rejectsAtStep(() => perform(nested).result, { op: 'nestCgroup', code: 'EINVAL' });
});
