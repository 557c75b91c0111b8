import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { CarrelError, ExitError, StepError } from 'carrel';
import { errorName, type Refusal, unknownOption } from '#lib/errors.js';
import type { Step } from '#lib/plan/steps.js';

const { E2BIG, EACCES, EINVAL, ELOOP, ENOENT, ENOSPC, ENOSYS, ENOTDIR, EPERM, EROFS, ETXTBSY } = constants.errno;

const mount: Step = {
  op: 'mount',
  type: 'overlay',
  target: '/',
  options: [],
  attributes: [],
  nofollow: false,
  from: 'rootfs()',
};
const proc: Step = { op: 'mount', type: 'proc', target: '/proc', options: [], attributes: [], nofollow: true };
const bind: Step = { op: 'bind', source: '/srv', target: '/data', attributes: [], recursive: true, create: false };
const exec: Step = { op: 'exec', paths: ['/bin/ls'], args: ['ls', '-la'], env: [], stdio: [] };

const refusal = (changes: Partial<Refusal>): Refusal => ({
  place: { list: 'steps', index: 3, total: 21 },
  step: mount,
  syscall: 'fsconfig',
  errno: EINVAL,
  uid: 1000,
  ...changes,
});

describe('the message of a StepError', () => {
  test('says what, why by the kernel’s own message, by which call, which step of how many, and from which option', () => {
    const error = new StepError(refusal({ message: 'overlay: upperdir is not supported' }));
    assert.equal(
      error.message,
      'mount overlay on /: EINVAL, overlay: upperdir is not supported (fsconfig, step 4 of 21, from rootfs())',
    );
  });

  test('says the error’s own text where the kernel said nothing', () => {
    const said = 'mount overlay on /: EINVAL, invalid argument (fsconfig, step 4 of 21, from rootfs())';
    assert.equal(new StepError(refusal({})).message, said);
    assert.equal(new StepError(refusal({ message: '' })).message, said);
  });

  test('leaves out the option where a step is carrel’s own', () => {
    const error = new StepError(refusal({ step: { op: 'pivotRoot' }, syscall: 'pivot_root' }));
    assert.equal(
      error.message,
      'pivotRoot, and the old root is gone: EINVAL, invalid argument (pivot_root, step 4 of 21)',
    );
  });

  test('says where a step stood that is not among the container’s', () => {
    const at = (list: 'before' | 'after' | 'clone'): string =>
      new StepError(refusal({ place: { list, index: 0, total: 1 }, errno: EROFS })).message;
    assert.match(at('before'), /\(fsconfig, before the clone, from rootfs\(\)\)$/);
    assert.match(at('after'), /\(fsconfig, after the end, from rootfs\(\)\)$/);
    const { step, ...clone } = refusal({
      place: { list: 'clone', index: 0, total: 1 },
      syscall: 'clone3',
      errno: EINVAL,
    });
    assert.ok(step !== undefined);
    assert.equal(
      new StepError(clone).message,
      'clone the container’s process: EINVAL, invalid argument (clone3, at the clone)',
    );
  });
});

describe('a StepError', () => {
  test('has the fields of Node’s system errors, and the step', () => {
    const error = new StepError(refusal({ path: '/upper' }));
    assert.ok(error instanceof CarrelError && error instanceof Error);
    assert.equal(error.name, 'StepError');
    assert.equal(error.code, 'EINVAL');
    assert.equal(error.errno, -EINVAL);
    assert.equal(error.syscall, 'fsconfig');
    assert.equal(error.path, '/upper');
    assert.equal(error.step, mount);
    assert.equal(error.index, 3);
    assert.equal(error.option, 'rootfs()');
  });

  test('has no field that it knows nothing for', () => {
    const error = new StepError(refusal({ step: { op: 'pivotRoot' } }));
    for (const name of ['path', 'option', 'hint']) assert.ok(!(name in error), name);
  });
});

describe('hints', () => {
  const clone = { place: { list: 'clone', index: 0, total: 1 } } as const;
  const cases: readonly (readonly [name: string, refusal: Partial<Refusal>, hint: RegExp])[] = [
    ['clone as an ordinary user, EPERM', { ...clone, errno: EPERM }, /unprivileged_userns_clone/],
    ['clone as root, EPERM', { ...clone, errno: EPERM, uid: 0 }, /CAP_SYS_ADMIN/],
    ['clone, ENOSPC', { ...clone, errno: ENOSPC }, /user\.max_\*_namespaces/],
    ['clone, ENOSYS', { ...clone, errno: ENOSYS }, /clone3/],
    ['setUidMap, EPERM', { step: { op: 'setUidMap', ranges: [] }, errno: EPERM }, /AppArmor/],
    ['idmap, EINVAL', { step: { op: 'idmap', slot: 0 }, errno: EINVAL }, /overlayfs.*ext4/],
    ['proc, EPERM', { step: proc, errno: EPERM }, /partly hidden/],
    ['mount behind a link, ELOOP', { step: proc, errno: ELOOP }, /symbolic link/],
    ['mount, ENOENT', { step: proc, errno: ENOENT, path: '/proc' }, /make the directory \/proc/],
    ['bind of a path, ENOENT', { step: bind, errno: ENOENT }, /\/srv exists on the host, and \/data/],
    ['bind, ENOTDIR', { step: bind, errno: ENOTDIR }, /directory only/],
    [
      'openTree, ENOENT',
      { step: { op: 'openTree', slot: 0, source: '/srv', recursive: true }, errno: ENOENT, path: '/srv' },
      /\/srv does not exist on the host/,
    ],
    ['chdir, ENOENT', { step: { op: 'chdir', target: '/x' }, errno: ENOENT, path: '/x' }, /\/x does not exist in the/],
    ['chdir, ELOOP', { step: { op: 'chdir', target: '/x' }, errno: ELOOP }, /out of the container/],
    ['chdir, EACCES', { step: { op: 'chdir', target: '/x' }, errno: EACCES }, /may not enter/],
    ['exec, EACCES', { step: exec, errno: EACCES }, /not executable/],
    ['exec, E2BIG', { step: exec, errno: E2BIG }, /ARG_MAX/],
    ['exec, ETXTBSY', { step: exec, errno: ETXTBSY }, /open for writing/],
  ];
  for (const [name, changes, hint] of cases) {
    test(name, () => {
      const error = new StepError(refusal(changes));
      assert.match(error.hint ?? '', hint);
      assert.ok(error.message.endsWith(`\n  hint: ${error.hint}`));
    });
  }

  test('none for a proc that failed otherwise, nor for another file system', () => {
    assert.equal(new StepError(refusal({ step: proc, errno: EROFS })).hint, undefined);
    assert.equal(new StepError(refusal({ step: mount, errno: EPERM })).hint, undefined);
  });

  test('one that came with the refusal goes first', () => {
    assert.equal(new StepError(refusal({ step: exec, errno: EACCES, hint: 'chmod +x' })).hint, 'chmod +x');
  });
});

test('an ExitError carries the whole result', () => {
  const result = { exitCode: 3 };
  const error = new ExitError('ls ended with exit code 3', result);
  assert.ok(error instanceof CarrelError);
  assert.deepEqual([error.name, error.code, error.result], ['ExitError', 'ERR_EXIT', result]);
});

test('a number that is no error of the kernel’s still has a name', () => {
  assert.equal(errorName(ENOENT), 'ENOENT');
  assert.equal(errorName(4000), 'E4000');
});

describe('a misspelt option', () => {
  const known = ['hostname', 'readonly', 'rootfs'];
  for (const [given, meant] of [
    ['hostnam', 'hostname'],
    ['Readonly', 'readonly'],
    ['rootFS', 'rootfs'],
    ['root_fs', 'rootfs'],
  ] as const) {
    test(`${given} suggests ${meant}`, () => {
      const error = unknownOption('definition', given, known);
      assert.ok(error instanceof TypeError);
      assert.equal((error as NodeJS.ErrnoException).code, 'ERR_INVALID_ARG_VALUE');
      assert.equal(error.message, `definition has no option "${given}". Did you mean "${meant}"?`);
    });
  }

  test('one that is like none lists them all', () => {
    const { message } = unknownOption('definition', 'colour', known);
    assert.equal(message, 'definition has no option "colour". It takes hostname, readonly, rootfs');
  });
});
