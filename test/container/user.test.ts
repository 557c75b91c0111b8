import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
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

  test('the option of a command goes before the container’s', requires('root'), async () => {
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
    await assert.rejects(box.user(1000).cwd('/root').run('true'), {
      name: 'StepError',
      code: 'EACCES',
      option: 'cwd()',
    });
  });
});
