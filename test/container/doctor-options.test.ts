/** What the doctor says of an option is what becomes of a container that has it. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { before, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Container } from 'carrel';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const PROGRAM = fileURLToPath(new URL('../support/verdicts.js', import.meta.url));
const PRIVATE = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private', 'sh', '-ec'];

interface Verdicts {
  readonly told: number;
  /** The options that the doctor says do not work. */
  readonly fails: readonly string[];
  readonly differences: readonly string[];
}

function verdicts(prefix: readonly string[] = []): Verdicts {
  const [command = '', ...args] = [...prefix, process.execPath, PROGRAM];
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as Verdicts;
}

/** What is told, and that it is so. */
function failing(prefix?: readonly string[], except?: string): readonly string[] {
  const { told, fails, differences } = verdicts(prefix);
  assert.deepEqual(
    differences.filter((one) => except === undefined || !one.startsWith(`${except}: `)),
    [],
  );
  assert.ok(told > 40, `${told} options`);
  return fails;
}

/** A program of the host's is a part of it, which makes system calls of its own. */
const WITH_PROGRAM = "network('outbound')";

/** System calls, by which error they are refused, and an option that takes them as the default container does not. */
const OF_OPTIONS = [
  ['landlock_restrict_self', 'EPERM', 'landlock({ read, execute })'],
  ['setns', 'ENOSYS', "capabilities(['CAP_SYS_ADMIN'])"],
  ['setpriority', 'EPERM', 'nice()'],
  ['sched_setaffinity', 'ENOSYS', 'cpuAffinity()'],
  ['fspick', 'ENOSYS', 'rootfs()'],
  ['fsetxattr', 'EOPNOTSUPP', 'rootfs(overlay())'],
] as const;
/** System calls that the default container takes, each in another place. */
const OF_ALL = ['openat2', 'mount_setattr', 'seccomp', 'keyctl', 'fchown', 'setgroups'] as const;

suite('each option: what the doctor says, and what becomes of it', requires('user-namespaces'), () => {
  test('as this machine is', () => {
    const fails = failing();
    for (const option of ['the default container', 'mount(bind())', 'seccomp(profile)', 'terminal: true'])
      assert.ok(!fails.includes(option), option);
  });

  test('in a /proc that is partly hidden', () => {
    const fails = failing([...PRIVATE, 'mount -t tmpfs none /proc/tty\nexec "$0" "$@"']);
    assert.ok(fails.includes("proc('new')"), fails.join());
    assert.ok(!fails.includes('the default container'));
  });

  test('where a kind of namespace is limited to none', () => {
    const fails = failing([...PRIVATE, 'echo 0 > /proc/sys/user/max_time_namespaces\nexec "$0" "$@"']);
    assert.ok(fails.includes('timeOffsets()'), fails.join());
    assert.ok(!fails.includes('the default container'));
  });
});

suite('each option, where a system call is refused', requires('user-namespaces', 'gcc'), () => {
  // Compiled here, so that no test leaves the program behind.
  before(() => void deny('ENOSYS', 'openat2'));

  for (const [call, error, option] of OF_OPTIONS)
    test(`${call}, which an option takes`, () => {
      const fails = failing(deny(error, call), WITH_PROGRAM);
      assert.ok(fails.includes(option), fails.join());
      assert.ok(!fails.includes('the default container'));
    });

  for (const call of OF_ALL) test(`${call}, which much takes`, () => void failing(deny('ENOSYS', call), WITH_PROGRAM));
});
