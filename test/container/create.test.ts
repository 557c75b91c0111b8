/** `create: 'host'` makes a mount's missing target on the host, and takes it away again at the end. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, suite, test } from 'node:test';
import { bind, Container, type ContainerProcess, type Mount, overlay, tmpfs } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { carrel } from '../support/cli.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const files = mkdtempSync(join(tmpdir(), 'create-'));
const [project, other] = [join(files, 'project'), join(files, 'other')];
const host = { create: 'host' } as const;
/** All that is in a directory: making something there changes its times. */
const entries = (directory: string): readonly unknown[] => readdirSync(directory, { recursive: true }).sort();

beforeEach(() => {
  removeTree(files);
  for (const path of [files, project, join(project, 'there'), other]) mkdirSync(path);
  chmodSync(files, 0o755);
  writeFileSync(join(project, 'file'), '');
  writeFileSync(join(other, 'inside'), 'of another\n');
});

const box = (...mounts: readonly Mount[]): Container =>
  new Container().mount(bind(project, '/project'), ...mounts).cwd('/project');

async function output(container: Container, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script], { check: true })).stdout;
}

/** A container that runs until its input ends. */
async function running(container: Container): Promise<ContainerProcess> {
  const child = container.spawn('cat');
  await once(child, 'spawn');
  return child;
}

async function end(child: ContainerProcess): Promise<void> {
  child.stdin?.end();
  assert.equal((await child.result).ok, true);
}

suite("create: 'host'", () => {
  const change = '(echo x > new && mkdir made && mv file moved) 2>/dev/null && echo changed || echo sealed';

  test('the directory around the target takes changes; without it that is sealed', async () => {
    assert.equal(await output(box(tmpfs('/project/.hidden')), change), 'sealed\n');
    assert.equal(
      await output(box(tmpfs('/project/.hidden', host)), `ls -A; ${change}`),
      '.hidden\nfile\nthere\nchanged\n',
    );
    assert.deepEqual(readdirSync(project).sort(), ['made', 'moved', 'new', 'there']);
  });

  test('a directory, a file, what is above them, and an overlay, of which nothing is left', async () => {
    const found = entries(project);
    const mounts = [
      bind(other, '/project/a/b/c', host),
      bind(join(other, 'inside'), '/project/a/file', host),
      overlay('/project/laid', { lower: other, ...host }),
      tmpfs('/project/there/memory', host),
    ];
    const script = 'cat a/b/c/inside a/file laid/inside; echo x > there/memory/x; echo y > laid/y; ls -A . a there';
    const list = '.:\na\nfile\nlaid\nthere\n\na:\nb\nfile\n\nthere:\nmemory\n';
    assert.equal(await output(box(...mounts), script), `of another\nof another\nof another\n${list}`);
    assert.deepEqual(entries(project), found);
    assert.deepEqual(readdirSync(other), ['inside']);
  });

  test('in a root filesystem', requires('busybox'), async () => {
    const root = freshBusyboxRoot();
    const found = entries(root);
    const made = new Container().rootfs(root).mount(bind(other, '/opt/other', host));
    // What carrel itself needs is there in this one: no layer covers "/".
    assert.equal(await output(made, 'cat /opt/other/inside; rmdir /opt 2>&1 | wc -l'), 'of another\n1\n');
    assert.deepEqual(entries(root), found);
    removeTree(root);
  });

  test('in a layer over a root filesystem that lacks /dev: it goes with that', requires('busybox'), async () => {
    const root = freshBusyboxRoot();
    rmdirSync(join(root, 'dev'));
    const found = entries(root);
    const made = new Container().rootfs(root).mount(bind(other, '/opt/other', host));
    assert.equal(await output(made, 'cat /opt/other/inside'), 'of another\n');
    assert.deepEqual(entries(root), found);
    removeTree(root);
  });

  test('what exists stays, also where it is empty', async () => {
    await output(box(tmpfs('/project/there', host), bind(join(other, 'inside'), '/project/file', host)), 'cat file');
    assert.deepEqual(readdirSync(project).sort(), ['file', 'there']);
    assert.equal(readFileSync(join(project, 'file'), 'utf8'), '');
  });

  test('what is no longer what was made stays', async () => {
    const child = await running(
      box(
        tmpfs('/project/filled', host),
        tmpfs('/project/replaced', host),
        tmpfs('/project/linked', host),
        bind(join(other, 'inside'), '/project/written', host),
        tmpfs('/project/gone', host),
      ),
    );
    writeFileSync(join(project, 'filled/new'), 'of the host\n');
    renameSync(join(project, 'replaced'), join(project, 'aside'));
    mkdirSync(join(project, 'replaced'));
    renameSync(join(project, 'linked'), join(project, 'aside-2'));
    symlinkSync(other, join(project, 'linked'));
    writeFileSync(join(project, 'written'), 'of the host\n');
    rmdirSync(join(project, 'gone'));
    await end(child);
    const left = ['aside', 'aside-2', 'file', 'filled', 'linked', 'replaced', 'there', 'written'];
    assert.deepEqual(readdirSync(project).sort(), left);
    assert.deepEqual(readdirSync(other), ['inside']);
  });

  test('what another container uses stays mounted there', async () => {
    const made = box(bind(other, '/project/shared', host));
    const first = await running(made);
    const second = made.spawn('sh', ['-c', 'read line; cat shared/inside']);
    const read = (async () => {
      const parts: string[] = [];
      for await (const part of second.stdout ?? []) parts.push(String(part));
      return parts.join('');
    })();
    await once(second, 'spawn');
    await end(first);
    assert.ok(existsSync(join(project, 'shared')));
    second.stdin?.end('\n');
    assert.equal((await second.result).ok, true);
    assert.equal(await read, 'of another\n');
    // Who made it is gone, and nobody else knows that it was made.
    rmdirSync(join(project, 'shared'));
  });

  test('a start that is refused later leaves nothing', async () => {
    const found = entries(project);
    const broken = box(tmpfs('/project/a/b', host), bind(join(files, 'none'), '/project/c', host));
    await assert.rejects(broken.run('true'), { code: 'ENOENT' });
    assert.deepEqual(entries(project), found);
  });

  test('in a read-only bind it is an error', async () => {
    const sealed = new Container().mount(bind(project, '/project', { readonly: true }), tmpfs('/project/new', host));
    const expected = { op: 'makeTarget', code: 'EROFS', path: '/project/new', hint: /is read-only/ } as const;
    await rejectsAtStep(() => sealed.run('true'), expected);
  });

  test('by way of a link that leads out of the project nothing of the host is touched', async () => {
    symlinkSync(other, join(project, 'link'));
    await assert.rejects(box(tmpfs('/project/link/made', host)).run('true'), { name: 'StepError' });
    assert.deepEqual(readdirSync(other), ['inside']);
  });

  test('also where Node is killed', async () => {
    const source = `import { bind, Container, tmpfs } from 'carrel';
      const [project, other] = process.argv.slice(1);
      const host = { create: 'host' };
      const file = bind(other + '/inside', '/project/c', host);
      const mounts = [bind(project, '/project'), tmpfs('/project/a/b', host), file];
      const child = new Container().mount(...mounts).spawn('sleep', ['999']);
      child.once('spawn', () => console.log('runs'));`;
    const node: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', source, project, other], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.ok(node.stdout);
    await Promise.race([once(node.stdout, 'data'), once(node, 'exit')]);
    assert.deepEqual(readdirSync(project).sort(), ['a', 'c', 'file', 'there']);
    node.kill('SIGKILL');
    await once(node, 'exit');
    await until(() => !existsSync(join(project, 'a')) && !existsSync(join(project, 'c')));
    assert.deepEqual(readdirSync(project).sort(), ['file', 'there']);
  });

  test('as an option of the command line', async () => {
    const mounts = ['--bind', `${project}:/project`, '--mount', 'type=tmpfs,target=/project/new,create=host'];
    const { stdout } = await carrel(['run', ...mounts, 'sh', '-c', 'echo x > /project/beside; ls /project']);
    assert.equal(stdout, 'beside\nfile\nnew\nthere\n');
    assert.deepEqual(readdirSync(project).sort(), ['beside', 'file', 'there']);
  });

  test('takes no other word', () => {
    assert.throws(() => tmpfs('/x', { create: 'Host' as 'host' }), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
