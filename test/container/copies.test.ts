/** `copyIn` and `copyOut` of a running container copy files and trees between it and the host, both ways alike. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Container, type CopyReport, StepError, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { withDirectory } from '../support/temporary.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const SECOND = 1_000_000_123;

/** A tree that has one of everything that is copied. */
function makeTree(directory: string): void {
  fs.mkdirSync(join(directory, 'sub/deep'), { recursive: true });
  fs.writeFileSync(join(directory, 'a'), 'hello');
  fs.writeFileSync(join(directory, 'empty'), '');
  fs.writeFileSync(join(directory, 'sub/program'), '#!/bin/sh\n');
  fs.writeFileSync(join(directory, 'sub/large'), Buffer.alloc(3_000_001, 'carrel'));
  fs.writeFileSync(Buffer.concat([Buffer.from(`${directory}/sub/deep/`), Buffer.from([0x61, 0xff, 0xfe])]), 'bytes');
  fs.symlinkSync('../a', join(directory, 'sub/link'));
  fs.chmodSync(join(directory, 'sub/program'), 0o751);
  fs.chmodSync(join(directory, 'a'), 0o444);
  fs.utimesSync(join(directory, 'a'), SECOND, SECOND + 0.5);
  fs.chmodSync(join(directory, 'sub/deep'), 0o1755);
  for (const name of ['sub/deep', 'sub', '.']) fs.utimesSync(join(directory, name), SECOND, SECOND);
}

function makeLarge(path: string, megabytes: number): void {
  fs.writeFileSync(path, '');
  fs.truncateSync(path, megabytes * 1024 * 1024);
}

/** What is in a tree, but for owners. */
function linesOf(directory: string): readonly string[] {
  const script =
    "find . ! -type l -printf '%P %M %T@\\n'; find . -type l -printf '%P %l\\n'; find . -type f -exec cksum {} +";
  return execFileSync('sh', ['-c', script], { cwd: directory, encoding: 'latin1' }).split('\n').sort();
}

const summary = ({ entries, bytes, skipped }: CopyReport): unknown => ({
  entries,
  bytes,
  skipped: skipped.map(({ path, reason }) => `${path}: ${reason}`).sort(),
});

suite('copies between the host and a container', () => {
  test('one file goes in and out', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const { files } = box;
      fs.writeFileSync(join(host, 'a'), 'hello', { mode: 0o640 });
      const report = await files.copyIn(join(host, 'a'), '/tmp/new/b');
      assert.deepEqual(report, { entries: 1, bytes: 5, skipped: [] });
      const stat = await files.stat('/tmp/new/b');
      assert.deepEqual([stat.mode & 0o7777, stat.uid, stat.gid], [0o640, 0, 0]);
      assert.equal((await box.run('cat', ['/tmp/new/b'])).stdout, 'hello');
      await files.copyOut('/tmp/new/b', pathToFileURL(join(host, 'made/c')));
      assert.equal(fs.readFileSync(join(host, 'made/c'), 'utf8'), 'hello');
      assert.equal(fs.statSync(join(host, 'made/c')).uid, process.getuid?.());
    }));

  test('a tree comes back as it went in', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      fs.mkdirSync(join(host, 'from'));
      makeTree(join(host, 'from'));
      const expected = { entries: 8, bytes: 3_000_021, skipped: [] };
      assert.deepEqual(summary(await box.files.copyIn(join(host, 'from'), '/tmp/tree')), expected);
      assert.deepEqual(summary(await box.files.copyOut('/tmp/tree', join(host, 'to'))), expected);
      assert.deepEqual(linesOf(join(host, 'to')), linesOf(join(host, 'from')));
      assert.equal(fs.statSync(join(host, 'to')).mtimeMs, SECOND * 1000);
      const { stdout } = await box.run('stat', ['-c', '%a %Y %u', '/tmp/tree/sub/program', '/tmp/tree/a']);
      assert.equal(stdout.split('\n')[0]?.split(' ')[0], '751');
      assert.equal(stdout.split('\n')[1], `444 ${SECOND} 0`);
    }));

  test('what is there is replaced, and the rest of a directory stays', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const { files } = box;
      fs.mkdirSync(join(host, 'from'));
      makeTree(join(host, 'from'));
      await files.mkdir('/tmp/tree/sub', { recursive: true, mode: 0o700 });
      await files.writeFile('/tmp/tree/kept', 'kept');
      await files.writeFile('/tmp/tree/a', 'much longer than before');
      await files.writeFile('/tmp/other', 'other');
      await files.symlink('../other', '/tmp/tree/empty');
      for (let time = 0; time < 2; time += 1) await files.copyIn(join(host, 'from'), '/tmp/tree');
      assert.equal(await files.readFile('/tmp/tree/kept', 'utf8'), 'kept');
      assert.equal(await files.readFile('/tmp/tree/a', 'utf8'), 'hello');
      assert.equal(await files.readFile('/tmp/other', 'utf8'), 'other');
      assert.ok((await files.lstat('/tmp/tree/empty')).isFile());
      assert.equal((await files.stat('/tmp/tree/sub')).mode & 0o777, 0o700);
      for (let time = 0; time < 2; time += 1) await files.copyOut('/tmp/tree', join(host, 'to'));
      assert.equal(fs.readFileSync(join(host, 'to/kept'), 'utf8'), 'kept');
    }));

  test('a directory is not replaced by a file, nor a file by a directory', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const { files } = box;
      fs.mkdirSync(join(host, 'from/x'), { recursive: true });
      fs.writeFileSync(join(host, 'f'), '');
      await files.mkdir('/tmp/a/x', { recursive: true });
      await files.mkdir('/tmp/b');
      await files.writeFile('/tmp/b/x', '');
      await assert.rejects(files.copyIn(join(host, 'f'), '/tmp/a/x'), { code: 'ERR_FS_CP_NON_DIR_TO_DIR' });
      await assert.rejects(files.copyIn(join(host, 'f'), '/'), { code: 'ERR_FS_CP_NON_DIR_TO_DIR' });
      await assert.rejects(files.copyIn(join(host, 'from'), '/tmp/b'), { code: 'ERR_FS_CP_DIR_TO_NON_DIR' });
      await assert.rejects(files.copyIn(join(host, 'from'), '/tmp/b/x'), { code: 'ENOTDIR' });
      await assert.rejects(files.copyOut('/tmp/b', join(host, 'from')), { code: 'ERR_FS_CP_NON_DIR_TO_DIR' });
      await assert.rejects(files.copyOut('/tmp/a', join(host, 'f')), { code: 'ENOTDIR' });
    }));

  test('what cannot be copied is left out and listed', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const from = join(host, 'from');
      fs.mkdirSync(from);
      fs.writeFileSync(join(from, 'program'), 'x');
      fs.chmodSync(join(from, 'program'), 0o6755);
      const socket = createServer().listen(join(from, 'socket'));
      await new Promise((resolve) => socket.once('listening', resolve));
      const expected = { entries: 1, bytes: 1, skipped: ['program: set-id bits', 'socket: socket'] };
      const named = (path: string) => ({ ...expected, skipped: expected.skipped.map((line) => `${path}/${line}`) });
      assert.deepEqual(summary(await box.files.copyIn(from, '/tmp/in')), named(from));
      socket.close();
      assert.equal((await box.files.stat('/tmp/in/program')).mode & 0o7777, 0o755);

      const script = `mkdir -p /tmp/out/sub; cd /tmp/out; mkfifo fifo; echo x > program; chmod 6755 program
        ln -s /etc abs; ln -s ../.. sub/up; ln -s sub/../../.. late; ln -s ../program sub/within; ln -s .. out`;
      await box.run('sh', ['-c', script], { check: true });
      const { skipped } = await box.files.copyOut('/tmp/out', join(host, 'to'));
      assert.deepEqual(skipped.map(({ path, reason }) => `${path}: ${reason}`).sort(), [
        '/tmp/out/abs: leads out of the tree',
        '/tmp/out/fifo: FIFO',
        '/tmp/out/late: leads out of the tree',
        '/tmp/out/out: leads out of the tree',
        '/tmp/out/program: set-id bits',
        '/tmp/out/sub/up: leads out of the tree',
      ]);
      assert.deepEqual(fs.readdirSync(join(host, 'to'), { recursive: true }).sort(), ['program', 'sub', 'sub/within']);
      assert.equal(fs.statSync(join(host, 'to/program')).mode & 0o7777, 0o755);
      const { skipped: devices } = await box.files.copyOut('/dev/null', join(host, 'null'));
      assert.deepEqual(devices, [{ path: '/dev/null', reason: 'character device' }]);
    }));

  test('of the source a link is copied inwards, and followed outwards', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      fs.symlinkSync('/etc/shadow', join(host, 'link'));
      await box.files.copyIn(join(host, 'link'), '/tmp/link');
      assert.equal(await box.files.readlink('/tmp/link'), '/etc/shadow');
      await box.files.writeFile('/tmp/real', 'inside');
      await box.files.symlink('real', '/tmp/alias');
      await box.files.copyOut('/tmp/alias', join(host, 'a'));
      assert.equal(fs.readFileSync(join(host, 'a'), 'utf8'), 'inside');
    }));

  test('bounds hold, and what was copied before stays', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const { files } = box;
      const tooLarge = { code: 'ERR_FS_FILE_TOO_LARGE' };
      await box.run('sh', ['-c', 'mkdir /tmp/d; echo 1 > /tmp/d/a; truncate -s 10G /tmp/d/sparse'], { check: true });
      await assert.rejects(files.copyOut('/tmp/d', join(host, 'd')), tooLarge);
      assert.equal(fs.existsSync(join(host, 'd/sparse')), false);
      await assert.rejects(files.copyOut('/tmp/d/sparse', join(host, 's'), { maxBytes: '9g' }), tooLarge);
      await assert.rejects(files.copyOut('/tmp/d', join(host, 'e'), { maxEntries: 1 }), tooLarge);
      fs.mkdirSync(join(host, 'in'));
      for (const name of ['a', 'b', 'c']) fs.writeFileSync(join(host, 'in', name), 'four');
      await assert.rejects(files.copyIn(join(host, 'in'), '/tmp/in', { maxBytes: 11 }), tooLarge);
      assert.equal((await files.copyIn(join(host, 'in'), '/tmp/in', { maxBytes: 12, maxEntries: 3 })).bytes, 12);
    }));

  test('files that say they have no size are read', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const { bytes } = await box.files.copyOut('/proc/version', join(host, 'version'));
      assert.equal(fs.readFileSync(join(host, 'version'), 'utf8'), fs.readFileSync('/proc/version', 'utf8'));
      assert.equal(bytes, fs.statSync(join(host, 'version')).size);
    }));

  test('times that no file system of the host’s knows are brought into its range', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      for (const [name, seconds] of Object.entries({ late: '9223372036854775807', early: '-9223372036854775808' })) {
        await box.run('sh', ['-c', `mkdir -p /tmp/d; touch -d @${seconds} /tmp/d/${name}`], { check: true });
        await box.files.copyOut(`/tmp/d/${name}`, join(host, name));
      }
      await box.files.unpack('/tmp/e', box.files.pack('/tmp/d'));
      assert.deepEqual(await box.files.readdir('/tmp/e'), ['early', 'late']);
      assert.ok(fs.statSync(join(host, 'early')).mtimeMs < fs.statSync(join(host, 'late')).mtimeMs);
    }));

  test('a root that is read-only is read; what is written to it, or has no room, is refused and leaves nothing', () =>
    withDirectory(async (host) => {
      const small = tmpfs('/small', { size: '64k' });
      await using box = await new Container().readonly().mount(small, tmpfs('/box')).start();
      const { files } = box;
      await files.copyOut('/etc/passwd', join(host, 'passwd'));
      assert.equal(fs.readFileSync(join(host, 'passwd'), 'utf8'), await files.readFile('/etc/passwd', 'utf8'));
      fs.mkdirSync(join(host, 'in'));
      fs.writeFileSync(join(host, 'in/x'), Buffer.alloc(90_000));
      fs.writeFileSync(join(host, 'large'), Buffer.alloc(600_000));
      for (const write of [
        () => files.writeFile('/etc/x', 'x'),
        () => files.writeFile('/etc/passwd', 'x'),
        () => files.mkdir('/etc/x'),
        () => files.rm('/etc/passwd'),
        () => files.rename('/etc/passwd', '/etc/x'),
        () => files.copyIn(join(host, 'large'), '/etc/x'),
        () => files.copyIn(join(host, 'in'), '/etc'),
        () => files.copyIn(join(host, 'in'), '/etc/x/y'),
        () => files.unpack('/etc', files.pack('/etc/passwd')),
      ])
        await assert.rejects(write(), { code: 'EROFS' });
      for (const write of [
        () => files.copyIn(join(host, 'large'), '/small/x'),
        () => files.copyIn(join(host, 'in'), '/small'),
        () => files.copyIn(join(host, 'in/x'), '/box/x').then(() => files.unpack('/small', files.pack('/box'))),
      ]) {
        await assert.rejects(write(), { code: 'ENOSPC' });
        assert.deepEqual(await files.readdir('/small'), []);
      }
      await files.copyIn(join(host, 'large'), '/box/x');
      await assert.rejects(files.unpack('/small', files.pack('/box')), { code: 'ENOSPC' });
      assert.deepEqual(await files.readdir('/small'), []);
    }));

  test('progress is told, and at the end all of it', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      makeTree(host);
      const told: { path: string; entries: number; bytes: number }[] = [];
      const report = await box.files.copyIn(host, '/tmp/x', { onProgress: (progress) => void told.push(progress) });
      const { entries, bytes } = report;
      const { path, ...last } = told.at(-1) ?? { path: '' };
      assert.deepEqual(last, { entries, bytes });
      assert.ok(path.startsWith(`${host}/`));
      const thrown = new Error('enough');
      const onProgress = (): void => {
        throw thrown;
      };
      await assert.rejects(box.files.copyIn(host, '/tmp/y', { onProgress }), thrown);
    }));

  test('an abort ends a copy, and leaves no part of a file', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const { files } = box;
      const reason = new Error('no longer');
      await assert.rejects(files.copyIn('/etc', '/tmp/e', { signal: AbortSignal.abort(reason) }), reason);
      assert.equal(await files.exists('/tmp/e'), false);
      await box.run('sh', ['-c', 'truncate -s 600M /tmp/large'], { check: true });
      makeLarge(join(host, 'large'), 600);
      for (const copy of [
        (options: object) => files.copyOut('/tmp/large', join(host, 'out'), options),
        (options: object) => files.copyIn(join(host, 'large'), '/tmp/in', options),
      ]) {
        const controller = new AbortController();
        const onProgress = (): void => controller.abort(reason);
        await assert.rejects(copy({ signal: controller.signal, onProgress }), reason);
      }
      assert.deepEqual(fs.readdirSync(host), ['large']);
      assert.equal(await files.exists('/tmp/in'), false);
    }));

  test('a container that ends in the midst of a copy leaves nothing of it', () =>
    withDirectory(async (host) => {
      for (const outwards of [true, false]) {
        const box = await new Container().start();
        await box.run('truncate', ['-s', '900M', '/tmp/large'], { check: true });
        makeLarge(join(host, 'large'), 900);
        let begun = false;
        const onProgress = (): void => {
          begun = true;
        };
        const copy = outwards
          ? box.files.copyOut('/tmp/large', join(host, 'out'), { onProgress })
          : box.files.copyIn(join(host, 'large'), '/tmp/in', { onProgress });
        const refused = assert.rejects(copy, { code: 'ERR_ENDED' });
        await until(() => begun);
        await box[Symbol.asyncDispose]();
        await refused;
        assert.deepEqual(fs.readdirSync(host), ['large']);
        await assert.rejects(box.files.copyOut('/tmp', join(host, 'late')), { code: 'ERR_ENDED' });
      }
    }));

  test('they are the user’s, with its rights', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      fs.writeFileSync(join(host, 'a'), 'x');
      await assert.rejects(box.files.copyIn(join(host, 'none'), '/tmp/a'), { code: 'ENOENT' });
      await assert.rejects(box.files.copyOut('/none', join(host, 'b')), { code: 'ENOENT', path: '/none' });
      await assert.rejects(box.files.copyIn(join(host, 'a'), '/proc/a'), (error) => error instanceof StepError);
      if (process.env.CARREL_TEST_LEG !== 'root') return;
      const other = box.files.as('1000:1000');
      await other.copyIn(join(host, 'a'), '/tmp/a');
      assert.equal((await box.files.stat('/tmp/a')).uid, 1000);
      await assert.rejects(other.copyIn(join(host, 'a'), '/root/a'), { code: 'EACCES' });
    }));

  test('many at a time wait for each other', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      makeTree(host);
      const copies = Array.from({ length: 20 }, (_, index) => box.files.copyIn(host, `/tmp/${index}`));
      for (const { entries } of await Promise.all(copies)) assert.equal(entries, 8);
    }));

  test('wrong arguments are told', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const wrong: readonly (readonly [string, () => Promise<unknown>])[] = [
      ['ERR_INVALID_ARG_TYPE', () => files.copyIn(7 as never, '/tmp/a')],
      ['ERR_INVALID_ARG_TYPE', () => files.copyOut(7 as never, '/tmp/a')],
      ['ERR_INVALID_ARG_VALUE', () => files.copyIn(new URL('http://localhost/'), '/tmp/a')],
      ['ERR_INVALID_ARG_TYPE', () => files.copyIn('/etc', '/tmp/a', { onProgress: 7 as never })],
      ['ERR_OUT_OF_RANGE', () => files.copyIn('/etc', '/tmp/a', { maxEntries: -1 })],
      ['ERR_INVALID_ARG_VALUE', () => files.copyIn('/etc', '/tmp/a', { maxByte: 1 } as never)],
    ];
    for (const [code, attempt] of wrong) await assert.rejects(attempt(), { code });
  });
});
