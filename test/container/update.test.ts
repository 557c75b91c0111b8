/** Limits of a container that stays, while they change: what it and its commands may use from then on. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { Container, type ContainerProcess, type LimitsInput, type RunningContainer } from 'carrel';
import { probeCgroups } from '#lib/cgroup/probe.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().limits({ onUnsupported: 'warn' }).run('true') });

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const start = (limits?: LimitsInput): Promise<RunningContainer> => new Container().limits(limits).start();
/** Holds so many MiB. */
const hold = (mib: number): readonly string[] => ['-c', `x = bytearray(${mib} << 20)`];
const forks = ['-c', 'i=0; while [ $i -lt 8 ]; do sleep 60 & i=$((i+1)); done; echo started; kill $(jobs -p)'];

async function sleeper(box: RunningContainer, limits?: LimitsInput): Promise<ContainerProcess> {
  const child = box.spawn('sleep', ['9999'], { stdio: 'ignore', limits });
  await once(child, 'spawn');
  return child;
}

/** What the own cgroups of a command say of a limit, by the file of the version that has it. */
function limitOf({ plan }: ContainerProcess, ...files: readonly string[]): string {
  const opened = new Map(plan.before.flatMap((step) => (step.op === 'openCgroup' ? [[step.slot, step.path]] : [])));
  for (const step of plan.before) {
    if (step.op !== 'nestCgroup') continue;
    for (const file of files) {
      try {
        return readFileSync(join(opened.get(step.within) ?? '', step.name ?? '', file), 'utf8').trim();
      } catch {}
    }
  }
  throw new Error(`no ${files}`);
}

const memoryOf = (child: ContainerProcess): number => Number(limitOf(child, 'memory.max', 'memory.limit_in_bytes'));
/** Hundredths of a CPU. */
const cpusOf = (child: ContainerProcess): number =>
  Number(limitOf(child, 'cpu.max', 'cpu.cfs_quota_us').split(' ')[0]) / 1000;

describe('update()', requires('cgroups', 'python3'), () => {
  test('is the most for all commands from then on, and less for those that run', async () => {
    await using box = await start({ memory: '256m', pids: 64 });
    const running = box.spawn('python3', ['-c', 'input(); x = bytearray(64 << 20)']);
    await once(running, 'spawn');
    await box.update({ pids: 4 });
    assert.match((await box.run('sh', forks)).stderr, /fork/i);
    await box.update({ pids: 64 });
    assert.equal((await box.run('sh', forks)).stdout, 'started\n');
    await box.update({ memory: '32m' });
    running.stdin?.end('\n');
    assert.equal((await running.result).reason, 'container-ended');
    assert.equal((await box.result).reason, 'oom');
  });

  test('gives more: what did not fit does', async () => {
    await using box = await start({ memory: '48m' });
    assert.equal((await box.run('python3', hold(96), { limits: {} })).reason, 'oom');
    await box.update({ memory: '256m' });
    assert.equal((await box.run('python3', hold(96), { limits: {} })).exitCode, 0);
    assert.equal((await box.run('python3', hold(96))).exitCode, 0);
  });

  test('with a main command is the same by either handle', async () => {
    await using box = await new Container().limits({ memory: '256m' }).start('sleep', ['9999']);
    await box.main?.update({ memory: '512m' });
    const seen = async (): Promise<number> =>
      Number((await box.run('node', ['-p', 'process.constrainedMemory()'], { limits: {} })).stdout);
    assert.equal(await seen(), 512 * MIB);
    await box.update({ memory: '128m' });
    assert.equal(await seen(), 128 * MIB);
  });

  test('reaches commands with limits of their own: they have what is less', async () => {
    await using box = await start({ memory: '256m' });
    const [all, less] = [await sleeper(box, { pids: 8 }), await sleeper(box, { memory: '64m' })];
    assert.deepEqual([memoryOf(all), memoryOf(less)], [256 * MIB, 64 * MIB]);
    await box.update({ memory: '128m' });
    assert.deepEqual([memoryOf(all), memoryOf(less)], [128 * MIB, 64 * MIB]);
    await box.update({ memory: '48m' });
    assert.deepEqual([memoryOf(all), memoryOf(less)], [48 * MIB, 48 * MIB]);
    await box.update({ memory: '1g' });
    assert.deepEqual([memoryOf(all), memoryOf(less)], [GIB, 64 * MIB]);
    await less.update({ memory: '2g' });
    assert.equal(memoryOf(less), GIB);
    await box.update({ memory: '4g' });
    assert.deepEqual([memoryOf(all), memoryOf(less)], [4 * GIB, 2 * GIB]);
    assert.deepEqual([all.exitCode, less.exitCode], [null, null]);
  });

  test('leaves all as it was where the kernel refuses it', requires('cgroup-v1'), async () => {
    await using box = await start({ memory: '256m' });
    const holder = box.spawn('python3', ['-c', 'x = bytearray(96 << 20); print(1, flush=True); input()'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      limits: { memory: '128m' },
    });
    await once(holder.stdout as NodeJS.ReadableStream, 'data');
    const child = await sleeper(box, {});
    await assert.rejects(box.update({ memory: '32m' }), { code: 'EBUSY' });
    assert.deepEqual([memoryOf(child), memoryOf(holder)], [256 * MIB, 128 * MIB]);
    assert.equal(holder.exitCode, null);
    await box.update({ memory: '192m' });
    assert.equal(memoryOf(child), 192 * MIB);
  });

  test('calls take effect in their order', async () => {
    await using box = await start({ memory: '256m' });
    const child = await sleeper(box, {});
    await Promise.all([64, 512, 96, 128].map((mib) => box.update({ memory: `${mib}m` })));
    assert.equal(memoryOf(child), 128 * MIB);
  });

  test('beside commands that begin and end leaves each with the last limit', async () => {
    await using box = await start({ memory: '256m' });
    let isOver = false;
    const load = Array.from({ length: 3 }, async () => {
      while (!isOver) assert.equal((await box.run('true', { limits: {} })).exitCode, 0);
    });
    for (let round = 0; round < 20; round += 1) {
      const late = box.spawn('sleep', ['9999'], { stdio: 'ignore', limits: {} });
      await box.update({ memory: round % 2 === 0 ? '64m' : '192m' });
      assert.equal(memoryOf(late), (round % 2 === 0 ? 64 : 192) * MIB, `${round}`);
      await late[Symbol.asyncDispose]();
    }
    isOver = true;
    await Promise.all(load);
  });

  test('ends the container when the new CPU time is used up', async () => {
    await using box = await start({ cpuTime: 3_600_000 });
    const busy = box.spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    await once(busy, 'spawn');
    await box.update({ cpuTime: 50 });
    assert.equal((await box.result).reason, 'cpu-timeout');
  });

  test('refuses what is no limit, and what it was not started with; then nothing is changed', async () => {
    await using box = await start({ memory: '256m' });
    const child = await sleeper(box, {});
    const bad = { memory: '64m', pids: 0 };
    await assert.rejects(box.update(bad), { code: 'ERR_OUT_OF_RANGE', message: /pids/ });
    await assert.rejects(box.update({ memroy: '64m' } as object), { code: 'ERR_INVALID_ARG_VALUE', message: /memory/ });
    await assert.rejects(box.update({ memory: '64m', cpuTime: 5 }), { code: 'ERR_CGROUP_UNAVAILABLE' });
    assert.equal(memoryOf(child), 256 * MIB);
    await box.stop({ grace: 0 });
    await assert.rejects(box.update({ pids: 8 }), { code: 'ERR_ENDED' });
  });
});

test('update() needs limits()', async () => {
  await using box = await new Container().start();
  await assert.rejects(box.update({ pids: 8 }), {
    code: 'ERR_CGROUP_UNAVAILABLE',
    message: /update\(\) needs a cgroup/,
  });
});

const lacks = (controller: string): string | false => {
  const has = probeCgroups().hierarchies.some(({ controllers }) => controllers.includes(controller));
  return has && availableParallelism() > 1 ? false : `no ${controller}, or one processor`;
};

describe('update() of processors', requires('cgroups'), () => {
  test('their time is less inside first, and more outside first', { skip: lacks('cpu') }, async () => {
    await using box = await start({ cpus: 1 });
    const [all, less] = [await sleeper(box, {}), await sleeper(box, { cpus: 0.5 })];
    assert.deepEqual([cpusOf(all), cpusOf(less)], [100, 50]);
    await box.update({ cpus: 0.25 });
    assert.deepEqual([cpusOf(all), cpusOf(less)], [25, 25]);
    await box.update({ cpus: 2 });
    assert.deepEqual([cpusOf(all), cpusOf(less)], [200, 50]);
  });

  test('which they are changes for all, from one to another', { skip: lacks('cpuset') }, async () => {
    await using box = await start({ cpuset: '0-1' });
    const allowed = async (child: ContainerProcess): Promise<string> =>
      /Cpus_allowed_list:\s*(\S+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? '';
    const [plain, own] = [await sleeper(box), await sleeper(box, { cpuset: '0-1' })];
    for (const cpus of ['0', '1', '0-1', '1', '0']) {
      await box.update({ cpuset: cpus });
      assert.deepEqual([await allowed(plain), await allowed(own)], [cpus, cpus]);
      assert.equal((await box.run('true', { limits: {} })).exitCode, 0);
    }
  });
});
