/** Names resolve inside: /etc/hosts has the container's own and those of hosts(), whatever the root is. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { Container, file, overlay, tmpfs } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

async function output(container: Container, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script], { check: true })).stdout;
}

suite('without rootfs()', () => {
  test('the name is the loopback’s, for programs of every kind', async () => {
    const lookup = 'require("dns").lookup(require("os").hostname(), (e, a) => console.log(e ?? a))';
    const script = `getent hosts "$(hostname)"; hostname -f; hostname -i; '${process.execPath}' -e '${lookup}'`;
    const lines = (await output(box, script)).trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.split(/\s+/)),
      [['127.0.0.1', 'carrel'], ['carrel'], ['127.0.0.1'], ['127.0.0.1']],
    );
  });

  test('hostname() changes it, and a name with dots has a short one', async () => {
    assert.match(await output(box.hostname('db'), 'getent hosts db; getent hosts carrel || echo gone'), /db\ngone\n$/);
    const script = 'getent hosts db.example.org db localhost; hostname -f';
    const named = await output(box.hostname('db.example.org'), script);
    assert.match(named, /^127\.0\.0\.1\s+db\.example\.org db\n127\.0\.0\.1\s+db\.example\.org db\n::1\s+localhost\n/);
    assert.match(named, /\ndb\.example\.org\n$/);
  });

  test('in the host’s network the host’s names are there too', async () => {
    const shared = await output(box.network('host').hostname('own'), 'cat /etc/hosts; getent hosts own');
    const hosts = readFileSync('/etc/hosts', 'utf8').trimEnd();
    assert.equal(shared.slice(0, hosts.length), hosts);
    assert.match(shared.slice(hosts.length), /^\n127\.0\.0\.1\town\n127\.0\.0\.1\s+own\n$/);
  });

  test('the host’s name resolves where the container shares it', async () => {
    const named = box.namespaces(['user', 'mount', 'network', 'pid']);
    assert.match(await output(named, 'getent hosts "$(hostname)"'), new RegExp(`\\s${hostname()}(\\s|$)`));
  });

  test('a mount of the caller’s own covers it', async () => {
    const own = file('/etc/hosts', '192.0.2.1 carrel\n');
    assert.equal(await output(box.mount(own), 'cat /etc/hosts'), '192.0.2.1 carrel\n');
  });
});

suite('hosts()', () => {
  test('without it a name is unknown, with it every kind of program finds its address', async () => {
    const lookup = `require('dns').lookup('db', (e, a) => console.log(e ? e.code : a))`;
    const script = `getent hosts db; '${process.execPath}' -e "${lookup}"`;
    assert.match(await output(box, script), /^(ENOTFOUND|EAI_AGAIN)\n$/);
    assert.match(await output(box.hosts({ db: '10.1.2.3' }), script), /^10\.1\.2\.3\s+db\n10\.1\.2\.3\n$/);
  });

  test('adds to earlier ones, and the last address of a name counts', async () => {
    const one = box.hosts({ db: '10.0.0.1', cache: '::1' });
    const both = one.mount(tmpfs('/x')).hosts({ DB: '10.0.0.2' });
    assert.deepEqual(both.toJSON().hosts, { db: '10.0.0.2', cache: '::1' });
    assert.match(await output(both, 'cat /etc/hosts'), /\n127\.0\.0\.1\tcarrel\n10\.0\.0\.2\tdb\n::1\tcache\n$/);
  });

  test('leads the container’s own name and localhost elsewhere', async () => {
    const own = box.hostname('db.example').hosts({ 'db.example': '10.0.0.1', localhost: '10.0.0.2' });
    assert.equal(await output(own, 'cat /etc/hosts'), '127.0.0.1\tdb\n10.0.0.1\tdb.example\n10.0.0.2\tlocalhost\n');
  });

  test('is beside the host’s names in its network, and where the container has the host’s name', async () => {
    const namespaces = (names: readonly ('user' | 'mount' | 'pid' | 'network')[]): Container =>
      box.namespaces(names).hosts({ 'db.carrel': '10.0.0.1' });
    const hosts = readFileSync('/etc/hosts', 'utf8').trimEnd();
    const shared = await output(namespaces(['user', 'mount', 'pid']), 'cat /etc/hosts');
    assert.equal(shared, `${hosts}\n10.0.0.1\tdb.carrel\n`);
    assert.match(
      await output(namespaces(['user', 'mount', 'pid', 'network']), 'cat /etc/hosts'),
      /\n10\S+\tdb.carrel\n$/,
    );
  });

  test('needs a mount namespace, and no mount over the file', () => {
    const named = box.hosts({ db: '::1' });
    const code = 'ERR_INVALID_ARG_VALUE';
    assert.throws(() => named.namespaces(['user', 'uts']), { code, message: /^hosts needs "mount"/ });
    for (const mount of [file('/etc/hosts', ''), tmpfs('/etc')]) {
      assert.throws(() => named.mount(mount), { code, message: /^hosts and a mount on \/etc/ });
      assert.throws(() => box.mount(mount).hosts({ db: '::1' }), { code });
    }
  });
});

suite('with rootfs()', requires('busybox'), () => {
  const script = 'hostname -i; cat /etc/hosts';
  let root = '';
  beforeEach(() => {
    root = freshBusyboxRoot();
  });
  // Before the host is looked at: a hook of the suite runs first.
  afterEach(() => removeTree(root));
  const write = (hosts: string): void => writeFileSync(join(root, 'etc/hosts'), hosts);
  const omitted = (container: Container): string =>
    /leave out the own host name in \/etc\/hosts: (.*)/.exec(container.explain().replace(/\s+/g, ' '))?.[1] ?? '';

  test('a line is added to what it has; the file on disk stays as it is', async () => {
    write('192.0.2.1 other');
    const all = [box.rootfs(root), box.rootfs(root).readonly(), box.rootfs(overlay({ lower: root }))];
    for (const container of all) {
      const own = await output(container.hostname('own'), script);
      assert.equal(own, '127.0.0.1\n192.0.2.1 other\n127.0.0.1\town\n');
    }
    assert.equal(readFileSync(join(root, 'etc/hosts'), 'utf8'), '192.0.2.1 other');
  });

  test('one that names it is left alone', async () => {
    write('192.0.2.1 x Own # carrel\n');
    assert.equal(await output(box.rootfs(root).hostname('own'), script), '192.0.2.1\n192.0.2.1 x Own # carrel\n');
    assert.match(await output(box.rootfs(root), script), /^127\.0\.0\.1\n/);
  });

  test('a missing one is made in memory, and where all is read-only', async () => {
    for (const container of [box.rootfs(overlay({ lower: root })), box.rootfs(root).readonly()])
      assert.match(
        await output(container, script),
        /^127\.0\.0\.1\n127\.0\.0\.1\tlocalhost\n.*\n127\.0\.0\.1\tcarrel\n$/,
      );
  });

  test('a missing one is not made where that would close the directory, and the plan says so', async () => {
    const container = box.rootfs(root);
    assert.match(omitted(container), /^the root filesystem has no such file/);
    assert.equal(await output(container, 'echo x > /etc/new && ls /etc'), 'group\nnew\npasswd\n');
  });

  test('what is no text in the root filesystem is not looked at', async () => {
    const path = join(root, 'etc/hosts');
    const container = box.rootfs(root);
    execFileSync('mkfifo', [path]);
    assert.match(omitted(container), /no regular file/);
    unlinkSync(path);
    writeFileSync(path, '#'.repeat(65_537));
    assert.match(omitted(container), /larger than 65536 bytes/);
    unlinkSync(path);
    mkdirSync(path);
    assert.match(omitted(container), /no regular file/);
    await container.run('true', [], { check: true });
  });

  test('a link leads nowhere but in the root', async () => {
    symlinkSync('../../../../../../../../etc/hostname', join(root, 'etc/hosts'));
    assert.match(omitted(box.rootfs(root)), /no such file/);
    writeFileSync(join(root, 'etc/hostname'), '192.0.2.1 inside\n');
    assert.match(await output(box.rootfs(root), script), /^127\.0\.0\.1\n192\.0\.2\.1 inside\n127/);
  });

  test('where a mount of the caller’s covers it, nothing is added', async () => {
    write('192.0.2.1 other\n');
    const container = box.rootfs(root).mount(tmpfs('/etc'));
    assert.equal(omitted(container), '');
    assert.equal(await output(container, 'ls -A /etc'), '');
  });

  test('hosts() counts before what the file says of the same names, and leaves the rest of it as it is', async () => {
    write('# of the image\n192.0.2.1\tdb Other # two\n192.0.2.2 DB\n192.0.2.3 third');
    const named = box.hosts({ db: '10.0.0.1' });
    for (const container of [
      named.rootfs(root),
      named.rootfs(root).readonly(),
      named.rootfs(overlay({ lower: root })),
    ]) {
      assert.equal(
        await output(container, 'cat /etc/hosts'),
        '# of the image\n192.0.2.1\tOther # two\n192.0.2.3 third\n127.0.0.1\tcarrel\n10.0.0.1\tdb\n',
      );
    }
    assert.match(readFileSync(join(root, 'etc/hosts'), 'utf8'), /^# of the image\n192\.0\.2\.1\tdb Other/);
  });

  test('hosts() makes a missing file, and closes the directory for that', async () => {
    const container = box.rootfs(root).hosts({ db: '10.0.0.1' });
    const made = await output(container, 'cat /etc/hosts; touch /etc/new 2>/dev/null || echo closed');
    assert.match(made, /\n10\.0\.0\.1\tdb\nclosed\n$/);
    assert.ok(!existsSync(join(root, 'etc/hosts')));
  });

  test('hosts() is refused where the file is no text', async () => {
    execFileSync('mkfifo', [join(root, 'etc/hosts')]);
    const container = box.rootfs(root).hosts({ db: '10.0.0.1' });
    await assert.rejects(container.run('true'), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /^hosts\(\) cannot be added to \/etc\/hosts: .*no regular file/,
    });
  });
});
