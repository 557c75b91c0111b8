/** `user()` decides by number or name which user the command is. */

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, overlay, tmpfs } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const script = 'id -u; id -g; grep -E "^Cap(Eff|Prm|Inh|Amb)" /proc/self/status | cut -f2 | sort -u | tail -1';

suite('user()', () => {
  test('without: root, with capabilities', async () => {
    const [uid, gid, capabilities] = (await box.run('sh', ['-c', script])).stdout.trim().split('\n');
    assert.deepEqual([uid, gid], ['0', '0']);
    assert.notEqual(capabilities, '0000000000000000');
  });

  test('with a number: that user and group, without capabilities', async () => {
    for (const user of [1000, '1000', '1000:1000', { uid: 1000, gid: 1000 }]) {
      assert.equal((await box.user(user).run('sh', ['-c', script])).stdout, '1000\n1000\n0000000000000000\n');
    }
  });

  test('a group of its own', async () => {
    assert.match((await box.user('1000:500').run('sh', ['-c', script])).stdout, /^1000\n500\n/);
    assert.match((await box.user({ uid: 7, gid: 8 }).run('sh', ['-c', script])).stdout, /^7\n8\n/);
  });

  test('the option of a command replaces the container’s', requires('root'), async () => {
    assert.match((await box.run('sh', ['-c', script], { user: '1000' })).stdout, /^1000\n1000\n/);
    assert.match((await box.user(1000).run('sh', ['-c', script], { user: 0 })).stdout, /^0\n0\n/);
  });

  test('pipes belong to the user: /dev/stdout and /dev/stdin can be opened', async () => {
    const copy = 'cat /dev/stdin > /dev/stdout; echo err > /dev/stderr';
    for (const user of [0, 1000]) {
      const { stdout, stderr } = await box.user(user).run('sh', ['-c', copy], { input: 'through\n' });
      assert.deepEqual([stdout, stderr], ['through\n', 'err\n']);
    }
  });

  test('root’s files are not the user’s', requires('root'), async () => {
    const { stdout } = await box
      .user(1000)
      .run('sh', ['-c', 'ls /root 2>/dev/null || echo refused; echo x > /tmp/x && stat -c %u /tmp/x']);
    assert.equal(stdout, 'refused\n1000\n');
    const away = box.user(1000).cwd('/root');
    await rejectsAtStep(() => away.run('true'), { op: 'chdir', code: 'EACCES', option: 'cwd()' });
  });
});

suite('user() by name', () => {
  const who = 'id -u; id -g; id -G; echo "$HOME"';
  const ask = async (container: Container): Promise<readonly string[]> =>
    (await container.run('sh', ['-c', who], { check: true })).stdout.trimEnd().split('\n');
  const image = (
    files: Readonly<Record<string, string>> = {},
  ): { readonly box: Container; readonly rootfs: string } => {
    const rootfs = freshBusyboxRoot();
    for (const [name, text] of Object.entries(files)) writeFileSync(join(rootfs, name), text);
    return { box: box.rootfs(rootfs), rootfs };
  };

  test('in the image’s own files, never the host’s', requires('busybox'), async () => {
    const { box: own, rootfs } = image({ 'etc/passwd': 'daemon:x:77:78::/home:/bin/sh\n' });
    const [uid, gid, , home] = await ask(own.user('daemon'));
    assert.deepEqual([uid, gid, home], ['77', '78', '/home']);
    assert.equal((await own.run('id', ['-u'], { user: 'daemon', check: true })).stdout, '77\n');
    removeTree(rootfs);
  });

  test('with the groups that list it, where there are more ids than one', requires('root', 'busybox'), async () => {
    const { box: own, rootfs } = image();
    assert.deepEqual(await ask(own.user('user')), ['1000', '1000', '1000 500', '/home/user']);
    assert.deepEqual(await ask(own.user('user:extra')), ['1000', '500', '500', '/home/user']);
    assert.deepEqual(await ask(own.user('1000:extra')), ['1000', '500', '500', '/home/user']);
    assert.deepEqual(await ask(own.user('root')), ['0', '0', '0', '/root']);
    assert.deepEqual(await ask(own.user({ uid: 1, gid: 2, additionalGids: [3, 4] })), ['1', '2', '2 3 4', '/']);
    assert.deepEqual(await ask(own.namespaces(['mount', 'pid']).user('user')), [
      '1000',
      '1000',
      '1000 500',
      '/home/user',
    ]);
    removeTree(rootfs);
  });

  test('in the layer on top that has the file', requires('busybox', 'linux-6.6'), async () => {
    const { rootfs } = image({ 'etc/passwd': 'root:x:0:0::/root:/bin/sh\nlow:x:1:2::/:\n' });
    const top = mkdtempSync(join(tmpdir(), 'top-'));
    const layered = box.rootfs(overlay({ lower: [top, rootfs] }));
    mkdirSync(join(top, 'etc'));
    assert.deepEqual((await ask(layered.user('low'))).slice(0, 2), ['1', '2']);
    writeFileSync(join(top, 'etc/passwd'), 'high:x:3:4::/:\n');
    assert.deepEqual((await ask(layered.user('high'))).slice(0, 2), ['3', '4']);
    await assert.rejects(layered.user('low').run('true'), { code: 'ERR_UNKNOWN_USER', message: /is not in/ });
    unlinkSync(join(top, 'etc/passwd'));
    symlinkSync('group', join(top, 'etc/passwd'));
    await assert.rejects(layered.user('low').run('true'), { code: 'ERR_UNKNOWN_USER', message: /cannot tell who/ });
    for (const path of [top, rootfs]) removeTree(path);
  });

  test('without a root filesystem', async () => {
    assert.deepEqual((await ask(box.user('root'))).slice(0, 2), ['0', '0']);
    const nobody = await ask(box.user('nobody'));
    assert.deepEqual([...nobody.slice(0, 2), nobody[3]], ['65534', '65534', '/']);
    await assert.rejects(box.user('daemon').run('true'), { name: 'CarrelError', code: 'ERR_UNKNOWN_USER' });
  });

  test('a number has its home', requires('busybox'), async () => {
    const { box: own, rootfs } = image();
    assert.equal((await ask(own.user(1000)))[3], '/home/user');
    assert.equal((await ask(own.user(1001)))[3], '/');
    removeTree(rootfs);
  });

  test(
    'an unknown one is an error, with the name that was meant, and nothing is started',
    requires('busybox'),
    async () => {
      const { box: own, rootfs } = image();
      await assert.rejects(own.user('usr').run('true'), { code: 'ERR_UNKNOWN_USER', hint: /did you mean 'user'/ });
      await assert.rejects(own.user('user:extr').run('true'), {
        code: 'ERR_UNKNOWN_GROUP',
        hint: /did you mean 'extra'/,
      });
      assert.throws(() => own.user('usr').spawn('true'), { code: 'ERR_UNKNOWN_USER' });
      unlinkSync(join(rootfs, 'etc/passwd'));
      await assert.rejects(own.user('user').run('true'), { code: 'ERR_UNKNOWN_USER', message: /no \/etc\/passwd/ });
      removeTree(rootfs);
    },
  );

  test('what a mount covers cannot be told', requires('busybox'), async () => {
    const { box: own, rootfs } = image();
    symlinkSync('etc', join(rootfs, 'other'));
    for (const mount of [tmpfs('/etc'), bind('/etc/hosts', '/etc/passwd'), tmpfs('/other')]) {
      await assert.rejects(own.mount(mount).user('user').run('true'), {
        code: 'ERR_UNKNOWN_USER',
        message: /a mount is to cover/,
      });
    }
    // Not those beside it, and a number needs no file.
    assert.equal((await ask(own.mount(tmpfs('/home')).user('user')))[0], '1000');
    assert.equal((await ask(own.mount(tmpfs('/etc')).user(1000)))[0], '1000');
    await assert.rejects(box.mount(tmpfs('/etc')).user('root').run('true'), { code: 'ERR_UNKNOWN_USER' });
    removeTree(rootfs);
  });
});

suite('capabilities() for another user', () => {
  test('ambient ones are kept by the command', async () => {
    const sets = ['bounding', 'permitted', 'inheritable', 'ambient'] as const;
    const some = box.capabilities(Object.fromEntries(sets.map((set) => [set, ['CAP_NET_BIND_SERVICE']])));
    const bits = 'grep -E "^Cap(Eff|Prm|Inh|Amb|Bnd)" /proc/self/status | cut -f2 | sort -u';
    assert.equal((await some.user(1000).run('sh', ['-c', bits])).stdout, '0000000000000400\n');
    assert.equal((await box.user(1000).run('sh', ['-c', `${bits} | head -n 1`])).stdout, '0000000000000000\n');
  });
});
