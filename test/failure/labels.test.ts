/** A label that cannot be asked for is refused, whatever the host has, and whatever stands where /proc should. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type ContainerStep } from 'carrel';
import { plan, run } from 'carrel/plan';
import { bind, directory, exit, file, mount, pivotRoot, propagation, setExecLabel, symlink } from 'carrel/steps';
import { probeLabels } from '#lib/host/labels.js';
import { carrel } from '../support/cli.js';
import { assertHostUnchanged, hostSnapshot, useCleanHost } from '../support/host.js';
import { type Refusal, rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const LABELS = { apparmor: 'carrel', selinux: 'u:r:t:s0' } as const;
const NAMES = { apparmor: 'AppArmor', selinux: 'SELinux' } as const;

suite('a host without the module', () => {
  // No kernel has both switched on.
  const missing = (['apparmor', 'selinux'] as const).filter((module) => probeLabels()[module] !== undefined);
  test('there is one at least', () => assert.ok(missing.length > 0));

  for (const module of missing)
    test(`${module}: nothing starts, and the error says why`, async () => {
      const before = hostSnapshot();
      await assert.rejects(new Container({ [module]: LABELS[module] }).run('true'), {
        code: 'ERR_LABEL_UNAVAILABLE',
        message: new RegExp(`^${module}: this host has no ${NAMES[module]}: `),
      });
      await assertHostUnchanged(before);
      const { code, stderr } = await carrel(['run', `--${module}`, LABELS[module], 'true']);
      assert.deepEqual([code, stderr.includes(`no ${NAMES[module]}`)], [125, true], stderr);
    });
});

suite('something else on /proc', requires('some-root'), () => {
  const label = setExecLabel({ module: 'apparmor', label: 'carrel' });
  const noProc = { op: 'setExecLabel', hint: /what stands on \/proc is not the root of a real one/ } as const;
  /** The steps are done in a root in memory. */
  const refused = async (expected: Refusal, ...steps: readonly ContainerStep[]): Promise<void> => {
    const own = [propagation({ target: '/', type: 'private' }), mount({ type: 'tmpfs', target: '/' })];
    const made = plan({ clone: ['mount', 'pid'], steps: [...own, ...steps, pivotRoot(), label, exit()] });
    await rejectsAtStep(() => run(made), expected);
  };
  /** A file where the label would be written to. */
  const decoy = (path: string): readonly ContainerStep[] => [
    directory({ target: `${path}/thread-self/attr/apparmor` }),
    file({ target: `${path}/thread-self/attr/apparmor/exec`, content: new Uint8Array() }),
  ];
  const proc = directory({ target: '/proc' });

  test('nothing', () => refused({ ...noProc, code: 'ENOENT', syscall: 'openat' }));

  test('a link to a tree that looks like it', () =>
    refused(
      { ...noProc, code: 'ENOTDIR', syscall: 'openat' },
      ...decoy('/decoy'),
      symlink({ target: '/proc', text: '/decoy' }),
    ));

  test('a directory that looks like it', () =>
    refused({ ...noProc, code: 'EINVAL', syscall: 'fstatfs' }, ...decoy('/proc')));

  test('a part of a real one', () =>
    refused({ ...noProc, code: 'EINVAL', syscall: 'fstatfs' }, proc, bind({ source: '/proc/self', target: '/proc' })));

  test('a real one, in which something else is mounted', () =>
    refused(
      { op: 'setExecLabel', code: 'EXDEV', syscall: 'openat2', hint: /something is mounted in \/proc/ },
      proc,
      mount({ type: 'proc', target: '/proc' }),
      mount({ type: 'tmpfs', target: '/proc/thread-self/attr' }),
    ));
});
