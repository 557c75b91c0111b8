/** carrel in carrel: what a program may do inside a container, inside one in that, and at the third level. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bind, Container, type DefinitionInput, type SeccompProfile } from 'carrel';
import { directory, mount } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { containerTrials, type Level, levelsIn, PACKAGE } from '../support/level.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
const guide = readFileSync(`${checkout}docs/tooling.md`, 'utf8');

/** The package, and the program of a level: no more of the checkout. */
const shown = ['dist', 'prebuilds', 'node_modules', 'package.json', 'build/test/support'].map((path) =>
  bind(`${checkout}${path}`, `${PACKAGE}/${path}`, { readonly: true, idmapped: false }),
);
const levels = (first: DefinitionInput, ...below: readonly DefinitionInput[]): Promise<readonly Level[]> =>
  levelsIn(new Container(first).mount(...shown), { below, tries: false });
const tried = (first: DefinitionInput, ...below: readonly DefinitionInput[]): Promise<readonly Level[]> =>
  levelsIn(new Container(first).mount(...shown), { below, tries: true });

const capabilities = { add: ['CAP_SYS_ADMIN'] } as const;
const namespaces = ['user', 'mount', 'network', 'ipc', 'uts', 'cgroup'] as const;
/** A container that makes containers; inside another one it has no pid namespace of its own. */
const MAKER = { capabilities, seccomp: 'unconfined' } as const;
const INNER = { ...MAKER, namespaces } as const;
/** One with a second /proc, of which nothing is hidden: in sight of it the kernel gives those inside a new one. */
const WHOLE = new Container(MAKER)
  .step(directory({ target: '/tmp/proc' }))
  .step(mount({ type: 'proc', target: '/tmp/proc', attributes: ['nosuid', 'nodev', 'noexec'] }))
  .toJSON();
/** It refuses what no container needs, and nothing that carrel does. */
const NARROW: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['bpf', 'io_uring_setup', 'userfaultfd'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
};

/** Why the container below the last level was refused; the hint alone. */
function refusal(told: readonly Level[]): readonly [code?: string, syscall?: string] {
  const { code, syscall } = told.at(-1)?.refused ?? {};
  return [code ?? 'started', syscall ?? ''];
}
const hint = (told: readonly Level[]): string => told.at(-1)?.refused?.hint ?? '';

suite('a container inside a container', requires('user-namespaces'), () => {
  test('by default there is none, and the hint says what the outer one needs', async () => {
    const told = await levels({}, {});
    assert.deepEqual(refusal(told), ['ENOSYS', 'clone3']);
    assert.match(hint(told), /carrel’s capabilities\(\{ add: \['CAP_SYS_ADMIN'\] \}\) and seccomp\('unconfined'\)/);
    assert.equal((await levels(MAKER, {})).length, 2);
  });

  test('one of the two does not do, and the hint names the other', async () => {
    const [filtered, banned] = [await levels({ capabilities }, {}), await levels({ seccomp: 'unconfined' }, {})];
    assert.deepEqual(refusal(filtered), ['EPERM', 'keyctl']);
    assert.match(hint(filtered), /carrel’s seccomp\('unconfined'\)/);
    assert.deepEqual(refusal(banned), ['ENOSPC', 'clone3']);
    assert.match(hint(banned), /carrel’s allows them by capabilities\(\{ add: \['CAP_SYS_ADMIN'\] \}\)/);
  });

  test('the third level takes a second one without a pid namespace, and the hint says so', async () => {
    const told = await levels(MAKER, MAKER, {});
    assert.equal(told.length, 2);
    assert.deepEqual(refusal(told), ['ESRCH', 'readlinkat']);
    assert.match(hint(told), /give that one no "pid" among its namespaces\(\)/);
    assert.equal((await levels(MAKER, INNER, {})).length, 3);
  });

  test('or a /proc of which nothing is hidden: then each level is as the first', async () => {
    const last = { proc: 'new' } as const;
    assert.deepEqual(refusal(await levels(MAKER, last)), ['ERR_INVALID_ARG_VALUE', '']);
    assert.equal((await levels(WHOLE, last)).length, 2);
    assert.equal((await levels(WHOLE, WHOLE, WHOLE, last)).length, 4);
  });

  test('filters stand around each other', async () => {
    const [maker, inner] = [MAKER, INNER].map((one) => ({ ...one, seccomp: NARROW }));
    const [first, second, third, ...more] = await levels(maker ?? {}, inner ?? {}, inner ?? {});
    assert.deepEqual(more, []);
    const before = (await levels(MAKER))[0]?.filters ?? Number.NaN;
    assert.deepEqual(
      [first, second, third].map((level) => (level?.filters ?? 0) - before),
      [1, 2, 3],
    );
  });

  test('one of them can report', async () => {
    const reporting = { profile: NARROW, report: true } as const;
    const told = await levels({ ...MAKER, seccomp: reporting }, { ...INNER, seccomp: reporting });
    assert.deepEqual(refusal(told), ['EBUSY', 'seccomp']);
    assert.match(hint(told), /has a listener already.*leave report out of one of them/);
    for (const [outer, inner] of [
      [reporting, NARROW],
      [NARROW, reporting],
    ])
      assert.equal((await levels({ ...MAKER, seccomp: outer }, { ...INNER, seccomp: inner })).length, 2);
  });

  test('what each level may do is what docs/tooling.md says', requires('landlock-files'), async () => {
    const whole = await tried(WHOLE, WHOLE, WHOLE);
    const told = [...(await tried({})), ...(await tried(MAKER, INNER, INNER)), ...whole.slice(0, 1)];
    assert.equal(told.length, 5);
    assert.deepEqual(
      whole.map(({ trials }) => trials),
      Array.from({ length: 3 }, () => told.at(-1)?.trials),
    );
    const rows = Object.keys(told[0]?.trials ?? {}).map(
      (name) => `| ${[name, ...told.map(({ trials }) => trials[name])].join(' | ')} |`,
    );
    assert.deepEqual(tableOf(guide), rows);
  });

  test('outside of all containers each of them starts', requires('landlock-files'), async () => {
    // Whether there are cgroups for limits depends on the machine.
    const { '`limits()`': limits, ...told } = await containerTrials();
    assert.ok(limits !== undefined);
    assert.deepEqual(told, Object.fromEntries(Object.keys(told).map((name) => [name, 'yes'])));
  });
});

/** The rows between the marks, without the head. */
function tableOf(text: string): readonly string[] {
  const [, table = ''] = /<!-- measured: npm test -- nested -->\n\n(.*?)\n\n<!-- \/measured -->/s.exec(text) ?? [];
  return table.split('\n').slice(2);
}
