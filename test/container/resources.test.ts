/** Resource limits, umask, priority, OOM score and CPU affinity hold for the command, and are refused with a hint. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism, getPriority } from 'node:os';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';
import { holds, lacks } from '../support/rights.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

/** Soft and hard limit of a line of /proc/PID/limits. */
function limitIn(text: string, title: string): readonly string[] {
  const line = text.split('\n').find((candidate) => candidate.startsWith(title)) ?? '';
  return line.slice(title.length).trim().split(/\s+/).slice(0, 2);
}

async function limit(container: Container, title: string): Promise<readonly string[]> {
  return limitIn((await container.run('cat', ['/proc/self/limits'], { check: true })).stdout, title);
}

const HARD = Number(limitIn(readFileSync('/proc/self/limits', 'utf8'), 'Max open files')[1]);

suite('rlimits()', () => {
  test('without: the caller’s', async () => {
    const own = limitIn(readFileSync('/proc/self/limits', 'utf8'), 'Max file size');
    assert.deepEqual(await limit(box, 'Max file size'), own);
  });

  test('without: as many open files as root has, three quarters of what another user has', async () => {
    const own = limitIn(readFileSync('/proc/self/limits', 'utf8'), 'Max open files');
    const less = String(Math.floor(Number(own[0]) * 0.75));
    const isRoot = !requires('root').skip;
    assert.deepEqual(await limit(box, 'Max open files'), isRoot ? own : [less, less]);
  });

  test('with: both limits, in the command and what comes of it', async () => {
    assert.deepEqual(await limit(box.rlimits({ nofile: 64 }), 'Max open files'), ['64', '64']);
    assert.deepEqual(await limit(box.rlimits({ RLIMIT_NOFILE: { soft: 32, hard: 64 } }), 'Max open files'), [
      '32',
      '64',
    ]);
    const { stdout } = await box.rlimits({ nofile: 77 }).run('sh', ['-c', 'sh -c "ulimit -n"'], { check: true });
    assert.equal(stdout, '77\n');
  });

  test('what is asked for each is what each gets', async () => {
    const limited = box.rlimits({ fsize: '1m', core: 0, cpu: 100, nproc: 500, stack: '1m', data: { soft: '1g' } });
    const { stdout } = await limited.run('cat', ['/proc/self/limits'], { check: true });
    for (const [title, value] of [
      ['Max file size', '1048576'],
      ['Max core file size', '0'],
      ['Max cpu time', '100'],
      ['Max processes', '500'],
      ['Max stack size', '1048576'],
      ['Max data size', '1073741824'],
    ] as const) {
      assert.deepEqual(limitIn(stdout, title), [value, value], title);
    }
  });

  test('init is not bound by them', async () => {
    const { stdout } = await box.rlimits({ nofile: 64 }).run('cat', ['/proc/1/limits'], { check: true });
    assert.equal(Number(limitIn(stdout, 'Max open files')[1]), HARD);
  });

  test('a command’s own go before the container’s', async () => {
    const { stdout } = await box.rlimits({ nofile: 64, core: 0 }).run('sh', ['-c', 'ulimit -n; ulimit -c'], {
      check: true,
      rlimits: { nofile: 65 },
    });
    assert.equal(stdout, '65\n0\n');
  });

  test('they hold: a file beyond fsize ends its writer by SIGXFSZ, a processor hog ends by SIGXCPU', async () => {
    const write = 'head -c 20000 /dev/zero > /tmp/x';
    assert.equal((await box.run('sh', ['-c', write])).exitCode, 0);
    const limited = await box.rlimits({ fsize: '8k' }).run('sh', ['-c', `${write}; kill -l $?`]);
    assert.match(limited.stdout, /XFSZ/);
    const hog = await box.rlimits({ cpu: { soft: 1, hard: 5 } }).run('sh', ['-c', 'while :; do :; done']);
    assert.equal(hog.signal, 'SIGXCPU');
  });

  test('nproc holds', async () => {
    // Another user of the container’s where there is one: no other process is his.
    const limited = box.rlimits({ nproc: 1 });
    const { stdout, exitCode } = await limited.run('sh', ['-c', '(true; true) 2>/dev/null; echo $?']);
    assert.ok(exitCode !== 0 || stdout !== '0\n', stdout);
  });

  test('a limit that is set can be lowered inside, not raised', async () => {
    const script = 'ulimit -n 40 && ulimit -n; ulimit -Hn 99 2>/dev/null || echo refused';
    assert.equal((await box.rlimits({ nofile: 64 }).run('sh', ['-c', script])).stdout, '40\nrefused\n');
  });

  test('above the caller’s hard limit, by who may', holds('CAP_SYS_RESOURCE'), async () => {
    const raised = { nofile: { soft: 10, hard: HARD + 1 } };
    assert.deepEqual(await limit(box.rlimits(raised), 'Max open files'), ['10', String(HARD + 1)]);
    const shared = box.namespaces(['mount', 'pid']).rlimits(raised);
    assert.deepEqual(await limit(shared, 'Max open files'), ['10', String(HARD + 1)]);
  });

  test('above the caller’s hard limit: refused with a hint', lacks('CAP_SYS_RESOURCE'), async () => {
    await rejectsAtStep(() => box.rlimits({ nofile: HARD + 1 }).run('true'), {
      op: 'setRlimit',
      code: 'EPERM',
      syscall: 'prlimit64',
      option: 'rlimits()',
      hint: /CAP_SYS_RESOURCE/,
    });
  });
});

suite('umask()', () => {
  for (const [mask, shown] of [
    [undefined, '0022'],
    [0, '0000'],
    [0o077, '0077'],
    [0o777, '0777'],
  ] as const) {
    test(`${mask}: ${shown}, and carrel’s own modes are what they are`, async () => {
      const { stdout } = await box.umask(mask).run('sh', ['-c', 'umask; stat -c %a /tmp /dev/null'], { check: true });
      assert.equal(stdout, `${shown}\n1777\n666\n`);
    });
  }
});

suite('nice()', () => {
  const NICE = 'cut -d" " -f19 /proc/self/stat /proc/1/stat';

  test('without: the caller’s', async () => {
    assert.equal((await box.run('sh', ['-c', NICE])).stdout, `${getPriority()}\n${getPriority()}\n`);
  });

  test('with: of all that is inside', async () => {
    assert.equal((await box.nice(7).run('sh', ['-c', NICE])).stdout, '7\n7\n');
    assert.equal((await box.nice(19).init(false).run('sh', ['-c', NICE])).stdout, '19\n19\n');
  });

  test('below the caller’s, by who may', holds('CAP_SYS_NICE'), async () => {
    assert.equal((await box.nice(-5).run('sh', ['-c', NICE])).stdout, '-5\n-5\n');
  });

  test('below the caller’s: refused with a hint', lacks('CAP_SYS_NICE'), async () => {
    await rejectsAtStep(() => box.nice(getPriority() - 1).run('true'), {
      op: 'setPriority',
      code: 'EACCES',
      syscall: 'setpriority',
      option: 'nice()',
      hint: /CAP_SYS_NICE/,
    });
  });
});

suite('oomScoreAdj()', () => {
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
  const SCORES = 'cat /proc/self/oom_score_adj /proc/1/oom_score_adj';

  test('without: the caller’s', async () => {
    assert.equal((await box.run('sh', ['-c', SCORES])).stdout, `${own}\n${own}\n`);
  });

  test('with: of all that is inside', async () => {
    assert.equal((await box.oomScoreAdj(777).run('sh', ['-c', SCORES])).stdout, '777\n777\n');
  });

  test('below the caller’s, by who may', holds('CAP_SYS_RESOURCE'), async () => {
    assert.equal((await box.oomScoreAdj(-5).run('sh', ['-c', SCORES])).stdout, '-5\n-5\n');
  });

  test('below the caller’s: refused with a hint', lacks('CAP_SYS_RESOURCE'), async () => {
    await rejectsAtStep(() => box.oomScoreAdj(own - 1).run('true'), {
      op: 'setOomScoreAdj',
      code: 'EACCES',
      syscall: 'write',
      option: 'oomScoreAdj()',
      hint: /CAP_SYS_RESOURCE/,
    });
  });
});

suite('cpuAffinity()', () => {
  const LIST = `sed -n 's/^Cpus_allowed_list:\\t//p' /proc/self/status /proc/1/status`;
  const list = (text: string): string => /^Cpus_allowed_list:\t(.*)$/m.exec(text)?.[1] ?? '';
  const own = list(readFileSync('/proc/self/status', 'utf8'));

  test('without: the caller’s', async () => {
    assert.equal((await box.run('sh', ['-c', LIST])).stdout, `${own}\n${own}\n`);
  });

  test('with: exactly these', async () => {
    const first = Number(/^\d+/.exec(own)?.[0]);
    assert.equal((await box.cpuAffinity([first]).run('sh', ['-c', LIST])).stdout, `${first}\n${first}\n`);
    assert.equal((await box.cpuAffinity(own).run('sh', ['-c', LIST])).stdout, `${own}\n${own}\n`);
  });

  test('one that is not there is refused, also beside one that is', async () => {
    assert.ok(availableParallelism() < 8000);
    for (const cpus of [[8191], [0, 8191]]) {
      await rejectsAtStep(() => box.cpuAffinity(cpus).run('true'), {
        op: 'setAffinity',
        code: 'EINVAL',
        syscall: 'sched_setaffinity',
        option: 'cpuAffinity()',
        hint: /does not exist/,
      });
    }
  });
});
