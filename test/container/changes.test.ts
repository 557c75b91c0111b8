/** What changes on the host between two starts of one container counts from the next start on. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bind, Container, overlay } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** After so long without a change carrel believes what it has read. */
const SETTLED_MS = 3000;

interface Case {
  /** Makes the container; the directory is empty, and for it alone. */
  readonly make: (directory: string) => { readonly box: Container; readonly change: () => void };
  /** What the command writes, or why there is no plan. */
  readonly from: RegExp;
  readonly to: RegExp;
  readonly script?: string;
}

const WHO = 'id -u';
const HOSTS = 'cat /etc/hosts';
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nwww:x:33:33::/:/bin/sh\n';

function rootWith(files: Readonly<Record<string, string>> = {}): string {
  const root = freshBusyboxRoot();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
  return root;
}

/** A user by name; a test sees which id that is. */
function named(change: (root: string) => void): Case['make'] {
  return () => {
    const root = rootWith({ 'etc/passwd': PASSWD, 'etc/group': 'www:x:33:\n' });
    return { box: new Container().rootfs(root).user('www:www'), change: () => change(root) };
  };
}

function hosts(change: (root: string) => void, files: Readonly<Record<string, string>>): Case['make'] {
  return () => {
    const root = rootWith(files);
    return { box: new Container().rootfs(root).readonly(), change: () => change(root) };
  };
}

const CASES: Readonly<Record<string, Case>> = {
  '/etc/passwd is written again': {
    make: named((root) => writeFileSync(join(root, 'etc/passwd'), PASSWD.replace('33:33', '55:33'))),
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  '/etc/passwd is written again, and given its times': {
    make: named((root) => {
      const path = join(root, 'etc/passwd');
      writeFileSync(path, PASSWD.replace('33:33', '55:33'));
      utimesSync(path, 1, 1);
    }),
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  '/etc/passwd is replaced': {
    make: named((root) => {
      writeFileSync(join(root, 'etc/new'), PASSWD.replace('33:33', '55:33'));
      renameSync(join(root, 'etc/new'), join(root, 'etc/passwd'));
    }),
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  '/etc/passwd goes': {
    make: named((root) => unlinkSync(join(root, 'etc/passwd'))),
    script: WHO,
    from: /^33\n/,
    to: /no \/etc\/passwd/,
  },
  '/etc becomes a link': {
    make: named((root) => {
      renameSync(join(root, 'etc'), join(root, 'old'));
      mkdirSync(join(root, 'new'));
      writeFileSync(join(root, 'new/passwd'), PASSWD.replace('33:33', '55:33'));
      writeFileSync(join(root, 'new/group'), 'www:x:33:\n');
      symlinkSync('/new', join(root, 'etc'));
    }),
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  '/etc/group is written again': {
    make: named((root) => writeFileSync(join(root, 'etc/group'), 'www:x:66:\n')),
    script: 'id -g',
    from: /^33\n$/,
    to: /^66\n$/,
  },
  'the target of a mount becomes a link to /etc': {
    make: (directory) => {
      const root = rootWith({ 'etc/passwd': PASSWD });
      mkdirSync(join(root, 'data'));
      const box = new Container().rootfs(root).mount(bind(directory, '/data')).user('www');
      return {
        box,
        change: () => {
          rmdirSync(join(root, 'data'));
          symlinkSync('etc', join(root, 'data'));
        },
      };
    },
    script: WHO,
    from: /^33\n/,
    to: /a mount is to cover \/etc\/passwd/,
  },
  'the directory of the root filesystem is another': {
    make: (directory) => {
      const root = join(directory, 'root');
      renameSync(rootWith({ 'etc/passwd': PASSWD }), root);
      const other = join(directory, 'other');
      renameSync(rootWith({ 'etc/passwd': PASSWD.replace('33:33', '55:33') }), other);
      const change = (): void => {
        renameSync(root, `${root}-before`);
        renameSync(other, root);
      };
      return { box: new Container().rootfs(root).user('www'), change };
    },
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  'a link to the root filesystem leads elsewhere': {
    make: (directory) => {
      const link = join(directory, 'root');
      symlinkSync(rootWith({ 'etc/passwd': PASSWD }), link);
      const other = rootWith({ 'etc/passwd': PASSWD.replace('33:33', '55:33') });
      const change = (): void => {
        unlinkSync(link);
        symlinkSync(other, link);
      };
      return { box: new Container().rootfs(link).user('www'), change };
    },
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  '/etc/hosts is written again': {
    make: hosts((root) => writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 two\n'), {
      'etc/hosts': '127.0.0.1 one\n',
    }),
    script: HOSTS,
    from: /^127\.0\.0\.1 one\n127\.0\.0\.1\tcarrel\n$/,
    to: /^127\.0\.0\.1 two\n127\.0\.0\.1\tcarrel\n$/,
  },
  '/etc/hosts is made': {
    make: hosts((root) => writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 one\n'), {}),
    script: HOSTS,
    from: /localhost\n127\.0\.0\.1\tcarrel\n$/,
    to: /^127\.0\.0\.1 one\n127\.0\.0\.1\tcarrel\n$/,
  },
  '/etc/hosts is replaced by a link, to the same file': {
    make: hosts(
      (root) => {
        linkSync(join(root, 'etc/hosts'), join(root, 'outside'));
        unlinkSync(join(root, 'etc/hosts'));
        // Inside it leads nowhere; on the host it leads to the file.
        symlinkSync(join(root, 'outside'), join(root, 'etc/hosts'));
      },
      { 'etc/hosts': '127.0.0.1 one\n' },
    ),
    script: `${HOSTS} || echo none`,
    from: /^127\.0\.0\.1 one\n/,
    to: /^none\n$|localhost\n127\.0\.0\.1\tcarrel\n$/,
  },
  '/sys goes': {
    make: hosts((root) => rmdirSync(join(root, 'sys')), {}),
    script: 'ls -d /sys/kernel || echo none',
    from: /^\/sys\/kernel\n$/,
    to: /^none\n$/,
  },
  'a layer of an overlay gets a file': {
    make: (directory) => {
      const top = join(directory, 'top');
      mkdirSync(top);
      const box = new Container().rootfs(overlay({ lower: [top, rootWith({ 'etc/passwd': PASSWD })] })).user('www');
      const change = (): void => {
        mkdirSync(join(top, 'etc'));
        writeFileSync(join(top, 'etc/passwd'), PASSWD.replace('33:33', '55:33'));
      };
      return { box, change };
    },
    script: WHO,
    from: /^33\n/,
    to: /^55\n/,
  },
  'a layer of an overlay is another directory': {
    make: (directory) => {
      const top = join(directory, 'top');
      mkdirSync(join(top, 'etc'), { recursive: true });
      writeFileSync(join(top, 'etc/hosts'), '127.0.0.1 one\n');
      mkdirSync(join(directory, 'new/etc'), { recursive: true });
      writeFileSync(join(directory, 'new/etc/hosts'), '127.0.0.1 two\n');
      const change = (): void => {
        renameSync(top, join(directory, 'old'));
        renameSync(join(directory, 'new'), top);
      };
      return { box: new Container().rootfs(overlay({ lower: [top, rootWith()] })), change };
    },
    script: HOSTS,
    from: /^127\.0\.0\.1 one\n/,
    to: /^127\.0\.0\.1 two\n/,
  },
  'the optional source of a mount is made': {
    make: (directory) => {
      const source = join(directory, 'late');
      const box = new Container().mount(bind(source, '/late', { optional: true }));
      return { box, change: () => mkdirSync(source) };
    },
    script: 'ls -d /late || echo none',
    from: /^none\n$/,
    to: /^\/late\n$/,
  },
};

suite('between two starts', () => {
  const prepared = new Map<string, ReturnType<Case['make']>>();

  before(async () => {
    for (const [name, { make }] of Object.entries(CASES))
      prepared.set(name, make(mkdtempSync(join(tmpdir(), 'changes-'))));
    await sleep(SETTLED_MS);
  });

  for (const [name, { from, to, script = '' }] of Object.entries(CASES))
    test(name, async () => {
      const { box, change } = prepared.get(name) as ReturnType<Case['make']>;
      const outcome = (): Promise<string> =>
        box.run('sh', ['-c', script], { check: false }).then(({ stdout }) => stdout, String);
      assert.match(await outcome(), from);
      // The second time from what was kept.
      assert.match(await outcome(), from);
      change();
      assert.match(await outcome(), to);
      assert.match(await outcome(), to);
    });

  test('a setting of the kernel counts within a second', () => {
    const script = `
      import { writeFileSync } from 'node:fs';
      import { Container } from 'carrel';
      const told = () => /max_inotify_instances = (\\d+)/.exec(new Container().explain('true'))?.[1];
      const before = told();
      // Of a user namespace of its own.
      writeFileSync('/proc/sys/user/max_inotify_instances', '130');
      await new Promise((resolve) => setTimeout(resolve, 1100));
      console.log(before, told());
    `;
    const node = [process.execPath, '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync('unshare', ['--user', '--map-root-user', '--mount', ...node], {
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
      encoding: 'utf8',
    });
    assert.match(stdout, /^(?!65 )\d+ 65\n$/, stderr);
  });

  test('the directory of the locks is looked at each time', requires('root'), async () => {
    const outcome = isolated(async ({ fs, mount }) => {
      const { Container } = await import('carrel');
      for (const place of ['/run', '/tmp']) mount('tmpfs', place, { type: 'tmpfs' });
      const box = new Container();
      const locks = async (directory: string): Promise<number> => {
        const { ok } = await box.run('true');
        return ok ? fs.readdirSync(directory).length : -1;
      };
      const [first, second] = [await locks('/run/carrel-ids'), await locks('/run/carrel-ids')];
      fs.renameSync('/run/carrel-ids', '/run/before');
      const third = await locks('/run/carrel-ids');
      fs.chmodSync('/run/carrel-ids', 0o777);
      const fourth = await locks('/tmp/carrel-ids-0');
      return { first, second, third, fourth, before: fs.readdirSync('/run/before').length };
    });
    assert.ok(outcome.second >= 1 && outcome.before === outcome.second, JSON.stringify(outcome));
    assert.deepEqual([outcome.first, outcome.third, outcome.fourth], [1, 1, 1]);
  });

  test('cgroups that are there no more are not counted on', requires('root', 'cgroups'), async () => {
    const outcome = isolated(async ({ fs, unmount }) => {
      const { Container } = await import('carrel');
      const box = new Container().limits({ memory: '64m' });
      const outcome = (): Promise<string> =>
        box.run('true').then(
          ({ reason }) => reason,
          (error) => error.code,
        );
      const first = await outcome();
      const mounts = fs.readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
      for (const line of mounts.filter((one) => / - cgroup2? /.test(one)).reverse())
        unmount(line.split(' ')[4] ?? '', ['detach']);
      return { first, second: await outcome() };
    });
    assert.deepEqual(outcome, { first: 'exited', second: 'ERR_CGROUP_UNAVAILABLE' });
  });
});
