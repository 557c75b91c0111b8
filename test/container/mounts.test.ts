/** `bind()` and `tmpfs()` mount what they say, with their attributes and in their order. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, suite, test } from 'node:test';
import { bind, Container, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { OPENS_SOURCE, rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const data = mkdtempSync(join(tmpdir(), 'data-'));

beforeEach(() => {
  removeTree(data);
  mkdirSync(data, { mode: 0o755 });
  writeFileSync(join(data, 'file'), 'of the host\n');
});

/** Binds a directory with a file system mounted below it, and prints what a write there came to. */
const BELOW = `
  import { execFileSync } from 'node:child_process';
  import { readdirSync } from 'node:fs';
  import { bind, Container } from 'carrel';
  const data = process.argv[1];
  execFileSync('mount', ['--bind', process.argv[2], data + '/below']);
  const output = async (script, options) =>
    (await new Container().mount(bind(data, '/data', options)).run('sh', ['-c', script])).stdout;
  const write = '(echo x > /data/below/new) 2>/dev/null && echo written || echo refused';
  console.log(JSON.stringify({
    writable: await output(write, {}),
    readonly: await output('rm -f /data/below/new 2>/dev/null; ' + write, { readonly: true }),
    shallow: await output('ls -A /data/below', { recursive: false }),
    left: readdirSync(data + '/below'),
  }));
`;

suite('bind()', () => {
  test('writable: what is written is on the host', async () => {
    const script = 'cat /data/file; echo new > /data/new; rm /data/file';
    const { stdout } = await box.mount(bind(data, '/data')).run('sh', ['-ec', script], { check: true });
    assert.equal(stdout, 'of the host\n');
    assert.deepEqual(readdirSync(data), ['new']);
    assert.equal(readFileSync(join(data, 'new'), 'utf8'), 'new\n');
  });

  test('readonly: no write, no removal', async () => {
    const script =
      'cat /data/file; (echo x > /data/new) 2>/dev/null || echo refused; rm -f /data/file 2>/dev/null || echo refused';
    const { stdout } = await box.mount(bind(data, '/data', { readonly: true })).run('sh', ['-c', script]);
    assert.equal(stdout, 'of the host\nrefused\nrefused\n');
    assert.deepEqual(readdirSync(data), ['file']);
  });

  test('readonly holds for a mount below the source', requires('root'), () => {
    const below = join(data, 'below');
    mkdirSync(below);
    // Another file system's owners could not be shown mapped before Linux 6.3, if it is a tmpfs.
    const other = mkdtempSync(join(tmpdir(), 'other-'));
    // In a mount namespace of its own: test files beside this one must not see it come and go.
    const node = [process.execPath, '--input-type=module', '--eval', BELOW, data, other];
    const own = ['--mount', '--propagation', 'private', ...node];
    const outputs: unknown = JSON.parse(execFileSync('unshare', own, { encoding: 'utf8' }));
    assert.deepEqual(outputs, { writable: 'written\n', readonly: 'refused\n', shallow: '', left: ['new'] });
    assert.deepEqual(readdirSync(below), []);
    removeTree(other);
  });

  test('a file on a file', async () => {
    const { stdout } = await box
      .mount(bind(join(data, 'file'), '/etc/motd'))
      .run('cat', ['/etc/motd'], { check: true });
    assert.equal(stdout, 'of the host\n');
  });

  test('set-user-id bits and devices have no effect through it', async () => {
    const { stdout } = await box
      .mount(bind(data, '/data'))
      .run('grep', [' /data ', '/proc/self/mountinfo'], { check: true });
    assert.match(stdout.split(' ')[5] ?? '', /nosuid,nodev/);
  });

  test('a source that does not exist is an error that names it', async () => {
    await rejectsAtStep(() => box.mount(bind(join(data, 'none'), '/data')).run('true'), {
      op: OPENS_SOURCE,
      code: 'ENOENT',
      message: /none/,
      option: 'mount(bind())',
    });
  });
});

suite('tmpfs()', () => {
  test('mode and size; by default 1777', async () => {
    const small = box.mount(tmpfs('/small', { size: '64k', mode: 0o750 }), tmpfs('/large'));
    const script =
      'stat -c "%a %n" /small /large; dd if=/dev/zero of=/small/x bs=1k count=128 2>/dev/null || stat -c %s /small/x';
    const { stdout } = await small.run('sh', ['-c', script]);
    assert.equal(stdout, '750 /small\n1777 /large\n65536\n');
  });

  test('without a size more than that fits', async () => {
    const script = 'dd if=/dev/zero of=/large/x bs=1k count=128 2>/dev/null; stat -c %s /large/x';
    assert.equal((await box.mount(tmpfs('/large')).run('sh', ['-c', script])).stdout, '131072\n');
  });
});

suite('order', () => {
  test('the last one on a target wins', async () => {
    const script = 'ls -A /data';
    assert.equal((await box.mount(tmpfs('/data'), bind(data, '/data')).run('sh', ['-c', script])).stdout, 'file\n');
    assert.equal((await box.mount(bind(data, '/data'), tmpfs('/data')).run('sh', ['-c', script])).stdout, '');
  });

  test('a bind below a tmpfs, made in memory', async () => {
    const nested = box.mount(tmpfs('/a'), bind(data, '/a/b/c'));
    assert.equal((await nested.run('cat', ['/a/b/c/file'])).stdout, 'of the host\n');
  });
});
