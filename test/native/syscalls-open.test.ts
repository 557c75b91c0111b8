/** `openat2` opens paths, and refuses to resolve what it is told not to. */

import assert from 'node:assert/strict';
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { type Openat2Options, openat2, type PathLike, type PlaceAt } from 'carrel/syscalls';
import { using } from '../support/descriptors.js';
import { useCleanHost } from '../support/host.js';

let directory = '';
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'open-'));
  mkdirSync(join(directory, 'inner'));
  writeFileSync(join(directory, 'inner/file'), 'inner');
  writeFileSync(join(directory, 'outer'), 'outer');
  symlinkSync('../outer', join(directory, 'inner/out'));
  symlinkSync('/file', join(directory, 'inner/absolute'));
  symlinkSync('/proc/self/fd/0', join(directory, 'inner/magic'));
});
after(() => rmSync(directory, { recursive: true }));
useCleanHost();

describe('openat2', () => {
  test('opens by path, by URL, and below a directory', () => {
    const path = join(directory, 'outer');
    assert.equal(contentOf(path), 'outer');
    assert.equal(contentOf(pathToFileURL(path)), 'outer');
    below((dirfd) => assert.equal(contentOf({ dirfd, path: 'file' }), 'inner'));
  });

  test('is close-on-exec', () => {
    using(openat2(directory), (fd) => {
      const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
      assert.ok(Number.parseInt(flags ?? '', 8) & 0o2000000);
    });
  });

  test('creates with a mode, less the umask, and refuses what is there with excl', () => {
    const path = join(directory, 'new');
    const options: Openat2Options = { access: 'wronly', flags: ['creat', 'excl'] };
    try {
      using(openat2(path, { ...options, mode: 0o640 }), (fd) => writeSync(fd, 'x'));
      assert.equal(statSync(path).mode & 0o7777, 0o640 & ~process.umask());
      assert.throws(() => openat2(path, options), { code: 'EEXIST', errno: -17, syscall: 'openat2', path });
      rmSync(path);
      closeSync(openat2(path, options));
      assert.equal(statSync(path).mode & 0o7777, 0o666 & ~process.umask());
    } finally {
      rmSync(path, { force: true });
    }
  });

  test('appends, truncates, and opens a file without a name', () => {
    const path = join(directory, 'appended');
    try {
      for (const text of ['one', 'two']) {
        using(openat2(path, { access: 'rdwr', flags: ['creat', 'append'] }), (fd) => writeSync(fd, text));
      }
      assert.equal(readFileSync(path, 'utf8'), 'onetwo');
      closeSync(openat2(path, { access: 'wronly', flags: ['trunc'] }));
      assert.equal(readFileSync(path, 'utf8'), '');
    } finally {
      rmSync(path, { force: true });
    }
    using(openat2(directory, { access: 'rdwr', flags: ['tmpfile'] }), (fd) => assert.equal(fstatSync(fd).nlink, 0));
  });

  test('with path opens what cannot be read, and a link itself', () => {
    using(openat2(join(directory, 'inner/out'), { flags: ['path', 'nofollow'] }), (fd) => {
      assert.ok(fstatSync(fd).isSymbolicLink());
      assert.throws(() => readSync(fd, Buffer.alloc(1)), { code: 'EBADF' });
    });
    assert.throws(() => openat2(join(directory, 'inner/out'), { flags: ['nofollow'] }), { code: 'ELOOP' });
    assert.throws(() => openat2(join(directory, 'outer'), { flags: ['directory'] }), { code: 'ENOTDIR' });
  });

  test('without resolve the path leads anywhere', () => {
    below((dirfd) => {
      for (const path of ['out', '../outer']) assert.equal(contentOf({ dirfd, path }), 'outer');
    });
  });

  test('beneath refuses to leave the directory', () => {
    refuses('EXDEV', ['out', '../outer', 'absolute', join(directory, 'outer')], { resolve: ['beneath'] });
    below((dirfd) => assert.equal(contentOf({ dirfd, path: './file' }, { resolve: ['beneath'] }), 'inner'));
  });

  test('inRoot takes the directory for the root', () => {
    below((dirfd) => {
      for (const path of ['absolute', '/file', '../../file']) {
        assert.equal(contentOf({ dirfd, path }, { resolve: ['inRoot'] }), 'inner');
      }
    });
    refuses('ENOENT', ['out'], { resolve: ['inRoot'] });
  });

  test('noSymlinks, noMagiclinks and noXdev refuse what they name', () => {
    refuses('ELOOP', ['out', 'magic'], { resolve: ['noSymlinks'] });
    refuses('ELOOP', ['magic'], { resolve: ['noMagiclinks'] });
    below((dirfd) => assert.equal(contentOf({ dirfd, path: 'out' }, { resolve: ['noMagiclinks'] }), 'outer'));
    assert.throws(() => openat2('/proc/self/stat', { resolve: ['noXdev'] }), { code: 'EXDEV' });
  });

  test('cached opens what the kernel remembers, or says EAGAIN', () => {
    const path = join(directory, 'outer');
    let content: string | undefined;
    // A process that changes a directory on the way meanwhile makes it EAGAIN once more.
    for (let tries = 0; tries < 1000 && content === undefined; tries += 1) {
      statSync(path);
      try {
        content = contentOf(path, { resolve: ['cached'] });
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'EAGAIN');
      }
    }
    assert.equal(content, 'outer');
    assert.throws(() => openat2(path, { access: 'wronly', flags: ['creat'], resolve: ['cached'] }), { code: 'EAGAIN' });
  });

  test('a mode without creat is EINVAL', () => {
    assert.throws(() => openat2(directory, { mode: 0o600 }), { code: 'EINVAL' });
  });

  test('names the path as Node does', () => {
    assert.throws(() => openat2('/there/is/none'), {
      message: "ENOENT: no such file or directory, openat2 '/there/is/none'",
      path: '/there/is/none',
    });
  });
});

function below(act: (dirfd: number) => void): void {
  using(openat2(join(directory, 'inner'), { flags: ['path', 'directory'] }), act);
}

function contentOf(place: PathLike | PlaceAt, options?: Openat2Options): string {
  let content = '';
  using(openat2(place, options), (fd) => {
    content = readFileSync(fd, 'utf8');
  });
  return content;
}

function refuses(code: string, paths: readonly string[], options: Openat2Options): void {
  below((dirfd) => {
    for (const path of paths) assert.throws(() => openat2({ dirfd, path }, options), { code, path }, path);
  });
}
