/** `pack` and `unpack` of a running container: tar archives, as tar(1) reads and makes them, and hostile ones. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { tarEntry as entry } from '../support/tar.js';
import { withDirectory } from '../support/temporary.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const LONG = 'long'.repeat(60);

const link = (path: string, target: string): Buffer => entry('2', path, '', { target: Buffer.from(target) });
const hardLink = (path: string, target: string): Buffer => entry('1', path, '', { target: Buffer.from(target) });

/** A record of a PAX header: its length counts itself. */
function record(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (`${length}`.length + rest.length !== length) length = `${length}`.length + rest.length;
  return `${length}${rest}`;
}

const records = (...pairs: readonly (readonly [key: string, value: string])[]): Buffer =>
  entry('x', 'p', pairs.map(([key, value]) => record(key, value)).join(''));

/** An entry whose size is said by these bytes. tar(5) */
function withSize(size: Buffer): Buffer {
  const block = entry('0', 'n', 'x');
  size.copy(block, 124);
  block.fill(' ', 148, 156);
  const sum = block.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

async function* archive(...entries: readonly Buffer[]): AsyncGenerator<Buffer> {
  const whole = Buffer.concat([...entries, Buffer.alloc(1024)]);
  // In pieces that end anywhere.
  for (let at = 0; at < whole.length; at += 700) yield whole.subarray(at, at + 700);
}

function makeTree(directory: string): void {
  fs.mkdirSync(join(directory, 'sub', LONG), { recursive: true });
  fs.writeFileSync(join(directory, 'a'), 'hello', { mode: 0o640 });
  fs.writeFileSync(join(directory, 'sub', LONG, 'large'), Buffer.alloc(1_000_001, 'carrel'));
  fs.writeFileSync(Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xff, 0xfe])]), 'bytes');
  fs.symlinkSync('../a', join(directory, 'sub/link'));
  fs.linkSync(join(directory, 'a'), join(directory, 'sub/hard'));
  fs.utimesSync(join(directory, 'a'), 1_000_000_000, 1_000_000_000);
}

const same = (one: string, other: string): string =>
  execFileSync('diff', ['-r', '--no-dereference', one, other], { encoding: 'utf8' });

suite('archives', () => {
  test('of tar(1) are unpacked, in each of its formats', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      makeTree(join(host, 'from'));
      for (const format of ['pax', 'gnu', 'oldgnu']) {
        const bytes = execFileSync('tar', ['--format', format, '-C', join(host, 'from'), '-c', '.']);
        const { entries, skipped } = await box.files.unpack(`/tmp/${format}`, Readable.from([bytes]));
        assert.deepEqual([entries, skipped], [7, []]);
        await box.files.copyOut(`/tmp/${format}`, join(host, format));
        assert.equal(same(join(host, 'from'), join(host, format)), '');
        assert.equal(fs.statSync(join(host, format, 'a')).mtimeMs, 1e12);
        assert.equal((await box.files.stat(`/tmp/${format}/a`)).nlink, 2);
      }
    }));

  test('are packed for tar(1), and for unpack()', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      makeTree(join(host, 'from'));
      await box.files.copyIn(join(host, 'from'), '/tmp/from');
      fs.writeFileSync(join(host, 'tar'), await buffer(box.files.pack('/tmp/from')));
      fs.mkdirSync(join(host, 'to'));
      execFileSync('tar', ['-xpf', join(host, 'tar'), '-C', join(host, 'to')]);
      assert.equal(same(join(host, 'from'), join(host, 'to')), '');
      assert.equal(fs.statSync(join(host, 'to/a')).mode & 0o7777, 0o640);
      assert.equal((await box.files.unpack('/tmp/to', box.files.pack('/tmp/from'))).entries, 7);
      const one = await buffer(box.files.pack('/tmp/from/a'));
      assert.equal(execFileSync('tar', ['-t'], { input: one, encoding: 'utf8' }), 'a\n');
    }));

  test('that lead elsewhere are unpacked below the directory, or left out', async () => {
    await using box = await new Container().start();
    const { files } = box;
    await files.writeFile('/tmp/kept', 'kept');
    const { skipped } = await files.unpack(
      '/tmp/to/x',
      archive(
        entry('0', '../../../tmp/kept', 'up'),
        entry('0', '/tmp/kept2', 'absolute'),
        entry('0', 'a/../../b', 'clamped'),
        link('out', '/tmp'),
        entry('0', 'out/kept', 'through'),
        link('up', '..'),
        entry('0', 'up/kept', 'through'),
        entry('5', 'up'),
        hardLink('hard', '/tmp/kept'),
        hardLink('none', 'not/there'),
        hardLink('through', 'out/kept'),
        entry('3', 'device'),
        entry('6', 'fifo'),
        entry('S', 'sparse'),
        entry('0', '..', 'nameless'),
        entry('0', 'program', 'x', { mode: 0o6755 }),
        link('kept-link', '/etc/passwd'),
      ),
    );
    assert.deepEqual(
      skipped.map(({ path, reason }) => `${path}: ${reason}`),
      [
        'device: character device',
        'fifo: FIFO',
        'sparse: sparse file',
        '..: no name',
        'program: set-id bits',
        'out/kept: ELOOP',
        'up/kept: ELOOP',
        'none: ENOENT',
        'through: ELOOP',
      ],
    );
    assert.equal(await files.readFile('/tmp/kept', 'utf8'), 'kept');
    assert.deepEqual(await files.readdir('/tmp'), ['kept', 'to']);
    assert.deepEqual(await files.readdir('/tmp/to'), ['x']);
    assert.deepEqual(await files.readdir('/tmp/to/x'), ['b', 'hard', 'kept-link', 'out', 'program', 'tmp', 'up']);
    assert.equal(await files.readFile('/tmp/to/x/tmp/kept', 'utf8'), 'up');
    assert.ok((await files.lstat('/tmp/to/x/up')).isDirectory());
    assert.equal((await files.stat('/tmp/to/x/program')).mode & 0o7777, 0o755);
  });

  test('the last of two entries counts, and directories that are missing are made', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const entries = [entry('0', 'a/b/c', 'first'), entry('0', 'a/b/c', 'second'), entry('0', 'd', 'file')];
    await files.unpack('/tmp/x', archive(...entries, entry('5', 'd', '', { mode: 0o700 }), link('a/b/c', 'third')));
    assert.equal(await files.readlink('/tmp/x/a/b/c'), 'third');
    assert.equal((await files.stat('/tmp/x/d')).mode & 0o7777, 0o700);
    assert.equal((await files.stat('/tmp/x/d')).mtimeMs, 5000);
    const { skipped } = await files.unpack('/tmp/x', archive(entry('0', 'a', 'x'), entry('0', 'd', 'x')));
    assert.deepEqual(skipped, [{ path: 'a', reason: 'ENOTEMPTY' }]);
    assert.equal(await files.readFile('/tmp/x/d', 'utf8'), 'x');
  });

  test('bounds, an abort and the end of the container end it', async () => {
    const box = await new Container().start();
    const { files } = box;
    const large = entry('0', 'large', 'x'.repeat(1_000_000));
    const tooLarge = { code: 'ERR_FS_FILE_TOO_LARGE' };
    await assert.rejects(files.unpack('/tmp/a', archive(entry('0', 'a', 'x'), large), { maxBytes: '1k' }), tooLarge);
    assert.equal(await files.exists('/tmp/a/large'), false);
    await assert.rejects(files.unpack('/tmp/b', archive(large, large), { maxEntries: 1 }), tooLarge);
    await assert.rejects(buffer(files.pack('/tmp/b', { maxBytes: 1 })), tooLarge);
    const controller = new AbortController();
    const reason = new Error('no longer');
    let asked = (): void => undefined;
    const begun = new Promise<void>((resolve) => {
      asked = resolve;
    });
    async function* endless(): AsyncGenerator<Buffer> {
      yield large.subarray(0, 200_000);
      asked();
      await new Promise(() => undefined);
    }
    const aborted = assert.rejects(files.unpack('/tmp/c', endless(), { signal: controller.signal }), reason);
    await begun;
    controller.abort(reason);
    await aborted;
    assert.deepEqual(await files.readdir('/tmp/c'), []);
    const waiting = assert.rejects(files.unpack('/tmp/d', endless()), { code: 'ERR_ENDED' });
    const packed = files.pack('/tmp/b');
    await new Promise((resolve) => packed.once('readable', resolve));
    await box[Symbol.asyncDispose]();
    await waiting;
    packed.destroy();
    await assert.rejects(buffer(files.pack('/tmp')), { code: 'ERR_ENDED' });
  });

  test('what is no archive is told', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const invalid = { code: 'ERR_ARCHIVE_INVALID' };
    const whole = entry('0', 'a', 'x'.repeat(2000));
    for (const bytes of [Buffer.alloc(2000, 'no'), whole.subarray(0, 300), whole.subarray(0, 1000)])
      await assert.rejects(files.unpack('/tmp/x', Readable.from([bytes])), invalid);
    const records = entry('x', 'p', '99 path=a\n');
    await assert.rejects(files.unpack('/tmp/x', archive(records, whole)), invalid);
    assert.deepEqual((await files.unpack('/tmp/x', archive())).entries, 0);
    await assert.rejects(files.unpack('/tmp/x', 7 as never), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => files.pack('/tmp', { maxByte: 1 } as never), { message: /maxBytes/ });
  });

  test('that say more than there can be are left out, or told', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const last = entry('0', 'last', 'x');
    const skippedOf = async (...entries: readonly Buffer[]): Promise<unknown> => {
      const { skipped } = await files.unpack('/tmp/x', archive(...entries, last));
      assert.equal(await files.readFile('/tmp/x/last', 'utf8'), 'x');
      return skipped.map(({ path, reason }) => `${path.slice(0, 4)}: ${reason}`);
    };
    const long = 'a/'.repeat(150_000);
    const made = { target: Buffer.from('x') };
    for (const [type, key, value, reason] of [
      ['0', 'path', `${long}b`, 'ENAMETOOLONG'],
      ['0', 'path', 'b'.repeat(4096), 'ENAMETOOLONG'],
      ['5', 'path', 'b'.repeat(300_000), 'ENAMETOOLONG'],
      ['2', 'linkpath', long, 'ENAMETOOLONG'],
      ['2', 'linkpath', 'b'.repeat(4096), 'ENAMETOOLONG'],
      ['1', 'linkpath', long, 'ENAMETOOLONG'],
      ['0', 'path', 'b\0b', 'no name'],
      ['2', 'linkpath', 'b\0b', 'no target'],
      ['1', 'linkpath', 'last\0b', 'no target'],
      ['2', 'linkpath', '', 'no target'],
      ['1', 'linkpath', '', 'no target'],
    ] as const) {
      const path = key === 'path' ? value.slice(0, 4) : 'n';
      assert.deepEqual(await skippedOf(records([key, value]), entry(type, 'n', '', made)), [`${path}: ${reason}`]);
    }
    const invalid = { code: 'ERR_ARCHIVE_INVALID' };
    const [one, other] = ['80010000'.padEnd(24, '0'), 'f'.repeat(24)].map((hex) => Buffer.from(hex, 'hex'));
    for (const entries of [
      ...['0x1', '1e0', '', '-1', '+1', ' 1', '9'.repeat(21)].map((size) => [
        records(['size', size]),
        entry('0', 'n', 'x'),
      ]),
      [withSize(one as Buffer)],
      [withSize(other as Buffer)],
      Array.from({ length: 2100 }, () => records(['path', 'b'])),
      Array.from({ length: 2100 }, () => entry('g', 'g', '9 size=1\n')),
    ])
      await assert.rejects(files.unpack('/tmp/x', archive(...entries, last)), invalid);
    // What nobody asks for is not kept, however much of it is there for all that follows.
    const many = Array.from({ length: 40 }, (_, index) => [
      entry('g', 'g', record(`key${index}`, 'x'.repeat(900_000))),
      entry('0', `n${index}`, 'x'),
    ]);
    assert.equal((await files.unpack('/tmp/x', archive(...many.flat()))).entries, 40);
  });

  test('with sparse files, however many pieces those have, are unpacked without them', () =>
    withDirectory(async (host) => {
      await using box = await new Container().start();
      const sparse = fs.openSync(join(host, 'sparse'), 'w');
      for (let index = 0; index < 40; index += 1) fs.writeSync(sparse, 'x', index * 1_000_000);
      fs.closeSync(sparse);
      fs.writeFileSync(join(host, 'z'), 'after');
      for (const format of ['gnu', 'pax']) {
        const options = ['--format', format, '--sparse', '--hole-detection=raw', '-C', host, '-c', 'sparse', 'z'];
        const { skipped } = await box.files.unpack(`/tmp/${format}`, Readable.from([execFileSync('tar', options)]));
        assert.deepEqual(
          skipped.map(({ reason }) => reason),
          ['sparse file'],
        );
        assert.equal(await box.files.readFile(`/tmp/${format}/z`, 'utf8'), 'after');
      }
    }));

  test('an abort ends what waits for others, and what nobody reads', async () => {
    await using box = await new Container().start();
    const { files } = box;
    await box.run('truncate', ['-s', '100M', '/tmp/large'], { check: true });
    const reason = new Error('no longer');
    const controller = new AbortController();
    const { signal } = controller;
    const [packed, ...others] = Array.from({ length: 4 }, (_, index) =>
      files.pack('/tmp', index === 0 ? { signal } : {}),
    );
    assert.ok(packed);
    for (const stream of [packed, ...others]) await once(stream, 'readable');
    const waiting = [
      files.copyIn('/etc/hostname', '/tmp/x', { signal }),
      files.copyOut('/tmp/large', '/nowhere', { signal }),
      files.unpack('/tmp/y', archive(), { signal }),
      buffer(files.pack('/tmp', { signal })),
    ].map((each) => assert.rejects(each, reason));
    const failed = once(packed, 'error');
    controller.abort(reason);
    await Promise.all(waiting);
    assert.deepEqual(await failed, [reason]);
    // There is room for another one again.
    await files.copyIn('/etc/hostname', '/tmp/z');
    assert.deepEqual(await files.readdir('/tmp'), ['large', 'z']);
    for (const stream of others) stream.destroy();
  });

  test('a stream that is not read to its end is let go of', async () => {
    await using box = await new Container().start();
    await box.run('truncate', ['-s', '100M', '/tmp/large'], { check: true });
    // More than can be on the way at a time.
    for (let time = 0; time < 10; time += 1) {
      const stream = box.files.pack('/tmp');
      await new Promise((resolve) => stream.once('data', resolve));
      stream.destroy();
      await new Promise((resolve) => stream.once('close', resolve));
    }
    assert.equal((await box.files.unpack('/tmp/x', archive(entry('0', 'a', 'x')))).entries, 1);
  });
});
