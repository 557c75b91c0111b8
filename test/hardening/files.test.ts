/** What a container puts in the way of `files` gains it nothing, and holds nothing up. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

suite('files of a hostile container', () => {
  test('what is no regular file is not opened, and not waited for', async () => {
    await using box = await new Container().start();
    const { files } = box;
    await box.run('sh', ['-c', 'mkfifo /tmp/fifo; ln -s /dev/zero /tmp/zero; ln -s loop /tmp/loop'], { check: true });
    for (const path of ['/tmp/fifo', '/dev/zero', '/tmp/zero']) {
      await assert.rejects(files.readFile(path), { code: 'ENXIO', path });
      await assert.rejects(files.writeFile(path, 'x'), { code: 'ENXIO', path });
    }
    await assert.rejects(files.readFile('/tmp/loop'), { code: 'ELOOP' });
    assert.ok((await files.stat('/tmp/fifo')).isFIFO());
  });

  test('a sparse file of 10 GB is refused by its size', async () => {
    await using box = await new Container().start();
    await box.run('truncate', ['-s', '10G', '/tmp/sparse'], { check: true });
    await assert.rejects(box.files.readFile('/tmp/sparse'), { code: 'ERR_FS_FILE_TOO_LARGE' });
  });

  test('a directory of 100,000 entries is listed and removed', async () => {
    await using box = await new Container().start();
    const { files } = box;
    await box.run('sh', ['-c', 'mkdir /tmp/d; cd /tmp/d; seq 100000 | xargs touch'], { check: true });
    assert.equal((await files.readdir('/tmp/d')).length, 100_000);
    const entries = await files.readdir('/tmp/d', { withFileTypes: true });
    assert.ok(entries.length === 100_000 && entries.every((entry) => entry.isFile()));
    await files.rm('/tmp/d', { recursive: true });
    assert.equal(await files.exists('/tmp/d'), false);
  });

  test('one of more than a million is refused', requires('soak'), async () => {
    await using box = await new Container().mount(tmpfs('/many', { size: '4g' })).start();
    await box.run('sh', ['-c', 'cd /many; seq 1000001 | xargs touch'], { check: true });
    await assert.rejects(box.files.readdir('/many'), { code: 'ERR_FS_FILE_TOO_LARGE' });
    assert.equal(await box.files.exists('/many/1'), true);
  });

  test('a lease on a file is told at once, and holds up nothing else', requires('debian-python3'), async () => {
    // The default filter refuses leases, and this is about one that is there.
    await using box = await new Container().seccomp('unconfined').start();
    const { files } = box;
    const lease = async (path: string, kind: 'F_RDLCK' | 'F_WRLCK'): Promise<void> => {
      const mode = kind === 'F_RDLCK' ? 'O_RDONLY' : 'O_RDWR';
      const script = `import fcntl, os, signal, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open('${path}', os.${mode})
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.${kind})
print('leased', flush=True)
time.sleep(1000)`;
      const holder = box.spawn('/usr/bin/python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(holder.stdout as NodeJS.ReadableStream, 'data');
    };
    for (const name of ['written', 'read']) await files.writeFile(`/tmp/${name}`, 'x');
    await lease('/tmp/written', 'F_WRLCK');
    await lease('/tmp/read', 'F_RDLCK');
    const refused: readonly (readonly [what: string, ask: () => Promise<unknown>])[] = [
      ['readFile', () => files.readFile('/tmp/written')],
      ['open', () => files.open('/tmp/written')],
      ...['written', 'read'].flatMap((name) => [
        [`writeFile ${name}`, () => files.writeFile(`/tmp/${name}`, 'y')] as const,
        [`appendFile ${name}`, () => files.appendFile(`/tmp/${name}`, 'y')] as const,
        [`open ${name}`, () => files.open(`/tmp/${name}`, 'r+')] as const,
      ]),
    ];
    for (const [what, ask] of refused) await assert.rejects(ask(), { code: 'EAGAIN', syscall: 'open' }, what);
    assert.equal(await files.readFile('/tmp/read', 'utf8'), 'x');
    for (const name of ['written', 'read']) {
      const path = `/tmp/${name}`;
      assert.equal((await files.stat(path)).size, 1);
      await files.chmod(path, 0o600);
      await files.utimes(path, 1, 1);
      await files.rename(path, `${path}-moved`);
      await files.rm(`${path}-moved`);
    }
  });

  test('renaming without a pause refuses no path, of a thousand times ".." either', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const up = '../'.repeat(1000);
    const script = `import os
os.makedirs('/tmp/a/b/c'); os.symlink('${up}tmp', '/tmp/up')
print('ready', flush=True)
while True:
    os.rename('/tmp/a/b', '/tmp/a/d')
    os.rename('/tmp/a/d', '/tmp/a/b')`;
    const renamer = box.spawn('python3', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(renamer.stdout as NodeJS.ReadableStream, 'data');
    for (let round = 0; round < 50; round += 1) {
      for (const path of [`/tmp/a/${up}tmp/file`, `${up}tmp/file`, '/tmp/up/file']) {
        await files.writeFile(path, `${round}`);
        assert.equal(await files.readFile(path, 'utf8'), `${round}`);
      }
      await files.mkdir(`/tmp/a/${up}tmp/x/y`, { recursive: true });
      await files.rm(`/tmp/up/x`, { recursive: true });
    }
    assert.deepEqual(await files.readdir(`/tmp/a/${up}tmp`), ['a', 'file', 'up']);
  });

  test('links lead nowhere outside, also while directories are swapped for them', async () => {
    const host = mkdtempSync(join(tmpdir(), 'secret-'));
    writeFileSync(join(host, 'file'), 'of the host');
    try {
      await using box = await new Container().start();
      const { files } = box;
      const swapping = `mkdir -p /tmp/real/d; echo inside > /tmp/real/d/file; ln -s ${host} /tmp/out; echo ready;
        while :; do ln -sfn real/d /tmp/x; ln -sfn out /tmp/x; ln -sfn /proc/1/root${host} /tmp/x; done`;
      const swapper = box.spawn('sh', ['-c', swapping], { stdio: ['ignore', 'pipe', 'ignore'] });
      await new Promise((resolve) => swapper.stdout?.once('data', resolve));
      for (let round = 0; round < 500; round += 1) {
        const content = await files.readFile('/tmp/x/file', 'utf8').catch(() => 'inside\n');
        assert.equal(content, 'inside\n');
        await files.writeFile('/tmp/x/new', 'x').catch(() => undefined);
      }
      swapper.kill('SIGKILL');
      await swapper.result;
    } finally {
      removeTree(host);
    }
  });

  test('nothing inside sees a server, whatever it does', async () => {
    await using box = await new Container().start();
    await box.files.writeFile('/tmp/a', 'x');
    const { stdout } = await box.run('sh', ['-c', 'cat /proc/[0-9]*/comm; kill -9 -1; true']);
    assert.deepEqual(stdout.trim().split('\n').sort(), ['carrel-init', 'sh']);
    assert.equal(await box.files.readFile('/tmp/a', 'utf8'), 'x');
  });

  test('what is asked while the container ends is ERR_ENDED, or was done', async () => {
    const box = await new Container().start();
    await box.files.writeFile('/tmp/a', 'x');
    const asked = Array.from({ length: 50 }, () => box.files.readFile('/tmp/a').catch(({ code }) => code));
    await box[Symbol.asyncDispose]();
    for (const outcome of await Promise.all(asked)) assert.ok(outcome === 'ERR_ENDED' || outcome instanceof Buffer);
  });

  test('it ends in the midst: each rejects with ERR_ENDED, or was done', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `${index}`);
    for (const afterMs of [0, 1, 3, 10, 30]) {
      const box = await new Container().start();
      const { files } = box;
      await files.writeFile('/tmp/large', Buffer.alloc(40_000_000));
      await box.run('sh', ['-c', 'mkdir -p /tmp/d; cd /tmp/d; seq 20000 | xargs touch'], { check: true });
      const open = await files.open('/tmp/open', 'w+');
      const asked: readonly Promise<unknown>[] = [
        files.readFile('/tmp/large'),
        files.writeFile('/tmp/other', Buffer.alloc(40_000_000)),
        files.writeFile('/tmp/pieces', many),
        files.readdir('/tmp/d'),
        files.rm('/tmp/d', { recursive: true }),
        ...many.map((name) => files.writeFile(`/tmp/${name}`, name)),
        ...many.map((name) => open.write(name)),
      ];
      const outcomes = asked.map((each) => each.then(() => 'done').catch(({ code }) => String(code)));
      await sleep(afterMs);
      box.kill('SIGKILL');
      assert.equal((await box.result).reason, 'killed');
      const others = (await Promise.all(outcomes)).filter((outcome) => outcome !== 'done' && outcome !== 'ERR_ENDED');
      assert.deepEqual(others, []);
      await assert.rejects(open.read(Buffer.alloc(1)), { code: 'ERR_ENDED' });
      await assert.rejects(open.close(), { code: 'ERR_ENDED' });
    }
  });
});
