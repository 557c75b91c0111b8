/** `Container` is an immutable builder: each method gives a new one, and changes nothing else. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { bind, Container, type ContainerDefinition, tmpfs } from '#lib/index.js';

/** Every setter with a value that differs from the default, and what it sets. */
const SETTERS: Readonly<Record<keyof ContainerDefinition, (box: Container) => Container>> = {
  rootfs: (box) => box.rootfs('/srv/box'),
  readonly: (box) => box.readonly(),
  mounts: (box) => box.mount(tmpfs('/scratch')),
  mask: (box) => box.mask('/etc/shadow'),
  proc: (box) => box.proc('bind'),
  namespaces: (box) => box.namespaces(['user', 'mount', 'uts', 'ipc', 'network']),
  idmap: (box) => box.idmap('auto'),
  hostname: (box) => box.hostname('box'),
  domainname: (box) => box.domainname('example'),
  hosts: (box) => box.hosts({ db: '127.0.0.1' }),
  publish: (box) => box.publish(80),
  network: (box) => box.network('none'),
  rlimits: (box) => box.rlimits({ nofile: 64 }),
  sysctl: (box) => box.sysctl({ 'kernel.shmmni': 5 }),
  umask: (box) => box.umask(0o077),
  nice: (box) => box.nice(5),
  oomScoreAdj: (box) => box.oomScoreAdj(500),
  cpuAffinity: (box) => box.cpuAffinity('0-1'),
  entrypoint: (box) => box.entrypoint('nice', '-n', '5'),
  command: (box) => box.command('echo', 'a b'),
  env: (box) => box.env({ A: '1' }),
  cwd: (box) => box.cwd('/srv'),
  user: (box) => box.user(1000),
  capabilities: (box) => box.capabilities(['CAP_CHOWN']),
  noNewPrivileges: (box) => box.noNewPrivileges(false),
  seccomp: (box) => box.seccomp('unconfined'),
  landlock: (box) => box.landlock({ read: '/', execute: '/usr' }),
  apparmor: (box) => box.apparmor('carrel-default'),
  selinux: (box) => box.selinux('system_u:system_r:container_t:s0'),
  limits: (box) => box.limits({ memory: '64m', pids: 32 }),
  init: (box) => box.init(false),
  timeOffsets: (box) => box.timeOffsets({ monotonic: 1500 }),
  steps: (box) => box.step({ op: 'setHostname', hostname: 'other' }, { before: 'init' }),
};

const full = Object.values(SETTERS).reduce((box, set) => set(box), new Container());

describe('a Container', () => {
  for (const [name, set] of Object.entries(SETTERS)) {
    test(`${name} is set in a new one, and in nothing else`, () => {
      const box = new Container();
      const before = JSON.stringify(box);
      const next = set(box);
      assert.notEqual(next, box);
      assert.equal(JSON.stringify(box), before);
      const { [name as keyof ContainerDefinition]: _old, ...rest } = box.toJSON();
      const { [name as keyof ContainerDefinition]: value, ...others } = next.toJSON();
      assert.notEqual(value, undefined);
      assert.deepEqual(others, rest);
    });

    // A port is published once.
    if (name === 'publish') continue;
    test(`${name} keeps all else that was set before`, () => {
      // These are added to.
      const { mounts, steps, mask, ...rest } = set(full).toJSON();
      const { mounts: mountsBefore, steps: stepsBefore, mask: maskBefore, ...all } = full.toJSON();
      assert.deepEqual(rest, all);
      assert.deepEqual(mounts.slice(0, mountsBefore.length), mountsBefore);
      assert.deepEqual(mask.slice(0, maskBefore.length), maskBefore);
      assert.deepEqual(steps.slice(0, stepsBefore.length), stepsBefore);
    });
  }

  test('comes back from its JSON', () => {
    for (const box of [new Container(), full]) {
      const again = new Container(JSON.parse(JSON.stringify(box)));
      assert.deepEqual(again.toJSON(), box.toJSON());
      assert.deepEqual(new Container(box.toJSON()).toJSON(), box.toJSON());
    }
  });

  test('has a definition that is frozen through and through', () => {
    const check = (value: unknown): void => {
      if (value === null || typeof value !== 'object') return;
      assert.ok(Object.isFrozen(value), inspect(value));
      for (const part of Object.values(value)) check(part);
    };
    check(full.toJSON());
  });

  test('does not change with the objects that it was made of, and does not freeze them', () => {
    const env = { A: '1' };
    const namespaces: ('user' | 'mount' | 'pid')[] = ['user', 'mount'];
    const user = { uid: 1, gid: 2 };
    const mounts = [tmpfs('/a')];
    const box = new Container({ env, namespaces, user, mounts });
    env.A = '2';
    namespaces.push('pid');
    user.uid = 0;
    mounts.push(tmpfs('/b'));
    const definition = box.toJSON();
    assert.deepEqual(definition.env, { A: '1' });
    assert.deepEqual(definition.namespaces, ['user', 'mount']);
    assert.deepEqual(definition.user, { uid: 1, gid: 2 });
    assert.deepEqual(definition.mounts, [tmpfs('/a')]);
  });

  test('adds mounts and variables, replaces all else', () => {
    const box = new Container()
      .mount(tmpfs('/a'))
      .mount(bind('/x', '/b'), tmpfs('/c'))
      .env({ A: '1', B: '1' })
      .env({ B: '2' })
      .capabilities(['CAP_KILL'])
      .capabilities(['CAP_CHOWN'])
      .user(1)
      .user(2);
    const { mounts, env, capabilities, user } = box.toJSON();
    assert.deepEqual(
      mounts.map(({ target }) => target),
      ['/a', '/b', '/c'],
    );
    assert.deepEqual(env, { A: '1', B: '2' });
    assert.deepEqual(capabilities, ['CAP_CHOWN']);
    assert.deepEqual(user, { uid: 2, gid: 2 });
  });

  test('takes back by undefined what was set', () => {
    const box = full
      .rootfs(undefined)
      .hostname(undefined)
      .namespaces(undefined)
      .proc(undefined)
      .entrypoint(undefined)
      .command(undefined)
      .cwd(undefined)
      .user(undefined)
      .capabilities(undefined)
      .seccomp(undefined)
      .landlock(undefined)
      .apparmor(undefined)
      .selinux(undefined)
      .timeOffsets(undefined)
      .domainname(undefined)
      .network(undefined)
      .rlimits(undefined)
      .sysctl(undefined)
      .umask(undefined)
      .nice(undefined)
      .oomScoreAdj(undefined)
      .cpuAffinity(undefined)
      .limits(undefined);
    const { mounts, steps, mask, env, hosts, publish, readonly, noNewPrivileges, init, ...rest } = box.toJSON();
    const fresh = new Container().toJSON();
    assert.deepEqual(rest, {
      namespaces: fresh.namespaces,
      proc: 'auto',
      idmap: fresh.idmap,
      timeOffsets: {},
      cwd: fresh.cwd,
      user: fresh.user,
      capabilities: fresh.capabilities,
      seccomp: 'default',
      rlimits: {},
      sysctl: {},
      umask: 0o022,
    });
    assert.ok(!('rootfs' in box.toJSON()) && !('hostname' in box.toJSON()));
  });

  test('an empty list means none', () => {
    const { namespaces, capabilities, mounts } = new Container({
      namespaces: [],
      capabilities: [],
      mounts: [],
    }).toJSON();
    assert.deepEqual([namespaces, capabilities, mounts], [[], [], []]);
  });

  test('shows its definition when inspected', () => {
    assert.match(inspect(full), /^Container \{.*rootfs: '\/srv\/box'/s);
  });
});
