/** Limits hold with real cgroups, of whichever version the machine has. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { CarrelError, Container, type LimitsInput } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { cgroupsOf } from '../support/plans.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().limits({ onUnsupported: 'warn' }).run('true') });

const MIB = 1024 * 1024;
const box = new Container();
const limited = (limits: LimitsInput): Container => box.limits(limits);
const spin = ['-c', 'while :; do :; done'];
/** Holds so many MiB, and says so. */
const hold = (mib: number): readonly string[] => ['-c', `x = bytearray(${mib} << 20); print(len(x))`];

/** Where the container's cgroups are. */
describe('limits()', requires('cgroups', 'python3'), () => {
  test('memory: more is refused, and the kernel’s count says why it ended', async () => {
    const without = await limited({}).run('python3', hold(64));
    assert.equal(without.exitCode, 0);
    assert.equal(without.usage.oomKills, 0);
    const child = limited({ memory: '32m' }).spawn('python3', hold(64), { stdio: 'ignore' });
    const told: number[] = [];
    child.on('oom', (kills) => told.push(kills));
    const status = await child.result;
    assert.deepEqual([status.reason, status.signal], ['oom', 'SIGKILL']);
    assert.ok((status.usage.oomKills ?? 0) >= 1);
    // Kills that come one after another may be told of one after another: each time more, and in the end all.
    const growing = [...new Set(told)].sort((a, b) => a - b);
    assert.deepEqual(told, growing);
    assert.equal(told.at(-1), status.usage.oomKills);
    assert.ok((status.usage.peakMemoryBytes ?? 0) <= 32 * MIB);
  });

  test('memory: a grandchild that is killed ends all of the container', async () => {
    const status = await limited({ memory: '32m' }).run('sh', ['-c', 'python3 -c "x = bytearray(64 << 20)"; exit 0']);
    assert.equal(status.reason, 'oom');
    assert.ok((status.usage.oomKills ?? 0) >= 1);
  });

  test('memory: a kill of the user’s own is none of the kernel’s', async () => {
    const status = await limited({ memory: '32m' }).run('sh', ['-c', 'kill -9 $$']);
    assert.deepEqual([status.reason, status.signal, status.usage.oomKills], ['signaled', 'SIGKILL', 0]);
  });

  test('memory.oom.group: with 0 what has not been killed goes on', async () => {
    const limits = { memory: '32m', unified: { 'memory.oom.group': '0' } };
    const script = 'python3 -c "x = bytearray(64 << 20)"; echo "and on: $?"; exit 0';
    const status = await limited(limits).run('sh', ['-c', script]);
    assert.deepEqual([status.stdout, status.exitCode, status.reason], ['and on: 137\n', 0, 'exited']);
    assert.equal(status.usage.oomKills, 1);
  });

  test('memory: 8 MiB are enough for a static program', requires('busybox'), async () => {
    const { exitCode, usage } = await limited({ memory: '8m' }).run('busybox', ['true']);
    assert.equal(exitCode, 0);
    assert.ok((usage.peakMemoryBytes ?? 0) < 8 * MIB, `${usage.peakMemoryBytes}`);
  });

  test('pids: the command and so many more at a time', async () => {
    const script = 'i=0; while [ $i -lt 8 ]; do sleep 60 & i=$((i+1)); done; echo started';
    const without = await limited({}).run('sh', ['-c', `${script}; kill $(jobs -p)`]);
    assert.equal(without.stdout, 'started\n');
    const { stdout, stderr, usage } = await limited({ pids: 4 }).run('sh', ['-c', script]);
    assert.equal(stdout, '');
    assert.match(stderr, /fork/i);
    if (usage.peakPids !== undefined) assert.ok(usage.peakPids <= 4);
  });

  test('pids: one is the command itself', async () => {
    assert.equal((await limited({ pids: 1 }).run('echo', ['alone'])).stdout, 'alone\n');
  });

  test('cpuTime: what all of it has used ends it', async () => {
    const limits = { cpuTime: 300 };
    const status = await limited(limits).run('sh', ['-c', 'while :; do :; done & while :; do :; done']);
    assert.deepEqual([status.reason, status.signal, status.ok], ['cpu-timeout', 'SIGKILL', false]);
    assert.ok((status.usage.cpuMs ?? 0) >= 300, `${status.usage.cpuMs}`);
    const idle = await limited({ cpuTime: 1000 }).run('sleep', ['1.2']);
    assert.equal(idle.reason, 'exited', 'waiting costs nothing');
  });

  test('the command is in its cgroups, and sees them as the roots; its init is not', async () => {
    const child = limited({}).spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child, 'spawn');
    const directories = cgroupsOf(child.plan);
    assert.ok(directories.length > 0);
    for (const directory of directories) {
      assert.equal(readFileSync(join(directory, 'cgroup.procs'), 'utf8'), `${child.pid}\n`);
    }
    child.stdin?.end();
    await child.result;
    for (const directory of directories) assert.ok(!existsSync(directory), directory);
    const { stdout } = await limited({}).run('cat', ['/proc/self/cgroup']);
    const places = stdout.trimEnd().split('\n');
    for (const place of places) assert.match(place, /:\/$/);
  });

  test('without limits there is no cgroup', async () => {
    const child = box.spawn('true', [], { stdio: 'ignore' });
    assert.deepEqual(cgroupsOf(child.plan), []);
    const { degraded, usage } = await child.result;
    assert.deepEqual([degraded, usage.peakMemoryBytes, usage.oomKills], [[], undefined, undefined]);
  });

  test('init(false): the command itself is counted, and nothing else', async () => {
    const { stdout, usage } = await limited({ pids: 1 }).init(false).run('sh', ['-c', 'echo $$']);
    assert.equal(stdout, '1\n');
    assert.ok(usage.peakPids === undefined || usage.peakPids === 1);
  });

  test('a host’s pid namespace: what the command leaves behind is ended', async () => {
    const shared = box.namespaces(['user', 'mount', 'cgroup', 'ipc', 'uts', 'network']).limits({});
    assert.equal((await shared.run('sh', ['-c', 'setsid sleep 9999 & exit 3'])).exitCode, 3);
  });
});

describe('limits of a command', requires('cgroups', 'python3'), () => {
  const forks = ['-c', 'i=0; while [ $i -lt 8 ]; do sleep 60 & i=$((i+1)); done; echo started; kill $(jobs -p)'];

  test('hold without limits of the container, for that command alone', async () => {
    assert.equal((await box.run('sh', forks)).stdout, 'started\n');
    const { stdout, stderr } = await box.run('sh', forks, { limits: { pids: 4 } });
    assert.equal(stdout, '');
    assert.match(stderr, /fork/i);
    const plain = await box.run('sh', forks);
    assert.deepEqual([plain.stdout, plain.usage.oomKills], ['started\n', undefined]);
  });

  test('replace the container’s of the same name; the others stay', async () => {
    const small = limited({ memory: '32m', pids: 64 });
    assert.equal((await small.run('python3', hold(64))).reason, 'oom');
    assert.equal((await small.run('python3', hold(64), { limits: { memory: '128m' } })).reason, 'exited');
    assert.equal((await small.run('python3', hold(64), { limits: { memory: undefined, pids: 16 } })).reason, 'oom');
    const few = await small.run('sh', forks, { limits: { pids: 4 } });
    assert.match(few.stderr, /fork/i);
  });

  test('spawn() takes them too, and stats() tells', async () => {
    const child = box.spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], limits: {} });
    assert.equal((await child.stats()).pids, 1);
    child.stdin?.end();
    assert.equal((await child.result).exitCode, 0);
  });

  test('what is wrong with them is thrown at once, by its name', async () => {
    assert.throws(() => box.spawn('true', { limits: { memory: -1 } }), {
      code: 'ERR_OUT_OF_RANGE',
      message: /limits\.memory/,
    });
    assert.throws(() => box.plan('true', [], { limits: { ram: 1 } as object }), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => box.explain('true', [], { limits: 5 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(box.run('true', { limits: { pids: 0 } }), { code: 'ERR_OUT_OF_RANGE' });
  });
});

describe('while it runs', requires('cgroups', 'python3'), () => {
  test('stats() tells what is used, once', async () => {
    const child = limited({ pids: 20 }).spawn('python3', ['-c', 'x = bytearray(32 << 20); print(flush=True); input()']);
    await once(child.stdout ?? child, 'data');
    const stats = await child.stats();
    assert.ok((stats.memoryBytes ?? 0) > 32 * MIB, `${stats.memoryBytes}`);
    assert.ok((stats.cpuMs ?? 0) > 0);
    assert.deepEqual([stats.pids, stats.paused, stats.oomKills], [1, false, 0]);
    child.stdin?.end('\n');
    await child.result;
    await assert.rejects(child.stats(), { code: 'ERR_ENDED' });
  });

  test('stats({ interval }) goes on until the end', async () => {
    const child = limited({}).spawn('sh', spin, { stdio: 'ignore' });
    const used: number[] = [];
    for await (const { cpuMs } of child.stats({ interval: 5 })) {
      used.push(cpuMs ?? Number.NaN);
      if (used.length === 5) child.kill('SIGKILL');
    }
    assert.ok(used.length >= 5);
    assert.deepEqual(
      used,
      [...used].sort((a, b) => a - b),
    );
    assert.equal((await child.result).reason, 'killed');
    assert.throws(() => child.stats({ interval: 0 }), { code: 'ERR_OUT_OF_RANGE' });
  });

  test('pause() stops all of it, resume() lets it go on', async () => {
    const child = limited({}).spawn('sh', spin, { stdio: 'ignore' });
    await child.pause();
    let { cpuMs, paused } = await child.stats();
    assert.equal(paused, true);
    // What the kernel has still to count for a process on its way is counted; what runs is counted again and again.
    for (let same = 0; same < 5; same += 1) {
      const now = await child.stats();
      if (now.cpuMs !== cpuMs) same = 0;
      cpuMs = now.cpuMs;
    }
    await child.resume();
    assert.equal((await child.stats()).paused, false);
    let now = cpuMs;
    while (now === cpuMs) now = (await child.stats()).cpuMs;
    child.kill('SIGKILL');
    assert.equal((await child.result).reason, 'killed');
    await assert.rejects(child.pause(), { code: 'ERR_ENDED' });
  });

  test('kill() while it is paused', async () => {
    const child = limited({}).spawn('sh', spin, { stdio: 'ignore' });
    await child.pause();
    child.kill('SIGKILL');
    assert.deepEqual([(await child.result).reason, child.signalCode], ['killed', 'SIGKILL']);
  });

  test('its time is up while it is paused', async () => {
    for (const killSignal of ['SIGKILL', 'SIGTERM'] as const) {
      // Time enough to begin, however slow the machine is.
      for (let timeout = 500, paused = false; !paused; timeout *= 4) {
        const child = limited({}).spawn('sleep', ['9999'], { stdio: 'ignore', timeout, killSignal });
        paused = await child.pause().then(
          () => true,
          (error: NodeJS.ErrnoException) => {
            assert.equal(error.code, 'ERR_ENDED');
            return false;
          },
        );
        const { reason, signal } = await child.result;
        if (paused) assert.deepEqual([reason, signal], ['timeout', killSignal]);
      }
    }
  });

  test('update() changes limits', async () => {
    const child = limited({ memory: '256m', pids: 50, cpuTime: 60_000 }).spawn('python3', [
      '-c',
      'input()\nx = bytearray(64 << 20)',
    ]);
    await child.update({ memory: '512m' });
    await child.update({ memory: '32m', swap: 0, pids: 1 });
    child.stdin?.end('\n');
    assert.equal((await child.result).reason, 'oom');
    await assert.rejects(child.update({ pids: 2 }), { code: 'ERR_ENDED' });
  });

  test('update() changes the CPU time', async () => {
    const child = limited({ cpuTime: 3_600_000 }).spawn('sh', spin, { stdio: 'ignore' });
    await child.update({ cpuTime: 50 });
    assert.equal((await child.result).reason, 'cpu-timeout');
  });

  test('update() refuses what the container was not started with, and what is no limit', async () => {
    const child = limited({}).spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    await assert.rejects(child.update({ cpuTime: 5 }), { code: 'ERR_CGROUP_UNAVAILABLE' });
    await assert.rejects(child.update({ cpus: 1 }), { code: 'ERR_CGROUP_UNAVAILABLE' });
    await assert.rejects(child.update({ memory: -1 }), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(child.update({ onUnsupported: 'warn' } as object), { code: 'ERR_INVALID_ARG_VALUE' });
    child.stdin?.end();
    assert.equal((await child.result).exitCode, 0);
  });

  test('without limits() there is nothing to ask', async () => {
    const child = box.spawn('true', [], { stdio: 'ignore' });
    for (const ask of [() => child.stats(), () => child.pause(), () => child.resume(), () => child.update({ pids: 1 })])
      await assert.rejects(ask(), { code: 'ERR_CGROUP_UNAVAILABLE' });
    await child.result;
  });

  test('a command that cannot be started rejects them with its own error', async () => {
    const child = limited({}).spawn('no-such-program');
    const asked = child.stats();
    await assert.rejects(asked, { code: 'ENOENT' });
    await assert.rejects(child.result, { code: 'ENOENT' });
  });
});

describe('where there are no cgroups', requires('no-cgroups'), () => {
  test('a limit is an error at once, with the controller and a remedy', () => {
    assert.throws(
      () => limited({ memory: '64m' }).spawn('true'),
      (error) =>
        error instanceof CarrelError &&
        error.code === 'ERR_CGROUP_UNAVAILABLE' &&
        /limits\.memory .* memory /.test(error.message) &&
        /Delegate=yes/.test(error.hint ?? ''),
    );
    assert.throws(() => limited({}).plan(), { code: 'ERR_CGROUP_UNAVAILABLE' });
    assert.throws(() => box.spawn('true', { limits: { pids: 8 } }), { code: 'ERR_CGROUP_UNAVAILABLE' });
  });

  test('with onUnsupported: "warn" it runs without, and the result says so', async () => {
    const status = await limited({ memory: '64m', cpuTime: 5000, onUnsupported: 'warn' }).run('echo', ['hi']);
    assert.equal(status.stdout, 'hi\n');
    assert.ok(status.degraded.includes('limits.memory: no controller memory'), status.degraded.join('\n'));
    assert.ok(status.degraded.includes('limits.cpuTime: no controller cpuacct'));
    assert.equal(status.usage.peakMemoryBytes, undefined);
  });
});
