/** An error says what helps where people get stuck, each tried on the real kernel. */

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, tmpfs } from 'carrel';
import { busyboxRoot, findBusybox } from '../support/busybox.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { askRefusal, assertAtStep, OPENS_SOURCE, rejectsAtStep, type Told } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const files = mkdtempSync(join(tmpdir(), 'hints-'));
chmodSync(files, 0o755);
const file = join(files, 'file');
writeFileSync(file, 'a file\n');

/** How a container is refused in a Node of its own; `null` where it runs. */
function refusalIn(prefix: readonly string[], container = 'new Container()'): Promise<Told | null> {
  return askRefusal(`${container}.run('true')`, { prefix });
}

/** A shell, in namespaces of its own, that runs `script` and then the command behind it. */
function inside(namespaces: readonly string[], script: string): readonly string[] {
  return ['unshare', ...namespaces, 'sh', '-ec', `${script}\nexec "$0" "$@"`];
}

const USER = ['--user', '--map-root-user'];
const MOUNTS = ['--mount', '--propagation', 'private'];

suite('a root filesystem', () => {
  test('that is a file', async () => {
    const hint = /a root filesystem must be a directory, and this is none/;
    await rejectsAtStep(() => box.rootfs(file).run('true'), { op: 'bind', code: 'EINVAL', option: 'rootfs()', hint });
  });

  test('below a file', async () => {
    const path = join(file, 'below');
    const hint = /hints-.*\/file\/below leads through a file of the host/;
    await rejectsAtStep(() => box.rootfs(path).run('true'), { op: OPENS_SOURCE, code: 'ENOTDIR', path, hint });
  });

  test('that is missing', async () => {
    const path = join(files, 'none');
    const hint = /hints-.*\/none does not exist on the host/;
    await rejectsAtStep(() => box.rootfs(path).run('true'), { op: OPENS_SOURCE, code: 'ENOENT', path, hint });
  });

  test('on a file system that cannot be idmapped', requires('root', 'busybox'), async () => {
    const layers = mkdtempSync(join(files, 'layers-'));
    for (const name of ['upper', 'work', 'merged']) mkdirSync(join(layers, name));
    const container = `new Container().rootfs(${JSON.stringify(join(layers, 'merged'))})`;
    const overlay = `lowerdir=${busyboxRoot()},upperdir=${layers}/upper,workdir=${layers}/work`;
    const told = await refusalIn(inside(MOUNTS, `mount -t overlay -o ${overlay} none ${layers}/merged`), container);
    const path = join(layers, 'merged');
    const hint = /cannot show the owners mapped of .*\/merged, .*\(overlay on .*\/merged\): overlayfs and.*ext4/;
    assertAtStep(told, { op: 'idmap', code: 'EINVAL', syscall: 'mount_setattr', path, hint });
    assert.equal(await refusalIn(inside(MOUNTS, `mount --bind ${busyboxRoot()} ${layers}/merged`), container), null);
  });
});

suite('a bind with a mount below that cannot be idmapped', requires('root'), () => {
  const top = mkdtempSync(join(files, 'below-'));
  for (const name of ['lower', 'mount', 'memory']) mkdirSync(join(top, 'home', name), { recursive: true });
  writeFileSync(join(top, 'home/lower/inside'), '');
  mkdirSync(join(top, 'beside'));
  const script = `mount -t tmpfs none ${top}/home/memory; mkdir ${top}/home/memory/u ${top}/home/memory/w
    mount -t overlay -o lowerdir=${top}/home/lower,upperdir=${top}/home/memory/u,workdir=${top}/home/memory/w none \
      ${top}/home/mount`;
  const told = (options: string, more = ''): Promise<Told | null> =>
    refusalIn(
      inside(MOUNTS, script),
      `new Container()${more}.mount(bind('${top}/beside', '/a'), bind('${top}/home', '/home/me', ${options}))`,
    );

  test('names that bind, its path and the mount', async () => {
    const hint = /of .*\/home, or .*overlay on .*\/home\/mount.*idmapped: false.*recursive: false.*idmap\(\{ uid: 0/;
    assertAtStep(await told('{}'), {
      op: 'idmap',
      code: 'EINVAL',
      path: join(top, 'home'),
      option: 'mount(bind())',
      message: /the tree of .*\/home: EINVAL/,
      hint,
    });
  });

  test('what the hint says works', async () => {
    assert.equal(await told('{ idmapped: false }'), null);
    assert.equal(await told('{ recursive: false }'), null);
    assert.equal(await told('{}', '.idmap({ uid: 0, gid: 0 })'), null);
  });
});

suite('user namespaces', requires('user-namespaces'), () => {
  test('limited to none', async () => {
    assert.equal(await refusalIn(inside(USER, ':')), null);
    const told = await refusalIn(inside(USER, 'echo 0 > /proc/sys/user/max_user_namespaces'));
    const hint = /raise user\.max_user_namespaces, which is 0/;
    assertAtStep(told, { op: 'clone', code: 'ENOSPC', syscall: 'clone3', hint });
  });

  test('there, but another kind limited to none', async () => {
    const told = await refusalIn(inside(USER, 'echo 0 > /proc/sys/user/max_net_namespaces'));
    assertAtStep(told, { op: 'clone', code: 'ENOSPC', hint: /a limit of user\.max_\*_namespaces/ });
  });

  test('in a chroot', async () => {
    const around = mkdtempSync(join(files, 'chroot-'));
    const chroot = [
      ...inside([...USER, ...MOUNTS], `mount --rbind / ${around}`),
      'chroot',
      around,
      'env',
      '-C',
      process.cwd(),
    ];
    const told = await refusalIn(chroot);
    assertAtStep(told, { op: 'clone', code: 'EPERM', syscall: 'clone3', hint: /chroot/ });
  });
});

suite('an outer container', requires('user-namespaces'), () => {
  test('that hides parts of /proc', async () => {
    const mounts = [...USER, ...MOUNTS];
    assert.equal(await refusalIn(inside(mounts, ':')), null);
    const hidden = inside(mounts, 'mount -t tmpfs none /proc/tty');
    assert.equal(await refusalIn(hidden), null);
    const told = await refusalIn(hidden, `new Container().proc('new')`);
    assert.equal(told?.code, 'ERR_INVALID_ARG_VALUE');
    assert.match(told.message ?? '', /partly hidden, as in Docker.*proc\('bind'\)/);
    // Where it is tried all the same, carrel says why; Linux 6.1 only in its log.
    const step = {
      op: 'mount',
      type: 'proc',
      target: '/proc',
      options: [],
      attributes: [],
      nofollow: true,
      own: false,
    };
    const refused = await refusalIn(hidden, `new Container().proc('bind').step(${JSON.stringify(step)})`);
    const hint = /partly hidden, as in Docker.*systempaths=unconfined/;
    assertAtStep(refused, { op: 'mount', code: 'EPERM', syscall: 'fsmount', hint });
  });

  test('that lets nothing be executed from memory', requires('root', 'linux-6.6'), async () => {
    const processes = ['--pid', '--fork', '--kill-child', '--mount-proc'];
    assert.equal(await refusalIn(inside(processes, 'echo 1 > /proc/sys/vm/memfd_noexec')), null);
    const told = await refusalIn(inside(processes, 'echo 2 > /proc/sys/vm/memfd_noexec'));
    assert.equal(told?.code, 'ERR_LAUNCHER');
    assert.match(told?.message ?? '', /could not start: memfd_create EACCES/);
    assert.match(told?.hint ?? '', /vm\.memfd_noexec must not be 2/);
  });
});

suite('a kernel that is too old, or a filter around Node', () => {
  test('without', async () => {
    assert.equal(await refusalIn(deny('ENOSYS', 'swapon')), null);
  });

  for (const [call, op] of [
    ['fsconfig', 'mount'],
    ['fsmount', 'mount'],
    ['fsopen', 'mount'],
    ['mount_setattr', 'propagation'],
    ['move_mount', 'mount'],
    ['open_tree', OPENS_SOURCE],
    ['openat2', 'propagation'],
    ['pidfd_open', 'clone'],
  ] as const) {
    test(`ENOSYS for ${call}`, async () => {
      const told = await refusalIn(deny('ENOSYS', call));
      const hint = new RegExp(`needs Linux 5\\.15: this kernel is older and lacks ${call}, or`);
      assertAtStep(told, { op, code: 'ENOSYS', syscall: call, hint });
    });
  }

  test('ENOSYS for clone3, as Docker’s filter has it', async () => {
    const told = await refusalIn(deny('ENOSYS', 'clone3'));
    const hint = /filters clone3, as Docker and carrel do.*seccomp=unconfined/;
    assertAtStep(told, { op: 'clone', code: 'ENOSYS', syscall: 'clone3', hint });
  });

  test('EPERM is told with the call that was refused', async () => {
    const told = await refusalIn(deny('EPERM', 'pivot_root'));
    assertAtStep(told, { op: 'pivotRoot', code: 'EPERM', syscall: 'pivot_root' });
  });
});

suite('a mount’s target', requires('busybox'), () => {
  const small = (): Container => box.rootfs(busyboxRoot());

  test('below a file', async () => {
    const path = '/etc/passwd/below';
    for (const [mount, op, hint] of [
      [bind(files, path), 'bind', /\/etc\/passwd\/below leads through a file of the root filesystem/],
      [tmpfs(path), 'directory', /or what is above it, is a file/],
    ] as const)
      await rejectsAtStep(() => small().mount(mount).run('true'), { op, code: 'ENOTDIR', path, hint });
  });

  test('of the other kind', async () => {
    for (const [source, target] of [
      [files, '/etc/passwd'],
      [file, '/etc'],
    ] as const) {
      const hint = /bind a directory on a directory/;
      const other = small().mount(bind(source, target));
      await rejectsAtStep(() => other.run('true'), { op: 'bind', code: 'EINVAL', hint });
    }
  });

  test('and a source that is missing, each named by its own path', async () => {
    const path = join(files, 'none');
    const sourceless = small().mount(bind(path, '/etc'));
    const hint = /none does not exist on the host/;
    await rejectsAtStep(() => sourceless.run('true'), { op: OPENS_SOURCE, code: 'ENOENT', path, hint });
  });
});

suite('a command', () => {
  const programs = box.mount(bind(files, '/files'));

  test('for another architecture', requires('busybox'), async () => {
    const foreign = join(files, 'foreign');
    copyFileSync(findBusybox() ?? '', foreign);
    const elf = readFileSync(foreign);
    // e_machine of a Motorola 68000. elf(5)
    elf.writeUInt16LE(4, 18);
    writeFileSync(foreign, elf);
    chmodSync(foreign, 0o755);
    const path = '/files/foreign';
    const hint = /neither a program for this architecture/;
    await rejectsAtStep(() => programs.run(path), { op: 'exec', code: 'ENOEXEC', path, hint });
  });

  test('below a file', async () => {
    const hint = /\/files\/file\/below leads through a file in the container/;
    await rejectsAtStep(() => programs.run('/files/file/below'), { op: 'exec', code: 'ENOTDIR', hint });
  });

  test('with an argument that is too long, and with too many', async () => {
    assert.equal((await box.run('true', ['x'.repeat(131_071)])).exitCode, 0);
    for (const [args, hint] of [
      [['x'.repeat(131_072)], /one argument or variable holds up to 128 KiB/],
      [new Array<string>(200_000).fill('x'.repeat(40)), /a quarter of the stack’s limit/],
    ] as const) {
      const { message } = await rejectsAtStep(() => box.run('true', args), { op: 'exec', code: 'E2BIG', hint });
      assert.ok(message.length < 1000);
    }
  });

  test('that no plan can hold is refused at once', () => {
    assert.throws(() => box.spawn('true', ['x'.repeat(70_000_000)]), {
      name: 'RangeError',
      code: 'ERR_OUT_OF_RANGE',
      message: /the plan is larger than 67108864 bytes/,
    });
  });

  test('whose working directory is a file, or below one', async () => {
    for (const cwd of ['/files/file', '/files/file/below']) {
      const hint = /or what is above it, is a file in the container/;
      await rejectsAtStep(() => programs.cwd(cwd).run('true'), { op: 'chdir', code: 'ENOTDIR', path: cwd, hint });
    }
  });

  test('whose user does not exist in the container', requires('root'), () => {
    assert.throws(() => box.user(65_536).spawn('true'), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message: /user 65536:65536 does not exist in the container/,
    });
  });
});
