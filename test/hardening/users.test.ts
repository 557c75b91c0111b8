/** A damaged or hostile /etc/passwd of an image does no harm to the privileged Node that reads it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { underFuse } from '../support/fuse.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Not id(1), which reads that file. */
const ID = `sed -n 's/^Uid:\\t\\([0-9]*\\).*/\\1/p' /proc/self/status; echo $HOME`;

suite('a hostile /etc/passwd', requires('busybox'), () => {
  let rootfs: string;
  let passwd: string;
  let box: Container;

  beforeEach(() => {
    rootfs = freshBusyboxRoot();
    passwd = join(rootfs, 'etc/passwd');
    box = new Container().rootfs(rootfs);
    rmSync(passwd);
  });
  afterEach(() => removeTree(rootfs));

  /** Neither taken, nor waited for, nor read to the end; a number still works. */
  async function refuses(message: RegExp): Promise<void> {
    await assert.rejects(box.user('daemon').run('true'), { name: 'CarrelError', code: 'ERR_UNKNOWN_USER', message });
    const { stdout } = await box.user(1000).run('sh', ['-c', ID], { check: true });
    assert.equal(stdout, '1000\n/\n');
  }

  test('is a FIFO', async () => {
    execFileSync('mkfifo', [passwd]);
    await refuses(/no regular file/);
  });

  test('is a device', requires('root'), async () => {
    execFileSync('mknod', [passwd, 'c', '1', '5']);
    await refuses(/no regular file/);
  });

  test('is held by a lease of another container', requires('python3'), async () => {
    writeFileSync(passwd, 'daemon:x:1:1::/:\n');
    // The owner alone may take one.
    const script = `
import fcntl, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = open('/image/etc/passwd', 'r+')
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
sys.stdin.read()`;
    // The default filter refuses leases, and this is about one that is there.
    const neighbour = new Container().seccomp('unconfined').mount(bind(rootfs, '/image'));
    await using holder = neighbour.spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    assert.ok(holder.stdout && holder.stdin);
    assert.equal(String(await once(holder.stdout, 'data')), 'held\n');
    const { ino } = statSync(passwd);
    const held = (): boolean =>
      readFileSync('/proc/locks', 'latin1')
        .split('\n')
        .some((line) => line.includes(' LEASE ') && line.includes(`:${ino} `));
    assert.ok(held(), 'before');
    await refuses(/a process holds a lease on \/etc\/passwd/);
    // An open that waits, waits until the kernel breaks the lease.
    assert.ok(held(), 'nobody has waited for it');
    holder.stdin.end();
    await holder.result;
    assert.equal((await box.user('daemon').run('sh', ['-c', ID], { check: true })).stdout, '1\n/\n');
  });

  test('is served by a process that never answers', requires('root', 'python3', 'fuse'), async () => {
    const ask = (below: string): Promise<unknown> =>
      askCaller(
        `const box = new Container().rootfs(${JSON.stringify(rootfs)});
         const told = [];
         for (const user of ['daemon', 1000]) {
           try { told.push(box.user(user).plan('true').steps.length > 0); } catch (error) { told.push(error.message); }
         }
         console.log(JSON.stringify(told));`,
        { prefix: underFuse(join(rootfs, below)) },
      );
    const told = (why: string): unknown => [
      `carrel cannot tell who "daemon" is in the container: ${why}\n` +
        '  hint: give a number: user(1000), or { uid, gid, additionalGids }',
      true,
    ];
    mkdirSync(join(rootfs, 'etc/passwd.d'));
    symlinkSync('passwd.d/file', passwd);
    assert.deepEqual(await ask('etc/passwd.d'), told('another file system is mounted on the way to /etc/passwd'));
    assert.deepEqual(await ask('.'), told(`${rootfs} is on FUSE, and who serves it may never answer`));
  });

  test('is a directory', async () => {
    mkdirSync(passwd);
    await refuses(/no regular file/);
  });

  test('is a link to the host’s', async () => {
    assert.match(readFileSync('/etc/passwd', 'utf8'), /^daemon:/m);
    for (const target of ['../../../../../../../../../../etc/passwd-host', '/etc/passwd-host']) {
      symlinkSync(target, passwd);
      await refuses(/has no \/etc\/passwd/);
      rmSync(passwd);
    }
    // It leads to itself, in the image: never out.
    for (const target of ['../../../../../../../../../../etc/passwd', '/etc/passwd', 'passwd']) {
      symlinkSync(target, passwd);
      await refuses(/ELOOP/);
      rmSync(passwd);
    }
  });

  test('is below a link to the host’s /etc', async () => {
    renameSync(join(rootfs, 'etc'), join(rootfs, 'was'));
    symlinkSync('/../../usr/../etc', join(rootfs, 'etc'));
    await refuses(/ELOOP/);
  });

  test('leads through /proc', async () => {
    for (const target of ['/proc/self/root/etc/passwd', '/proc/1/root/etc/passwd']) {
      symlinkSync(target, passwd);
      await refuses(/has no \/etc\/passwd/);
      rmSync(passwd);
    }
  });

  test('is a file of 10 GB with holes', async () => {
    writeFileSync(passwd, 'daemon:x:1:1::/:\n');
    truncateSync(passwd, 10 * 2 ** 30);
    await refuses(/larger than 4194304 bytes/);
  });

  test('is no text', async () => {
    writeFileSync(passwd, Buffer.from([0, 255, 254, 58, 58, 48, 58, 48, 10, 0x80]));
    await refuses(/is not in/);
  });

  test('has lines that other runtimes take for root’s. CVE-2026-30892', async () => {
    writeFileSync(
      passwd,
      ['daemon', 'daemon:x', 'daemon:x::', 'daemon:x:-1:0::/:', 'daemon:x:4294967295:0::/:'].join('\n'),
    );
    await refuses(/is not in/);
    writeFileSync(
      passwd,
      ['daemon:x: 0:0::/:', 'daemon:x:0x0:0::/:', 'daemon:x:+0:0::/:', 'daemon:x:1e0:0::/:'].join('\n'),
    );
    await refuses(/is not in/);
  });

  test('names a home that is a line of its own', async () => {
    writeFileSync(passwd, 'daemon:x:1:1::/a\0LD_PRELOAD=/x:/bin/sh\n');
    const { stdout } = await box.user('daemon').run('env', [], { check: true });
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.replace(/=.*/, ''))
        .sort(),
      ['HOME', 'PATH'],
    );
  });
});
