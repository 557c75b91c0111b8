/** `files` of a running container does what `node:fs/promises` does, inside, as the container's user. */

import assert from 'node:assert/strict';
import { promises as fs, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container, StepError } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** What an error says that programs look at. */
const said = (error: unknown): unknown => {
  const { code, errno, syscall, path, dest } = error as NodeJS.ErrnoException & { readonly dest?: string };
  return { code, errno, syscall, path, dest };
};

async function refusal(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return undefined;
}

suite('files of a running container', () => {
  test('are written and read', async () => {
    await using box = await new Container().start();
    const { files } = box;
    await files.writeFile('/tmp/a', 'hello');
    assert.equal(await files.readFile('/tmp/a', 'utf8'), 'hello');
    assert.deepEqual(await files.readFile('/tmp/a'), Buffer.from('hello'));
    await files.appendFile('/tmp/a', ' world');
    assert.equal((await box.run('cat', ['/tmp/a'])).stdout, 'hello world');
    await files.writeFile('/tmp/a', 'less');
    assert.equal(await files.readFile('/tmp/a', { encoding: 'utf8' }), 'less');
    await files.writeFile('/tmp/a', '');
    assert.equal(await files.readFile('/tmp/a', 'utf8'), '');
  });

  test('can be large, or come in pieces', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const bytes = Buffer.alloc(3_000_001, 'carrel');
    await files.writeFile('/tmp/large', bytes);
    assert.ok((await files.readFile('/tmp/large')).equals(bytes));
    await files.writeFile(
      '/tmp/pieces',
      (async function* () {
        yield 'a';
        yield Buffer.from('b');
      })(),
    );
    assert.equal(await files.readFile('/tmp/pieces', 'utf8'), 'ab');
    await assert.rejects(files.readFile('/tmp/large', { maxBytes: '1m' }), { code: 'ERR_FS_FILE_TOO_LARGE' });
    await assert.rejects(files.readFile('/tmp/pieces', { maxBytes: 1 }), { code: 'ERR_FS_FILE_TOO_LARGE' });
    assert.equal((await files.readFile('/tmp/pieces', { maxBytes: 2 })).length, 2);
  });

  test('a relative path counts from the directory of the container', async () => {
    await using box = await new Container().cwd('/tmp').start();
    await box.files.writeFile('a', 'x');
    assert.equal(await box.files.readFile('/tmp/a', 'utf8'), 'x');
    assert.equal(await box.files.readFile('../tmp/./a', 'utf8'), 'x');
  });

  test('errors are those of Node', async () => {
    const host = mkdtempSync(join(tmpdir(), 'files-'));
    await using box = await new Container().start();
    const { files } = box;
    try {
      await fs.mkdir(join(host, 'd'));
      await fs.writeFile(join(host, 'f'), '');
      await files.mkdir('/tmp/x');
      await files.mkdir('/tmp/x/d');
      await files.writeFile('/tmp/x/f', '');
      type Both = Pick<
        typeof fs,
        'readFile' | 'readdir' | 'mkdir' | 'stat' | 'lstat' | 'readlink' | 'rename' | 'chmod'
      > &
        Pick<typeof fs, 'access' | 'symlink' | 'writeFile' | 'utimes'>;
      const cases: Readonly<Record<string, (of: Both, at: string) => Promise<unknown>>> = {
        'readFile, missing': (of, at) => of.readFile(`${at}/none`),
        'readFile, below a file': (of, at) => of.readFile(`${at}/f/none`),
        'readdir, missing': (of, at) => of.readdir(`${at}/none`),
        'readdir, a file': (of, at) => of.readdir(`${at}/f`),
        'mkdir, there': (of, at) => of.mkdir(`${at}/d`),
        'mkdir, below nothing': (of, at) => of.mkdir(`${at}/none/d`),
        'stat, missing': (of, at) => of.stat(`${at}/none`),
        'lstat, missing': (of, at) => of.lstat(`${at}/none`),
        'readlink, no link': (of, at) => of.readlink(`${at}/f`),
        'rename, missing': (of, at) => of.rename(`${at}/none`, `${at}/other`),
        'chmod, missing': (of, at) => of.chmod(`${at}/none`, 0o600),
        'access, missing': (of, at) => of.access(`${at}/none`),
        'symlink, there': (of, at) => of.symlink('x', `${at}/f`),
        'writeFile, a directory': (of, at) => of.writeFile(`${at}/d`, 'x'),
        'writeFile, there': (of, at) => of.writeFile(`${at}/f`, 'x', { flag: 'wx' }),
        'utimes, missing': (of, at) => of.utimes(`${at}/none`, 1, 2),
      };
      for (const [name, attempt] of Object.entries(cases)) {
        const ours = await refusal(attempt(files as unknown as Both, '/tmp/x'));
        const theirs = await refusal(attempt(fs, host));
        assert.ok(ours instanceof StepError, name);
        const expected = JSON.parse(JSON.stringify(said(theirs)).replaceAll(host, '/tmp/x'));
        assert.deepEqual(JSON.parse(JSON.stringify(said(ours))), expected, name);
        assert.equal(ours.message, (theirs as Error).message.replaceAll(host, '/tmp/x'), name);
      }
    } finally {
      removeTree(host);
    }
  });

  test('directories are made, listed and removed', async () => {
    await using box = await new Container().start();
    const { files } = box;
    assert.equal(await files.mkdir('/tmp/a/b/c', { recursive: true }), '/tmp/a');
    assert.equal(await files.mkdir('/tmp/a/b/c', { recursive: true }), undefined);
    await files.writeFile('/tmp/a/z', 'z');
    await files.symlink('z', '/tmp/a/link');
    assert.deepEqual(await files.readdir('/tmp/a'), ['b', 'link', 'z']);
    const entries = await files.readdir('/tmp/a', { withFileTypes: true });
    assert.deepEqual(
      entries.map((entry) => [
        entry.name,
        entry.parentPath,
        entry.isDirectory(),
        entry.isSymbolicLink(),
        entry.isFile(),
      ]),
      [
        ['b', '/tmp/a', true, false, false],
        ['link', '/tmp/a', false, true, false],
        ['z', '/tmp/a', false, false, true],
      ],
    );
    await assert.rejects(files.rm('/tmp/a'), { code: 'ERR_FS_EISDIR' });
    await files.rm('/tmp/a', { recursive: true });
    assert.equal(await files.exists('/tmp/a'), false);
    await assert.rejects(files.rm('/tmp/a'), { code: 'ENOENT' });
    await files.rm('/tmp/a', { force: true });
  });

  test('names that are no UTF-8 go in and out as bytes', async () => {
    await using box = await new Container().start();
    const name = Buffer.from([0x61, 0xff, 0xfe]);
    const path = Buffer.concat([Buffer.from('/tmp/d/'), name]);
    await box.files.mkdir('/tmp/d');
    await box.files.writeFile(path, 'x');
    assert.deepEqual(await box.files.readdir('/tmp/d', { encoding: 'buffer' }), [name]);
    assert.equal(await box.files.readFile(path, 'utf8'), 'x');
    await box.files.rm('/tmp/d', { recursive: true });
  });

  test('what is known of a file, and its mode, times and links', async () => {
    await using box = await new Container().start();
    const { files } = box;
    await files.writeFile('/tmp/a', 'hello', { mode: 0o640 });
    await files.symlink('a', '/tmp/link');
    await files.utimes('/tmp/a', 1.5, new Date(2500));
    const stat = await files.stat('/tmp/link');
    assert.deepEqual(
      [
        stat.size,
        stat.mode & 0o777,
        stat.uid,
        stat.gid,
        stat.atimeMs,
        stat.mtimeMs,
        stat.mtime.getTime(),
        stat.isFile(),
      ],
      [5, 0o640, 0, 0, 1500, 2500, 2500, true],
    );
    assert.ok((await files.lstat('/tmp/link')).isSymbolicLink());
    assert.equal(await files.readlink('/tmp/link'), 'a');
    await files.chmod('/tmp/link', 0o600);
    await files.rename('/tmp/a', '/tmp/b');
    assert.equal((await files.stat('/tmp/b')).mode & 0o777, 0o600);
    assert.equal(await files.exists('/tmp/link'), false);
  });

  test('times go beyond 2038 and before 1970', async () => {
    await using box = await new Container().start();
    await box.files.writeFile('/tmp/a', '');
    for (const seconds of [2 ** 31, 2 ** 33 - 1, 2 ** 33 + 0.5, -1, -(2 ** 31)]) {
      await box.files.utimes('/tmp/a', seconds, seconds);
      assert.equal((await box.files.stat('/tmp/a')).mtimeMs, seconds * 1000);
    }
    await assert.rejects(box.files.utimes('/tmp/a', 0, 1e13), { code: 'ERR_OUT_OF_RANGE' });
  });

  test('a tree of 1,000 levels is removed, beside a link that leads out of it', async () => {
    await using box = await new Container().start();
    const script = `mkdir /tmp/kept /tmp/deep; echo x > /tmp/kept/a; cd /tmp/deep
      for i in $(seq 1000); do mkdir d; echo x > f; ln -s /tmp/kept l; cd d; done`;
    await box.run('sh', ['-c', script], { check: true });
    await box.files.rm('/tmp/deep', { recursive: true });
    assert.deepEqual(await box.files.readdir('/tmp'), ['kept']);
    assert.deepEqual(await box.files.readdir('/tmp/kept'), ['a']);
  });

  test('a file is open, read and written in parts', async () => {
    await using box = await new Container().start();
    await using file = await box.files.open('/tmp/a', 'w+');
    await file.write('hello world');
    const buffer = Buffer.alloc(5);
    assert.equal((await file.read(buffer, 0, 5, 6)).bytesRead, 5);
    assert.equal(buffer.toString(), 'world');
    await file.truncate(5);
    assert.equal((await file.stat()).size, 5);
    const chunks: Buffer[] = [];
    for await (const chunk of file.createReadStream({ start: 1, end: 3 })) chunks.push(chunk);
    assert.equal(Buffer.concat(chunks).toString(), 'ell');
    const stream = file.createWriteStream({ start: 5 });
    stream.end('!');
    await new Promise((resolve) => stream.on('finish', resolve));
    assert.equal(await box.files.readFile('/tmp/a', 'utf8'), 'hello!');
    await file.close();
    await assert.rejects(file.read(buffer), { code: 'EBADF' });
  });

  test('they are the user’s, and as() makes them another’s', async () => {
    const isRange = process.env.CARREL_TEST_LEG === 'root';
    await using box = await new Container().user(isRange ? 1000 : 0).start();
    await box.files.writeFile('/tmp/a', 'x', { mode: 0o600 });
    assert.equal((await box.files.stat('/tmp/a')).uid, isRange ? 1000 : 0);
    if (!isRange) return;
    await assert.rejects(box.files.writeFile('/etc/x', ''), { code: 'EACCES' });
    await assert.rejects(box.files.as('2000:2000').readFile('/tmp/a'), { code: 'EACCES' });
    await box.files.as(0).chown('/tmp/a', 2000, 2000);
    assert.equal(await box.files.as('2000:2000').readFile('/tmp/a', 'utf8'), 'x');
    await assert.rejects(box.files.readFile('/tmp/a'), { code: 'EACCES' });
  });

  test('as() takes names of the container’s own users', async () => {
    await using box = await new Container().start();
    await box.files.as('root').writeFile('/tmp/a', '');
    assert.equal((await box.files.stat('/tmp/a')).uid, 0);
    assert.throws(() => box.files.as('who'), { code: 'ERR_UNKNOWN_USER' });
    assert.throws(() => box.files.as('root:who'), { code: 'ERR_UNKNOWN_GROUP' });
    assert.throws(() => box.files.as(''), { code: 'ERR_INVALID_ARG_VALUE' });
    if (process.env.CARREL_TEST_LEG !== 'root') return;
    await box.files.chmod('/tmp', 0o1777);
    await box.files.as('nobody').writeFile('/tmp/b', '');
    assert.equal((await box.files.stat('/tmp/b')).uid, 65534);
  });

  test('wrong arguments are told at once', async () => {
    await using box = await new Container().start();
    const { files } = box;
    const wrong: Readonly<Record<string, Promise<unknown>>> = {
      ERR_INVALID_ARG_TYPE: files.readFile(7 as never),
      ERR_INVALID_ARG_VALUE: files.readFile('/tmp/\0'),
      ERR_OUT_OF_RANGE: files.chmod('/tmp', 0o10000),
    };
    for (const [code, promise] of Object.entries(wrong)) await assert.rejects(promise, { code });
    await assert.rejects(files.readFile('/x', { maxByte: 1 } as never), { message: /maxBytes/ });
  });

  test('after its end everything is ERR_ENDED', async () => {
    const box = await new Container().start();
    await box.files.writeFile('/tmp/a', 'x');
    await box.stop();
    for (const late of [box.files.readFile('/tmp/a'), box.files.exists('/tmp/a'), box.files.as(0).readdir('/')])
      await assert.rejects(late, { code: 'ERR_ENDED' });
  });
});
