/** `fsopen`, `openTree`, `moveMount` and `mountSetattr` build mounts and attach them. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';
import type { Tools } from '../support/tools.js';

useCleanHost();

describe('fsopen, fsconfig, fsmount and moveMount', requires('user-namespaces'), () => {
  test('make a file system with its parameters and attributes, and attach it', () => {
    const found = isolated(({ fsopen, fsconfig, fsmount, moveMount, mountOn, fs }, directory) => {
      const context = fsopen('tmpfs');
      fsconfig(context, { command: 'setString', key: 'size', value: '64k' });
      fsconfig(context, { command: 'setString', key: 'mode', value: '751' });
      fsconfig(context, { command: 'create' });
      const mount = fsmount(context, { attributes: ['nosuid', 'nodev'], atime: 'noatime' });
      const before = mountOn(directory);
      moveMount(mount, directory);
      const after = mountOn(directory);
      const flags = [context, mount].map(
        (fd) => /^flags:\s+(\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1],
      );
      return { before, after, flags, mode: fs.statSync(directory).mode & 0o7777 };
    });
    assert.equal(found.before, null);
    assert.equal(found.after?.type, 'tmpfs');
    assert.deepEqual(
      ['nosuid', 'nodev', 'noexec', 'noatime'].map((one) => found.after?.options.includes(one)),
      [true, true, false, true],
    );
    assert.ok(found.after?.superOptions.includes('size=64k'));
    assert.equal(found.mode, 0o751);
    for (const flags of found.flags) assert.ok(Number.parseInt(flags ?? '', 8) & 0o2000000, 'close-on-exec');
  });

  test('say what is wrong in the context', () => {
    const found = isolated(({ fsopen, fsconfig, thrown, fs, codeOf }) => {
      const context = fsopen('tmpfs');
      const error = thrown(() => fsconfig(context, { command: 'setString', key: 'size', value: 'much' }));
      const message = Buffer.alloc(256);
      const length = fs.readSync(context, message);
      return {
        error: error?.message,
        said: message.toString('utf8', 0, length),
        more: codeOf(() => fs.readSync(context, message)),
      };
    });
    assert.equal(found.error, 'fsconfig EINVAL');
    assert.match(found.said, /^e tmpfs: .*size/);
    assert.equal(found.more, 'ENODATA');
  });

  test('are refused as they should be', () => {
    const codes = isolated(({ fsopen, fsconfig, fsmount, moveMount, codeOf }, directory) => {
      const context = fsopen('tmpfs');
      return [
        codeOf(() => fsopen('there-is-no-such-type')),
        codeOf(() => fsmount(context)),
        codeOf(() => fsconfig(context, { command: 'setFlag', key: 'there-is-no-such-flag' })),
        codeOf(() => fsconfig(context, { command: 'setString', key: 'size', value: '1'.repeat(256) })),
        codeOf(() => fsconfig(9999, { command: 'create' })),
        codeOf(() => moveMount(directory, '/there/is/none')),
      ];
    });
    assert.deepEqual(codes, ['ENODEV', 'EINVAL', 'EINVAL', 'EINVAL', 'EBADF', 'ENOENT']);
  });

  test('setFlag and reconfigure, with fspick: a file system becomes read-only', () => {
    const found = isolated(({ mount, fspick, fsconfig, codeOf, fs }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      const write = (): void => fs.writeFileSync(`${directory}/file`, '');
      const before = codeOf(write);
      const context = fspick(directory);
      fsconfig(context, { command: 'setFlag', key: 'ro' });
      fsconfig(context, { command: 'reconfigure' });
      return [before, codeOf(write)];
    });
    assert.deepEqual(found, [null, 'EROFS']);
  });

  test('fspick takes a descriptor, and a link or not', () => {
    const codes = isolated(({ mount, fspick, openat2, codeOf, fs }, directory) => {
      const [target, link] = [`${directory}/target`, `${directory}/link`];
      fs.mkdirSync(target);
      fs.symlinkSync('target', link);
      mount('tmpfs', target, { type: 'tmpfs' });
      const opened = openat2(target, { flags: ['path'] });
      const parent = openat2(directory, { flags: ['path'] });
      return [opened, { dirfd: parent, path: 'link' }, link]
        .map((place) => codeOf(() => fspick(place)))
        .concat(codeOf(() => fspick(link, ['symlinkNofollow'])));
    });
    assert.deepEqual(codes, [null, null, null, 'EINVAL']);
  });

  test('show the namespace of the thread that called fsopen, whichever goes on', () => {
    const found = isolated(async ({ startThread, unshare, fsopen, fsconfig, fsmount, openat2, fs }) => {
      unshare(['ipc']);
      const thread = await startThread();
      const context = await thread.run((tools) => {
        tools.unshare(['ipc']);
        return tools.fsopen('mqueue');
      });
      fsconfig(context, { command: 'create' });
      const continued = fsmount(context);
      const theirs = await thread.run((tools) => {
        const own = tools.fsopen('mqueue');
        tools.fsconfig(own, { command: 'create' });
        return tools.fsmount(own);
      });
      const own = fsopen('mqueue');
      fsconfig(own, { command: 'create' });
      openat2({ dirfd: continued, path: 'queue' }, { access: 'wronly', flags: ['creat'] });
      const seen = [continued, theirs, fsmount(own)].map((dirfd) => fs.readdirSync(`/proc/self/fd/${dirfd}`));
      await thread.end();
      return seen;
    });
    assert.deepEqual(found, [['queue'], ['queue'], []]);
  });

  test('createExclusive does not share what is there', requires('linux-6.6'), () => {
    const found = isolated(({ unshare, fsopen, fsconfig, codeOf }) => {
      unshare(['ipc']);
      const create = (command: 'create' | 'createExclusive'): string | null =>
        codeOf(() => {
          const context = fsopen('mqueue');
          fsconfig(context, { command });
        });
      return [create('create'), create('create'), create('createExclusive')];
    });
    assert.deepEqual(found, [null, null, 'EBUSY']);
  });

  test('setFd gives a parameter a descriptor', requires('linux-6.13'), () => {
    const found = isolated(({ fsopen, fsconfig, fsmount, moveMount, mount, openat2, fs }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      for (const name of ['lower', 'upper', 'work', 'merged']) fs.mkdirSync(`${directory}/${name}`);
      fs.writeFileSync(`${directory}/lower/file`, 'from below');
      const context = fsopen('overlay');
      for (const [key, name] of [
        ['lowerdir+', 'lower'],
        ['upperdir', 'upper'],
        ['workdir', 'work'],
      ] as const) {
        fsconfig(context, { command: 'setFd', key, value: openat2(`${directory}/${name}`, { flags: ['directory'] }) });
      }
      fsconfig(context, { command: 'setFlag', key: 'userxattr' });
      fsconfig(context, { command: 'create' });
      moveMount(fsmount(context), `${directory}/merged`);
      fs.writeFileSync(`${directory}/merged/new`, '');
      return { read: fs.readFileSync(`${directory}/merged/file`, 'utf8'), upper: fs.readdirSync(`${directory}/upper`) };
    });
    assert.deepEqual(found, { read: 'from below', upper: ['new'] });
  });
});

describe('openTree', requires('user-namespaces'), () => {
  test('with clone copies a mount: a bind in the making', () => {
    const found = isolated(({ openTree, moveMount, mountOn, fs }, directory) => {
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      for (const path of [source, target]) fs.mkdirSync(path);
      fs.writeFileSync(`${source}/file`, 'carrel');
      const tree = openTree(source, ['clone']);
      const detached = mountOn(target);
      moveMount(tree, target);
      return { detached, content: fs.readFileSync(`${target}/file`, 'utf8') };
    });
    assert.deepEqual(found, { detached: null, content: 'carrel' });
  });

  test('with recursive copies what is mounted below too', () => {
    const found = isolated(({ mount, openTree, moveMount, fs }, directory) => {
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      for (const path of [source, `${source}/below`, target]) fs.mkdirSync(path);
      mount('tmpfs', `${source}/below`, { type: 'tmpfs' });
      fs.writeFileSync(`${source}/below/file`, '');
      return ([['clone'], ['clone', 'recursive']] as const).map((flags) => {
        moveMount(openTree(source, flags), target);
        return fs.readdirSync(`${target}/below`);
      });
    });
    assert.deepEqual(found, [[], ['file']]);
  });

  test('without clone opens a place, by path, descriptor or both', () => {
    const found = isolated(({ openTree, codeOf, fs }, directory) => {
      fs.symlinkSync('/proc', `${directory}/link`);
      const parent = openTree(directory);
      const link = openTree({ dirfd: parent, path: 'link' }, ['symlinkNofollow']);
      const same = fs.fstatSync(openTree(parent)).ino === fs.statSync(directory).ino;
      return {
        same,
        link: fs.fstatSync(link).isSymbolicLink(),
        flags: codeOf(() => openTree(directory, ['recursive'])),
      };
    });
    assert.deepEqual(found, { same: true, link: true, flags: 'EINVAL' });
  });

  test('of a mount of another namespace with clone is EINVAL', () => {
    const code = isolated(async ({ openTree, startThread, fs }, directory) => {
      const file = fs.openSync(directory, 'r');
      const thread = await startThread();
      const seen = await thread.run(({ unshare, openTree: open, codeOf }, fd) => {
        unshare(['mount']);
        return codeOf(() => open(fd, ['clone']));
      }, file);
      await thread.end();
      return [seen, openTree(file, ['clone']) > 0];
    });
    assert.deepEqual(code, ['EINVAL', true]);
  });
});

describe('moveMount', requires('user-namespaces'), () => {
  test('follows links only when told', () => {
    const found = isolated(({ mount, openTree, moveMount, mountOn, codeOf, fs }, directory) => {
      const [target, link] = [`${directory}/target`, `${directory}/link`];
      fs.mkdirSync(target);
      fs.symlinkSync(target, link);
      mount('tmpfs', directory, { type: 'tmpfs' });
      fs.mkdirSync(target);
      fs.symlinkSync(target, link);
      const tree = openTree(target, ['clone']);
      const first = codeOf(() => moveMount(tree, link));
      moveMount(tree, link, ['tSymlinks']);
      return { first: first !== null, attached: mountOn(target) !== null };
    });
    assert.deepEqual(found, { first: true, attached: true });
  });

  test('with beneath puts a mount under the one that is there', requires('linux-6.5'), () => {
    const found = isolated(({ mount, unmount, fsopen, fsconfig, fsmount, moveMount, fs }, directory) => {
      mount('above', directory, { type: 'tmpfs' });
      fs.writeFileSync(`${directory}/above`, '');
      const context = fsopen('tmpfs');
      fsconfig(context, { command: 'create' });
      const below = fsmount(context);
      moveMount(below, directory, ['beneath']);
      const seen = [fs.readdirSync(directory)];
      unmount(directory);
      seen.push(fs.readdirSync(directory));
      return seen;
    });
    assert.deepEqual(found, [['above'], []]);
  });
});

test('moveMount with setGroup gives a mount the propagation group of another', requires('user-namespaces'), () => {
  const found = isolated(({ mount, openTree, moveMount, mountOn, fs }, directory) => {
    const [from, to] = [`${directory}/from`, `${directory}/to`];
    for (const path of [from, to]) fs.mkdirSync(path);
    mount('tmpfs', from, { type: 'tmpfs' });
    moveMount(openTree(from, ['clone']), to);
    mount(null, from, { flags: ['shared'] });
    const before = mountOn(to)?.tags;
    moveMount(from, to, ['setGroup']);
    const group = mountOn(from)?.tags.join();
    return { before, same: group?.startsWith('shared:') && group === mountOn(to)?.tags.join() };
  });
  assert.deepEqual(found, { before: [], same: true });
});

describe('mountSetattr', requires('user-namespaces'), () => {
  test('sets and clears attributes, and the access time', () => {
    const found = isolated(({ mount, mountSetattr, mountOn }, directory) => {
      const options = (): string[] => mountOn(directory)?.options ?? [];
      mount('tmpfs', directory, { type: 'tmpfs' });
      const before = options();
      mountSetattr(directory, { set: ['readonly', 'nosuid', 'nosymfollow'], atime: 'noatime' });
      const set = options();
      mountSetattr(directory, { clear: ['readonly'], set: ['noexec'], atime: 'relatime' });
      return { before, set, cleared: options() };
    });
    assert.deepEqual(found.before, ['rw', 'relatime']);
    assert.deepEqual(found.set, ['ro', 'nosuid', 'noatime', 'nosymfollow']);
    assert.deepEqual(found.cleared, ['rw', 'nosuid', 'noexec', 'relatime', 'nosymfollow']);
  });

  test('recursive reaches what is mounted below', () => {
    const found = isolated(({ mount, mountSetattr, codeOf, fs }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      fs.mkdirSync(`${directory}/below`);
      mount('tmpfs', `${directory}/below`, { type: 'tmpfs' });
      const write = (): (string | null)[] =>
        [directory, `${directory}/below`].map((path) => codeOf(() => fs.writeFileSync(`${path}/file`, '')));
      mountSetattr(directory, { set: ['readonly'] });
      const alone = write();
      mountSetattr(directory, { set: ['readonly'], recursive: true });
      return [alone, write()];
    });
    assert.deepEqual(found, [
      ['EROFS', null],
      ['EROFS', 'EROFS'],
    ]);
  });

  test('changes propagation', () => {
    const found = isolated(({ mount, mountSetattr, mountOn }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      return (['shared', 'slave', 'private', 'unbindable'] as const).map((propagation) => {
        mountSetattr(directory, { propagation });
        return mountOn(directory)?.tags.map((tag) => tag.split(':')[0]);
      });
    });
    // A slave without a master is private.
    assert.deepEqual(found, [['shared'], [], [], ['unbindable']]);
  });

  test('while a file is open for writing, readonly is EBUSY', () => {
    const error = isolated(({ mount, mountSetattr, thrown, fs }, directory) => {
      mount('tmpfs', directory, { type: 'tmpfs' });
      fs.openSync(`${directory}/file`, 'w');
      return thrown(() => mountSetattr(directory, { set: ['readonly'] }));
    });
    assert.deepEqual([error?.code, error?.syscall], ['EBUSY', 'mount_setattr']);
  });

  test('of a place that is no mount is EINVAL', () => {
    const code = isolated(({ mountSetattr, codeOf }, directory) =>
      codeOf(() => mountSetattr(directory, { set: ['nosuid'] })),
    );
    assert.equal(code, 'EINVAL');
  });

  test('with idmap shows other owners, of a mount that is not attached yet', requires('root', 'linux-6.3'), () => {
    const found = isolated(async (tools: Tools, directory) => {
      const { mount, openTree, moveMount, mountSetattr, codeOf, fs, spawn } = tools;
      const [source, target] = [`${directory}/source`, `${directory}/target`];
      for (const path of [source, target]) fs.mkdirSync(path);
      mount('tmpfs', source, { type: 'tmpfs' });
      fs.writeFileSync(`${source}/file`, '');
      const holder = spawn('unshare', ['--user', 'sh', '-c', 'echo ready; read -r line']);
      await new Promise((resolve) => holder.stdout.once('data', resolve));
      for (const map of ['uid_map', 'gid_map']) fs.writeFileSync(`/proc/${holder.pid}/${map}`, '0 1000 10');
      const idmap = fs.openSync(`/proc/${holder.pid}/ns/user`, 'r');
      const tree = openTree(source, ['clone']);
      mountSetattr(tree, { idmap });
      moveMount(tree, target);
      holder.stdin.end();
      return { owner: fs.statSync(`${target}/file`).uid, again: codeOf(() => mountSetattr(target, { idmap })) };
    });
    assert.equal(found.owner, 1000);
    assert.ok(['EINVAL', 'EPERM'].includes(found.again ?? ''), String(found.again));
  });
});
