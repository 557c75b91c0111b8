/** Copies between the host and a hostile container, or beside a hostile job, read and write nothing else. */

import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess, type CopyOptions, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const COPIES = Number(process.env.CARREL_SOAK ?? 500);

interface Place {
  /** What nobody may read or write. */
  readonly secret: string;
  readonly own: string;
}

/** Does something beside a directory of the host's that has to stay as it is. */
async function beside(act: (place: Place) => Promise<void>): Promise<void> {
  const directory = fs.mkdtempSync(join(tmpdir(), 'copies-'));
  try {
    const [secret, own] = [join(directory, 'secret'), join(directory, 'own')];
    fs.mkdirSync(secret);
    fs.mkdirSync(own);
    fs.writeFileSync(join(secret, 'file'), 'of the host');
    await act({ secret, own });
    assert.deepEqual(fs.readdirSync(secret), ['file']);
    assert.equal(fs.readFileSync(join(secret, 'file'), 'utf8'), 'of the host');
    assert.equal(fs.statSync(join(secret, 'file')).mode & 0o7777, 0o666 & ~process.umask());
  } finally {
    removeTree(directory);
  }
}

/** Swaps `tree/d`, a directory, for links, without a pause. */
const swapping = (tree: string, targets: readonly string[]): string =>
  `cd ${tree}; echo ready; while :; do ${targets
    .map((target) => `mv d real; ln -s ${target} d; rm -f d; mv real d`)
    .join('; ')}; done`;

/** What leads from a container's directory to one of the host's, if links are followed. */
const leading = (secret: string): readonly string[] => [
  secret,
  `../../../../../../../../..${secret}`,
  `/proc/1/root${secret}`,
  '/etc',
];

/** Does something while the container swaps. */
async function whileSwapped(box: RunningContainer, script: string, act: () => Promise<void>): Promise<void> {
  const swapper = box.spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  await ready(swapper);
  await act();
  swapper.kill('SIGKILL');
  const { signal } = await swapper.result;
  assert.equal(signal, 'SIGKILL', 'it has swapped all the time');
}

async function ready(process: ContainerProcess | ChildProcess): Promise<void> {
  const stdout = process.stdout as NodeJS.ReadableStream;
  await Promise.race([once(stdout, 'data'), once(stdout, 'end').then(() => assert.fail('it has ended'))]);
}

/** Copies that race may be refused, never with something else than this. */
const REFUSALS: readonly string[] = [
  // By way of /proc/1/root.
  'EACCES',
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'EXDEV',
  'EEXIST',
  'ERR_FS_CP_DIR_TO_NON_DIR',
  'ERR_FS_CP_NON_DIR_TO_DIR',
];

async function raced(copy: Promise<unknown>): Promise<boolean> {
  try {
    await copy;
    return true;
  } catch (error) {
    assert.ok(REFUSALS.includes((error as NodeJS.ErrnoException).code ?? ''), String(error));
    return false;
  }
}

/** All that is below a directory is what the container has, and nothing else. */
function assertOnly(directory: string, content: string): void {
  for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
    assert.ok(['d', 'real', 'file'].includes(entry.name), entry.name);
    const path = join(directory, entry.name);
    if (entry.isDirectory()) assertOnly(path, content);
    else if (entry.isFile()) assert.equal(fs.readFileSync(path, 'utf8'), content);
  }
}

suite('copies of a hostile container', () => {
  test('outwards, while it swaps a directory for links to the host and to /etc', () =>
    beside(async ({ secret, own }) => {
      await using box = await new Container().start();
      await box.run('sh', ['-c', 'mkdir -p /tmp/tree/d; echo inside > /tmp/tree/d/file'], { check: true });
      let whole = 0;
      await whileSwapped(box, swapping('/tmp/tree', leading(secret)), async () => {
        for (let round = 0; round < COPIES; round += 1) {
          const to = join(own, String(round % 10));
          if (await raced(box.files.copyOut('/tmp/tree', to))) whole += 1;
          if (await raced(box.files.copyOut('/tmp/tree/d/file', join(own, 'single')))) whole += 1;
          if (!fs.existsSync(to)) continue;
          assertOnly(to, 'inside\n');
          removeTree(to);
        }
      });
      assert.equal(fs.readFileSync(join(own, 'single'), 'utf8'), 'inside\n');
      assert.ok(whole > 0);
    }));

  test('inwards, while it swaps a directory for links to the host and to its /etc', () =>
    beside(async ({ secret, own }) => {
      await using box = await new Container().start();
      fs.mkdirSync(join(own, 'd'));
      fs.writeFileSync(join(own, 'd/file'), 'from outside', { mode: 0o777 });
      const before = await box.files.readdir('/etc');
      await box.run('mkdir', ['-p', '/tmp/tree/d'], { check: true });
      let whole = 0;
      await whileSwapped(box, swapping('/tmp/tree', leading(secret)), async () => {
        for (let round = 0; round < 2 * COPIES; round += 1)
          if (await raced(box.files.copyIn(own, '/tmp/tree'))) whole += 1;
      });
      assert.deepEqual(await box.files.readdir('/etc'), before);
      assert.ok(whole > 0);
    }));

  test('of a file that grows, or has a lease on it, or is none', requires('python3'), () =>
    beside(async ({ own }) => {
      await using box = await new Container().seccomp('unconfined').start();
      const lease = `import fcntl, os, signal, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
os.makedirs('/tmp/leased')
for name in 'file', 'other':
    open('/tmp/leased/' + name, 'w').write('x' * 200000)
file = os.open('/tmp/leased/file', os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('ready', flush=True)
time.sleep(1000)`;
      const holder = box.spawn('python3', ['-c', lease], { stdio: ['ignore', 'pipe', 'inherit'] });
      await ready(holder);
      await assert.rejects(box.files.copyOut('/tmp/leased', join(own, 'a')), { code: 'EAGAIN' });
      await assert.rejects(box.files.copyOut('/tmp/leased/file', join(own, 'b')), { code: 'EAGAIN' });
      assert.equal((await box.files.copyOut('/tmp/leased/other', join(own, 'c'))).bytes, 200_000);
      holder.kill('SIGKILL');
      await holder.result;
      assert.equal(fs.existsSync(join(own, 'b')), false);

      const growing = 'echo x > /tmp/growing; echo ready; while :; do cat /bin/sh >> /tmp/growing; done';
      const grower = box.spawn('sh', ['-c', growing], { stdio: ['ignore', 'pipe', 'ignore'], timeout: 60_000 });
      await ready(grower);
      for (const copy of [
        (options: CopyOptions) => box.files.copyOut('/tmp/growing', join(own, 'd'), options),
        (options: CopyOptions) => buffer(box.files.pack('/tmp/growing', options)),
      ])
        await until(() =>
          copy({ maxBytes: '1m' }).then(
            () => fs.rmSync(join(own, 'd'), { force: true }) ?? false,
            ({ code }) => code === 'ERR_FS_FILE_TOO_LARGE',
          ),
        );
      assert.equal(fs.existsSync(join(own, 'd')), false);
      grower.kill('SIGKILL');
      await grower.result;
    }),
  );

  test('of a directory of 100,000 entries', () =>
    beside(async ({ own }) => {
      await using box = await new Container().start();
      await box.run('sh', ['-c', 'mkdir /tmp/d; cd /tmp/d; seq 100000 | xargs touch'], { check: true });
      assert.equal((await box.files.readdir('/tmp/d')).length, 100_000);
      assert.equal((await box.files.copyOut('/tmp/d', join(own, 'd'))).entries, 100_000);
      await box.files.writeFile('/tmp/d/more', '');
      const tooMany = { code: 'ERR_FS_FILE_TOO_LARGE' };
      await assert.rejects(box.files.copyOut('/tmp/d', join(own, 'e')), tooMany);
      assert.deepEqual(fs.readdirSync(join(own, 'e')), []);
    }));

  test('of a tree whose paths are longer than what can be kept of them', requires('python3'), () =>
    beside(async ({ own }) => {
      await using box = await new Container().start();
      const script = `import os
os.mkdir('/tmp/top'); os.chdir('/tmp/top')
for level in range(2000):
    os.mkdir('d' * 255); os.chdir('d' * 255)`;
      await box.run('python3', ['-c', script], { check: true });
      const { entries, skipped } = await box.files.copyOut('/tmp/top', join(own, 'deep'));
      execFileSync('rm', ['-rf', '--one-file-system', join(own, 'deep')]);
      assert.deepEqual([entries, skipped.map(({ reason }) => reason)], [16, ['ENAMETOOLONG']]);
      // Not half a gigabyte of headers.
      assert.ok((await buffer(box.files.pack('/tmp/top'))).length < 100_000);
      await box.files.rm('/tmp/top', { recursive: true });
      assert.deepEqual(await box.files.readdir('/tmp'), []);
    }),
  );

  test('of a tree that is deeper than a path is long', requires('python3'), () =>
    beside(async ({ own }) => {
      await using box = await new Container().start();
      const script = `import os
os.mkdir('/tmp/top'); os.chdir('/tmp/top')
for level in range(2100):
    os.mkdir('d'); open('f', 'w').close(); os.chdir('d')`;
      await box.run('python3', ['-c', script], { check: true });
      const { entries, skipped } = await box.files.copyOut('/tmp/top', join(own, 'deep'));
      execFileSync('rm', ['-rf', '--one-file-system', join(own, 'deep')]);
      // A path has 4,095 bytes, path_resolution(7). What is further down has none that could be told.
      assert.equal(entries, 2048 + 2048);
      assert.deepEqual(
        skipped.map(({ path, reason }) => [path.length, reason]),
        [
          ['/tmp/top/'.length + 4097, 'ENAMETOOLONG'],
          ['/tmp/top/'.length + 4097, 'ENAMETOOLONG'],
        ],
      );
      await box.files.rm('/tmp/top', { recursive: true });
      assert.deepEqual(await box.files.readdir('/tmp'), []);
    }),
  );
});

/** Another job of the host's, which may write where copies come from or go to. */
async function withJob(script: string, act: () => Promise<void>): Promise<void> {
  const job = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  // What it has started holds its output, too.
  const closed = once(job, 'close');
  try {
    await ready(job);
    await act();
    assert.equal(job.exitCode, null, 'it has swapped all the time');
  } finally {
    process.kill(-(job.pid as number), 'SIGKILL');
    await closed;
  }
}

suite('copies beside a hostile job of the host’s', () => {
  test('what it has planted in the destination is replaced, and not followed', () =>
    beside(async ({ secret, own }) => {
      await using box = await new Container().start();
      await box.run('sh', ['-c', 'mkdir -p /tmp/tree/d; cd /tmp/tree; echo inside | tee link hard fifo d/file']);
      fs.symlinkSync(join(secret, 'file'), join(own, 'link'));
      fs.linkSync(join(secret, 'file'), join(own, 'hard'));
      await box.files.copyOut('/tmp/tree', own);
      for (const name of ['link', 'hard']) assert.equal(fs.readFileSync(join(own, name), 'utf8'), 'inside\n');
      fs.symlinkSync(join(secret, 'file'), join(own, 'single'));
      await box.files.copyOut('/tmp/tree/link', join(own, 'single'));
      assert.ok(fs.lstatSync(join(own, 'single')).isFile());
      fs.symlinkSync(secret, join(own, 'to'));
      await assert.rejects(box.files.copyOut('/tmp/tree', join(own, 'to')), { code: 'ENOTDIR' });
      fs.rmSync(join(own, 'd'), { recursive: true });
      fs.symlinkSync('../secret', join(own, 'd'));
      await assert.rejects(box.files.copyOut('/tmp/tree', own), { code: 'ERR_FS_CP_DIR_TO_NON_DIR' });
    }));

  test('while it swaps a directory of the destination for links', () =>
    beside(async ({ secret, own }) => {
      await using box = await new Container().start();
      await box.run('sh', ['-c', 'mkdir -p /tmp/tree/d; echo inside > /tmp/tree/d/new; chmod 777 /tmp/tree/d/new']);
      fs.mkdirSync(join(own, 'd'));
      let whole = 0;
      await withJob(swapping(own, [secret, '../secret', '../../../../../../../../etc']), async () => {
        for (let round = 0; round < COPIES / 2; round += 1)
          if (await raced(box.files.copyOut('/tmp/tree', own))) whole += 1;
      });
      assert.ok(whole > 0);
      assert.equal(fs.existsSync('/etc/new'), false);
    }));

  test('while it swaps a directory of the source for links', () =>
    beside(async ({ secret, own }) => {
      await using box = await new Container().start();
      fs.mkdirSync(join(own, 'd'));
      fs.writeFileSync(join(own, 'd/file'), 'of the job');
      let whole = 0;
      await withJob(swapping(own, [secret, '../secret']), async () => {
        for (let round = 0; round < COPIES / 2; round += 1) {
          if (await raced(box.files.copyIn(own, '/tmp/tree'))) whole += 1;
          const content = await box.files.readFile('/tmp/tree/d/file', 'utf8').catch(() => 'of the job');
          assert.equal(content, 'of the job');
        }
      });
      assert.ok(whole > 0);
      const { stdout } = await box.run('sh', ['-c', 'cat /tmp/tree/*/file']);
      assert.equal(stdout.replaceAll('of the job', ''), '');
    }));
});
