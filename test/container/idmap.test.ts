/** `idmap()` maps ids of the container to ids of the host, in ranges or one by one. */

import assert from 'node:assert/strict';
import { chownSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container, type IdMapping } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { ranges } from '../support/options-ids.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const root = !requires('root').skip;

async function maps(container: Container): Promise<readonly (readonly number[])[]> {
  const { stdout } = await container.run('cat', ['/proc/self/uid_map', '/proc/self/gid_map'], { check: true });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
}

suite('ranges, by root', requires('root', 'busybox'), () => {
  for (const count of [1, 5, 340]) {
    test(`${count} of them`, async () => {
      const list = ranges(count) as readonly IdMapping[];
      const expected = list.map(({ containerID, hostID, size }) => [containerID, hostID, size]);
      const found = await maps(box.idmap({ uid: list, gid: list }));
      // The kernel shows neighbours as they were written.
      assert.deepEqual(found, [...expected, ...expected]);
    });
  }

  test('owners of files are mapped, pipes are the user’s', async () => {
    const rootfs = freshBusyboxRoot();
    chownSync(join(rootfs, 'home'), 9, 9);
    const list = [{ containerID: 0, hostID: 700_000, size: 10 }];
    const own = box.rootfs(rootfs).idmap({ uid: list, gid: list });
    const script = 'stat -c %u /home /; echo x > /home/x; cat /proc/self/uid_map; cat /dev/stdin > /dev/stdout';
    const { stdout } = await own.user(9).run('sh', ['-ec', script], { check: true, input: 'through\n' });
    assert.match(stdout, /^9\n0\n\s+0\s+700000\s+10\nthrough\n$/);
    assert.equal(statSync(join(rootfs, 'home/x')).uid, 9);
    await assert.rejects(own.user(10).run('true'), { code: 'ERR_INVALID_ARG_VALUE', message: /uids 0 to 9 / });
    removeTree(rootfs);
  });

  test('one id of the host: the command is that user, with that user’s files', async () => {
    const rootfs = freshBusyboxRoot();
    chownSync(join(rootfs, 'home'), 4242, 4242);
    const own = box.rootfs(rootfs).idmap({ uid: 4242, gid: 4242 });
    const script = 'id -u; stat -c %u /home; echo x > /home/x; touch /x 2>/dev/null || echo refused; cat /dev/stdin';
    const { stdout } = await own.run('sh', ['-ec', script], { check: true, input: 'through\n' });
    assert.equal(stdout, '0\n0\nrefused\nthrough\n');
    assert.equal(statSync(join(rootfs, 'home/x')).uid, 4242);
    assert.deepEqual(await maps(own.user('5:6')), [
      [5, 4242, 1],
      [6, 4242, 1],
    ]);
    removeTree(rootfs);
  });
});

suite('by an ordinary user', { skip: root ? 'needs an ordinary user' : false }, () => {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const id = (containerID: number, hostID: number): readonly IdMapping[] => [{ containerID, hostID, size: 1 }];

  test('the own id, in every way to write it', async () => {
    assert.deepEqual(await maps(box.idmap({ uid, gid })), [
      [0, uid, 1],
      [0, gid, 1],
    ]);
    assert.deepEqual(await maps(box.idmap({ uid: id(7, uid), gid: id(8, gid) }).user('7:8')), [
      [7, uid, 1],
      [8, gid, 1],
    ]);
  });

  test('another is refused at once', async () => {
    await assert.rejects(box.idmap({ uid: uid + 1, gid }).run('true'), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /^idmap names/,
    });
  });

  test('ranges that nobody gave are refused by the helper', requires('newuidmap'), async () => {
    const list = [{ containerID: 0, hostID: 4_000_000_000, size: 10 }];
    await rejectsAtStep(() => box.idmap({ uid: list, gid: list }).run('true'), {
      op: 'newuidmap',
      code: 'EPERM',
      syscall: 'execve',
      option: 'idmap()',
      path: /newuidmap$/,
      message: /newuidmap.*exit status 1/,
    });
  });

  test('subordinate ids that nobody gave are missed at once', async () => {
    const name = `${uid}:`;
    assert.ok(!readFileSync('/etc/subuid', 'utf8').startsWith(name));
    await assert.rejects(box.idmap('subuid').run('true'), {
      code: 'ERR_SUBORDINATE_IDS',
      hint: /usermod --add-subuids/,
    });
  });
});
