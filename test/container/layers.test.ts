/** A mount's missing target is made in a private layer: the caller's tree stays the same, byte for byte. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { bind, Container, directory, file, type Mount, overlay, symlink, tmpfs } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const data = mkdtempSync(join(tmpdir(), 'data-'));
/** What is in / of the busybox root filesystem, with what is mounted there. */
const IN_ROOT = 'bin dev etc home linuxrc proc root run sbin srv sys tmp usr var';

before(() => {
  chmodSync(data, 0o755);
  writeFileSync(join(data, 'file'), 'of the host\n');
});

/** Runs in a fresh root that must be afterwards what it was before, but for `changed`. */
async function inRoot(
  mounts: readonly Mount[],
  script: string,
  { prepare, changed = [] }: { prepare?: (root: string) => void; changed?: readonly string[] } = {},
): Promise<string> {
  const root = freshBusyboxRoot();
  try {
    prepare?.(root);
    const kept = (lines: readonly string[]): readonly string[] =>
      lines.filter((line) => !changed.some((name) => line.startsWith(`${name} `)));
    const found = kept(describeTree(root));
    const { stdout } = await box
      .rootfs(root)
      .mount(...mounts)
      .run('sh', ['-c', script], { check: true });
    assert.deepEqual(kept(describeTree(root)), found);
    return stdout;
  } finally {
    removeTree(root);
  }
}

suite('a missing target', requires('busybox'), () => {
  test('is made in memory, without a root filesystem', async () => {
    const { stdout } = await box.mount(bind(data, '/srv/a/b')).run('cat', ['/srv/a/b/file'], { check: true });
    assert.equal(stdout, 'of the host\n');
  });

  test('among the host’s programs it is made over them', async () => {
    const script = 'cat /usr/own/file; ls /usr | grep -c "^bin$"; (echo x > /usr/new) 2>/dev/null || echo refused';
    const { stdout } = await box.mount(bind(data, '/usr/own')).run('sh', ['-c', script], { check: true });
    assert.equal(stdout, 'of the host\n1\nrefused\n');
  });

  test('in a root filesystem: a directory, a file, a file system, and what is around them', async () => {
    const mounts = [bind(data, '/srv/a/b'), bind(join(data, 'file'), '/etc/deep/none'), tmpfs('/var/lib/scratch')];
    const script = 'cat /srv/a/b/file /etc/deep/none; echo x > /var/lib/scratch/x; cat /var/lib/scratch/x; ls / /etc';
    assert.equal(
      await inRoot(mounts, script),
      `of the host\nof the host\nx\n/:\n${IN_ROOT.replaceAll(' ', '\n')}\n\n/etc:\ndeep\ngroup\npasswd\n`,
    );
  });

  test('what is written to the entries around it lands in the tree, and a new entry beside it is refused', async () => {
    const root = freshBusyboxRoot();
    const script = `echo new > /etc/new; echo more >> /etc/group; mkdir /home/made; rm /etc/passwd
      for path in /new /srv/new; do (echo x > $path) 2>/dev/null && echo written || echo refused; done
      rmdir /home 2>/dev/null || echo kept; echo x > /srv/a/new; echo x > /tmp/x; echo x > /dev/shm/x`;
    const { stdout } = await box.rootfs(root).mount(bind(data, '/srv/a')).run('sh', ['-c', script], { check: true });
    assert.equal(stdout, 'refused\nrefused\nkept\n');
    assert.equal(readFileSync(join(root, 'etc/new'), 'utf8'), 'new\n');
    assert.match(readFileSync(join(root, 'etc/group'), 'utf8'), /more\n$/);
    assert.deepEqual(readdirSync(join(root, 'home')), ['made']);
    assert.deepEqual(readdirSync(join(root, 'etc')).sort(), ['group', 'new']);
    assert.ok(!readdirSync(root).includes('srv'));
    assert.deepEqual(readdirSync(data).sort(), ['file', 'new']);
    removeTree(join(data, 'new'));
    removeTree(root);
  });

  test('where it is there already nothing is covered', async () => {
    const root = freshBusyboxRoot();
    mkdirSync(join(root, 'srv'));
    await box.rootfs(root).mount(bind(data, '/srv')).run('sh', ['-c', 'echo x > /new'], { check: true });
    assert.equal(readFileSync(join(root, 'new'), 'utf8'), 'x\n');
    removeTree(root);
  });

  test('a layer shows every entry as it is: modes, links, FIFOs, and names of any kind', async () => {
    const names = ['.hidden', 'a b', '-n', 'ü', '$(x)'];
    const list =
      'cd /var; stat -c "%a %F %n" . .hidden "a b" ./-n ü "$(printf %s \\$\\(x\\))" link dangling fifo; ' +
      'readlink link; readlink dangling';
    const prepare = (root: string): void => {
      for (const name of names) writeFileSync(join(root, 'var', name), name, { mode: 0o640 });
      chmodSync(join(root, 'var'), 0o1775);
      symlinkSync('/etc/passwd', join(root, 'var/link'));
      symlinkSync('/none', join(root, 'var/dangling'));
      execFileSync('mkfifo', ['-m', '600', join(root, 'var/fifo')]);
    };
    const bare = await inRoot([], list, { prepare });
    assert.equal(await inRoot([bind(data, '/var/made')], list, { prepare }), bare);
    assert.match(bare, /^1775 directory \.\n/);
  });

  test('one layer holds all that is missing in a directory, of which there may be hundreds', async () => {
    const mounts = Array.from({ length: 300 }, (_, index) => bind(join(data, 'file'), `/var/many/${index}`));
    const prepare = (root: string): void => {
      for (let index = 0; index < 300; index += 1) writeFileSync(join(root, `var/${index}`), '');
    };
    const script = 'cat /var/many/* | wc -l; ls /var | wc -l; grep -c " / /var rw.* tmpfs " /proc/self/mountinfo';
    assert.equal(await inRoot(mounts, script, { prepare }), '300\n301\n1\n');
  });

  test('a directory of too many entries is an error that names overlay(), which needs no layer', async () => {
    const many = mkdtempSync(join(tmpdir(), 'many-'));
    for (let index = 0; index < 4100; index += 1) writeFileSync(join(many, `${index}`), '');
    await rejectsAtStep(() => box.mount(bind(many, '/data'), tmpfs('/data/new')).run('true'), {
      op: 'directory',
      code: 'ENOSPC',
      path: '/data/new',
      hint: /more than 4096.*overlay\(target, \{ lower \}\)/,
    });
    const laid = box.mount(overlay('/data', { lower: many }), tmpfs('/data/new'));
    assert.equal(
      (await laid.run('sh', ['-c', 'ls /data | wc -l; echo x > /data/new/x'], { check: true })).stdout,
      '4101\n',
    );
    removeTree(many);
  });

  test('in layers over layers: below one, then above it', async () => {
    const mounts = [
      bind(data, '/var/lib/x'),
      bind(data, '/y'),
      bind(data, '/var/z'),
      tmpfs('/tmp/t'),
      bind(data, '/y2'),
    ];
    const prepare = (root: string): void => void mkdirSync(join(root, 'var/lib'));
    const script = `cat /var/lib/x/file /y/file /var/z/file /y2/file; echo x > /tmp/t/x; echo x > /tmp/x
      for path in /n /var/n /var/lib/n; do (echo x > $path) 2>/dev/null && echo written $path; done
      echo x > /etc/motd`;
    assert.equal(
      await inRoot(mounts, script, { prepare, changed: ['.', 'etc', 'etc/motd'] }),
      'of the host\n'.repeat(4),
    );
  });

  test('in a bind of the caller’s it is a layer as well', async () => {
    mkdirSync(join(data, 'deep'));
    const found = describeTree(data);
    const mounts = [bind(data, '/data'), tmpfs('/data/made'), bind(join(data, 'file'), '/data/deep/file2')];
    const script =
      'echo x > /data/made/x; cat /data/deep/file2 /data/file; ls -A /data /data/deep; ' +
      '(echo x > /data/new) 2>/dev/null || echo refused';
    const { stdout } = await box.mount(...mounts).run('sh', ['-c', script], { check: true });
    assert.equal(stdout, 'of the host\nof the host\n/data:\ndeep\nfile\nmade\n\n/data/deep:\nfile2\nrefused\n');
    assert.deepEqual(describeTree(data), found);
    rmdirSync(join(data, 'deep'));
  });

  test('below /tmp of a root filesystem it is made in memory, and /tmp takes new entries', async () => {
    assert.equal(await inRoot([bind(data, '/tmp/a/b')], 'echo x > /tmp/x; cat /tmp/a/b/file'), 'of the host\n');
  });

  test('by way of a link that stays inside', async () => {
    for (const target of ['/run', '../run']) {
      const prepare = (root: string): void => symlinkSync(target, join(root, 'var/run'));
      assert.equal(await inRoot([bind(data, '/var/run/x')], 'cat /run/x/file', { prepare }), 'of the host\n');
    }
  });

  test('where a link points that leads nowhere it is an error, and nothing is made', async () => {
    for (const mount of [bind(data, '/var/run/x'), tmpfs('/var/run/x'), directory('/var/run/x/y')]) {
      const prepare = (root: string): void => {
        rmdirSync(join(root, 'run'));
        symlinkSync('/run', join(root, 'var/run'));
      };
      await rejectsAtStep(() => inRoot([mount], 'true', { prepare }), {
        op: mount.type === 'tmpfs' ? 'directory' : mount.type,
        code: 'ENOENT',
        hint: /symbolic link that leads nowhere/,
      });
    }
  });
});

suite('nothing of the host lies behind /', requires('busybox'), () => {
  const roots: Readonly<Record<string, (root: string) => Container>> = {
    'the host’s programs': () => box.mount(bind(data, '/usr/x')),
    'a root filesystem': (root) => box.rootfs(root),
    'a root filesystem with a layer on it': (root) =>
      box.rootfs(root).mount(bind(data, '/x'), symlink('/etc/passwd', 'x')),
    'an overlay': (root) => box.rootfs(overlay({ lower: root })),
    'an overlay with an upper directory and a layer on it': (root) => {
      for (const name of ['up', 'work']) mkdirSync(join(data, name));
      return box
        .rootfs(overlay({ lower: root, upper: join(data, 'up'), work: join(data, 'work') }))
        .mount(file('/x', ''));
    },
    'a step that mounts another one': (root) =>
      box
        .rootfs(root)
        .step(
          { op: 'bind', target: '/', source: root, attributes: [], recursive: true, create: false },
          { before: 'directory' },
        ),
  };
  for (const [name, containerOf] of Object.entries(roots)) {
    test(name, async () => {
      const root = freshBusyboxRoot();
      const container = containerOf(root);
      const script = `[ "$(ls -ai /)" = "$(ls -ai /..)" ] && [ "$(ls -ai /)" = "$(ls -ai /../..)" ] && echo same
        grep -c ' / [a-z]*,' /proc/self/mountinfo; sed 's/^[^/]* [^ ]* \\([^ ]*\\) .*/\\1/' /proc/self/mountinfo`;
      const child = await container.run('sh', ['-c', script]);
      const [same, count, ...targets] = child.stdout.trimEnd().split('\n');
      assert.deepEqual([same, count], ['same', '1'], child.stderr);
      for (const target of targets) assert.doesNotMatch(target, /^\/(mnt|boot|var\/tmp|sys\/fs\/cgroup)/);
      for (const left of [root, join(data, 'up'), join(data, 'work')].filter(existsSync)) removeTree(left);
    });
  }
});
