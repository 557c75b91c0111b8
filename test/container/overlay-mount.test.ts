/** `overlay()` at a target: a directory of the host whose changes are thrown away, or kept elsewhere. */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, suite, test } from 'node:test';
import { bind, Container, overlay, tmpfs } from 'carrel';
import { plan, run } from 'carrel/plan';
import { exec, mount, propagation } from 'carrel/steps';
import { busyboxRoot } from '../support/busybox.js';
import { carrel } from '../support/cli.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => [requires('busybox').skip || busyboxRoot(), new Container().run('true')][1] });

const box = new Container();
const files = mkdtempSync(join(tmpdir(), 'checkout-'));
const repo = join(files, 'repo');
const [base, upper, work] = [join(files, 'base'), join(files, 'upper'), join(files, 'work')];

beforeEach(() => {
  removeTree(files);
  for (const path of [files, repo, join(repo, 'src'), base, upper, work]) mkdirSync(path);
  chmodSync(files, 0o755);
  writeFileSync(join(repo, 'src/a.c'), 'of the checkout\n');
  writeFileSync(join(base, 'b.c'), 'of the base\n');
});

async function output(container: Container, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script], { check: true })).stdout;
}

suite('mount(overlay())', () => {
  test('shows the directory, takes every change, and throws all away', async () => {
    const found = describeTree(repo);
    const container = box.mount(overlay('/repo', { lower: repo }));
    const script = `cd /repo; cat src/a.c; echo new > src/b.c; echo more >> src/a.c; mkdir made; mv src/a.c made/
      chmod 700 made/a.c; cat made/a.c; find . -type f | sort`;
    const expected = 'of the checkout\nof the checkout\nmore\n./made/a.c\n./src/b.c\n';
    for (const time of [1, 2]) assert.equal(await output(container, script), expected, `${time}`);
    assert.deepEqual(describeTree(repo), found);
    const written = await output(box.mount(bind(repo, '/repo')), 'echo new > /repo/b.c; ls /repo');
    assert.equal(written, 'b.c\nsrc\n');
    assert.deepEqual(readdirSync(repo), ['b.c', 'src']);
  });

  test('several, the first one on top', async () => {
    writeFileSync(join(base, 'src'), 'a file, which the directory above it hides');
    const container = box.mount(overlay('/repo', { lower: [repo, base] }));
    assert.equal(await output(container, 'cat /repo/src/a.c /repo/b.c'), 'of the checkout\nof the base\n');
  });

  test('changes go to upper where there is one, and work is tidied up', async () => {
    const container = box.mount(overlay('/repo', { lower: repo, upper, work }));
    await output(container, 'echo kept > /repo/kept; rm /repo/src/a.c');
    assert.equal(readFileSync(join(upper, 'kept'), 'utf8'), 'kept\n');
    assert.deepEqual([readdirSync(work), readdirSync(join(repo, 'src'))], [[], ['a.c']]);
    assert.equal(await output(container, 'ls /repo; ls /repo/src'), 'kept\nsrc\n');
  });

  test(
    'anywhere: in a root filesystem that lacks the target, in a bind, in another one',
    requires('busybox'),
    async () => {
      const container = box
        .rootfs(busyboxRoot())
        .mount(
          overlay('/deep/repo', { lower: repo }),
          bind(base, '/base'),
          overlay('/base/repo', { lower: repo }),
          overlay('/deep/repo/src', { lower: base }),
          tmpfs('/deep/repo/scratch'),
        );
      const script = 'ls /deep/repo /deep/repo/src /base; echo x > /deep/repo/src/x; echo y > /base/repo/y';
      const lists = '/base:\nb.c\nrepo\n\n/deep/repo:\nscratch\nsrc\n\n/deep/repo/src:\nb.c\n';
      assert.equal(await output(container, script), lists);
      assert.deepEqual([readdirSync(repo), readdirSync(base)], [['src'], ['b.c']]);
    },
  );

  test('set-user-id bits and devices have no effect; noexec where asked for', async () => {
    const options = async (container: Container): Promise<string> => {
      const lines = (await output(container, 'cat /proc/self/mountinfo')).split('\n');
      return (
        lines
          .map((line) => line.split(' '))
          .filter((fields) => fields[4] === '/repo')
          .at(-1)?.[5] ?? ''
      );
    };
    assert.match(await options(box.mount(overlay('/repo', { lower: repo }))), /nosuid,nodev(?!.*noexec)/);
    assert.match(await options(box.mount(overlay('/repo', { lower: repo, noexec: true }))), /nosuid,nodev,noexec/);
  });

  test('what is below it cannot be changed by the container', async () => {
    // It may not unmount what is in its way, and knows no other path.
    const script = 'umount /repo 2>/dev/null || echo refused; grep -c " /repo" /proc/self/mountinfo; ls /repo';
    assert.match(await output(box.mount(overlay('/repo', { lower: repo })), script), /^refused\n\d+\nsrc\n$/);
  });

  test('as an option of the command line', async () => {
    const layers = `type=overlay,target=/repo,lower=${repo},lower=${base}`;
    const { stdout } = await carrel(['run', '--mount', layers, 'sh', '-c', 'rm /repo/b.c; ls /repo']);
    assert.equal(stdout, 'src\n');
    assert.deepEqual(readdirSync(base), ['b.c']);
  });

  test('says what is wrong with its arguments', () => {
    for (const make of [
      () => overlay('repo', { lower: repo }),
      () => overlay('/proc/x', { lower: repo }),
      () => overlay('/repo', { lower: repo, upper }),
    ])
      assert.throws(make, { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => overlay('/repo', { lower: [] }), { code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => overlay('/repo', { lower: repo, uper: '/u' } as never), /upper/);
    assert.throws(() => overlay('/repo', undefined as never), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});

suite('a step that mounts an overlay', requires('root'), () => {
  test('with an option of more than 255 bytes: the hint says why', async () => {
    const long = join(files, ...Array.from({ length: 10 }, () => 'directory-with-a-long-name'));
    mkdirSync(long, { recursive: true });
    const options = [`lowerdir=${long}:${repo}`];
    const made = plan({
      clone: ['mount'],
      steps: [
        propagation({ target: '/', type: 'private' }),
        mount({ type: 'overlay', target: repo, options }),
        exec({ args: ['/bin/true'] }),
      ],
    });
    const hint = /up to 255 bytes in an option/;
    await rejectsAtStep(() => run(made), { op: 'mount', code: 'EINVAL', syscall: 'fsconfig', hint });
  });
});
