/** `overlay()` shows several directories as one, and keeps or forgets what is written. */

import assert from 'node:assert/strict';
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
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { before, beforeEach, suite, test } from 'node:test';
import { bind, Container, overlay, tmpfs } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { isolation } from '../support/isolated.js';
import { askRefusal, OPENS_SOURCE, rejectsAtStep, type Told } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => [requires('busybox').skip || busyboxRoot(), new Container().run('true')][1] });

const files = mkdtempSync(join(tmpdir(), 'layers-'));
/** Names that separate, escape or end something elsewhere. */
const app = join(files, 'a:p,p\\ "x"=1');
const upper = join(files, 'up,per');
const work = join(files, 'wo rk');
const lower = (): readonly string[] => [app, busyboxRoot()];
const kept = (): Container => new Container().rootfs(overlay({ lower: lower(), upper, work }));

before(() => chmodSync(files, 0o755));
beforeEach(() => {
  for (const path of [app, upper, work].filter(existsSync)) removeTree(path);
  for (const path of [app, join(app, 'etc'), upper, work]) mkdirSync(path);
  writeFileSync(join(app, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\n');
  writeFileSync(join(app, 'etc/app'), 'of the app\n');
});

async function output(box: Container, script: string): Promise<string> {
  return (await box.run('sh', ['-c', script], { check: true })).stdout;
}

/** How it is refused in a Node of its own, in which `script` has mounted something. */
function refusalIn(script: string, options: object): Promise<Told | null> {
  const expression = `new Container().rootfs(carrel.overlay(${JSON.stringify(options)})).run('true')`;
  return askRefusal(expression, { prefix: ['unshare', ...isolation, 'sh', '-ec', `${script}\nexec "$0" "$@"`] });
}

suite('overlay()', requires('busybox'), () => {
  test('shows the first that has a name, and what only another one has', async () => {
    const script = 'cat /etc/passwd /etc/app; wc -l < /etc/group';
    assert.equal(
      await output(new Container().rootfs(overlay({ lower: lower() })), script),
      'root:x:0:0::/:/bin/sh\nof the app\n3\n',
    );
    const turned = new Container().rootfs(overlay({ lower: [...lower()].reverse() }));
    assert.match(await output(turned, script), /^root:x:0:0:root:.*\nof the app\n3\n$/s);
  });

  test('without upper what is written is gone, and the directories stay as they were', async () => {
    const box = new Container().rootfs(overlay({ lower: lower() }));
    const found = [describeTree(app), describeTree(busyboxRoot())];
    const script = `cat /etc/app; echo new > /etc/new; echo more >> /etc/app
      rm /etc/group; mv /etc/passwd /etc/moved; mkdir /made
      chmod 700 /bin/busybox; cat /etc/new /etc/app; ls -d /etc/group /made 2>&1`;
    const expected = 'of the app\nnew\nof the app\nmore\nls: /etc/group: No such file or directory\n/made\n';
    for (const time of [1, 2]) {
      const { stdout } = await box.run('sh', ['-c', script]);
      assert.equal(stdout, expected, `${time}`);
    }
    assert.deepEqual([describeTree(app), describeTree(busyboxRoot())], found);
  });

  test('with upper what is written is there for the next one, and its owner can remove all that is left', async () => {
    const found = [describeTree(app), describeTree(busyboxRoot())];
    assert.equal(await output(kept(), 'echo new > /etc/new; rm /etc/app; ls /etc'), 'group\nnew\npasswd\n');
    assert.equal(await output(kept(), 'cat /etc/new; ls /etc; echo again >> /etc/new'), 'new\ngroup\nnew\npasswd\n');
    assert.equal(readFileSync(join(upper, 'etc/new'), 'utf8'), 'new\nagain\n');
    assert.deepEqual(readdirSync(work), []);
    assert.deepEqual([describeTree(app), describeTree(busyboxRoot())], found);
  });

  test('what takes the place of work while it runs stays as it is', async () => {
    const victim = join(files, 'victim');
    for (const path of [victim, join(victim, 'work')]) mkdirSync(path);
    const child = kept().spawn('cat');
    await once(child, 'spawn');
    // Another job that shares the parent: the path leads elsewhere by now.
    renameSync(work, join(files, 'aside'));
    symlinkSync(victim, work);
    child.stdin?.end();
    assert.equal((await child.result).ok, true);
    assert.deepEqual([readdirSync(victim), readdirSync(join(files, 'aside'))], [['work'], []]);
    unlinkSync(work);
    for (const path of [victim, join(files, 'aside')]) removeTree(path);
  });

  test('work is tidied up also where the container is killed', async () => {
    const child = kept().spawn('sh', ['-c', 'rm /etc/app; echo x > /etc/x; echo ready; sleep 100'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout?.once('data', () => child.kill('SIGKILL'));
    await child.result;
    assert.deepEqual(readdirSync(work), []);
  });

  test('root’s files are root’s inside, and a user’s new ones the user’s', async () => {
    assert.equal(await output(kept(), 'echo x > /etc/x; stat -c %u:%g / /etc /etc/app /etc/x'), '0:0\n'.repeat(4));
  });

  test('takes 120 directories', async () => {
    const many = Array.from({ length: 119 }, (_, index) => join(files, `many ${index}`));
    for (const [index, path] of many.entries()) {
      mkdirSync(join(path, 'etc'), { recursive: true });
      writeFileSync(join(path, `etc/${index}`), '');
      writeFileSync(join(path, 'etc/top'), `${index}\n`);
    }
    const box = new Container().rootfs(overlay({ lower: [...many, busyboxRoot()] }));
    assert.equal(await output(box, 'ls /etc | grep -vx hosts | wc -l; cat /etc/top'), '122\n0\n');
    assert.equal(await output(box, 'touch /etc/new; ls /etc/new'), '/etc/new\n');
    for (const path of many) removeTree(path);
  });

  test('readonly(): nothing can be written, with upper and without', async () => {
    const script =
      '(echo x > /etc/x) 2>/dev/null || echo refused; (echo x > /x) 2>/dev/null || echo refused; echo x > /tmp/x';
    assert.equal(
      await output(new Container().rootfs(overlay({ lower: lower() })).readonly(), script),
      'refused\nrefused\n',
    );
    assert.equal(await output(kept().readonly(), script), 'refused\nrefused\n');
    assert.deepEqual(readdirSync(upper), []);
  });

  test('a missing target is made in memory: directly without upper, and with it in a layer', async () => {
    const script = 'cat /srv/x/y/app; (echo x > /new) 2>/dev/null && echo written || echo refused';
    const mounts = [bind(join(app, 'etc'), '/srv/x/y'), tmpfs('/srv/z')];
    const gone = new Container().rootfs(overlay({ lower: lower() })).mount(...mounts);
    assert.equal(await output(gone, script), 'of the app\nwritten\n');
    assert.equal(await output(kept().mount(...mounts), script), 'of the app\nrefused\n');
    assert.deepEqual(readdirSync(upper), []);
  });

  test('a lower directory that is missing is named', async () => {
    const none = join(files, 'none');
    await rejectsAtStep(() => new Container().rootfs(overlay({ lower: [app, none] })).run('true'), {
      op: OPENS_SOURCE,
      code: 'ENOENT',
      path: none,
      option: 'rootfs(overlay())',
      hint: /none does not exist on the host/,
    });
  });

  test('an upper directory that is missing is refused with a hint', async () => {
    const box = new Container().rootfs(overlay({ lower: lower(), upper: join(files, 'none'), work }));
    await rejectsAtStep(() => box.run('true'), {
      op: 'mount',
      code: 'ENOENT',
      option: 'rootfs(overlay())',
      hint: /the upper and the work directory must exist/,
    });
  });

  test('an upper directory that is in a lower one by way of a link is an error before anything is started', () => {
    symlinkSync(basename(app), join(files, 'link'));
    mkdirSync(join(app, 'inside'));
    const box = new Container().rootfs(overlay({ lower: lower(), upper: join(files, 'link/inside'), work }));
    assert.throws(() => box.plan(), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /upper .*\/link\/inside is in lower .*a:p/,
    });
    rmdirSync(join(app, 'inside'));
    unlinkSync(join(files, 'link'));
  });

  test('something mounted below a lower directory is an error before anything is started', async () => {
    const options = { lower: [join(files, 'below'), busyboxRoot()] };
    mkdirSync(join(files, 'below/mounted'), { recursive: true });
    assert.equal(await refusalIn(':', options), null);
    const told = await refusalIn(`mount -t tmpfs none '${files}/below/mounted'`, options);
    assert.equal(told?.code, 'ERR_INVALID_ARG_VALUE');
    assert.match(told?.message ?? '', /mounted on .*\/below\/mounted, below the lower directory .*\/below:/);
    removeTree(join(files, 'below'));
  });

  test('upper on overlayfs, and work on another mount, are errors before anything is started', async () => {
    const over = join(files, 'over');
    for (const name of ['m', 'u', 'w', 'd']) mkdirSync(join(over, name), { recursive: true });
    // Not a tmpfs: before Linux 6.3 its owners cannot be mapped.
    const disk = `mount --bind '${over}/d' '${over}/m'`;
    const options = { lower: lower(), upper: join(over, 'm/up'), work: join(over, 'm/work') };
    const make = `mkdir -p '${over}/m/up' '${over}/m/work'`;
    assert.equal(await refusalIn(`${disk}; ${make}`, options), null);
    for (const name of ['l/up', 'l/work', 'u', 'w']) mkdirSync(join(over, name), { recursive: true });
    const layers = `lowerdir=${over}/l,upperdir=${over}/u,workdir=${over}/w`;
    const kind = requires('root').skip ? `${layers},userxattr` : layers;
    const mounted = await refusalIn(`mount -t overlay -o ${kind} none ${over}/m`, options);
    assert.equal(mounted?.code, 'ERR_INVALID_ARG_VALUE');
    assert.match(mounted?.message ?? '', /upper .* is itself on overlayfs/);
    const apart = await refusalIn(`${disk}; ${make}`, { ...options, work });
    assert.match(apart?.message ?? '', /work must be on the same mount as upper/);
    chmodSync(join(over, 'w/work'), 0o700);
    removeTree(over);
  });
});
