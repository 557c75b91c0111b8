/**
 * Whatever a root filesystem has in place of what the set-up touches, its container works, or an error says why not.
 *
 * Nothing of the host changes, and nothing waits.
 */

import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bind, CarrelError, Container, file, overlay, StepError, tmpfs } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { EvilTree, placesOf, SHAPES } from '../support/evil-trees.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { describeTree } from '../support/tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Nothing here takes long; an emulated machine is ten times slower. */
const PATIENCE_MS = 120_000;
/**
 * Without CARREL_SOAK each kind of container gets one in so many, and together they get nearly all. It divides no
 * number of shapes: each kind meets all of them.
 */
const SHARE = 7;
const soak = process.env.CARREL_SOAK !== undefined;
const base = mkdtempSync(join(tmpdir(), 'evil-'));
const [victim, data, trees] = ['victim', 'data', 'trees'].map((name) => join(base, name)) as [string, string, string];

/** Mounts of every kind, in places that are there and in others that are not. */
const dressed = (box: Container): Container =>
  box
    .mount(bind(data, '/data/in'), bind(data, '/var/run'), tmpfs('/scratch/deep'), file('/etc/app.conf', 'port = 80\n'))
    .mask('/etc/secret')
    .cwd('/home/user');

/** The only one that changes the tree, for a time. */
const MAKES = 'targets that carrel makes';
const BOXES: Readonly<Record<string, (root: string) => Container>> = {
  mounts: (root) => dressed(new Container().rootfs(root)),
  'a user by name': (root) => new Container().rootfs(root).user('root:root').readonly(),
  [MAKES]: (root) =>
    new Container()
      .rootfs(root)
      .mount(bind(data, '/data/new', { create: 'host' }), tmpfs('/opt/a/b', { create: 'host' })),
  'an overlay': (root) => dressed(new Container().rootfs(overlay({ lower: [root] }))),
  CAP_SYS_ADMIN: (root) => dressed(new Container().rootfs(root).capabilities({ add: ['CAP_SYS_ADMIN'] })),
};
/** What is touched, and is in no step: what Node reads, and what is executed. */
const BESIDE = ['/bin', '/bin/busybox', '/etc/passwd', '/etc/group', '/etc/hosts'];

before(() => {
  for (const path of [base, victim, data, trees]) {
    mkdirSync(path, { recursive: true });
    chmodSync(path, path === victim || path === data ? 0o777 : 0o755);
  }
  for (const name of ['file', 'null', 'in', 'user', 'deep', 'app.conf', 'secret', 'passwd']) {
    writeFileSync(join(victim, name), 'of the host\n');
    chmodSync(join(victim, name), 0o666);
  }
  writeFileSync(join(data, 'file'), 'of the host\n');
});
after(() => removeTree(base));

/** What it printed, or the error. */
async function outcome(box: Container, args: readonly string[]): Promise<string | Error> {
  const controller = new AbortController();
  const run = box.run('/bin/busybox', args, { timeout: PATIENCE_MS }).then(
    ({ stdout, stderr, reason }) => `${reason}: ${stdout}${stderr}`,
    (error: Error) => error,
  );
  const late = sleep(2 * PATIENCE_MS, new Error('nothing came of it'), controller);
  try {
    return await Promise.race([run, late]);
  } finally {
    late.catch(() => {});
    controller.abort();
  }
}

/** Says what is wrong: of a step, which path, or how it may have come; of a name, where it was looked for. */
function checkError(error: Error, what: string): void {
  assert.ok(error instanceof CarrelError, `${what}: ${error}`);
  const { code, message, hint } = error;
  if (error instanceof StepError)
    assert.ok(error.step !== undefined && (error.path ?? hint) !== undefined, `${what}: ${message}`);
  else assert.match(`${code}: ${message}`, /^ERR_UNKNOWN_(USER|GROUP): .*\/etc\/(passwd|group)/, what);
}

/** Tries to write wherever something stands, and below it; a FIFO is opened without waiting. */
function vandalism(places: readonly string[]): readonly string[] {
  const paths = places.flatMap((path) => [path, `${path}/file`, `${path}/null`].map((one) => `'${one}'`)).join(' ');
  const made = places.map((path) => `'${path}/made'`).join(' ');
  return ['sh', '-c', `for path in ${paths}; do echo hostile 1<>$path; done; mkdir ${made}; rm -f ${paths}; exit 0`];
}

/** Without times, where carrel may make what the caller asked it to make, and removes it. */
function describe(root: string, kind: string): readonly string[] {
  return describeTree(root, { times: kind !== MAKES });
}

suite('a root filesystem with something else in place of what is needed by', requires('busybox'), () => {
  for (const [order, [kind, boxOf]] of Object.entries(BOXES).entries()) {
    test(kind, async (context) => {
      const directory = mkdtempSync(join(trees, 'tree-'));
      chmodSync(directory, 0o755);
      const tree = new EvilTree(directory, victim);
      await tree.become('/none', () => {});
      const box = boxOf(tree.root);
      const places = [...BESIDE, ...placesOf(box.plan('true'))];
      const all = places.flatMap((place) => Object.entries(SHAPES).map(([shape, make]) => ({ place, shape, make })));
      const tried = all.filter((_, index) => soak || index % SHARE === order);
      const count = { works: 0, refused: 0 };
      for (const { place, shape, make } of tried) {
        const what = `${shape} as ${place}`;
        await tree.become(place, make);
        const [before, outside] = [describe(tree.root, kind), describeTree(victim)];
        const found = await outcome(box, ['echo', 'works']);
        assert.deepEqual(describe(tree.root, kind), before, `${what}: the tree`);
        if (found instanceof Error) checkError(found, what);
        else assert.equal(found, 'exited: works\n', what);
        count[found instanceof Error ? 'refused' : 'works'] += 1;
        if (typeof found === 'string') assert.match(String(await outcome(box, vandalism(places))), /^exited: /, what);
        assert.deepEqual(describeTree(victim), outside, `${what}: outside`);
      }
      tree.clear();
      removeTree(directory);
      context.diagnostic(`${count.works} worked, ${count.refused} were refused`);
      assert.ok(count.works > 0 && count.refused > 0);
    });
  }

  test('the root itself, of mode 000', async () => {
    const root = freshBusyboxRoot();
    chmodSync(root, 0);
    assert.equal(await outcome(new Container().rootfs(root), ['echo', 'works']), 'exited: works\n');
    chmodSync(root, 0o755);
    removeTree(root);
  });
});
