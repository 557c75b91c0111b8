/** What is done of a command of a running container before its call: that it counts for nothing but time. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, type RunningContainer } from 'carrel';
import { type Begun, waitingAfter, waitingNow } from '../support/ahead.js';
import { useCleanHost } from '../support/host.js';
import { inject } from '../support/injecting.js';
import { assertAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

delete process.env.CARREL_NO_AHEAD;
useCleanHost({ warmUp: () => new Container().run('true') });

/** A container in which a command like `script` has run, and the next one waits. */
async function warmed(box: RunningContainer, options = {}): Promise<Begun> {
  await box.run('true', [], options);
  return waitingAfter();
}

function parentOf(pid: number | undefined): number {
  return Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** The streams that were made ahead go with it, and another one waits: the host is not as it was. */
async function refused(run: Promise<unknown>, code: string): Promise<void> {
  const error = await run.then(
    () => assert.fail('it was performed'),
    (reason: Error) => reason,
  );
  assertAtStep(error, { op: 'chdir', code });
}

async function output(box: RunningContainer, script: string, options = {}): Promise<string> {
  return (await box.run('sh', ['-c', script], { check: true, ...options })).stdout.trim();
}

suite('a command that was begun before its call', () => {
  test('is performed by the process that waits, and there is a next one', async () => {
    await using box = await new Container().start();
    await box.run('true');
    const begun = new Set<number>();
    // Node hears a little later than /proc shows it that one waits.
    const cat = await until(async () => {
      begun.add((await waitingAfter()).supervisor);
      const child = box.spawn('cat', []);
      await once(child, 'spawn');
      if (begun.has(parentOf(child.pid))) return child;
      child.kill('SIGKILL');
      await child.result;
      return undefined;
    });
    const next = await waitingAfter();
    assert.notEqual(next.supervisor, parentOf(cat.pid));
    cat.stdin?.end('text');
    assert.equal(await text(cat.stdout as Readable), 'text');
    assert.equal((await cat.result).exitCode, 0);
  });

  test('is what it would be otherwise: its words, variables, streams, time-out, signal', async () => {
    await using box = await new Container().env({ LANG: 'C' }).start();
    for (let round = 0; round < 3; round += 1) {
      await warmed(box);
      const script = 'echo "$1 $NAME $LANG"; echo error >&2; exit 3';
      const result = await box.run('sh', ['-c', script, 'sh', `word ${round}`], { env: { NAME: `n${round}` } });
      assert.equal(result.stdout, `word ${round} n${round} C\n`);
      assert.deepEqual([result.stderr, result.exitCode, result.reason], ['error\n', 3, 'exited']);
      await waitingAfter();
      assert.equal((await box.run('cat', { input: `input ${round}` })).stdout, `input ${round}`);
      await waitingAfter();
      const late = await box.run('sleep', ['1000'], { timeout: 50 });
      assert.deepEqual([late.reason, late.signal], ['timeout', 'SIGKILL']);
      assert.ok(late.usage.wallMs < 60_000, 'its time runs from its own start');
      await waitingAfter();
      const killed = box.spawn('sleep', ['1000']);
      killed.kill('SIGINT');
      assert.equal((await killed.result).signal, 'SIGINT');
    }
  });

  test('has its own user, directory and limits where they are others', async () => {
    await using box = await new Container().start();
    await warmed(box);
    assert.equal(await output(box, 'id -u; pwd'), '0\n/');
    await waitingAfter();
    assert.equal(await output(box, 'pwd', { cwd: '/tmp' }), '/tmp');
    assert.equal(await output(box, 'ulimit -n', { rlimits: { nofile: 9 } }), '9');
    await waitingAfter();
    assert.equal(await output(box, 'ulimit -n; pwd'), '15000\n/');
    await waitingAfter();
    const inherited = await output(box, 'id -u; id -g', { user: '7:8' }).catch((error: Error) => error.message);
    if (process.env.CARREL_TEST_LEG === 'root') assert.equal(inherited, '7\n8');
  });

  test('has the limits that the container has by then', requires('cgroups'), async () => {
    await using box = await new Container().limits({ memory: '256m' }).start();
    const seen = async (): Promise<number> =>
      Number((await box.run('node', ['-p', 'process.constrainedMemory() / 2 ** 20'], { check: true })).stdout);
    assert.equal(await seen(), 256);
    await waitingAfter();
    await box.update({ memory: '512m' });
    assert.equal(waitingNow().length, 1);
    assert.equal(await seen(), 512);
  });

  test('begins where its path leads then, also by another directory, or by none', async () => {
    await using box = await new Container().start();
    await output(box, 'mkdir /tmp/here; echo old > /tmp/here/name');
    await warmed(box, { cwd: '/tmp/here' });
    await box.files.rename('/tmp/here', '/tmp/there');
    await box.files.mkdir('/tmp/here');
    await box.files.writeFile('/tmp/here/name', 'new');
    assert.equal(await output(box, 'cat name; pwd', { cwd: '/tmp/here' }), 'new/tmp/here');
    await waitingAfter();
    await box.files.rm('/tmp/here', { recursive: true });
    await refused(box.run('true', [], { cwd: '/tmp/here' }), 'ENOENT');
    // A link of /proc's is no way, and nobody looks into PID 1.
    await box.files.symlink('/proc/1/cwd', '/tmp/here');
    await refused(box.run('true', [], { cwd: '/tmp/here' }), 'EACCES');
  });

  test('is seen by nobody inside, and counted nowhere', async () => {
    await using box = await new Container().start();
    await warmed(box);
    const seen = 'for p in /proc/[0-9]*; do cat $p/comm 2>/dev/null; done | sort | uniq -c | sort';
    assert.doesNotMatch(await output(box, seen), /carrel(-spare)?$/m);
    await waitingAfter();
    // Itself, its subshells, init.
    assert.ok(Number(await output(box, 'ls -d /proc/[0-9]* | wc -l')) <= 4);
  });

  test('waits outside of the container’s cgroups', requires('cgroups'), async () => {
    await using box = await new Container().limits({ pids: 4 }).start();
    await warmed(box);
    const { pids } = await box.stats();
    assert.equal(pids, 0, 'init is not counted, and nothing runs');
    assert.equal(await output(box, 'echo one | cat | cat'), 'one');
    await box.pause();
    await sleep(20);
    const waits = box.run('echo', ['two']);
    await box.resume();
    assert.equal((await waits).stdout, 'two\n');
  });

  test('a profile of the caller’s that refuses what carrel does meanwhile is no hindrance', async () => {
    const refused = ['openat2', 'fchdir', 'rename', 'renameat', 'renameat2'];
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: refused, action: 'SCMP_ACT_ERRNO', errnoRet: 38 }],
    } as const;
    await using box = await new Container().seccomp(profile).start();
    await warmed(box);
    assert.equal(await output(box, 'echo runs'), 'runs');
    await waitingAfter();
    assert.equal(await output(box, 'touch /tmp/a; mv /tmp/a /tmp/b 2>/dev/null || echo refused'), 'refused');
  });
});

suite('who waits', () => {
  test('ends with the container', async () => {
    const box = await new Container().start();
    const { supervisor, child } = await warmed(box);
    await box.stop();
    const gone = (pid: number): boolean => !readable(pid);
    assert.ok(gone(child), 'its process');
    await until(() => gone(supervisor));
  });

  test('ends when a main command does, and when the container is killed from outside', async () => {
    const box = await new Container().start('cat', [], { stdio: ['pipe', 'ignore', 'ignore'] });
    const { child } = await warmed(box);
    box.main?.stdin?.end();
    await box.result;
    assert.ok(!readable(child));
    const other = await new Container().start();
    const waiting = await warmed(other);
    process.kill(other.pid, 'SIGKILL');
    await other.result;
    assert.ok(!readable(waiting.child));
  });

  test('is not missed where somebody has ended it', async () => {
    await using box = await new Container().start();
    for (const victim of ['child', 'supervisor'] as const) {
      const waiting = await warmed(box);
      process.kill(waiting[victim], 'SIGKILL');
      await until(() => waitingNow().length === 0);
      // Node may not have heard of it yet: then the command is what was ended.
      const runs = box.run.bind(box, 'echo', ['runs']);
      await until(() =>
        runs().then(
          ({ stdout }) => stdout === 'runs\n',
          () => false,
        ),
      );
    }
  });

  test(
    'is refused a call as it goes on: that is told, and the next command runs',
    requires('root', 'strace'),
    async () => {
      await using box = await new Container().start();
      for (const call of ['mmap', 'openat2']) {
        const { child } = await warmed(box);
        // strace ends with the child.
        await inject(child, call, { error: 'EIO', when: '1' });
        await assert.rejects(box.run('true'), { code: 'EIO', syscall: call });
        assert.equal(await output(box, 'echo runs'), 'runs');
      }
    },
  );

  test('is none beside commands that are each in a cgroup of their own, report, or are timed', async () => {
    await using box = await new Container().seccomp('default', { report: true }).start();
    await box.run('true');
    await using timed = await new Container().start();
    await timed.run('true', [], { timing: true });
    await sleep(50);
    assert.deepEqual(waitingNow(), []);
  });

  test('is none where a path counts as it is when the command starts', requires('landlock-files'), async () => {
    await using box = await new Container().landlock({ execute: ['/'], read: ['/'], write: ['/tmp'] }).start();
    await box.run('true');
    await sleep(50);
    assert.deepEqual(waitingNow(), []);
  });

  test('is none without a pid namespace: whatever runs there would see it', async () => {
    const box = await new Container().namespaces(['user', 'mount']).start('sleep', ['1000']);
    await box.run('true');
    await sleep(50);
    assert.deepEqual(waitingNow(), []);
    await box.stop({ grace: 0 });
  });

  test('goes when a command of another kind comes, which may not count it', async () => {
    await using box = await new Container().user(4321).start();
    const forks = 'true | true; echo forked';
    let nproc = 1;
    const isEnough = async (): Promise<boolean> => {
      const run = box.run('sh', ['-c', forks], { rlimits: { nproc } });
      return (await run.catch(() => undefined))?.stdout === 'forked\n';
    };
    while (!(await isEnough()) && nproc < 20) nproc += 1;
    await warmed(box);
    const child = box.spawn('sh', ['-c', `echo; read word; ${forks}`], { rlimits: { nproc } });
    await once(child.stdout as Readable, 'data');
    await until(() => waitingNow().length === 0);
    child.stdin?.end('go\n');
    assert.equal(await text(child.stdout as Readable), 'forked\n');
    await warmed(box);
    await box.run('true', [], { timing: true });
    await until(() => waitingNow().length === 0);
  });

  test('keeps no mount of the container busy', async () => {
    await using box = await new Container().capabilities({ add: ['CAP_SYS_ADMIN'] }).start();
    const shell = box.spawn('sh', [], { stdio: ['pipe', 'pipe', 'inherit'] });
    const said = shell.stdout?.[Symbol.asyncIterator]();
    const ask = async (script: string): Promise<string> => {
      shell.stdin?.write(`${script}; echo $?\n`);
      return String((await said?.next())?.value);
    };
    assert.equal(await ask('mkdir /tmp/here && mount -t tmpfs none /tmp/here'), '0\n');
    await warmed(box, { cwd: '/tmp/here' });
    assert.equal(await ask('umount /tmp/here'), '0\n');
    assert.equal(waitingNow().length, 1);
    shell.stdin?.end();
    await shell.result;
  });

  test('a hundred commands in a row, with pauses of all lengths, each say what they were told', async () => {
    await using box = await new Container().start();
    for (let round = 0; round < 100; round += 1) {
      assert.equal(await output(box, `echo ${round}`), `${round}`);
      await sleep(round % 8);
    }
  });
});

function readable(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
