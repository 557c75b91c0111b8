/** Where people get stuck, on the real kernel: each without the trouble and with it, and what the error advises. */

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { bind, Container, StepError, tmpfs } from 'carrel';
import { busyboxRoot, findBusybox } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const files = mkdtempSync(join(tmpdir(), 'hints-'));
chmodSync(files, 0o755);
const file = join(files, 'file');
writeFileSync(file, 'a file\n');

/** How a container was refused; `null` where it ran. */
interface Refused {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly syscall?: string;
}

async function refusalOf(container: Container, command = 'true', args: readonly string[] = []): Promise<StepError> {
  const error = await container.run(command, args).then(
    () => assert.fail(`${command} ran`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof StepError, String(error));
  return error;
}

/** The same in a Node of its own. */
function refusalIn(prefix: readonly string[], container = 'new Container()'): Promise<Refused | null> {
  const source = `const error = await ${container}.run('true').then(() => null, (reason) => reason);
    const told = ({ code, message, hint, syscall }) => ({ code, message, hint, syscall });
    console.log(JSON.stringify(error && told(error)));`;
  return askCaller<Refused | null>(source, { prefix });
}

/** A shell, in namespaces of its own, that runs `script` and then the command behind it. */
function inside(namespaces: readonly string[], script: string): readonly string[] {
  return ['unshare', ...namespaces, 'sh', '-ec', `${script}\nexec "$0" "$@"`];
}

const USER = ['--user', '--map-root-user'];
const MOUNTS = ['--mount', '--propagation', 'private'];

suite('a root filesystem', () => {
  test('that is a file', async () => {
    const { code, option, hint } = await refusalOf(box.rootfs(file));
    assert.deepEqual([code, option], ['EINVAL', 'rootfs()']);
    assert.match(hint ?? '', /a root filesystem must be a directory, and this is none/);
  });

  test('below a file', async () => {
    const { code, path, hint } = await refusalOf(box.rootfs(join(file, 'below')));
    assert.deepEqual([code, path], ['ENOTDIR', join(file, 'below')]);
    assert.match(hint ?? '', /hints-.*\/file\/below leads through a file of the host/);
  });

  test('that is missing', async () => {
    const { path, hint } = await refusalOf(box.rootfs(join(files, 'none')));
    assert.equal(path, join(files, 'none'));
    assert.match(hint ?? '', /hints-.*\/none does not exist on the host/);
  });

  test('on a file system that cannot be idmapped', requires('root', 'busybox'), async () => {
    const layers = mkdtempSync(join(files, 'layers-'));
    for (const name of ['upper', 'work', 'merged']) mkdirSync(join(layers, name));
    const container = `new Container().rootfs(${JSON.stringify(join(layers, 'merged'))})`;
    const overlay = `lowerdir=${busyboxRoot()},upperdir=${layers}/upper,workdir=${layers}/work`;
    const told = await refusalIn(inside(MOUNTS, `mount -t overlay -o ${overlay} none ${layers}/merged`), container);
    assert.deepEqual([told?.code, told?.syscall], ['EINVAL', 'mount_setattr']);
    assert.match(told?.hint ?? '', /cannot show its owners mapped \(overlayfs/);
    assert.equal(await refusalIn(inside(MOUNTS, `mount --bind ${busyboxRoot()} ${layers}/merged`), container), null);
  });
});

suite('user namespaces', requires('user-namespaces'), () => {
  test('limited to none', async () => {
    assert.equal(await refusalIn(inside(USER, ':')), null);
    const told = await refusalIn(inside(USER, 'echo 0 > /proc/sys/user/max_user_namespaces'));
    assert.deepEqual([told?.code, told?.syscall], ['ENOSPC', 'clone3']);
    assert.match(told?.hint ?? '', /raise user\.max_user_namespaces, which is 0/);
  });

  test('there, but another kind limited to none', async () => {
    const told = await refusalIn(inside(USER, 'echo 0 > /proc/sys/user/max_net_namespaces'));
    assert.equal(told?.code, 'ENOSPC');
    assert.match(told?.hint ?? '', /a limit of user\.max_\*_namespaces/);
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
    assert.deepEqual([told?.code, told?.syscall], ['EPERM', 'clone3']);
    assert.match(told?.hint ?? '', /chroot/);
  });
});

suite('an outer container', requires('user-namespaces'), () => {
  test('that hides parts of /proc', async () => {
    const mounts = [...USER, ...MOUNTS];
    assert.equal(await refusalIn(inside(mounts, ':')), null);
    const hidden = inside(mounts, 'mount -t tmpfs none /proc/tty');
    assert.equal(await refusalIn(hidden), null);
    const source = `try { new Container().proc('new').spawn('true'); } catch ({ code, message }) { console.log(JSON.stringify({ code, message })); }`;
    const told = await askCaller<Refused>(source, { prefix: hidden });
    assert.equal(told.code, 'ERR_INVALID_ARG_VALUE');
    assert.match(told.message, /partly hidden, as in Docker.*proc\('bind'\)/);
    // Where it is tried all the same, carrel says why; Linux 6.1 only in its log.
    const tried = `.proc('bind').step({ op: 'mount', type: 'proc', target: '/proc', options: [], attributes: [], nofollow: true, own: false })`;
    const refused = await refusalIn(hidden, `new Container()${tried}`);
    assert.deepEqual([refused?.code, refused?.syscall], ['EPERM', 'fsmount']);
    assert.match(refused?.hint ?? '', /partly hidden, as in Docker.*systempaths=unconfined/);
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

suite('a kernel that is too old, or a filter around Node', requires('gcc'), () => {
  // Compiled here, so that no test leaves the program behind.
  before(() => void deny('ENOSYS', 'swapon'));

  test('without', async () => {
    assert.equal(await refusalIn(deny('ENOSYS', 'swapon')), null);
  });

  for (const call of [
    'close_range',
    'fsconfig',
    'fsmount',
    'fsopen',
    'mount_setattr',
    'move_mount',
    'open_tree',
    'openat2',
    'pidfd_open',
  ]) {
    test(`ENOSYS for ${call}`, async () => {
      const told = await refusalIn(deny('ENOSYS', call));
      assert.deepEqual([told?.code, told?.syscall], ['ENOSYS', call]);
      assert.match(told?.hint ?? '', new RegExp(`needs Linux 5\\.15: this kernel is older and lacks ${call}, or`));
    });
  }

  test('ENOSYS for clone3, as Docker’s filter has it', async () => {
    const told = await refusalIn(deny('ENOSYS', 'clone3'));
    assert.deepEqual([told?.code, told?.syscall], ['ENOSYS', 'clone3']);
    assert.match(told?.hint ?? '', /filters clone3, as Docker does.*seccomp=unconfined/);
  });

  test('EPERM is told with the call that was refused', async () => {
    const told = await refusalIn(deny('EPERM', 'pivot_root'));
    assert.deepEqual([told?.code, told?.syscall], ['EPERM', 'pivot_root']);
  });
});

suite('a mount’s target', requires('busybox'), () => {
  const small = (): Container => box.rootfs(busyboxRoot());

  test('below a file', async () => {
    const bound = await refusalOf(small().mount(bind(files, '/etc/passwd/below')));
    assert.deepEqual([bound.code, bound.path], ['ENOTDIR', '/etc/passwd/below']);
    assert.match(bound.hint ?? '', /\/etc\/passwd\/below leads through a file of the root filesystem/);
    const mounted = await refusalOf(small().mount(tmpfs('/etc/passwd/below')));
    assert.deepEqual([mounted.code, mounted.path], ['ENOTDIR', '/etc/passwd/below']);
    assert.match(mounted.hint ?? '', /or what is above it, is a file/);
  });

  test('of the other kind', async () => {
    for (const [source, target] of [
      [files, '/etc/passwd'],
      [file, '/etc'],
    ] as const) {
      const { code, hint } = await refusalOf(small().mount(bind(source, target)));
      assert.equal(code, 'EINVAL');
      assert.match(hint ?? '', /bind a directory on a directory/);
    }
  });

  test('and a source that is missing, each named by its own path', async () => {
    const source = await refusalOf(small().mount(bind(join(files, 'none'), '/etc')));
    assert.deepEqual([source.code, source.path], ['ENOENT', join(files, 'none')]);
    assert.match(source.hint ?? '', /none does not exist on the host/);
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
    const { code, path, hint } = await refusalOf(programs, '/files/foreign');
    assert.deepEqual([code, path], ['ENOEXEC', '/files/foreign']);
    assert.match(hint ?? '', /neither a program for this architecture/);
  });

  test('below a file', async () => {
    const { code, hint } = await refusalOf(programs, '/files/file/below');
    assert.equal(code, 'ENOTDIR');
    assert.match(hint ?? '', /\/files\/file\/below leads through a file in the container/);
  });

  test('with an argument that is too long, and with too many', async () => {
    assert.equal((await box.run('true', ['x'.repeat(131_071)])).exitCode, 0);
    const long = await refusalOf(box, 'true', ['x'.repeat(131_072)]);
    assert.equal(long.code, 'E2BIG');
    assert.match(long.hint ?? '', /one argument or variable holds up to 128 KiB/);
    assert.ok(long.message.length < 1000);
    const many = await refusalOf(box, 'true', new Array<string>(200_000).fill('x'.repeat(40)));
    assert.equal(many.code, 'E2BIG');
    assert.match(many.hint ?? '', /a quarter of the stack’s limit/);
    assert.ok(many.message.length < 1000);
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
      const { code, path, hint } = await refusalOf(programs.cwd(cwd));
      assert.deepEqual([code, path], ['ENOTDIR', cwd]);
      assert.match(hint ?? '', /or what is above it, is a file in the container/);
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
