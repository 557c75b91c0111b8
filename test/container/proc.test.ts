/** A command starts with a clean slate: its own /proc, no foreign descriptor, signal state or environment. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

async function lines(script: string, container = box): Promise<readonly string[]> {
  const { stdout } = await container.run('sh', ['-c', script], { check: true });
  return stdout.trimEnd().split('\n');
}

suite('/proc', () => {
  test('shows the container’s processes only', async () => {
    const numbers = (await lines('ls /proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    assert.ok(numbers.length <= 3 && Math.max(...numbers) < 10, numbers.join());
  });

  test('masked paths are empty, and cannot be written', async () => {
    const masked = [
      'kcore',
      'keys',
      'timer_list',
      'sched_debug',
      'interrupts',
      'latency_stats',
      'acpi',
      'scsi',
      'asound',
    ];
    const present = masked.map((name) => `/proc/${name}`).filter((path) => existsSync(path));
    assert.ok(present.includes('/proc/interrupts') || present.includes('/proc/keys'), 'nothing to mask on this kernel');
    const script =
      'for p in "$@"; do if test -d $p; then ls -A $p; else head -c 64 $p | wc -c; fi; ' +
      '(echo x > $p/x) 2>/dev/null && echo wrote $p; done; true';
    const { stdout, stderr } = await box.run('sh', ['-c', script, 'sh', ...present]);
    assert.deepEqual(
      [...new Set(stdout.split('\n'))].filter((line) => line !== '' && line !== '0'),
      [],
      stdout,
    );
    assert.equal(stderr, '');
  });

  test('what configures the kernel is read-only', async () => {
    const script = [
      'for p in sys/kernel/hostname sys/kernel/core_pattern sysrq-trigger irq/default_smp_affinity; do p=/proc/$p',
      '  test -e $p && (echo x > $p) 2>/dev/null && echo wrote $p; done; echo end',
    ];
    assert.deepEqual(await lines(script.join('\n')), ['end']);
  });
});

suite('a command starts with a clean slate', () => {
  test('no signal is ignored or blocked', async () => {
    const found = await lines('grep -E "^Sig(Ign|Blk|Cgt|Pnd)|^ShdPnd" /proc/self/status');
    assert.equal(found.length, 5);
    for (const line of found.filter((text) => !text.startsWith('SigCgt'))) assert.match(line, /\t0{16}$/);
  });

  test('SIGPIPE ends a writer quietly', async () => {
    const { stdout, stderr, ok } = await box.run('sh', ['-c', 'yes | head -1']);
    assert.deepEqual([stdout, stderr, ok], ['y\n', '', true]);
  });

  test('descriptors 0, 1 and 2, no other', async () => {
    // 3 is the directory that ls lists.
    const { stdout } = await box.run('ls', ['/proc/self/fd']);
    assert.equal(stdout, '0\n1\n2\n3\n');
    const ignored = await box.spawn('sh', ['-c', 'test /proc/self/fd/0 -ef /dev/null'], { stdio: 'ignore' }).result;
    assert.equal(ignored.exitCode, 0);
  });

  test('umask 022, its own session, and root’s group only', async () => {
    assert.deepEqual(await lines('umask'), ['0022']);
    const groups = (await lines('grep ^Groups /proc/self/status'))[0];
    assert.equal(groups?.trimEnd(), 'Groups:');
    const [pid, session] = (await lines('cut -d" " -f1,6 /proc/self/stat; true', box.init(false)))[0]?.split(' ') ?? [];
    assert.ok(Number(pid) >= 1 && Number(session) >= 0, `${pid} ${session}`);
  });

  test('nothing of the caller’s environment', async () => {
    process.env.CARREL_SECRET = 'secret';
    const path = process.env.PATH;
    assert.ok(path);
    const names = (await lines('tr "\\0" "\\n" < /proc/self/environ')).map((line) => line.split('=')[0]);
    delete process.env.CARREL_SECRET;
    // What the shell adds for tr, as every shell does.
    assert.deepEqual(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')).sort(), [
      'HOME',
      'PATH',
    ]);
    const { stdout } = await box.run('env');
    assert.deepEqual(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split('=')[0])
        .sort(),
      ['HOME', 'PATH'],
    );
    assert.match(stdout, /^HOME=\/root$/m);
  });
});
