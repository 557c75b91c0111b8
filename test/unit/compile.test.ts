/** `compile` gives every plan its ids, user, namespaces and command, in their order. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isFree, RANGE_FIRST, RANGE_SIZE } from '#lib/compile/ids.js';
import { bind, type Plan, tmpfs } from '#lib/index.js';
import { ALL_CAPABILITIES, namespaceRoot, root, user } from '../support/hosts.js';
import { actsOf, all, at, FIRST, has, image, inOrder, only, plain, plan } from '../support/plans.js';

describe('ids', () => {
  test('root gives the container a range of its own', () => {
    const acts = actsOf(plan(image));
    assert.deepEqual(only(acts, 'setUidMap').ranges, [0, FIRST, RANGE_SIZE]);
    assert.deepEqual(only(acts, 'setGidMap').ranges, [0, FIRST, RANGE_SIZE]);
    assert.deepEqual(all(acts, 'denySetgroups'), []);
  });

  test('root has trees opened and their owners mapped by the supervisor', () => {
    const made = plan(image.mount(bind('/srv/data', '/data', { recursive: false })));
    const acts = actsOf(made);
    const trees = all(acts, 'openTree');
    assert.deepEqual(
      trees.map(({ source, recursive }) => [source, recursive]),
      [
        ['/srv/box', true],
        ['/srv/data', false],
      ],
    );
    assert.deepEqual(
      all(acts, 'idmap').map(({ slot }) => slot),
      trees.map(({ slot }) => slot),
    );
    assert.deepEqual(
      [at(made, '/'), at(made, '/data')].map((step) => step.op === 'bind' && step.slot),
      trees.map(({ slot }) => slot),
    );
  });

  test('the host’s programs keep their owners: they are nobody’s inside', () => {
    const acts = actsOf(plan(plain));
    assert.deepEqual(
      all(acts, 'openTree').map(({ source }) => source),
      ['/usr', '/etc/services'],
    );
    assert.deepEqual(all(acts, 'idmap'), []);
  });

  for (const [name, host, ids] of [
    ['an ordinary user', user, [1000, 100]],
    ['root of a user namespace', namespaceRoot, [0, 0]],
  ] as const) {
    test(`${name} gives the container one id, and denies setgroups first`, () => {
      const made = plan(image, host);
      const [uid, gid] = ids;
      assert.deepEqual(
        actsOf(made).map(({ op }) => op),
        ['denySetgroups', 'setUidMap', 'setGidMap'],
      );
      assert.deepEqual(only(actsOf(made), 'setUidMap').ranges, [0, uid, 1]);
      assert.deepEqual(only(actsOf(made), 'setGidMap').ranges, [0, gid, 1]);
      assert.ok(!has(made, 'setUser') && !has(made, 'setGroups'));
    });

    test(`${name} has trees opened by the child, with the caller’s rights`, () => {
      const made = plan(image, host);
      const mount = at(made, '/');
      assert.equal(mount.op === 'bind' && mount.source, '/srv/box');
      assert.equal(mount.op === 'bind' && mount.slot, undefined);
    });

    test(`${name} changes no owner of a pipe`, () => assert.deepEqual(plan(image, host).before, []));
  }

  test('an ordinary user is whom the definition says, by the one id', () => {
    const made = plan(image.user('5:6'), user);
    assert.deepEqual(only(actsOf(made), 'setUidMap').ranges, [5, 1000, 1]);
    assert.deepEqual(only(actsOf(made), 'setGidMap').ranges, [6, 100, 1]);
  });

  test('root without CAP_SETUID, or without the ids, has no range', () => {
    const setuid = 1n << 7n;
    const few = [{ inside: 0, outside: 0, count: RANGE_FIRST }];
    for (const host of [
      { ...root, capabilities: ALL_CAPABILITIES & ~setuid },
      { ...root, uidMap: few },
      { ...root, gidMap: few },
    ]) {
      assert.ok(actsOf(plan(image, host)).some(({ op }) => op === 'denySetgroups'));
    }
  });

  test('without a user namespace nothing is mapped, and nobody waits', () => {
    const made = plan(image.namespaces(['mount', 'pid']));
    assert.ok(!has(made, 'barrier'));
    assert.deepEqual(made.clone, ['mount', 'pid']);
    assert.deepEqual(only(made.steps, 'setUser'), { op: 'setUser', uid: 0, gid: 0, from: 'user()' });
  });

  test('a range is free that overlaps no reserved one', () => {
    const reserved = [{ inside: 0, outside: 100_000, count: 65_536 }];
    assert.ok(isFree(100_000 - RANGE_SIZE, reserved) && isFree(165_536, reserved));
    assert.ok(!isFree(100_001 - RANGE_SIZE, reserved) && !isFree(165_535, reserved));
  });
});

describe('the user', () => {
  test('user(1000) becomes root first, for the mounts, and itself after init', () => {
    const made = plan(image.user(1000));
    assert.deepEqual(
      all(made.steps, 'setUser').map(({ uid, gid }) => [uid, gid]),
      [
        [0, 0],
        [1000, 1000],
      ],
    );
    const second = made.steps.map(({ op }) => op).lastIndexOf('setUser');
    assert.ok(second > made.steps.findIndex(({ op }) => op === 'init'));
    assert.equal(made.steps[second - 1]?.op, 'setGroups');
    assert.deepEqual(
      all(made.steps, 'setGroups').map(({ groups }) => groups),
      [[], []],
    );
  });

  test('user(1000) owns its pipes, as the host numbers it, and holds no capability', () => {
    const made = plan(image.user('1000:7'));
    const [fchown] = made.before;
    assert.deepEqual(fchown, { op: 'fchown', slot: 1, uid: FIRST + 1000, gid: FIRST + 7, from: 'stdio' });
    const { bounding, inheritable, ambient, effective, permitted } = only(made.steps, 'setCapabilities');
    assert.deepEqual([effective, permitted, inheritable, ambient], [[], [], [], []]);
    assert.deepEqual(bounding, image.toJSON().capabilities);
  });

  test('root holds the capabilities of the definition, none of them inheritable', () => {
    const made = plan(image.capabilities(['CAP_KILL']));
    const { bounding, inheritable, ambient, effective, permitted } = only(made.steps, 'setCapabilities');
    assert.deepEqual([bounding, effective, permitted], [['CAP_KILL'], ['CAP_KILL'], ['CAP_KILL']]);
    assert.deepEqual([inheritable, ambient], [[], []]);
  });

  test('the command’s own user replaces the container’s', () => {
    const made = plan(image.user(5), root, { user: { uid: 6, gid: 7 } });
    assert.deepEqual(all(made.steps, 'setUser').at(-1), { op: 'setUser', uid: 6, gid: 7, from: 'user()' });
  });

  test('is in /etc/passwd and has a home, without a root filesystem', () => {
    const content = (made: Plan): string => {
      const file = all(made.steps, 'file').find(({ target }) => target === '/etc/passwd');
      return new TextDecoder().decode(file?.content);
    };
    assert.match(content(plan(plain.user('1000:7'))), /^user:x:1000:7:/m);
    assert.doesNotMatch(content(plan(plain)), /^user:/m);
    assert.ok(only(plan(plain).steps, 'exec').env.includes('HOME=/root'));
    assert.ok(only(plan(plain.user(1)).steps, 'exec').env.includes('HOME=/'));
  });
});

describe('namespaces', () => {
  test('all of the definition but cgroup are cloned', () => {
    assert.deepEqual(plan(image).clone, ['user', 'mount', 'pid', 'network', 'ipc', 'uts']);
    assert.deepEqual(plan(plain.namespaces(['user', 'time'])).clone, ['user', 'time']);
  });

  test('cgroup is unshared by the child, once its cgroup is its own', () => {
    assert.deepEqual(only(plan(image).steps, 'unshare').namespaces, ['cgroup']);
    inOrder(plan(image), 'barrier', 'unshare');
    assert.ok(!has(plan(image.namespaces(['user', 'mount', 'pid'])), 'unshare'));
  });

  test('a pid namespace that is joined: the child is told from others there before it sees its files', () => {
    const joined = plain.namespaces(['user', 'cgroup', { pid: '/proc/1/ns/pid', mount: '/proc/1/ns/mnt' }]);
    const made = plan(joined.seccomp('unconfined'));
    const { namespace, listener } = only(made.before, 'endDescendants');
    assert.equal(only(made.steps, 'openNamespace').slot, namespace);
    assert.equal(only(made.steps, 'seccomp').slot, listener);
    assert.deepEqual(only(made.steps, 'unshare').namespaces, ['cgroup']);
    inOrder(made, 'unshare', 'openNamespace');
    inOrder(made, 'openNamespace', 'seccomp');
    inOrder(made, 'seccomp', 'setns');
    // Without it: nothing of that.
    const free = image.seccomp('unconfined');
    assert.ok(!has(plan(free), 'seccomp') && !has(plan(free.namespaces(['user', 'mount'])), 'seccomp'));
    // The listener is of a filter of its own, which comes first; that of the container stays where it is.
    const { steps } = plan(joined);
    const filters = all(steps, 'seccomp');
    assert.deepEqual([filters.length, filters[0]?.slot, filters[1]?.slot], [2, listener, undefined]);
    assert.equal(steps.at(-2), filters[1]);
    assert.deepEqual(all(plan(image).before, 'endDescendants'), []);
  });

  test('the host name is set where uts is new, and nowhere else', () => {
    assert.equal(only(plan(image).steps, 'setHostname').hostname, 'carrel');
    assert.equal(only(plan(image.hostname('box')).steps, 'setHostname').hostname, 'box');
    assert.ok(!has(plan(image.namespaces(['user', 'mount', 'pid'])), 'setHostname'));
  });

  test('mqueue is mounted where ipc is new', () => {
    const queues = (made: Plan): boolean => all(made.steps, 'mount').some(({ type }) => type === 'mqueue');
    assert.ok(queues(plan(image)));
    assert.ok(!queues(plan(image.namespaces(['user', 'mount', 'pid']))));
  });

  test('init(false) leaves init out', () => {
    assert.ok(has(plan(image), 'init'));
    assert.ok(!has(plan(image.init(false)), 'init'));
  });
});

describe('the command', () => {
  test('a name is searched for in the container’s PATH, a path is not', () => {
    const paths = (file: string, box = image): readonly string[] => only(plan(box, root, { file }).steps, 'exec').paths;
    assert.deepEqual(paths('ls', image.env({ PATH: '/a:/b:' })), ['/a/ls', '/b/ls', './ls']);
    assert.deepEqual(paths('./ls'), ['./ls']);
    assert.ok(paths('ls').includes('/bin/ls'));
  });

  test('its environment is defaults, then the container’s, then its own', () => {
    const { env } = only(plan(image.env({ A: '1', B: '1' }), root, { env: { B: '2', HOME: '/h' } }).steps, 'exec');
    assert.deepEqual(env.slice(1), ['HOME=/h', 'A=1', 'B=2']);
    assert.match(env[0] ?? '', /^PATH=/);
  });

  test('its descriptors are slots that the caller fills', () => {
    const made = plan(image);
    assert.deepEqual(only(made.steps, 'exec').stdio, [1, 'ignore', 2]);
    assert.deepEqual([made.received, made.kept], [3, 1]);
    assert.deepEqual(made.slots.slice(0, 3), ['id range', 'stdin', 'stderr']);
    assert.deepEqual(
      made.before.map((step) => step.op === 'fchown' && step.slot),
      [1],
    );
  });

  test('a terminal is one slot for all three, relayed by the host, controlling', () => {
    const made = plan(image, root, {
      stdio: ['terminal', 'terminal', 'terminal'],
      terminal: { columns: 100, rows: 30 },
    });
    const open = only(made.steps, 'openTerminal');
    const relay = only(actsOf(made), 'relay');
    assert.deepEqual([open.columns, open.rows], [100, 30]);
    assert.deepEqual([made.received, made.kept], [2, 1]);
    assert.deepEqual([relay.socket, relay.master], [1, open.master]);
    assert.deepEqual(only(made.steps, 'exec').stdio, [open.slot, open.slot, open.slot]);
    assert.equal(only(made.steps, 'controllingTerminal').slot, open.slot);
    assert.ok(only(made.steps, 'exec').env.includes('TERM=xterm'));
    for (const [first, then] of [
      ['pivotRoot', 'openTerminal'],
      ['openTerminal', 'init'],
      ['init', 'controllingTerminal'],
    ] as const) {
      inOrder(made, first, then);
    }
  });

  test('its directory is its own, else the container’s', () => {
    assert.equal(only(plan(image.cwd('/a')).steps, 'chdir').target, '/a');
    assert.equal(only(plan(image.cwd('/a'), root, { cwd: '/b' }).steps, 'chdir').target, '/b');
  });

  test('its time limit is the plan’s', () => {
    const { timeoutMs, timeoutSignal } = plan(image, root, { timeoutMs: 1500, timeoutSignal: 15 });
    assert.deepEqual([timeoutMs, timeoutSignal], [1500, 15]);
  });
});

describe('the order of every container', () => {
  const boxes = {
    plain,
    image,
    'a readonly one': plain.readonly(),
    'another user’s': image.user(1000),
    'one with mounts': image.mount(tmpfs('/a'), bind('/srv', '/a/b')),
    'one without init': image.init(false),
    'one without user namespace': image.namespaces(['mount', 'pid', 'cgroup', 'uts']),
  };
  for (const [name, box] of Object.entries(boxes)) {
    for (const terminal of [undefined, { columns: 80, rows: 24 }]) {
      const made = plan(box, root, terminal === undefined ? {} : { terminal });
      test(`${name}${terminal === undefined ? '' : ' with a terminal'}`, () => {
        assert.equal(
          made.steps.findIndex(({ op }) => op === 'exec'),
          made.steps.length - 1,
        );
        inOrder(made, 'propagation', 'pivotRoot');
        inOrder(made, 'mount', 'mask');
        inOrder(made, 'mask', 'pivotRoot');
        inOrder(made, 'readonlyPath', 'pivotRoot');
        inOrder(made, 'unshare', 'propagation');
        inOrder(made, 'pivotRoot', has(made, 'init') ? 'init' : 'joinSessionKeyring');
        inOrder(made, 'setUser', 'setCapabilities');
        inOrder(made, 'chdir', 'setCapabilities');
        inOrder(made, 'setCapabilities', 'noNewPrivileges');
        assert.equal(made.steps.find((step) => 'target' in step)?.op, 'propagation');
      });
    }
  }

  test('masks are those that the host has', () => {
    const made = plan(image);
    assert.deepEqual(
      all(made.steps, 'mask').map(({ target }) => target),
      root.masked,
    );
    assert.deepEqual(
      all(made.steps, 'readonlyPath').map(({ target }) => target),
      root.readonly,
    );
  });

  test('the same input gives the same plan, frozen', () => {
    assert.deepEqual(plan(image), plan(image));
    const check = (value: unknown): void => {
      if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return;
      assert.ok(Object.isFrozen(value));
      Object.values(value).forEach(check);
    };
    check(plan(plain));
  });
});

describe('a contradiction with the host is said at once', () => {
  const cases: Readonly<Record<string, readonly [() => Plan, RegExp]>> = {
    'a user beyond the range': [() => plan(image.user(65_536)), /user 65536:65536 .* 0 to 65535/],
    'a group beyond the range': [() => plan(image.user('1:65536')), /user 1:65536/],
    'namespaces without user, by an ordinary user': [() => plan(image.namespaces(['mount']), user), /CAP_SYS_ADMIN/],
    'another user without a namespace, by an ordinary user': [
      () => plan(plain.namespaces([]).user(7), user),
      /without a user namespace/,
    ],
  };
  for (const [name, [make, message]] of Object.entries(cases)) {
    test(name, () => assert.throws(make, { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE', message }));
  }

  test('where one id is all there is, the command is that one, whichever it is', () => {
    const made = plan(image.user(7), user, { user: { uid: 7, gid: 8 } });
    const ranges = actsOf(made).flatMap((act) =>
      act.op === 'setUidMap' || act.op === 'setGidMap' ? [act.ranges] : [],
    );
    assert.deepEqual(ranges, [
      [7, user.uid, 1],
      [8, user.gid, 1],
    ]);
  });

  test('the last ids of the range are none', () => {
    assert.deepEqual(all(plan(image.user(65_535)).steps, 'setUser').at(-1)?.uid, 65_535);
  });

  test('no namespace at all, by root, is none', () => assert.deepEqual(plan(plain.namespaces([])).clone, []));
});
