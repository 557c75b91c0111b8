/** `mount`, `unmount`, `pivotRoot` and `chroot` change what a mount namespace shows. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MountFlag } from 'carrel/syscalls';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';
import type { Tools } from '../support/tools.js';

useCleanHost();

describe('mount', requires('user-namespaces'), () => {
  test('mounts a file system with its options and flags', () => {
    const found = isolated(({ mount, mountOn, fs }, directory) => {
      const before = mountOn(directory);
      mount('some-name', directory, { type: 'tmpfs', flags: ['nosuid', 'noexec'], data: 'size=64k,mode=751' });
      return { before, after: mountOn(directory), mode: fs.statSync(directory).mode & 0o7777 };
    });
    assert.equal(found.before, null);
    assert.equal(found.after?.type, 'tmpfs');
    assert.ok(['nosuid', 'noexec'].every((flag) => found.after?.options.includes(flag)));
    assert.ok(!found.after?.options.includes('nodev'));
    assert.ok(found.after?.superOptions.includes('size=64k'));
    assert.equal(found.mode, 0o751);
  });

  test('passes on every flag of a file system and of its mount', () => {
    const found = isolated(({ mount, unmount, mountOn }, directory) => {
      const shown = (flags: readonly MountFlag[]): readonly string[] => {
        mount('tmpfs', directory, { type: 'tmpfs', flags });
        const { options = [], superOptions = [] } = mountOn(directory) ?? {};
        unmount(directory, ['force']);
        return [...new Set([...options, ...superOptions])];
      };
      const plain = shown([]);
      const flags = ['readonly', 'nosuid', 'nodev', 'noexec', 'synchronous', 'dirsync', 'nosymfollow'] as const;
      const more = ['noatime', 'nodiratime', 'strictatime', 'lazytime', 'relatime', 'silent'] as const;
      return [...flags, ...more].map((flag) => {
        const now = shown([flag]);
        return `${flag}: ${now.filter((one) => !plain.includes(one))} -${plain.filter((one) => !now.includes(one))}`;
      });
    });
    assert.deepEqual(found, [
      'readonly: ro -rw',
      'nosuid: nosuid -',
      'nodev: nodev -',
      'noexec: noexec -',
      'synchronous: sync -',
      'dirsync: dirsync -',
      'nosymfollow: nosymfollow -',
      'noatime: noatime -relatime',
      'nodiratime: nodiratime -',
      'strictatime:  -relatime',
      'lazytime: lazytime -',
      'relatime:  -',
      'silent:  -',
    ]);
  });

  test('binds, and makes the bind read-only with a second call', () => {
    const found = isolated(({ mount, codeOf, fs }, directory) => {
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      for (const path of [source, target]) fs.mkdirSync(path);
      fs.writeFileSync(`${source}/file`, 'carrel');
      mount(source, target, { flags: ['bind'] });
      const write = (): void => fs.writeFileSync(`${target}/new`, '');
      const first = codeOf(write);
      mount(null, target, { flags: ['bind', 'remount', 'readonly'] });
      return { content: fs.readFileSync(`${target}/file`, 'utf8'), first, second: codeOf(write) };
    });
    assert.deepEqual(found, { content: 'carrel', first: null, second: 'EROFS' });
  });

  test('changes propagation, and moves', () => {
    const found = isolated(({ mount, mountOn, fs }, directory) => {
      const [from, to] = [`${directory}/from`, `${directory}/to`];
      for (const path of [from, to]) fs.mkdirSync(path);
      mount('tmpfs', from, { type: 'tmpfs' });
      mount(from, to, { flags: ['move'] });
      const moved = [mountOn(from)?.type, mountOn(to)?.type];
      mount(null, to, { flags: ['shared'] });
      return { moved, tags: mountOn(to)?.tags.map((tag) => tag.split(':')[0]) };
    });
    assert.deepEqual(found, { moved: [null, 'tmpfs'], tags: ['shared'] });
  });

  test('resolves a relative path as it stands', () => {
    const type = isolated(({ mount, mountOn }, directory) => {
      process.chdir(directory);
      mount('tmpfs', '.', { type: 'tmpfs' });
      return mountOn(directory)?.type;
    });
    assert.equal(type, 'tmpfs');
  });

  test('takes a URL', () => {
    const type = isolated(({ mount, mountOn, fs }, directory) => {
      fs.mkdirSync(`${directory}/a b`);
      mount('tmpfs', new URL(`file://${directory}/a%20b`), { type: 'tmpfs' });
      return mountOn(`${directory}/a\\040b`)?.type;
    });
    assert.equal(type, 'tmpfs');
  });

  test('is refused as Node refuses: with code, errno, syscall, path and dest', () => {
    const found = isolated(({ mount, thrown }, directory) => [
      thrown(() => mount('/there/is/none', directory, { flags: ['bind'] })),
      thrown(() => mount(null, '/there/is/none', { flags: ['private'] })),
      thrown(() => mount('x', directory, { type: 'there-is-no-such-type' })),
      thrown(() => mount('/dev/null', directory, { type: 'tmpfs', data: 'size=x' })),
      thrown(() => mount('x', `/${'x'.repeat(5000)}`, { type: 'tmpfs' })),
    ]);
    const [source, target, type, data, long] = found;
    assert.equal(source?.message?.replace(/ -> .*/, ''), "ENOENT: no such file or directory, mount '/there/is/none'");
    assert.deepEqual([source?.code, source?.errno, source?.syscall], ['ENOENT', -2, 'mount']);
    assert.deepEqual([source?.path, typeof source?.dest], ['/there/is/none', 'string']);
    assert.deepEqual([target?.code, target?.path, target?.dest], ['ENOENT', '/there/is/none', undefined]);
    assert.deepEqual([type?.code, data?.code, long?.code], ['ENODEV', 'EINVAL', 'ENAMETOOLONG']);
  });

  test('is seen by all threads of the mount namespace', () => {
    const found = isolated(async ({ mount, startThread }, directory) => {
      const thread = await startThread();
      const see = ({ mountOn }: Tools, path: string): string | undefined => mountOn(path)?.type;
      const before = await thread.run(see, directory);
      mount('tmpfs', directory, { type: 'tmpfs' });
      const after = await thread.run(see, directory);
      await thread.end();
      return [before ?? null, after];
    });
    assert.deepEqual(found, [null, 'tmpfs']);
  });
});

describe('unmount', requires('user-namespaces'), () => {
  test('removes the topmost mount', () => {
    const found = isolated(({ mount, unmount, mountOn, thrown }, directory) => {
      mount('below', directory, { type: 'tmpfs', data: 'size=64k' });
      mount('above', directory, { type: 'tmpfs', data: 'size=128k' });
      const sizes = [mountOn(directory)?.superOptions.includes('size=128k')];
      unmount(directory);
      sizes.push(mountOn(directory)?.superOptions.includes('size=64k'));
      unmount(directory);
      const again = thrown(() => unmount(directory));
      return {
        sizes,
        left: mountOn(directory),
        code: again?.code,
        syscall: again?.syscall,
        path: again?.path === directory,
      };
    });
    assert.deepEqual(found, { sizes: [true, true], left: null, code: 'EINVAL', syscall: 'umount2', path: true });
  });

  test('of a busy mount is EBUSY, and with detach is not', () => {
    const found = isolated(({ mount, unmount, mountOn, codeOf, fs }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      const file = fs.openSync(`${directory}/file`, 'w+');
      const busy = codeOf(() => unmount(directory));
      unmount(directory, ['detach']);
      fs.writeSync(file, 'still there');
      return { busy, left: mountOn(directory) };
    });
    assert.deepEqual(found, { busy: 'EBUSY', left: null });
  });

  test('with expire takes two calls', () => {
    const found = isolated(({ mount, unmount, mountOn, codeOf }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      const codes = [codeOf(() => unmount(directory, ['expire'])), codeOf(() => unmount(directory, ['expire']))];
      return { codes, left: mountOn(directory), both: codeOf(() => unmount(directory, ['expire', 'detach'])) };
    });
    assert.deepEqual(found, { codes: ['EAGAIN', null], left: null, both: 'EINVAL' });
  });

  test('with nofollow does not follow a link', () => {
    const found = isolated(({ mount, unmount, codeOf, fs }, directory) => {
      const [target, link] = [`${directory}/target`, `${directory}/link`];
      fs.mkdirSync(target);
      fs.symlinkSync(target, link);
      mount('tmpfs', target, { type: 'tmpfs' });
      return [codeOf(() => unmount(link, ['nofollow'])), codeOf(() => unmount(link))];
    });
    assert.deepEqual(found, ['EINVAL', null]);
  });
});

describe('pivotRoot', requires('user-namespaces'), () => {
  test('changes the root, of all threads of the mount namespace', () => {
    const found = isolated(async ({ mount, unmount, pivotRoot, startThread, startPool, fs }, directory) => {
      await startPool();
      const thread = await startThread();
      mount('tmpfs', directory, { type: 'tmpfs' });
      fs.writeFileSync(`${directory}/mark`, 'new root');
      process.chdir(directory);
      pivotRoot('.', '.');
      unmount('.', ['detach']);
      process.chdir('/');
      const list = ({ fs: files }: Tools): string[] => files.readdirSync('/');
      const seen = [fs.readdirSync('/'), await thread.run(list), await fs.promises.readdir('/')];
      await thread.end();
      return seen;
    });
    assert.deepEqual(found, [['mark'], ['mark'], ['mark']]);
  });

  test('leaves threads alone that have a mount namespace of their own', () => {
    const found = isolated(async ({ startThread, fs }, directory) => {
      const thread = await startThread();
      const inside = await thread.run(({ unshare, mount, unmount, pivotRoot, fs: files }, path) => {
        unshare(['mount']);
        mount('tmpfs', path, { type: 'tmpfs' });
        files.mkdirSync(`${path}/old`);
        pivotRoot(path, `${path}/old`);
        unmount('/old', ['detach']);
        return files.readdirSync('/');
      }, directory);
      await thread.end();
      return { inside, outside: fs.existsSync('/proc/self') };
    });
    assert.deepEqual(found, { inside: ['old'], outside: true });
  });

  test('is refused where the new root is no mount', () => {
    const error = isolated(({ pivotRoot, thrown }, directory) => thrown(() => pivotRoot(directory, directory)));
    assert.deepEqual([error?.syscall, error?.path, error?.dest], ['pivot_root', error?.path, error?.path]);
    assert.ok(['EBUSY', 'EINVAL'].includes(error?.code ?? ''), error?.code);
  });
});

describe('chroot', requires('user-namespaces'), () => {
  test('changes the root of every thread', () => {
    const found = isolated(async ({ chroot, startThread, fs }, directory) => {
      const thread = await startThread();
      fs.writeFileSync(`${directory}/mark`, '');
      await thread.run(() => undefined);
      chroot(directory);
      const list = ({ fs: files }: Tools): string[] => files.readdirSync('/');
      const seen = [fs.readdirSync('/'), await thread.run(list), await fs.promises.readdir('/')];
      await thread.end();
      return seen;
    });
    assert.deepEqual(found, [['mark'], ['mark'], ['mark']]);
  });

  test('after unshare of fs, changes that of the calling thread alone', () => {
    const found = isolated(async ({ startThread, startPool, fs }, directory) => {
      await startPool();
      fs.writeFileSync(`${directory}/mark`, '');
      const thread = await startThread();
      const inside = await thread.run(async ({ unshare, chroot, fs: files }, path) => {
        unshare(['fs']);
        chroot(path);
        return { sync: files.readdirSync('/'), pool: (await files.promises.readdir('/')).includes('proc') };
      }, directory);
      await thread.end();
      return { inside, outside: fs.readdirSync('/').includes('proc') };
    });
    assert.deepEqual(found, { inside: { sync: ['mark'], pool: true }, outside: true });
  });

  test('is refused as fs would be', () => {
    const error = isolated(({ chroot, thrown }) => thrown(() => chroot('/there/is/none')));
    assert.equal(error?.message, "ENOENT: no such file or directory, chroot '/there/is/none'");
  });
});
