/** `doctor()` and `carrel doctor` find what a machine lacks, and say what helps. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container, type DoctorReport, doctor, type Finding, isSupported } from 'carrel';
import { carrel } from '../support/cli.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const USER = ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private', 'sh', '-ec'];

const finding = (report: DoctorReport, name: string): Finding => {
  const found = report.findings.find((one) => one.name === name);
  assert.ok(found !== undefined, `no finding ${name}`);
  return found;
};

/** What an ordinary user has to be given, and those of the other legs are not; nor is root of every machine. */
const GIVEN = ['subordinate ids', 'cgroups', 'higher rlimits', 'lower nice', 'lower oom_score_adj'];
/** What older kernels have in part. */
const NEWER = ['landlock'];

/** What the command says in trouble. */
async function reportIn(prefix: readonly string[], args: readonly string[] = []): Promise<DoctorReport> {
  const { stdout, stderr } = await carrel(['doctor', '--json', ...args], { prefix });
  assert.equal(stderr, '');
  return JSON.parse(stdout) as DoctorReport;
}

suite('doctor()', () => {
  test('where all is well: every trial succeeds, and nothing is left', async () => {
    const report = await doctor();
    assert.deepEqual(
      report.findings.filter(({ ok, name }) => !ok && ![...GIVEN, ...NEWER].includes(name)),
      [],
    );
    assert.equal(report.ok, true);
    for (const name of ['platform', 'user namespace', 'new /proc', 'overlay', 'ids', 'container'])
      assert.equal(finding(report, name).ok, true);
    assert.ok(Object.isFrozen(report) && Object.isFrozen(report.findings[0]));
    assert.equal(isSupported(), true);
  });

  test('Landlock: its version', requires('landlock-scopes'), async () => {
    const { ok, needed, detail } = finding(await doctor(), 'landlock');
    assert.deepEqual([ok, needed], [true, false]);
    assert.match(detail, /^version \d+; |^version \d+$/);
  });

  test('cgroups: what can be limited', requires('cgroups'), async () => {
    assert.match(finding(await doctor(), 'cgroups').detail, /^version [12]: .*memory.*pids/);
  });

  test('no cgroups: which was refused where, and what would help', requires('no-cgroups'), async () => {
    const { ok, needed, detail, remedy } = finding(await doctor(), 'cgroups');
    assert.deepEqual([ok, needed], [false, false]);
    assert.match(detail, /^without .*memory/);
    assert.match(remedy ?? '', /run as root|start Node in/);
  });

  test('a misspelt option', async () => {
    await assert.rejects(doctor({ dir: '/tmp' } as object), {
      name: 'TypeError',
      message: /doctor\(\) has no option "dir"/,
    });
  });
});

suite('carrel doctor', () => {
  test('prints a line a finding, and ends with 0', async () => {
    const { stdout, code } = await carrel(['doctor']);
    assert.equal(code, 0);
    assert.match(stdout, /^✓ platform +linux /);
    assert.match(stdout, /\n✓ container +the default one ran true in [\d.]+ ms\n/);
    assert.match(
      stdout,
      /\nOptions, as they are here:\n✓ works {3}the default container, [\s\S]*\n\nContainers can start here\.\n$/,
    );
    assert.deepEqual(
      stdout.split('\n').filter((line) => line.length > 120),
      [],
    );
  });

  test(
    'ends with 1 where containers cannot be started, and says each remedy once',
    requires('user-namespaces'),
    async () => {
      const prefix = [...USER, 'echo 0 > /proc/sys/user/max_user_namespaces\nexec "$0" "$@"'];
      const { stdout, code } = await carrel(['doctor'], { prefix });
      assert.equal(code, 1);
      assert.match(stdout, /✗ user namespace +clone the container’s process: ENOSPC/);
      assert.equal(stdout.match(/→ user namespaces are switched off: raise user\.max_user_namespaces/g)?.length, 1);
      assert.match(stdout, /✗ fails +the default container, .*rootfs\(\)[\s\S]*: see\s+user\s+namespace\s+above/);
      assert.match(stdout, /✓ works +namespaces\(\[\]\)/);
      assert.match(stdout, /The default container cannot start here/);
    },
  );
});

suite('one thing that is not as it should be is found', requires('user-namespaces'), () => {
  test('a /proc that is partly hidden', async () => {
    const report = await reportIn([...USER, 'mount -t tmpfs none /proc/tty\nexec "$0" "$@"']);
    const { ok, detail, remedy } = finding(report, 'new /proc');
    assert.deepEqual([report.ok, ok], [true, false]);
    assert.match(detail, /^mount proc on \/proc: EPERM, VFS: Mount too revealing/);
    assert.match(remedy ?? '', /partly hidden/);
    assert.equal(finding(report, 'user namespace').ok, true);
  });

  test('a kind of namespace that is limited to none', async () => {
    const report = await reportIn([...USER, 'echo 0 > /proc/sys/user/max_ipc_namespaces\nexec "$0" "$@"']);
    const bad = report.findings.filter(({ ok }) => !ok).map(({ name }) => name);
    assert.deepEqual(
      bad.filter((name) => !GIVEN.includes(name)),
      ['ipc namespace', 'settings of ipc', 'message queues', 'locked mounts', 'container'],
    );
  });

  test('a /sys that is read-only, as in Docker: a new one is, too, and so it can be mounted', async () => {
    const script = 'mount -o remount,bind,ro /sys\nexec "$0" "$@"';
    assert.equal(finding(await reportIn([...USER, script]), 'new /sys').ok, true);
    const { stdout, code } = await carrel(['run', 'ls', '/sys/class/net'], { prefix: [...USER, script] });
    assert.deepEqual([code, stdout], [0, 'lo\n']);
  });

  test('a filter around Node', async () => {
    const report = await reportIn(deny('ENOSYS', 'clone3'));
    assert.match(finding(report, 'launcher').remedy ?? '', /seccomp=unconfined/);
  });

  test('a directory whose owners cannot be mapped', requires('root'), async () => {
    const layers = mkdtempSync(join(tmpdir(), 'layers-'));
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(layers, name));
    const overlay = `lowerdir=${layers}/lower,upperdir=${layers}/upper,workdir=${layers}/work`;
    const script = `mount -t overlay -o ${overlay} none ${layers}/merged\nexec "$0" "$@"`;
    const prefix = ['unshare', '--mount', '--propagation', 'private', 'sh', '-ec', script];
    const report = await reportIn(prefix, ['--directory', join(layers, 'merged')]);
    const { ok, remedy } = finding(report, 'idmapped mounts');
    assert.deepEqual([report.ok, ok], [true, false]);
    assert.match(remedy ?? '', /cannot show the owners mapped/);
    removeTree(layers);
  });
});
