/** Files, links and directories appear beside the root filesystem, and hidden paths disappear. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, directory, file, overlay, symlink, tmpfs } from 'carrel';
import { busyboxRoot, freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => [requires('busybox').skip || busyboxRoot(), new Container().run('true')][1] });

async function output(box: Container, script: string): Promise<string> {
  return (await box.run('sh', ['-c', script])).stdout;
}

const KINDS: Readonly<Record<string, () => Container>> = {
  'the host’s programs': () => new Container(),
  'a root filesystem': () => new Container().rootfs(busyboxRoot()),
  'a read-only root filesystem': () => new Container().rootfs(busyboxRoot()).readonly(),
  'an overlay': () => new Container().rootfs(overlay({ lower: busyboxRoot() })),
};

for (const [kind, plain] of Object.entries(KINDS)) {
  suite(`besides ${kind}`, requires('busybox'), () => {
    test('file(): missing, and over one that is there', async () => {
      assert.match(await output(plain(), 'cat /etc/passwd /opt/x/y 2>&1'), /^root:x:0:0.*No such file/s);
      const own = plain().mount(
        file('/etc/passwd', 'mine\n'),
        file('/opt/x/y', Uint8Array.of(1, 2, 255), { mode: 0o640 }),
        file('/tmp/z', ''),
      );
      const script =
        'cat /etc/passwd; wc -c < /opt/x/y; stat -c "%a %u" /opt/x/y /etc/passwd /tmp/z; ' +
        '(echo > /etc/passwd) 2>/dev/null || echo refused';
      assert.equal(await output(own, script), 'mine\n3\n640 0\n644 0\n644 0\nrefused\n');
    });

    test('symlink(): missing, and in place of a file or a link', async () => {
      const own = plain().mount(
        symlink('/opt/link', '../etc/group'),
        symlink('/etc/passwd', 'group'),
        symlink('/srv/x', '/one'),
        symlink('/srv/x', '/none'),
      );
      const script = 'readlink /opt/link; readlink /etc/passwd; readlink /srv/x; head -c 6 /etc/passwd';
      assert.equal(await output(own, script), '../etc/group\ngroup\n/none\nroot:x');
    });

    test('directory(): missing ones with their mode; one that is there stays', async () => {
      const own = plain().mount(directory('/opt/a/b', { mode: 0o1770 }), directory('/etc', { mode: 0o700 }));
      assert.equal(await output(own, 'stat -c %a /opt/a /opt/a/b /etc'), '755\n1770\n755\n');
    });

    test('mask(): a directory looks empty, a file is /dev/null, what is not there needs none', async () => {
      const script = 'cat /etc/passwd; ls -A /usr/sbin; (echo x > /usr/sbin/x) 2>/dev/null || echo refused; echo over';
      assert.match(await output(plain(), script), /^root:x.*\n[a-z]+\n/s);
      const hidden = plain().mask('/etc/passwd', '/usr/sbin', '/none', '/etc/passwd/none');
      assert.equal(await output(hidden.mount(file('/etc/passwd', 'mine')), script), 'refused\nover\n');
    });

    test('the last one on a place wins, whatever it is', async () => {
      const both = (first: () => ReturnType<typeof tmpfs>, ...rest: readonly ReturnType<typeof file>[]): Container =>
        plain().mount(first(), ...rest);
      assert.equal(
        await output(
          both(() => tmpfs('/opt/d'), file('/opt/d/f', 'kept\n')),
          'cat /opt/d/f',
        ),
        'kept\n',
      );
      assert.equal(await output(plain().mount(file('/opt/d/f', 'x'), tmpfs('/opt/d')), 'ls -A /opt/d'), '');
      assert.equal(await output(plain().mount(file('/opt/f', 'one'), file('/opt/f', 'two')), 'cat /opt/f'), 'two');
      assert.equal(
        await output(
          plain().mount(symlink('/opt/f', '/x'), file('/opt/f', 'two')),
          'cat /opt/f; ls /x 2>/dev/null || echo none',
        ),
        'twonone\n',
      );
      assert.equal(
        await output(plain().mount(file('/opt/f', 'one'), symlink('/opt/f', '/x')), 'readlink /opt/f'),
        '/x\n',
      );
    });
  });
}

suite('entries that do not go together', requires('busybox'), () => {
  test('a file or a link over a directory is an error, with a hint', async () => {
    for (const [mount, code, hint] of [
      [file('/etc', ''), 'EINVAL', /is a directory: a file cannot cover it/],
      [symlink('/etc', 'x'), 'EISDIR', /is a directory: a link cannot take its place/],
      [file('/etc/passwd/x', ''), 'ENOTDIR', /or what is above it, is a file/],
      [directory('/etc/passwd/x'), 'ENOTDIR', /or what is above it, is a file/],
    ] as const) {
      const box = new Container().rootfs(busyboxRoot()).mount(mount);
      const option = `mount(${mount.type}())`;
      await rejectsAtStep(() => box.run('true'), { op: mount.type, code, option, hint });
    }
  });

  test('a file takes the place of a link that leads nowhere, as resolv.conf is one; the image stays', async () => {
    const root = freshBusyboxRoot();
    symlinkSync('../run/none/resolv.conf', join(root, 'etc/resolv.conf'));
    const found = describeTree(root);
    const box = new Container().rootfs(root);
    assert.match(await output(box, 'cat /etc/resolv.conf 2>&1'), /No such file/);
    const own = box.mount(file('/etc/resolv.conf', 'nameserver 127.0.0.1\n'));
    assert.equal(await output(own, 'cat /etc/resolv.conf'), 'nameserver 127.0.0.1\n');
    const source = mkdtempSync(join(tmpdir(), 'data-'));
    writeFileSync(join(source, 'f'), 'bound\n');
    assert.equal(
      await output(box.mount(bind(join(source, 'f'), '/etc/resolv.conf')), 'cat /etc/resolv.conf'),
      'bound\n',
    );
    assert.deepEqual(describeTree(root), found);
    rmSync(source, { recursive: true });
    removeTree(root);
  });
});

suite('bind({ optional })', () => {
  test('a source that is missing is left out, and the plan says so; one that is there is bound', async () => {
    const source = mkdtempSync(join(tmpdir(), 'data-'));
    const missing = new Container().mount(bind(join(source, 'none'), '/data', { optional: true }));
    assert.match(await output(missing, 'ls /data 2>&1'), /No such file/);
    assert.match(
      missing.explain().replace(/\s+/g, ' '),
      /leave out the bind on \/data: .*\/none does not exist on the host/,
    );
    writeFileSync(join(source, 'none'), 'there\n');
    assert.equal(await output(missing, 'cat /data'), 'there\n');
    assert.doesNotMatch(missing.explain(), /leave out the bind/);
    removeTree(source);
  });
});
