/** A container without `rootfs()` has the host's programs, and none of its data. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('without rootfs: the host’s programs, none of its data', () => {
  test('programs can be read and run, not written', async () => {
    const script =
      'test -r /usr/bin/env && echo readable; (echo x > /usr/carrel) 2>/dev/null || echo refused; ls /usr | head -1';
    const { stdout } = await box.run('sh', ['-c', script]);
    assert.deepEqual(stdout.trim().split('\n'), ['readable', 'refused', readdirSync('/usr').sort()[0]]);
    assert.ok(!existsSync('/usr/carrel'));
  });

  test('users, secrets and temporary files of the host are absent', async () => {
    const own = join(mkdtempSync(join(tmpdir(), 'programs-')), 'secret');
    writeFileSync(own, 'secret');
    const script =
      'for d in /home /root /tmp /var/tmp /run; do ls -A "$d"; done; ' +
      'for f in "$@"; do test -e "$f" && echo "$f"; done; true';
    const paths = [
      '/etc/shadow',
      '/etc/gshadow',
      '/etc/sudoers',
      '/etc/fstab',
      '/var/lib/dpkg',
      '/var/lib/private',
      '/var/log',
      '/boot',
      '/sys/fs/cgroup/cgroup.procs',
      own,
    ];
    const { stdout, stderr } = await box.run('sh', ['-c', script, 'sh', ...paths], { check: true });
    assert.equal(stdout, '');
    assert.equal(stderr, '');
    assert.ok(existsSync(own));
    removeTree(dirname(own));
  });

  test('/etc/passwd names root, nobody, and the user of the command', async () => {
    const script = 'cut -d: -f1,3 /etc/passwd; cut -d: -f1 /etc/group; echo ---; cat /etc/hosts';
    const { stdout } = await box.run('sh', ['-c', script], { check: true });
    assert.match(stdout, /^root:0\nnobody:65534\nroot\n/);
    assert.match(stdout, /^127\.0\.0\.1\s+localhost$/m);
    const user = await box.user(1000).run('sh', ['-c', `${script}; id -un`], { check: true });
    assert.match(user.stdout, /^root:0\nnobody:65534\nuser:1000\n/);
    assert.match(user.stdout, /\nuser\n$/);
  });

  test('/etc/group names the group tty where it exists', async () => {
    const script =
      'grep -o "^tty:x:5:$" /etc/group; while read -r _ _ count; do echo "$count"; done < /proc/self/gid_map';
    const isRoot = process.env.CARREL_TEST_LEG === 'root';
    const { stdout } = await box.run('sh', ['-c', script], { check: true });
    assert.equal(stdout, isRoot ? 'tty:x:5:\n65536\n' : '1\n');
    if (!isRoot) return;
    assert.equal((await box.idmap({ uid: 4242, gid: 4242 }).run('sh', ['-c', script])).stdout, '1\n');
  });

  test('what is written elsewhere is gone with the container', async () => {
    const script = 'echo here > /tmp/x; echo here > /root/x; cat /tmp/x /root/x';
    assert.equal((await box.run('sh', ['-c', script])).stdout, 'here\nhere\n');
    const again = await box.run('sh', ['-c', 'test -e /tmp/x || test -e /root/x']);
    assert.equal(again.exitCode, 1);
  });

  test('node itself runs, by path and by name', async () => {
    const code = 'console.log(process.version, process.pid > 0, require("node:os").hostname())';
    for (const file of [process.execPath, 'node']) {
      const { stdout, stderr } = await box.run(file, ['-e', code]);
      assert.equal(stdout, `${process.version} true carrel\n`, stderr);
    }
  });

  test('python3 runs', { skip: existsSync('/usr/bin/python3') ? false : 'no python3' }, async () => {
    const code = 'import os, ssl, json; print(json.dumps([os.getuid(), os.listdir("/home")]))';
    const { stdout, stderr } = await box.run('/usr/bin/python3', ['-c', code]);
    assert.equal(stdout, '[0, []]\n', stderr);
  });
});

suite('readonly() makes all of it read-only', () => {
  const script =
    'for d in / /etc /home /root; do (echo x > $d/x) 2>/dev/null && echo $d; done; echo x > /tmp/x && cat /tmp/x';
  test('without: it can be written', async () => {
    assert.equal((await box.run('sh', ['-c', script])).stdout, '/\n/etc\n/home\n/root\nx\n');
  });
  test('with: only /tmp', async () => {
    assert.equal((await box.readonly().run('sh', ['-c', script])).stdout, 'x\n');
  });
});

test('without a user namespace the programs are the same', requires('root'), async () => {
  const host = box.namespaces(['mount', 'pid']);
  const { stdout } = await host.run('sh', [
    '-c',
    'ls -A /home; test -e /etc/shadow || echo absent; cat /proc/self/uid_map',
  ]);
  assert.match(stdout, /^absent\n\s+0\s+0\s+4294967295\n$/);
});
