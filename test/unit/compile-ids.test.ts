/** `compile` turns ids, users and capabilities into steps. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Users } from '#lib/compile/users.js';
import type { Host } from '#lib/host/facts.js';
import { bind, type Container, type Plan } from '#lib/index.js';
import { namespaceRoot, root, user } from '../support/hosts.js';
import { ranges } from '../support/options-ids.js';
import { actsOf, all, image, plan } from '../support/plans.js';

const CONTRADICTION = { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' };
const own = (uid: readonly number[], gid: readonly number[]): Host => ({
  ...user,
  subordinate: {
    uid: [{ inside: 0, outside: uid[0] ?? 0, count: uid[1] ?? 0 }],
    gid: [{ inside: 0, outside: gid[0] ?? 0, count: gid[1] ?? 0 }],
  },
});
const subordinate = own([100_000, 65_536], [200_000, 65_536]);

const become = ({ steps }: Plan): readonly string[] =>
  steps.flatMap((step) => {
    if (step.op === 'setUser') return [`user ${step.uid}:${step.gid}`];
    return step.op === 'setGroups' ? [`groups ${step.groups.join()}`] : [];
  });

describe('idmap("subuid")', () => {
  const made = plan(image.idmap('subuid'), subordinate);

  test('root inside is the caller, the others are the subordinate ids: the helpers write it', () => {
    assert.deepEqual(
      actsOf(made).map(({ op }) => op),
      ['newuidmap', 'newgidmap'],
    );
    assert.deepEqual(all(actsOf(made), 'newuidmap')[0], {
      op: 'newuidmap',
      path: '/usr/bin/newuidmap',
      ranges: [0, 1000, 1, 1, 100_000, 65_536],
      from: 'idmap()',
    });
    assert.deepEqual(all(actsOf(made), 'newgidmap')[0]?.ranges, [0, 100, 1, 1, 200_000, 65_536]);
  });

  test('several ranges follow each other', () => {
    const host = {
      ...subordinate,
      subordinate: {
        ...subordinate.subordinate,
        uid: [10, 50, 90].map((outside) => ({ inside: 0, outside, count: 9 })),
      },
    };
    const [step] = all(actsOf(plan(image.idmap('subuid'), host)), 'newuidmap');
    assert.deepEqual(step?.ranges, [0, 1000, 1, 1, 10, 9, 10, 50, 9, 19, 90, 9]);
  });

  test('trees are the child’s to open, and no owner is mapped', () => {
    const bound = plan(image.idmap('subuid').mount(bind('/srv/a', '/a')), subordinate);
    assert.ok(!actsOf(bound).some(({ op }) => op === 'openTree' || op === 'idmap'));
    assert.deepEqual(
      all(bound.steps, 'bind').map(({ source }) => source),
      ['/srv/box', '/srv/a'],
    );
  });

  test('groups are dropped, and another user is one of the ids', () => {
    assert.deepEqual(become(made), ['groups ', 'user 0:0']);
    const other = plan(image.idmap('subuid').user({ uid: 7, gid: 8, additionalGids: [9] }), subordinate);
    assert.deepEqual(become(other), ['groups ', 'user 0:0', 'groups 9', 'user 7:8']);
  });

  test('pipes are given to another user by root inside: the supervisor has no right to', () => {
    assert.deepEqual([made.before, all(made.steps, 'fchown')], [[], []]);
    const other = plan(image.idmap('subuid').user('7:8'), subordinate);
    assert.deepEqual(other.before, []);
    assert.deepEqual(all(other.steps, 'fchown'), [{ op: 'fchown', slot: 0, uid: 7, gid: 8, from: 'stdio' }]);
    const steps = other.steps.map(({ op }) => op);
    assert.ok(steps.indexOf('setUser') < steps.indexOf('fchown') && steps.indexOf('fchown') < steps.indexOf('init'));
  });

  test('group tty where there are so many', () => {
    const options = (made: Plan): readonly string[] =>
      all(made.steps, 'mount').find(({ type }) => type === 'devpts')?.options ?? [];
    assert.ok(options(made).includes('gid=5'));
    assert.ok(!options(plan(image.idmap('subuid'), own([5, 5], [9, 4]))).includes('gid=5'));
  });

  const errors: Readonly<Record<string, readonly [Host, Container, object]>> = {
    'no ids': [
      { ...user, subordinate: { uid: [], gid: [] } },
      image,
      { name: 'CarrelError', code: 'ERR_SUBORDINATE_IDS', message: /\/etc\/subuid has no ids.*\n.*usermod/ },
    ],
    'no groups': [
      { ...subordinate, subordinate: { ...subordinate.subordinate, gid: [] } },
      image,
      { code: 'ERR_SUBORDINATE_IDS', message: /\/etc\/subgid has no ids/ },
    ],
    'no newuidmap': [
      { ...subordinate, helpers: {} },
      image,
      { code: 'ERR_SUBORDINATE_IDS', message: /newuidmap is not installed\n.*uidmap/ },
    ],
    'no newgidmap': [
      { ...subordinate, helpers: { newuidmap: '/usr/bin/newuidmap' } },
      image,
      { code: 'ERR_SUBORDINATE_IDS', message: /newgidmap is not installed/ },
    ],
    'a range that is too small for the user': [
      own([5, 10], [5, 10]),
      image.user(11),
      { ...CONTRADICTION, message: /user 11:11 does not exist .* uids 0, 1 to 10 and the gids 0, 1 to 10/ },
    ],
    root: [root, image, { ...CONTRADICTION, message: /for ordinary users/ }],
  };
  for (const [name, [host, container, error]] of Object.entries(errors)) {
    test(`${name}: an error`, () => assert.throws(() => plan(container.idmap('subuid'), host), error));
  }
});

describe('idmap() with ranges', () => {
  const some = [
    { containerID: 0, hostID: 5000, size: 10 },
    { containerID: 100, hostID: 6000, size: 1 },
  ];
  const FLAT = [0, 5000, 10, 100, 6000, 1];

  test('root writes them, opens trees and has owners mapped', () => {
    const made = plan(image.idmap({ uid: some, gid: some }).user(100));
    assert.deepEqual(
      actsOf(made).map(({ op }) => op),
      ['setUidMap', 'setGidMap', 'openTree', 'idmap'],
    );
    assert.deepEqual(all(actsOf(made), 'setUidMap')[0]?.ranges, FLAT);
    assert.deepEqual(all(actsOf(made), 'setGidMap')[0]?.ranges, FLAT);
    assert.deepEqual(become(made), ['groups ', 'user 0:0', 'groups ', 'user 100:100']);
    assert.deepEqual(made.before, [{ op: 'fchown', slot: 0, uid: 6000, gid: 6000, from: 'stdio' }]);
    assert.equal(made.kept, 0);
  });

  for (const count of [1, 5, 340]) {
    test(`${count} of them`, () => {
      const list = ranges(count) as typeof some;
      assert.equal(all(actsOf(plan(image.idmap({ uid: list, gid: list }))), 'setUidMap')[0]?.ranges.length, 3 * count);
    });
  }

  for (const [name, host] of Object.entries({ user, namespaceRoot })) {
    test(`${name} leaves it to the helpers`, () => {
      const made = plan(image.idmap({ uid: some, gid: some }), host);
      assert.deepEqual(
        actsOf(made).map(({ op }) => op),
        ['newuidmap', 'newgidmap'],
      );
      assert.deepEqual(all(actsOf(made), 'newuidmap')[0]?.ranges, FLAT);
    });
  }

  test('an ordinary user’s own id needs no helper', () => {
    const id = (hostID: number): typeof some => [{ containerID: 7, hostID, size: 1 }];
    const one = image.idmap({ uid: id(1000), gid: id(100) });
    const made = plan(one.user(7), user);
    assert.deepEqual(
      actsOf(made).map(({ op }) => op),
      ['denySetgroups', 'setUidMap', 'setGidMap'],
    );
    assert.deepEqual(all(actsOf(made), 'setUidMap')[0]?.ranges, [7, 1000, 1]);
    assert.deepEqual(become(made), []);
    assert.throws(() => plan(one, user), { ...CONTRADICTION, message: /user 0:0 does not exist .* uids 7 / });
  });

  test('root inside has to be one of them', () => {
    const id = [{ containerID: 7, hostID: 1, size: 1 }];
    assert.throws(() => plan(image.idmap({ uid: id, gid: id }).user(7)), {
      ...CONTRADICTION,
      message: /idmap.uid .* containerID 0/,
    });
  });

  test('errors name the field and the index', () => {
    const list = (...more: readonly object[]): never => ({ uid: [...some, ...more], gid: some }) as never;
    for (const [value, message] of [
      [list({ containerID: 5, hostID: 1, size: 1 }), /^idmap\.uid\[0\] and idmap\.uid\[2\] overlap in containerID 5/],
      [list({ containerID: 50, hostID: 6000, size: 1 }), /^idmap\.uid\[1\] and idmap\.uid\[2\] overlap in hostID 6000/],
      [list({ containerID: 50, hostID: 1, size: 0 }), /^idmap\.uid\[2\]\.size must be/],
    ] as const) {
      assert.throws(() => image.idmap(value), { message });
    }
  });
});

describe('idmap() with one id', () => {
  test('root names any: the command is that user of the host, and files are what they are', () => {
    const made = plan(image.idmap({ uid: 1000, gid: 100 }).user('5:6'));
    assert.deepEqual(
      actsOf(made).map(({ op }) => op),
      ['setUidMap', 'setGidMap', 'openTree'],
    );
    assert.deepEqual(all(actsOf(made), 'setUidMap')[0]?.ranges, [5, 1000, 1]);
    assert.deepEqual(all(actsOf(made), 'setGidMap')[0]?.ranges, [6, 100, 1]);
    assert.deepEqual(become(made), ['groups ', 'user 5:6']);
    assert.deepEqual(made.before, [{ op: 'fchown', slot: 0, uid: 1000, gid: 100, from: 'stdio' }]);
  });

  test('an ordinary user names himself', () => {
    assert.deepEqual(plan(image.idmap({ uid: 1000, gid: 100 }), user), plan(image, user));
    assert.throws(() => plan(image.idmap({ uid: 1001, gid: 100 }), user), {
      ...CONTRADICTION,
      message: /^idmap names 1001:100/,
    });
  });

  test('needs a new user namespace, as all that is not "auto"', () => {
    for (const idmap of ['subuid', { uid: 1, gid: 1 }] as const) {
      assert.throws(() => image.idmap(idmap).namespaces(['mount']), {
        ...CONTRADICTION,
        message: /^idmap needs "user"/,
      });
    }
  });
});

describe('user() by name', () => {
  const users: Users = {
    passwd: [
      'root:x:0:0:root:/root:/bin/sh',
      'bad:x:1x:0::/:',
      'minus:x:-1:-1::/:',
      'large:x:4294967296:0::/:',
      'short',
      '',
      '+::::::',
      'www:x:33:34::/var/www:/bin/false',
      'www:x:0:0::/root:',
      'lost:x:44:45::relative:',
    ].join('\n'),
    group: 'root:x:0:\nwww-data:x:34:\nadm:x:4:www,other\nssl:x:5:other,www\nbad:x:x:www\nextra:x:50:wwww\n',
  };
  const home = (made: Plan): string | undefined =>
    all(made.steps, 'exec')[0]?.env.find((variable) => variable.startsWith('HOME='));

  test('its ids, its groups and its home', () => {
    const made = plan(image.user('www'), root, {}, users);
    assert.deepEqual(become(made), ['groups ', 'user 0:0', 'groups 4,5', 'user 33:34']);
    assert.equal(home(made), 'HOME=/var/www');
  });

  test('with a group it has that one only', () => {
    assert.deepEqual(become(plan(image.user('www:adm'), root, {}, users)).slice(2), ['groups ', 'user 33:4']);
    assert.deepEqual(become(plan(image.user('www:7'), root, {}, users)).slice(2), ['groups ', 'user 33:7']);
    assert.deepEqual(become(plan(image.user('99:adm'), root, {}, users)).slice(2), ['groups ', 'user 99:4']);
  });

  test('groups that are asked for are instead of those of the image', () => {
    const made = plan(image.user({ name: 'www', additionalGids: [9] }), root, {}, users);
    assert.deepEqual(become(made).slice(2), ['groups 9', 'user 33:34']);
    assert.deepEqual(become(plan(image.user({ name: 'www', additionalGids: [] }), root, {}, users)).slice(2), [
      'groups ',
      'user 33:34',
    ]);
  });

  test('a number has a home where the image has one', () => {
    assert.equal(home(plan(image.user(33), root, {}, users)), 'HOME=/var/www');
    assert.equal(home(plan(image.user(44), root, {}, users)), 'HOME=/');
    assert.equal(home(plan(image.user(77), root, {}, users)), 'HOME=/');
    assert.equal(home(plan(image, root, {}, users)), 'HOME=/root');
    assert.deepEqual(become(plan(image.user(33), root, {}, users)).slice(2), ['groups ', 'user 33:33']);
    assert.equal(home(plan(image.user(33), root, {}, { problem: 'x' })), 'HOME=/');
  });

  test('with one id, it is that one, and the image’s groups do not exist', () => {
    const made = plan(image.user('www'), user, {}, users);
    assert.deepEqual(all(actsOf(made), 'setUidMap')[0]?.ranges, [33, 1000, 1]);
    assert.deepEqual(all(actsOf(made), 'setGidMap')[0]?.ranges, [34, 100, 1]);
    assert.deepEqual(become(made), []);
    assert.throws(() => plan(image.user({ name: 'www', additionalGids: [9] }), user, {}, users), {
      ...CONTRADICTION,
      message: /^additionalGids/,
    });
  });

  for (const name of ['bad', 'minus', 'large', 'short', 'nobody', 'wwww']) {
    test(`"${name}" is nobody: an error, never root`, () => {
      assert.throws(() => plan(image.user(name), root, {}, users), { name: 'CarrelError', code: 'ERR_UNKNOWN_USER' });
    });
  }

  test('what the error says', () => {
    const thrown = (container: Container, files: Users): Error => {
      try {
        plan(container, root, {}, files);
      } catch (error) {
        return error as Error;
      }
      assert.fail('nothing was thrown');
    };
    assert.match(
      thrown(image.user('wwx'), users).message,
      /^the user "wwx" is unknown: it is not in .*\/etc\/passwd\n {2}hint: did you mean 'www'/,
    );
    assert.match(thrown(image.user('x'), {}).message, /has no \/etc\/passwd\n {2}hint: give a number/);
    assert.match(thrown(image.user('www:none'), users).message, /^the group "none" is unknown/);
    assert.match(
      thrown(image.user('www'), { problem: 'a mount' }).message,
      /cannot tell who "[^"]*" is in the container: a mount\n {2}hint: give a number/,
    );
  });

  test('a group of the image that does not exist inside is an error', () => {
    const many = { passwd: 'a:x:1:1::/:', group: 'big:x:70000:a' };
    assert.throws(() => plan(image.user('a'), root, {}, many), {
      ...CONTRADICTION,
      message: /^group 70000 does not exist/,
    });
  });

  test('a plan is for the files that it was made with', () => {
    const container = image.user('www');
    assert.match(become(plan(container, root, {}, users)).join(), /33:34/);
    assert.match(become(plan(container, root, {}, { passwd: 'www:x:1:2::/:' })).join(), /1:2/);
  });
});

describe('capabilities() in five sets', () => {
  const sets = {
    bounding: ['CAP_KILL', 'CAP_CHOWN', 'CAP_NET_RAW'],
    effective: ['CAP_KILL'],
    permitted: ['CAP_KILL', 'CAP_CHOWN'],
    inheritable: ['CAP_CHOWN', 'CAP_NET_RAW'],
    ambient: ['CAP_CHOWN'],
  } as const;

  test('are what the user gets, root or not', () => {
    for (const id of [0, 1000]) {
      const [step] = all(plan(image.capabilities(sets).user(id)).steps, 'setCapabilities');
      assert.deepEqual(step, { op: 'setCapabilities', ...sets, from: 'capabilities()' });
    }
  });

  test('those that are left out are empty', () => {
    const [step] = all(plan(image.capabilities({ bounding: ['CAP_KILL'] })).steps, 'setCapabilities');
    const { bounding, effective, permitted, inheritable, ambient } = step ?? assert.fail();
    assert.deepEqual([bounding, effective, permitted, inheritable, ambient], [['CAP_KILL'], [], [], [], []]);
  });

  test('user namespaces inside are for who can have CAP_SYS_ADMIN', () => {
    const nested = (container: Container): boolean =>
      !all(plan(container).steps, 'sysctl').some(({ path }) => path === 'user/max_user_namespaces');
    assert.ok(!nested(image.capabilities({ bounding: ['CAP_KILL'] })));
    assert.ok(nested(image.capabilities({ bounding: ['CAP_SYS_ADMIN'] })));
  });

  test('with it, mounts are made in a user namespace around the container’s', () => {
    const able = image.capabilities({ add: ['CAP_SYS_ADMIN'] });
    const { clone, steps } = plan(able);
    const ops = steps.map(({ op }) => op);
    assert.deepEqual(clone, ['user', 'mount', 'pid']);
    const [nest] = all(steps, 'nestNamespaces');
    assert.deepEqual(nest?.namespaces, ['cgroup', 'uts', 'ipc', 'network']);
    assert.deepEqual(
      [nest?.uids, nest?.gids],
      [
        [0, 0, 65_536],
        [0, 0, 65_536],
      ],
    );
    const [at, mounted, inside] = [ops.indexOf('nestNamespaces'), ops.indexOf('pivotRoot'), ops.indexOf('setns')];
    assert.ok(at < ops.indexOf('propagation') && mounted < inside && inside < ops.indexOf('init'));
    assert.deepEqual(steps[inside], { op: 'setns', slot: nest?.slot, type: 'user', from: 'capabilities()' });
    assert.deepEqual(steps[inside + 1], { op: 'unshare', namespaces: ['mount'], from: 'capabilities()' });
    for (const other of [image, able.rootfs(undefined).namespaces(['user', 'pid'])])
      assert.equal(all(plan(other).steps, 'nestNamespaces').length, 0);
  });

  test('one that is in a set and not in the one around it is an error', () => {
    for (const [inner, outer] of [
      ['effective', 'permitted'],
      ['permitted', 'bounding'],
      ['inheritable', 'bounding'],
      ['ambient', 'permitted'],
      ['ambient', 'inheritable'],
    ] as const) {
      const wrong = {
        ...sets,
        [outer]: sets[outer].filter((name) => !(sets[inner] as readonly string[]).includes(name)),
      };
      const message = new RegExp(`^capabilities\\.\\w+ has CAP_\\w+, which capabilities\\.${outer} has not`);
      assert.throws(() => image.capabilities(wrong), { ...CONTRADICTION, message }, `${inner} ${outer}`);
    }
    assert.throws(() => image.capabilities({ ...sets, add: [] } as never), CONTRADICTION);
    assert.throws(() => image.capabilities({ bounding: ['KILL'] } as never), {
      ...CONTRADICTION,
      message: /^capabilities\.bounding\[0\]/,
    });
  });
});
