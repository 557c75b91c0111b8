/** The container's own host name resolves: /etc/hosts has it, whatever the root is. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
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
});
