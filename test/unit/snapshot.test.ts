/** What follows from a definition for a snapshot of its container: places, and the definition that begins with them. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { writtenPlaces } from '#lib/compile/places.js';
import { Container } from '#lib/container.js';
import { file } from '#lib/definition/entries.js';
import { bind, tmpfs } from '#lib/definition/mounts.js';
import { overlay } from '#lib/definition/overlay.js';
import type { Stat } from '#lib/plan/serving-bytes.js';
import { copiedAttributes } from '#lib/running/snapshot/attributes.js';
import { frozenParts } from '#lib/running/snapshot/frozen.js';
import { Links } from '#lib/running/snapshot/links.js';
import { madeBy } from '#lib/running/snapshot/made.js';
import { below, bytesOf, type Found, reach, shownBelow, TOP } from '#lib/running/snapshot/walk.js';

const box = new Container();

const targets = (container: Container): readonly string[] =>
  writtenPlaces(container.toJSON()).map(({ target }) => target);

function frozen(container: Container, moved: ReadonlyMap<string, string> = new Map()): Container {
  const definition = container.toJSON();
  const places = writtenPlaces(definition).map((place, index) => ({ place, layer: `/s/${index}` }));
  return new Container({ ...definition, ...frozenParts(definition, { directory: '/s', frozen: places, moved }) });
}

suite('the places that a container writes to', () => {
  test('are those that are gone with it', () => {
    assert.deepEqual(targets(box), ['/']);
    assert.deepEqual(targets(box.readonly()), ['/tmp']);
    assert.deepEqual(targets(box.rootfs('/r')), ['/tmp']);
    assert.deepEqual(targets(box.rootfs(overlay({ lower: '/r' }))), ['/', '/tmp']);
    assert.deepEqual(targets(box.mount(tmpfs('/a'), bind('/b', '/b'), overlay('/c', { lower: '/c' }))), [
      '/',
      '/a',
      '/c',
    ]);
    assert.deepEqual(targets(box.rootfs('/r').mount(tmpfs('/tmp'))), ['/tmp']);
    assert.deepEqual(targets(box.rootfs('/r').mount(bind('/b', '/tmp'))), []);
    assert.deepEqual(targets(box.namespaces([])), []);
  });
});

suite('the definition of a snapshot', () => {
  test('has the frozen files below what was there', () => {
    const layers = { lower: '/r', size: 4096 };
    const { rootfs, mounts } = frozen(
      box.rootfs(overlay(layers)).mount(tmpfs('/m', { size: 8, noexec: true })),
    ).toJSON();
    assert.deepEqual(rootfs, { type: 'overlay', lower: ['/s/0', '/r'], size: 4096, snapshots: ['/s'] });
    const safe = { nosuid: true, nodev: true, noexec: false };
    assert.deepEqual(mounts, [
      { type: 'overlay', lower: ['/s/1'], snapshots: ['/s'], target: '/tmp', ...safe },
      { type: 'overlay', lower: ['/s/2'], size: 8, snapshots: ['/s'], target: '/m', ...safe, noexec: true },
    ]);
  });

  test('of one that begins with a snapshot has both, or copies of the first', () => {
    const first = frozen(box);
    const earlier = first.toJSON().mounts[0];
    assert.deepEqual(earlier?.type === 'overlay' && [earlier.lower, earlier.snapshots], [['/s/0'], ['/s']]);
    const second = frozen(box.mount(overlay('/', { lower: '/o/0', snapshots: ['/o'] }))).toJSON().mounts;
    assert.deepEqual(second.length, 1);
    const [both] = second;
    assert.deepEqual(both?.type === 'overlay' && [both.lower, both.snapshots], [
      ['/s/0', '/o/0'],
      ['/s', '/o'],
    ]);
    const moved = new Map([['/o/0', '/s/earlier-0']]);
    const [whole] = frozen(box.mount(overlay('/', { lower: '/o/0', snapshots: ['/o'] })), moved).toJSON().mounts;
    assert.deepEqual(whole?.type === 'overlay' && [whole.lower, whole.snapshots], [['/s/0', '/s/earlier-0'], ['/s']]);
  });

  test('keeps files that are elsewhere', () => {
    const kept = (container: Container): readonly string[] =>
      frozen(container)
        .toJSON()
        .mounts.filter(({ type }) => type === 'file')
        .map(({ target }) => target);
    assert.deepEqual(kept(box.mount(file('/etc/f', ''))), []);
    assert.deepEqual(kept(box.rootfs('/r').mount(file('/etc/f', ''), file('/tmp/f', ''))), ['/etc/f']);
    assert.deepEqual(kept(box.mount(bind('/b', '/b'), file('/b/f', ''), tmpfs('/b/m'), file('/b/m/f', ''))), ['/b/f']);
  });
});

test('extended attributes of overlayfs are its own, but for those that make a layer', () => {
  const names = Buffer.from(
    'user.mine\0user.overlay.opaque\0user.overlay.origin\0trusted.overlay.redirect\0user.overlay.overlay.opaque\0' +
      'security.capability\0security.selinux\0system.posix_acl_access\0trusted.other\0',
  );
  const own = ['user.mine', 'security.capability', 'system.posix_acl_access'];
  assert.deepEqual([...copiedAttributes(names, false)].sort(), [...own].sort());
  const notes = ['user.overlay.opaque', 'trusted.overlay.redirect', 'user.overlay.overlay.opaque'];
  assert.deepEqual([...copiedAttributes(names, true)].sort(), [...own, ...notes].sort());
});

test('a file of several names is copied once, and others wait for that', () => {
  const links = new Links('0');
  const stat = { mode: 0o100644, nlink: 3, dev: 1, ino: 7 } as Stat;
  const entry = (name: string, other: Partial<Stat> = {}): Found => ({
    name: Buffer.from(name),
    stat: { ...stat, ...other },
  });
  const all = [entry('a'), entry('b'), entry('c'), entry('d', { ino: 8 }), entry('e', { nlink: 1 })];
  const names = (found: readonly Found[]): string => found.map(({ name }) => name.toString()).join('');
  const { now, later } = links.divide(TOP, all);
  assert.deepEqual([names(now), names(later)], ['ade', 'bc']);
  // The first has vanished before it was copied.
  assert.deepEqual(names(links.divide(TOP, later).now), 'b');
  links.copied(TOP, entry('b'));
  assert.deepEqual(names(links.divide(TOP, [entry('c'), entry('f')]).now), 'cf');
  assert.equal(bytesOf(links.copyOf(TOP, entry('c')) ?? TOP).toString(), 'b');
  links.forget(TOP, entry('c'));
  assert.equal(links.copyOf(TOP, entry('c')), undefined);
});

test('what is above a path is kept once', () => {
  const path = ['a', 'b', 'c'].reduce((above, name) => below(above, Buffer.from(name)), TOP);
  assert.equal(bytesOf(path).toString(), 'a/b/c');
  assert.equal(bytesOf(TOP).toString(), '');
  assert.deepEqual(
    [shownBelow('/', path), shownBelow('/x', path), shownBelow('/x', TOP)],
    ['/a/b/c', '/x/a/b/c', '/x'],
  );
});

test('a path that is too long is reached by parts', () => {
  const path = Buffer.from(Array.from({ length: 1000 }, (_, index) => `directory-${index}`).join('/'));
  const steps = reach(1, path, 9, [2, 3]);
  assert.ok(steps.length > 3);
  let at = 1;
  const parts = steps.map((step) => {
    assert.ok(step.op === 'open' && step.at === at && step.path.length <= 3500 && step.nofollow);
    at = step.slot;
    return step.path.toString();
  });
  assert.equal(at, 9);
  assert.equal(parts.join('/'), path.toString());
});

test('what a plan makes is known by its path, with what is above it', () => {
  const made = madeBy(
    [
      { op: 'file', target: '/a/b/f', mode: 0o600, content: Buffer.from('x') },
      { op: 'directory', target: '/a/b', mode: 0o700 },
      { op: 'bind', target: '/usr', source: '/usr', attributes: [], recursive: true, create: true },
    ],
    new Set(['/', '/tmp']),
  );
  assert.deepEqual([...made.keys()].sort(), ['/a', '/a/b', '/a/b/f', '/tmp', '/usr']);
  assert.deepEqual(made.get('/a/b'), { kind: 'directory', mode: 0o755 });
  assert.deepEqual(made.get('/tmp'), { kind: 'covered' });
});
