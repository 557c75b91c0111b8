/** What a container puts in the way of `files` gains it nothing, and holds nothing up. */

import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';

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

  test('a directory of 20,000 entries is listed and removed', async () => {
    await using box = await new Container().start();
    await box.run('sh', ['-c', 'mkdir /tmp/d; cd /tmp/d; seq 20000 | xargs touch'], { check: true });
    assert.equal((await box.files.readdir('/tmp/d')).length, 20_000);
    await box.files.rm('/tmp/d', { recursive: true });
    assert.equal(await box.files.exists('/tmp/d'), false);
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
});
