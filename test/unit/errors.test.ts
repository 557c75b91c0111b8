/** An error says what failed, why, where, and what helps. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { describe, test } from 'node:test';
import { CODES } from '#lib/errors/codes.js';
import { errorName, type Refusal, unknownOption } from '#lib/errors/errors.js';
import { HINTS } from '#lib/errors/hints.js';
import { stepRefused } from '#lib/errors/step-refused.js';
import { CarrelError, ExitError } from '#lib/index.js';
import { fieldsOf, type Step } from '#lib/plan/steps.js';

const {
  E2BIG,
  EACCES,
  EAGAIN,
  EINTR,
  EINVAL,
  EIO,
  ELOOP,
  EMFILE,
  ENFILE,
  ENODEV,
  ENOENT,
  ENOMEM,
  ENOSPC,
  ENOSYS,
  ENOTDIR,
  EPERM,
  EROFS,
  ETXTBSY,
} = constants.errno;

const mount: Step = {
  op: 'mount',
  type: 'erofs',
  target: '/',
  options: [],
  attributes: [],
  nofollow: false,
  own: true,
  from: 'rootfs()',
};
const proc: Step = {
  op: 'mount',
  type: 'proc',
  target: '/proc',
  options: [],
  attributes: [],
  nofollow: true,
  own: true,
};
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
  test('says what, why in the kernel’s words, by which call, which step of how many, and from which option', () => {
    const error = stepRefused(refusal({ message: 'erofs: upperdir is not supported' }));
    assert.equal(
      error.message,
      'mount erofs on /: EINVAL, erofs: upperdir is not supported (fsconfig, step 4 of 21, from rootfs())',
    );
  });

  test('says the error’s own text where the kernel said nothing', () => {
    const said = 'mount erofs on /: EINVAL, invalid argument (fsconfig, step 4 of 21, from rootfs())';
    assert.equal(stepRefused(refusal({})).message, said);
    assert.equal(stepRefused(refusal({ message: '' })).message, said);
  });

  test('leaves out the option where a step is carrel’s own', () => {
    const error = stepRefused(refusal({ step: { op: 'pivotRoot' }, syscall: 'pivot_root' }));
    assert.equal(
      error.message,
      'pivotRoot, and the old root is gone: EINVAL, invalid argument (pivot_root, step 4 of 21)',
    );
  });

  test('says where a step stood that is not among the container’s', () => {
    const at = (list: 'before' | 'after' | 'clone'): string =>
      stepRefused(refusal({ place: { list, index: 0, total: 1 }, errno: EROFS })).message;
    assert.match(at('before'), /\(fsconfig, before the clone, from rootfs\(\)\)$/);
    assert.match(at('after'), /\(fsconfig, after the end, from rootfs\(\)\)$/);
    const { step, ...clone } = refusal({
      place: { list: 'clone', index: 0, total: 1 },
      syscall: 'clone3',
      errno: EIO,
    });
    assert.ok(step !== undefined);
    assert.equal(stepRefused(clone).message, 'clone the container’s process: EIO, i/o error (clone3, at the clone)');
  });
});

describe('a StepError', () => {
  test('has the fields of Node’s system errors, and the step', () => {
    const error = stepRefused(refusal({ path: '/upper' }));
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
    const error = stepRefused(refusal({ step: { op: 'pivotRoot' } }));
    for (const name of ['path', 'option', 'hint']) assert.ok(!(name in error), name);
  });
});

describe('hints', () => {
  const clone = { place: { list: 'clone', index: 0, total: 1 }, syscall: 'clone3' } as const;
  const openTree: Step = { op: 'openTree', slot: 0, source: '/srv', recursive: true, nofollow: false };
  const chdir: Step = { op: 'chdir', target: '/x', alternatives: [] };
  const settings = (values: Readonly<Record<string, string>>): Pick<Refusal, 'sysctl'> => ({
    sysctl: (name) => values[name],
  });
  const ubuntu = settings({ 'kernel.apparmor_restrict_unprivileged_userns': '1' });
  const cases: readonly (readonly [name: string, refusal: Partial<Refusal>, hint: RegExp])[] = [
    ['clone as an ordinary user, EPERM', { ...clone, errno: EPERM }, /forbids user namespaces/],
    ['clone as root, EPERM', { ...clone, errno: EPERM, uid: 0 }, /CAP_SYS_ADMIN/],
    [
      'clone, Debian’s switch',
      { ...clone, errno: EPERM, ...settings({ 'kernel.unprivileged_userns_clone': '0' }) },
      /set kernel.unprivileged_userns_clone to 1/,
    ],
    ['clone, AppArmor', { ...clone, errno: EACCES, ...ubuntu }, /kernel.apparmor_restrict_unprivileged_userns to 0/],
    [
      'the first step that needs a right, AppArmor',
      { step: { op: 'unshare', namespaces: ['cgroup'] }, syscall: 'unshare', errno: EPERM, ...ubuntu },
      /AppArmor gives an ordinary user no rights/,
    ],
    ['clone, ENOSPC', { ...clone, errno: ENOSPC }, /user\.max_\*_namespaces/],
    [
      'clone, ENOSPC, none allowed',
      { ...clone, errno: ENOSPC, ...settings({ 'user.max_user_namespaces': '0' }) },
      /raise user.max_user_namespaces, which is 0/,
    ],
    ['clone, EUSERS', { ...clone, errno: 87 }, /nest deeper than 32 levels/],
    ['clone, EAGAIN', { ...clone, errno: EAGAIN }, /too many processes/],
    [
      'clone, ENOSYS',
      { ...clone, errno: ENOSYS },
      /clone3.*seccomp=unconfined.*CAP_SYS_ADMIN.*seccomp\('unconfined'\)/,
    ],
    [
      'clone, ENOSPC, in a container of carrel’s',
      { ...clone, errno: ENOSPC, ...settings({ 'user.max_user_namespaces': '0' }) },
      /of carrel’s allows them by capabilities\(\{ add: \['CAP_SYS_ADMIN'\] \}\)/,
    ],
    [
      'a session keyring, EPERM',
      { step: { op: 'joinSessionKeyring' }, syscall: 'keyctl', errno: EPERM },
      /filters keyctl.*seccomp\('unconfined'\)/,
    ],
    [
      'pids of another /proc, ESRCH',
      { step: { op: 'denySetgroups' }, syscall: 'readlinkat', errno: 3 },
      /no "pid" among its namespaces/,
    ],
    ['another call, ENOSYS', { ...clone, syscall: 'pidfd_open', errno: ENOSYS }, /5\.15.*lacks pidfd_open/],
    ['any step, ENOSYS', { errno: ENOSYS }, /5\.15.*lacks fsconfig/],
    ['setUidMap, EPERM', { step: { op: 'setUidMap', ranges: [] }, syscall: 'write', errno: EPERM }, /CAP_SETUID/],
    ['idmap, EINVAL', { step: { op: 'idmap', slot: 0 }, errno: EINVAL }, /overlayfs.*ext4/],
    [
      'the first mount, EACCES',
      { step: { op: 'propagation', target: '/', type: 'private' }, errno: EACCES },
      /apparmor=unconfined/,
    ],
    ['proc, EPERM', { step: proc, syscall: 'fsmount', errno: EPERM }, /partly hidden.*systempaths=unconfined/],
    ['mount behind a link, ELOOP', { step: proc, errno: ELOOP }, /symbolic link/],
    [
      'mount, ENOENT',
      { step: proc, syscall: 'openat2', errno: ENOENT, path: '/proc' },
      /proc is missing, or is a symbolic link/,
    ],
    [
      'mount on a file, ENOTDIR',
      { step: proc, errno: ENOTDIR, path: '/proc' },
      /\/proc, or what is above it, is a file/,
    ],
    ['mount of an unknown type, ENODEV', { errno: ENODEV }, /no file system erofs/],
    [
      'bind, its source ENOENT',
      { step: bind, syscall: 'open_tree', errno: ENOENT },
      /\/srv does not exist on the host/,
    ],
    [
      'bind, its target ENOENT',
      { step: bind, syscall: 'openat2', errno: ENOENT },
      /data is missing, or leads through a symbolic link/,
    ],
    ['bind, its target ENOTDIR', { step: bind, syscall: 'openat2', errno: ENOTDIR }, /\/data leads through a file/],
    [
      'bind of a file on a directory',
      { step: bind, syscall: 'move_mount', errno: EINVAL },
      /bind a directory on a directory/,
    ],
    [
      'a root filesystem that is a file',
      { step: { ...bind, target: '/' }, syscall: 'move_mount', errno: EINVAL },
      /must be a directory, and this is none/,
    ],
    ['openTree, ENOENT', { step: openTree, errno: ENOENT, path: '/srv' }, /\/srv does not exist on the host/],
    [
      'openTree, EACCES',
      { step: openTree, errno: EACCES, path: '/srv' },
      /no permission to enter a directory above \/srv/,
    ],
    ['chdir, ENOENT', { step: chdir, errno: ENOENT, path: '/x' }, /\/x does not exist in the/],
    ['chdir, ENOTDIR', { step: chdir, errno: ENOTDIR, path: '/x' }, /\/x, or what is above it, is a file/],
    ['chdir, ELOOP', { step: chdir, errno: ELOOP }, /out of the container/],
    ['chdir, EACCES', { step: chdir, errno: EACCES }, /no permission to enter/],
    [
      'exec, a file that is there',
      { step: exec, errno: ENOENT, path: '/bin/ls', found: true },
      /\/bin\/ls exists, but/,
    ],
    ['exec by name, ENOENT', { step: exec, errno: ENOENT, found: false }, /no such program in \/bin$/],
    ['exec, EACCES', { step: exec, errno: EACCES }, /cannot execute the file/],
    ['exec, E2BIG', { step: exec, errno: E2BIG }, /ARG_MAX/],
    ['exec, one too long', { step: { ...exec, args: ['x'.repeat(131_072)] }, errno: E2BIG }, /128 KiB/],
    ['exec, ETXTBSY', { step: exec, errno: ETXTBSY }, /open for writing/],
  ];
  for (const [name, changes, hint] of cases) {
    test(name, () => {
      const error = stepRefused(refusal(changes));
      assert.match(error.hint ?? '', hint);
      assert.ok(error.message.endsWith(`\n  hint: ${error.hint}`));
    });
  }

  test('a hidden /proc is not blamed where a proc failed otherwise, nor for another file system', () => {
    assert.equal(stepRefused(refusal({ step: proc, errno: EROFS })).hint, undefined);
    for (const changes of [{ step: proc }, { step: proc, syscall: 'fsopen' }, { step: mount, syscall: 'fsmount' }])
      assert.match(stepRefused(refusal({ ...changes, errno: EPERM })).hint ?? '', /^a filter of system calls/);
  });

  test('every step knows what a machine lacks that is short of something', () => {
    const steps = [proc, mount, exec, { op: 'setUidMap', ranges: [] }, { op: 'chmod', target: '/', mode: 0 }] as const;
    for (const [errno, hint] of [
      [EMFILE, /RLIMIT_NOFILE/],
      [ENFILE, /fs\.file-max/],
      [ENOMEM, /memory\.max/],
      [EINTR, /once more/],
      [ENOSPC, /is full|fs\.mount-max/],
      [EPERM, /refuses pread64/],
    ] as const)
      for (const step of steps) {
        const told = stepRefused(refusal({ step, syscall: 'pread64', errno })).hint ?? '';
        if (step !== exec || errno !== EPERM) assert.match(told, hint, `${step.op}: ${told}`);
      }
  });

  test('AppArmor’s restriction is not blamed where it is off, nor for root, nor for what the command lacks', () => {
    const first = { step: { op: 'unshare', namespaces: ['cgroup'] }, syscall: 'unshare', errno: EPERM } as const;
    const off = settings({ 'kernel.apparmor_restrict_unprivileged_userns': '0' });
    for (const changes of [
      { ...first, ...off },
      { ...first, ...ubuntu, uid: 0 },
      { ...ubuntu, step: exec, errno: EACCES },
    ])
      assert.doesNotMatch(stepRefused(refusal(changes)).hint ?? '', /AppArmor/);
  });

  test('every row can be reached: none is behind a more general one', () => {
    for (const [index, { op, error, syscall, when }] of HINTS.entries()) {
      const before = HINTS.slice(0, index).find(
        (other) =>
          (other.op === op || other.op === 'any') &&
          other.error === error &&
          (other.syscall === undefined || other.syscall === syscall) &&
          (other.when === undefined || other.when === when),
      );
      assert.equal(before, undefined, `row ${index}: ${op} ${error}`);
    }
  });

  test('every name in braces is a field of the step, or known to all', () => {
    for (const { op, text } of HINTS) {
      const fields = op === 'clone' || op === 'any' ? [] : fieldsOf(op).map(([name]) => name);
      const own: Readonly<Record<string, readonly string[]>> = { exec: ['searched'], idmap: ['unmapped'] };
      const known = ['path', 'syscall', ...(own[op] ?? []), ...fields];
      for (const [, name = ''] of text.matchAll(/\{(\w+)\}/g)) assert.ok(known.includes(name), `${op}: {${name}}`);
    }
  });
});

test('a message stays readable, however long a command is', () => {
  const args = ['/bin/ls', ...Array.from({ length: 100_000 }, () => 'argument')];
  const { message } = stepRefused(refusal({ step: { ...exec, args }, errno: E2BIG }));
  assert.ok(message.length < 1000, String(message.length));
  assert.match(message, /… \(\d+ characters\): E2BIG/);
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

test('every code of carrel’s own is explained, and none that there is not', () => {
  const lib = new URL('../../../lib/', import.meta.url);
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const used = sources.flatMap(
    (name) => readFileSync(new URL(name, lib), 'utf8').match(/(?<=')ERR_[A-Z_]+(?=')/g) ?? [],
  );
  assert.deepEqual([...new Set(used)].sort(), Object.keys(CODES).sort());
});
