/** Where a bind's source is looked up on the host: the whole tree, by which links, and by whose descriptor. */

import assert from 'node:assert/strict';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, suite, test } from 'node:test';
import { bind, Container, type Plan } from 'carrel';
import { concat, plan, run, spawn } from 'carrel/plan';
import {
  barrier,
  denySetgroups,
  exec,
  mount,
  openTree,
  pivotRoot,
  propagation,
  setGidMap,
  setUidMap,
  bind as toBind,
} from 'carrel/steps';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const jobs = mkdtempSync(join(tmpdir(), 'jobs-'));
const isRoot = process.env.CARREL_TEST_LEG === 'root';

beforeEach(() => {
  removeTree(jobs);
  mkdirSync(join(jobs, 'v/artifacts'), { recursive: true });
  writeFileSync(join(jobs, 'v/artifacts/file'), 'of the job\n');
  mkdirSync(join(jobs, 'other'));
  writeFileSync(join(jobs, 'other/secret'), 'of another\n');
});

/** In a user namespace in which the caller is root. */
function asRoot(): Plan {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const acts = [denySetgroups(), setUidMap({ ranges: [0, uid, 1] }), setGidMap({ ranges: [0, gid, 1] })];
  return plan({ clone: ['user'], steps: [barrier({ acts })] });
}

suite('bind("/")', () => {
  const names = (directory: string): readonly string[] => readdirSync(directory).sort();
  const list = 'ls -A /host; echo; ls -A /host/etc; echo; ls -A /host/tmp /host/host';
  const parts = (stdout: string): readonly (readonly string[])[] =>
    stdout.split('\n\n').map((part) => part.split('\n').filter(Boolean).sort());

  test('shows the host’s tree, not what the container has on / by then', async () => {
    const whole = box.mount(bind('/', '/host', { readonly: true, idmapped: false }));
    const [root, etc] = parts((await whole.run('sh', ['-c', list])).stdout);
    assert.deepEqual(root, names('/'));
    assert.deepEqual(etc, names('/etc'));
  });

  test('with no other mount on it: each is the host’s', async () => {
    const script = 'stat -c %m /host; ls /host/proc/self > /dev/null && echo proc; umount /host 2>&1 | wc -l';
    const { stdout } = await box.mount(bind('/', '/host', { idmapped: false })).run('sh', ['-c', script]);
    assert.match(stdout, /^\/host\nproc\n/);
    const info = await box.mount(bind('/', '/host', { idmapped: false })).run('cat', ['/proc/self/mountinfo']);
    const at = info.stdout.split('\n').filter((line) => line.split(' ')[4] === '/host');
    assert.equal(at.length, 1, at.join('\n'));
  });

  test('twice, and after a second mount on /', requires('busybox'), async () => {
    const twice = box.rootfs(busyboxRoot()).mount(
      bind('/', '/tmp/one', { idmapped: false }),
      // Its target is missing in the root filesystem, so a layer covers that.
      bind('/', '/two', { idmapped: false }),
    );
    const { stdout } = await twice.run('sh', ['-c', 'ls -A /tmp/one; echo; ls -A /two']);
    assert.deepEqual(parts(stdout), [names('/'), names('/')]);
  });

  test('without a user namespace', requires('root'), async () => {
    const shared = box.namespaces(['mount', 'pid', 'ipc']).mount(bind('/', '/host'));
    const [root, etc] = parts((await shared.run('sh', ['-c', list])).stdout);
    assert.deepEqual([root, etc], [names('/'), names('/etc')]);
  });

  test('in a plan by hand, by a path and by a tree in a slot', requires('busybox'), async () => {
    for (const slot of [undefined, 3]) {
      const steps = [
        propagation({ target: '/', type: 'private' }),
        toBind({ source: busyboxRoot(), target: '/' }),
        mount({ type: 'tmpfs', target: '/tmp' }),
        ...(slot === undefined ? [] : [openTree({ slot, source: '/' })]),
        toBind({ ...(slot === undefined ? { source: '/' } : { slot }), target: '/tmp/host', create: true }),
        pivotRoot(),
      ];
      const args = ['/bin/sh', '-c', 'ls -A /tmp/host; echo; ls -A /tmp/host/etc'];
      const { stdout } = await run(
        concat(asRoot(), plan({ clone: ['mount'], steps }), plan({ steps: [exec({ args })] })),
      );
      assert.deepEqual(parts(stdout), [names('/'), names('/etc')]);
    }
  });
});

suite('a source that a job can change', () => {
  const source = join(jobs, 'v/artifacts');
  const within = join(jobs, 'v');
  const output = async (options: Parameters<typeof bind>[2]): Promise<string> =>
    (await box.mount(bind(source, '/data', options)).run('ls', ['/data'])).stdout;
  /** The job has put a link in its place. */
  const plant = (text: string): void => {
    removeTree(source);
    symlinkSync(text, source);
  };

  test('where it is a directory, each option shows it', async () => {
    for (const options of [{}, { nofollow: true }, { within }, { within, nofollow: true }, { within: source }])
      assert.equal(await output(options), 'file\n');
  });

  test('a link that leads out is followed, but with nofollow or within', async () => {
    plant(join(jobs, 'other'));
    assert.equal(await output({}), 'secret\n');
    const option = 'mount(bind())';
    const expected = { op: 'openTree', syscall: 'openat2', path: source, option } as const;
    const refused = { ...expected, code: 'ELOOP', hint: /nofollow refuses/ } as const;
    await rejectsAtStep(() => output({ nofollow: true }), refused);
    await rejectsAtStep(() => output({ within, nofollow: true }), refused);
    await rejectsAtStep(() => output({ within }), { ...expected, code: 'EXDEV', hint: /leads out of .*\/v, by/ });
  });

  test('so is one with ".."', async () => {
    plant('../other');
    assert.equal(await output({}), 'secret\n');
    await rejectsAtStep(() => output({ within }), { op: 'openTree', code: 'EXDEV' });
  });

  test('a link that stays within is followed', async () => {
    mkdirSync(join(within, 'real'));
    writeFileSync(join(within, 'real/inside'), '');
    plant('real');
    assert.equal(await output({ within }), 'inside\n');
    await rejectsAtStep(() => output({ within, nofollow: true }), { op: 'openTree', code: 'ELOOP' });
  });

  test('links above within are the caller’s own, and are followed', async () => {
    symlinkSync(within, join(jobs, 'link'));
    const at = join(jobs, 'link');
    const options = { within: at, nofollow: true };
    const { stdout } = await box.mount(bind(join(at, 'artifacts'), '/data', options)).run('ls', ['/data']);
    assert.equal(stdout, 'file\n');
    await rejectsAtStep(() => box.mount(bind(join(at, 'artifacts'), '/data', { nofollow: true })).run('true'), {
      op: 'openTree',
      code: 'ELOOP',
    });
  });

  test('that others rename meanwhile shows what is within, or is refused', async () => {
    const other = join(jobs, 'other');
    const [aside, link] = [join(within, 'aside'), join(within, 'link')];
    symlinkSync(other, link);
    const guarded = box.mount(bind(source, '/data', { within }));
    let going = true;
    const swaps = (async () => {
      while (going) {
        renameSync(source, aside);
        renameSync(link, source);
        await new Promise(setImmediate);
        renameSync(source, link);
        renameSync(aside, source);
        await new Promise(setImmediate);
      }
    })();
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++)
      seen.add(
        await guarded.run('ls', ['/data']).then(
          ({ stdout }) => stdout,
          (error) => (error as { code: string }).code,
        ),
      );
    going = false;
    await swaps;
    const allowed = ['file\n', 'EXDEV', 'ENOENT', 'EAGAIN'];
    assert.deepEqual(
      [...seen].filter((one) => !allowed.includes(one)),
      [],
    );
  });

  test('outside of within is a contradiction', () => {
    assert.throws(() => bind('/etc', '/data', { within }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /the source \/etc is not in options\.within/,
    });
    assert.throws(() => bind(`${within}-2`, '/data', { within }), /is not in options\.within/);
    assert.doesNotThrow(() => bind('/etc', '/data', { within: '/' }));
  });
});

suite('a device', () => {
  const read = 'head -c 3 /zero 2>/dev/null | wc -c';
  const output = async (options: Parameters<typeof bind>[2]): Promise<string> =>
    (await box.mount(bind('/dev/zero', '/zero', options)).run('sh', ['-c', read])).stdout.trim();

  test('works with nodev: false, and not without', async () => {
    // /dev is a devtmpfs in many places, which cannot be idmapped.
    assert.equal(await output({ idmapped: false }), '0');
    assert.equal(await output({ idmapped: false, nodev: false }), '3');
  });
});

suite('openTree of a descriptor', requires('busybox'), () => {
  const steps = (args: readonly string[], tree: ReturnType<typeof openTree>): Plan =>
    concat(
      ...(isRoot ? [] : [asRoot()]),
      plan({
        received: 4,
        clone: ['mount'],
        // The supervisor may copy a mount of the host's by its descriptor alone; it needs root for that.
        before: isRoot ? [tree] : [],
        steps: [
          propagation({ target: '/', type: 'private' }),
          ...(isRoot ? [] : [tree]),
          toBind({ source: busyboxRoot(), target: '/' }),
          toBind({ slot: 4, target: '/tmp' }),
          pivotRoot(),
          exec({ args, stdio: [0, 1, 2] }),
        ],
      }),
    );
  const list = steps(['/bin/ls', '/tmp'], openTree({ slot: 4, descriptor: 3 }));
  const through = async (descriptor: number): Promise<string> => {
    const child = spawn(list, { stdio: ['pipe', 'pipe', 'pipe', descriptor] });
    const [stdout] = await Promise.all([child.stdout === null ? '' : text(child.stdout), child.result]);
    return stdout;
  };
  const opened = async <T>(use: (descriptor: number) => Promise<T>): Promise<T> => {
    const descriptor = openSync(join(jobs, 'v/artifacts'), 'r');
    try {
      return await use(descriptor);
    } finally {
      closeSync(descriptor);
    }
  };

  test('binds what it holds', async () => {
    assert.equal(await opened(through), 'file\n');
  });

  test('also where another directory has taken its place', async () => {
    const found = await opened((descriptor) => {
      renameSync(join(jobs, 'v/artifacts'), join(jobs, 'v/moved'));
      symlinkSync(join(jobs, 'other'), join(jobs, 'v/artifacts'));
      return through(descriptor);
    });
    assert.equal(found, 'file\n');
  });

  test('and nothing else, where it has been removed', async () => {
    await opened(async (descriptor) => {
      removeTree(join(jobs, 'v/artifacts/file'));
      rmdirSync(join(jobs, 'v/artifacts'));
      mkdirSync(join(jobs, 'v/artifacts (deleted)'));
      await rejectsAtStep(
        () => through(descriptor),
        isRoot ? { op: 'bind', code: 'ENOENT' } : { op: 'openTree', code: 'ESTALE' },
      );
    });
  });

  test('needs one of source and descriptor', async () => {
    for (const wrong of [openTree({ slot: 4 }), openTree({ slot: 4, source: '/', descriptor: 3 })])
      await rejectsAtStep(
        () =>
          opened((descriptor) => {
            const child = spawn(steps(['/bin/true'], wrong), { stdio: ['pipe', 'pipe', 'pipe', descriptor] });
            return child.result;
          }),
        { op: 'openTree', code: 'EINVAL' },
      );
  });
});
