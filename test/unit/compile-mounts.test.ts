/** `compile` turns a definition's mounts into steps that suit the host. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canMountNew } from '#lib/compile/proc.js';
import { questions } from '#lib/compile/questions.js';
import type { Host } from '#lib/host/facts.js';
import { bind, type Container, directory, file, overlay, symlink, tmpfs } from '#lib/index.js';
import type { StepOf } from '#lib/plan/steps.js';
import { root, user } from '../support/hosts.js';
import { actsOf, all, at, has, image, inOrder, only, plain, plan } from '../support/plans.js';

/** A host like a Docker container: parts of /proc are read-only or covered, and /sys is read-only and covered. */
const docker: Host = {
  ...user,
  mounts: [
    ...user.mounts.map((mount) => (mount.type === 'sysfs' ? { ...mount, options: ['ro', 'relatime'] } : mount)),
    { id: 30, parent: 21, root: '/sys', path: '/proc/sys', options: ['ro', 'relatime'], type: 'proc' },
    { id: 31, parent: 21, root: '/null', path: '/proc/kcore', options: ['rw'], type: 'tmpfs' },
    { id: 32, parent: 23, root: '/', path: '/sys/firmware', options: ['ro', 'relatime'], type: 'tmpfs' },
  ],
};

const layered = plain.rootfs(overlay({ lower: ['/a', '/b:,\\'] }));
const kept = plain.rootfs(overlay({ lower: '/a', upper: '/srv/disk/x/up', work: '/srv/disk/work' }));

describe('the file system', () => {
  test('without rootfs(): a tmpfs with the programs bound read-only, links as links', () => {
    const made = plan(plain);
    assert.equal(
      made.steps.find(({ op }) => op === 'mount' || op === 'bind'),
      at(made, '/'),
    );
    assert.equal((at(made, '/') as StepOf<'mount'>).type, 'tmpfs');
    for (const target of ['/usr', '/etc/services']) {
      assert.deepEqual(at(made, target).attributes, ['readonly', 'nosuid', 'nodev']);
    }
    assert.deepEqual(
      all(made.steps, 'symlink').find(({ target }) => target === '/bin'),
      { op: 'symlink', target: '/bin', text: 'usr/bin' },
    );
  });

  test('without rootfs(): Node itself is bound, with its packages, and what it is called leads to it', () => {
    const shown = [
      { path: '/root/node/bin/node', directory: false },
      { path: '/root/node/lib/node_modules', directory: true },
      { path: '/root/node/bin/npm', link: '../lib/node_modules/npm/bin/npm-cli.js' },
    ];
    const made = plan(plain.readonly(), { ...root, executable: { shown, directory: '/root/node/bin' } });
    for (const { path } of shown.slice(0, 2))
      assert.deepEqual(at(made, path).attributes, ['readonly', 'nosuid', 'nodev']);
    assert.ok(all(made.steps, 'symlink').some(({ target }) => target === '/root/node/bin/npm'));
    assert.equal(only(made.steps, 'exec').paths[0], '/root/node/bin/ls');
    // It may be below /tmp or /dev.
    const order = made.steps.map((step) => ('target' in step ? step.target : ''));
    assert.ok(order.indexOf('/root/node/bin/node') > Math.max(order.lastIndexOf('/tmp'), order.indexOf('/dev/shm')));
  });

  test('without rootfs(): /root is closed to others, who may pass it where Node is below it', () => {
    const modeOf = (path: string): number | undefined =>
      all(plan(plain, { ...root, executable: { shown: [{ path }] } }).steps, 'directory').find(
        ({ target }) => target === '/root',
      )?.mode;
    assert.equal(modeOf('/opt/node'), 0o700);
    assert.equal(modeOf('/rooted/node'), 0o700);
    assert.equal(modeOf('/root/.nvm/node'), 0o711);
  });

  test('with rootfs(): nothing of the host’s is shown, and of carrel’s own what a container cannot do without', () => {
    const made = plan(image);
    assert.deepEqual(at(made, '/').attributes, ['nodev', 'nosuid']);
    for (const step of made.steps) {
      if (step.op === 'bind') assert.equal(step.target, '/');
      if (step.op === 'directory' || step.op === 'symlink' || step.op === 'file')
        assert.match(step.target, /^\/(proc|tmp|dev)/);
    }
  });

  test('set-user-id programs of an image count only where new privileges do', () => {
    const made = plan(image.noNewPrivileges(false));
    assert.deepEqual(at(made, '/').attributes, ['nodev']);
    assert.ok(!has(made, 'noNewPrivileges'));
    assert.ok(has(plan(image), 'noNewPrivileges'));
  });

  test('readonly(): an image is bound so, a tmpfs is made so once it is filled', () => {
    assert.deepEqual(at(plan(image.readonly()), '/').attributes, ['nodev', 'nosuid', 'readonly']);
    assert.ok(!has(plan(image.readonly()), 'mountSetattr'));
    const made = plan(plain.readonly().mount(tmpfs('/scratch')));
    assert.deepEqual(only(made.steps, 'mountSetattr').attributes, ['readonly']);
    inOrder(made, 'directory', 'mountSetattr');
    inOrder(made, 'mount', 'mountSetattr');
    assert.equal((at(made, '/tmp') as StepOf<'mount'>).type, 'tmpfs');
    assert.ok(!has(plan(plain), 'mountSetattr'));
  });

  test('/proc is new, on a real directory only', () => {
    const proc = at(plan(image), '/proc');
    assert.equal(proc.op === 'mount' && proc.type, 'proc');
    assert.equal(proc.op === 'mount' && proc.nofollow, true);
  });

  test('without pid namespace /proc is the caller’s, and there is no init', () => {
    const made = plan(image.namespaces(['user', 'mount']));
    const proc = at(made, '/proc');
    assert.equal(proc.op === 'bind' && proc.source, '/proc');
    assert.ok(!has(made, 'init'));
  });

  test('/dev is the container’s own: six devices, each checked by its number', () => {
    assert.deepEqual(
      all(plan(image).steps, 'device').map(({ target, major, minor }) => `${target} ${major}:${minor}`),
      ['/dev/null 1:3', '/dev/zero 1:5', '/dev/full 1:7', '/dev/random 1:8', '/dev/urandom 1:9', '/dev/tty 5:0'],
    );
  });

  test('terminals are the container’s own, of group tty where there is one, and of its user', () => {
    const options = (box: Container, host = root): readonly string[] => {
      const step = at(plan(box, host), '/dev/pts');
      return step.op === 'mount' ? step.options : [];
    };
    const own = ['newinstance', 'ptmxmode=0666', 'mode=0620', 'max=256'];
    assert.deepEqual(options(image), [...own, 'gid=5']);
    assert.deepEqual(options(image.user(1000)), [...own, 'gid=5', 'uid=1000']);
    assert.deepEqual(options(image, user), own);
  });

  test('a size and a mode of a tmpfs are options of its mount', () => {
    const step = at(plan(plain.mount(tmpfs('/a', { size: '1m', mode: 0o700 }))), '/a');
    assert.deepEqual(step.op === 'mount' && step.options, ['mode=700', 'size=1048576']);
  });

  test('in the host’s network, names are resolved as the host does', () => {
    const shared = plan(plain.namespaces(['user', 'mount', 'pid']));
    assert.equal((at(shared, '/etc/resolv.conf') as StepOf<'bind'>).source, '/run/resolv.conf');
    assert.ok(!plan(plain).steps.some((step) => 'target' in step && step.target === '/etc/resolv.conf'));
    assert.ok(!has(shared, 'linkUp') && has(plan(plain), 'linkUp'));
  });

  test('without mount namespace nothing is mounted', () => {
    const made = plan(plain.namespaces(['user', 'pid']));
    for (const op of ['propagation', 'mount', 'bind', 'pivotRoot', 'mask'] as const) assert.ok(!has(made, op), op);
  });
});

describe('mounts of the caller’s', () => {
  test('keep their order; missing targets are made', () => {
    const mounts = [
      tmpfs('/a'),
      bind('/srv', '/a/b'),
      file('/c', 'x'),
      symlink('/c', 'd'),
      directory('/e', { mode: 0o700 }),
    ];
    const made = plan(image.mount(...mounts)).steps.filter(({ from }) => from?.startsWith('mount('));
    assert.deepEqual(
      made.map((step) => [step.op, 'target' in step && step.target]),
      [
        ['directory', '/a'],
        ['mount', '/a'],
        ['bind', '/a/b'],
        ['file', '/c'],
        ['symlink', '/c'],
        ['directory', '/e'],
      ],
    );
    assert.ok(all(made, 'bind').every(({ create }) => create));
    assert.deepEqual(only(made, 'file').content, new TextEncoder().encode('x'));
  });

  test('have the attributes that were asked for, the secure ones by default', () => {
    const attributes = (mount: ReturnType<typeof bind> | ReturnType<typeof tmpfs>) =>
      at(plan(image.mount(mount)), '/x').attributes;
    assert.deepEqual(attributes(bind('/s', '/x')), ['nosuid', 'nodev']);
    assert.deepEqual(attributes(bind('/s', '/x', { readonly: true, noexec: true })), [
      'nosuid',
      'nodev',
      'noexec',
      'readonly',
    ]);
    assert.deepEqual(attributes(bind('/s', '/x', { nosuid: false, nodev: false })), []);
    assert.deepEqual(attributes(tmpfs('/x', { noexec: true, nosuid: false })), ['nodev', 'noexec']);
  });

  test('are idmapped for root, unless that is taken back', () => {
    const count = (idmapped: boolean): number =>
      all(actsOf(plan(image.mount(bind('/s', '/x', { idmapped })))), 'idmap').length;
    assert.deepEqual([count(true), count(false)], [2, 1]);
  });

  test('an optional one without its source is left out, and said to be', () => {
    const box = image.mount(bind('/s', '/x', { optional: true }));
    assert.ok(!all(plan(box).steps, 'bind').some(({ target }) => target === '/x'));
    assert.equal(only(plan(box).steps, 'omit').what, 'the bind on /x');
    const there = { ...root, found: [...root.found, { path: '/s', directory: true }] };
    assert.equal(at(plan(box, there), '/x').op, 'bind');
    assert.ok(!has(plan(box, there), 'omit'));
    assert.deepEqual(questions(box.toJSON()).paths, ['/s']);
    assert.deepEqual(questions(box.toJSON()).entries, ['/srv/box/sys']);
  });

  test('masks come after all of them, and before the root changes', () => {
    const made = plan(image.mask('/etc/shadow').mount(tmpfs('/etc')));
    assert.ok(all(made.steps, 'mask').some(({ target, from }) => target === '/etc/shadow' && from === 'mask()'));
    inOrder(made, 'mount', 'mask');
    inOrder(made, 'mask', 'pivotRoot');
  });
});

describe('an overlay', () => {
  test('has its layers at short names, the topmost first, and writes to memory', () => {
    const made = plan(layered, user);
    const mounted = at(made, '/');
    assert.equal(mounted.op, 'mount');
    assert.deepEqual(mounted.op === 'mount' && mounted.options, [
      'lowerdir=0:1',
      'upperdir=upper',
      'workdir=work',
      'userxattr',
    ]);
    assert.ok(mounted.op === 'mount' && mounted.own);
    const binds = all(made.steps, 'bind').filter(({ from }) => from === 'rootfs(overlay())');
    assert.deepEqual(
      binds.map(({ source, target }) => [source, target]),
      [
        ['/a', '/0'],
        ['/b:,\\', '/1'],
      ],
    );
    assert.deepEqual(made.after, []);
  });

  test('of 120 layers fits into one option', () => {
    const box = plain.rootfs(overlay({ lower: Array.from({ length: 120 }, (_, index) => `/long/${index}`) }));
    const mounted = at(plan(box), '/');
    const [option = ''] = mounted.op === 'mount' ? mounted.options : [];
    const names = option.replace('lowerdir=', '').split(':');
    assert.equal(new Set(names).size, 120);
    assert.ok(Buffer.byteLength(option.replace('lowerdir=', '')) <= 255);
    for (const name of names) assert.match(name, /^[^/:,\\.]$/);
  });

  test('root has the layers idmapped; those that are written to as one tree, for they must be on one mount', () => {
    const acts = actsOf(plan(kept));
    assert.deepEqual(
      all(acts, 'openTree').map(({ source, recursive }) => [source, recursive]),
      [
        ['/a', false],
        ['/srv/disk', false],
      ],
    );
    assert.equal(all(acts, 'idmap').length, 2);
    const links = all(plan(kept).steps, 'symlink').filter(({ from }) => from === 'rootfs(overlay())');
    assert.deepEqual(
      links.map(({ target, text }) => [target, text]),
      [
        ['/upper', 'disk/x/up'],
        ['/work', 'disk/work'],
      ],
    );
    const mounted = at(plan(kept), '/');
    assert.ok(mounted.op === 'mount' && !mounted.own);
    assert.ok(mounted.op === 'mount' && mounted.made === 'work/work');
    assert.deepEqual(plan(kept).after, [{ op: 'rmdir', slot: mounted.slot, name: 'work', from: 'rootfs(overlay())' }]);
  });

  test('an ordinary user’s child finds them by itself', () => {
    const links = all(plan(kept, user).steps, 'symlink').filter(({ from }) => from === 'rootfs(overlay())');
    assert.deepEqual(
      links.map(({ text }) => text),
      ['/srv/disk/x/up', '/srv/disk/work'],
    );
  });

  test('without a user namespace its notes are trusted ones', () => {
    const mounted = at(plan(layered.namespaces(['mount', 'pid'])), '/');
    assert.ok(mounted.op === 'mount' && !mounted.options.includes('userxattr'));
  });

  test('readonly(): with upper at once, without it when all is made', () => {
    assert.ok(at(plan(kept.readonly()), '/').attributes.includes('readonly'));
    assert.ok(!at(plan(layered.readonly()), '/').attributes.includes('readonly'));
    assert.deepEqual(only(plan(layered.readonly()).steps, 'mountSetattr').target, '/');
  });

  const mounted = (path: string, type: string): Host => ({
    ...root,
    mounts: [...root.mounts, { id: 90, parent: 20, root: '/', path, options: ['rw', 'relatime'], type }],
  });
  for (const [name, host, message] of [
    [
      'something mounted below a lower one',
      mounted('/a/proc', 'proc'),
      /mounted on \/a\/proc, below the lower directory \/a:/,
    ],
    ['work on another mount', mounted('/srv/disk/work', 'ext4'), /work must be on the same mount as upper/],
    ['upper on overlayfs', mounted('/srv/disk', 'overlay'), /upper \/srv\/disk\/x\/up is itself on overlayfs/],
    [
      'upper in a lower one by a link',
      { ...root, found: [{ path: '/srv/disk/x/up', link: 'x', real: '/a/up' }] },
      /upper \/srv\/disk\/x\/up is in lower \/a/,
    ],
  ] as const) {
    test(`${name} is refused in a sentence`, () => {
      assert.throws(() => plan(kept, host), { code: 'ERR_INVALID_ARG_VALUE', message });
      assert.doesNotThrow(() => plan(kept, mounted('/a2', 'proc')));
    });
  }

  test('asks about its layers, and what is mounted now', () => {
    assert.ok(questions(kept.toJSON()).mounts && !questions(image.toJSON()).mounts);
    assert.ok(questions(kept.toJSON()).paths.includes('/srv/disk/work'));
  });
});

describe('/proc and /sys', () => {
  const procOf = (box = image, host = user) => {
    const step = at(plan(box, host), '/proc');
    return step.op === 'mount' ? step.type : step.source;
  };

  test('a new proc where the kernel allows one, else the outer one, and the plan says so', () => {
    assert.equal(procOf(), 'proc');
    assert.equal(procOf(image, docker), '/proc');
    const said = all(plan(image, docker).steps, 'omit').map(({ what }) => what);
    assert.deepEqual(said, [
      'the ban on user namespaces inside',
      'quotas of users inside, and ping for all',
      'a new /proc',
      '/sys',
    ]);
    assert.ok(!has(plan(image, docker), 'sysctl') && has(plan(image), 'sysctl'));
  });

  test('new, bind and none are what they say; new is an error where it cannot be', () => {
    assert.equal(procOf(image.proc('bind')), '/proc');
    assert.equal(procOf(image.proc('new')), 'proc');
    assert.throws(() => plan(image.proc('new'), docker), { message: /partly hidden.*proc\('bind'\)/ });
    const none = plan(image.proc('none'));
    assert.ok(!none.steps.some((step) => 'target' in step && step.target.startsWith('/proc')));
    assert.ok(has(none, 'sysctl'));
  });

  test('without a user namespace the machine’s root may mount a new one whatever is hidden', () => {
    const host = { ...root, mounts: docker.mounts };
    assert.equal(procOf(image.namespaces(['mount', 'pid']), host), 'proc');
  });

  test('what hides nothing is no hindrance; a mount of a part, other times of access, or read-only is', () => {
    const with_ = (changes: Partial<Host['mounts'][number]>): Host => ({
      ...root,
      mounts: root.mounts.map((mount) => (mount.type === 'proc' ? { ...mount, ...changes } : mount)),
    });
    assert.ok(canMountNew(root, 'proc', false) && canMountNew(root, 'sysfs', true));
    assert.ok(!canMountNew(with_({ root: '/self' }), 'proc', false));
    assert.ok(!canMountNew(with_({ options: ['rw', 'noatime'] }), 'proc', false));
    assert.ok(!canMountNew(with_({ options: ['ro', 'relatime'] }), 'proc', false));
    assert.ok(canMountNew(with_({ options: ['ro', 'relatime'] }), 'proc', true));
    assert.ok(!canMountNew(docker, 'sysfs', true));
    assert.ok(!canMountNew({ ...root, mounts: [] }, 'proc', false));
  });

  test('/sys is read-only, masked, and there with a network of one’s own and a directory to put it on', () => {
    const made = plan(image);
    assert.ok(at(made, '/sys').attributes.includes('readonly'));
    assert.ok(all(made.steps, 'mask').some(({ target }) => target === '/sys/firmware'));
    for (const [box, host, reason] of [
      [image.network('host'), root, /network/],
      [image, { ...root, found: [] }, /no such directory/],
      [image, { ...root, found: [{ path: '/srv/box/sys', link: '/proc' }] }, /no such directory/],
      [image, docker, /partly hidden/],
    ] as const) {
      const { steps } = plan(box, host);
      assert.ok(!steps.some((step) => 'target' in step && step.target.startsWith('/sys')));
      assert.match(all(steps, 'omit').find(({ what }) => what === '/sys')?.reason ?? '', reason);
    }
  });
});
