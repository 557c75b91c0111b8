/** What a spare has ahead of its plan is used, changes nothing that a container sees, and leads nowhere. */

import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, tmpfs } from '#lib/index.js';
import { concat, type Plan, plan, run } from '#lib/plan.js';
import {
  barrier,
  denySetgroups,
  exec,
  linkUp,
  mount,
  pivotRoot,
  propagation,
  setGidMap,
  setUidMap,
  bind as toBind,
  unshare,
} from '#lib/steps.js';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { ancestors, attempt } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { spareAfter } from '../support/spares.js';
import { until } from '../support/waiting.js';

const box = new Container();

useCleanHost({ warmUp: () => box.run('true') });

const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const asRoot = plan({
  clone: ['user'],
  steps: [
    barrier({
      acts: [denySetgroups(), setUidMap({ ranges: [0, uid, 1] }), setGidMap({ ranges: [0, gid, 1] })],
    }),
  ],
});
const command = (...args: readonly string[]): Plan => plan({ steps: [exec({ args })] });
/** What a plan prints that is performed by a spare's child. */
const withSpare = async (...parts: readonly Plan[]): Promise<string> => {
  const whole = concat(asRoot, ...parts);
  await spareAfter(() => run(whole, { check: true }));
  return (await run(whole, { check: true })).stdout;
};
const python = (script: string): readonly string[] => ['/usr/bin/python3', '-c', script];

/** The namespaces of mounts that a process has open. */
function heldMounts(pid: number): readonly string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => readlinkSync(`/proc/${pid}/fd/${fd}`)));
  return links.filter((link): link is string => link?.startsWith('mnt:') === true);
}

/** Devices of the file systems that a process has open directories of. */
function heldDevices(pid: number): readonly (number | undefined)[] {
  return readdirSync(`/proc/${pid}/fd`).map((fd) => attempt(() => statSync(`/proc/${pid}/fd/${fd}`).dev));
}

suite('what a spare has ahead', () => {
  test('is what the next container gets, and nobody holds it after', requires('root'), async () => {
    const { supervisor } = await spareAfter(() => box.run('true', [], { check: true }));
    await until(() => heldMounts(supervisor).length > 0);
    const [mounts] = heldMounts(supervisor);
    const devices = heldDevices(supervisor);
    const child = box.spawn('sh', ['-c', 'stat -c %d /sys; exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const device = new Promise<string>((resolve) => child.stdout?.once('data', (data) => resolve(String(data))));
    const sysfs = Number(await device);
    // No walk of all processes, pivot_root(2), and none of all file systems of that type.
    assert.ok(ancestors(child.pid ?? 0).includes(supervisor));
    assert.equal(readlinkSync(`/proc/${child.pid}/ns/mnt`), mounts);
    assert.ok(devices.includes(sysfs), `${sysfs}`);
    assert.deepEqual(heldMounts(supervisor), []);
    assert.ok(!heldDevices(supervisor).includes(sysfs));
    child.stdin?.end();
    await child.result;
  });

  test('shows the same mounts as a container without a spare', async () => {
    const data = mkdtempSync(join(tmpdir(), 'declared-'));
    const rich = box.mount(bind(data, '/tmp/data', { readonly: true }), tmpfs('/tmp/data2'));
    const seen = async (timing: boolean): Promise<readonly string[]> => {
      const { stdout } = await rich.run('cat', ['/proc/self/mountinfo'], { timing, check: true });
      const lines = stdout.trimEnd().split('\n');
      // Without the numbers, which are others each time.
      return lines.map((line) => line.replace(/^\d+ \d+ \d+:\d+ /, '').replaceAll(/id=\d+/g, 'id=N')).sort();
    };
    await spareAfter(() => rich.run('true', [], { check: true }));
    const [withIt, without] = [await seen(false), await seen(true)];
    assert.ok(withIt.length > 10);
    assert.deepEqual(withIt, without);
    rmSync(data, { recursive: true });
  });

  test('is not left by a directory that is above the root, though chroot(2) is allowed', async () => {
    const climb = python(`
import os
def root(): return [os.stat('/').st_dev, os.stat('/').st_ino, sorted(os.listdir('/'))]
before, top = root(), os.open('/', os.O_RDONLY)
os.mkdir('/tmp/below')
os.chroot('/tmp/below')
os.fchdir(top)
for i in range(50): os.chdir('..')
os.chroot('.')
print('same' if root() == before else root())`);
    const [file = '', ...args] = climb;
    await spareAfter(() => box.run('true', [], { check: true }));
    assert.equal((await box.run(file, args, { check: true })).stdout, 'same\n');
  });

  test('has nothing below the root but an empty directory', async () => {
    const root = plan({
      clone: ['mount'],
      steps: [
        propagation({ target: '/', type: 'private' }),
        toBind({ source: '/', target: '/', recursive: true }),
        pivotRoot(),
      ],
    });
    // With all rights over its mounts, it takes its own root away. The one that it has of pivot_root(2) is locked, and
    // so is the empty directory.
    const dig = python(`
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
def call(result): return 'done' if result == 0 else errno.errorcode[ctypes.get_errno()]
mounts = os.open('/proc/self/ns/mnt', os.O_RDONLY)
def write():
    try: os.mkdir('/made')
    except OSError as error: return errno.errorcode[error.errno]
taken = call(libc.umount2(b'/', 2))
if taken == 'done':
    taken = call(libc.setns(mounts, 0x20000))
    print(taken, os.listdir('/'), os.listdir('/..'), write(), call(libc.umount2(b'/', 2)))
else: print(taken)`);
    let found = '';
    // A launcher that got no processor in time has made no spare.
    for (let tries = 0; tries < 20 && found !== 'done [] [] EROFS EINVAL\n'; tries += 1) {
      found = await withSpare(root, command(...dig));
      assert.match(found, /^(EINVAL|done \[\] \[\] EROFS EINVAL)$/m);
    }
    assert.equal(found, 'done [] [] EROFS EINVAL\n');
  });

  test('does not fit a network that is made later', requires('busybox'), async () => {
    const attributes = ['readonly', 'nosuid', 'nodev', 'noexec'] as const;
    const later = plan({
      clone: ['mount', 'network'],
      steps: [
        propagation({ target: '/', type: 'private' }),
        linkUp({ name: 'lo' }),
        unshare({ namespaces: ['network'] }),
        toBind({ source: busyboxRoot(), target: '/' }),
        mount({ type: 'sysfs', target: '/sys', attributes }),
        pivotRoot(),
      ],
    });
    // The flag 1 is IFF_UP.
    assert.equal(await withSpare(later, command('/bin/cat', '/sys/class/net/lo/flags')), '0x8\n');
  });

  test('keeps a mount that no copy of mounts has', requires('busybox'), async () => {
    const unbindable = plan({
      clone: ['mount'],
      steps: [
        propagation({ target: '/', type: 'private' }),
        toBind({ source: busyboxRoot(), target: '/' }),
        mount({ type: 'tmpfs', target: '/tmp' }),
        propagation({ target: '/tmp', type: 'unbindable' }),
        pivotRoot(),
      ],
    });
    assert.equal(await withSpare(unbindable, command('/bin/stat', '-f', '-c', '%t', '/tmp')), '1021994\n');
  });

  test('is not the mount namespace that a hook was shown another of', async () => {
    const shown: (string | undefined)[] = [];
    const hooked = box.hook(({ pid }) => {
      shown.push(attempt(() => readlinkSync(`/proc/${pid}/ns/mnt`)));
    });
    await spareAfter(() => hooked.run('true', [], { check: true }));
    const { stdout } = await hooked.run('readlink', ['/proc/self/ns/mnt'], { check: true });
    assert.equal(shown.at(-1), stdout.trim());
  });
});
