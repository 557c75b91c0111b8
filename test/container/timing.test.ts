/** `timing` tells when each act of a plan was performed. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { plan, run, spawn } from 'carrel/plan';
import { barrier, chdir, exec, setPriority } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('timing', () => {
  test('without it there is none, and to ask for it is an error', async () => {
    const child = box.spawn('true', [], { stdio: 'ignore' });
    assert.throws(() => child.explain({ timing: true }), { code: 'ERR_INVALID_ARG_VALUE', message: /timing: true/ });
    await child.result;
    assert.equal(child.timing, undefined);
    assert.throws(() => child.explain({ timing: true }), { code: 'ERR_INVALID_ARG_VALUE', message: /timing: true/ });
  });

  test('every act of the plan has its time, in the order in which they were performed', async () => {
    const child = box.spawn('true', [], { stdio: 'ignore', timing: true });
    assert.throws(() => child.explain({ timing: true }), /has ended/);
    await child.result;
    const { timing = [], plan: performed } = child;
    const steps = timing.filter(({ by, step }) => by === 'container' && step !== undefined).map(({ step }) => step);
    assert.deepEqual(steps, performed.steps);
    const acts = performed.steps.flatMap((step) => (step.op === 'barrier' ? step.acts : []));
    const host = timing.filter(({ by, step }) => by === 'host' && step !== undefined).map(({ step }) => step);
    assert.deepEqual(host, [...performed.before, ...acts, ...performed.after]);
    assert.deepEqual(
      timing.map(({ startUs }) => startUs),
      timing.map(({ startUs }) => startUs).sort((one, other) => one - other),
    );
    for (const { what, durationUs } of timing) assert.ok(durationUs !== undefined && durationUs >= 0, what);
    const names = timing.filter(({ step }) => step === undefined).map(({ what }) => what);
    assert.deepEqual(names, [
      'JavaScript, from the call to the request',
      'the launcher takes the request, and forks',
      'check the plan',
      'clone3',
      'the command runs',
      'reap',
      'Node is told',
    ]);
  });

  test('the time of a command is the command’s', async () => {
    const child = box.spawn('sleep', ['0.3'], { stdio: 'ignore', timing: true });
    const { usage } = await child.result;
    // That it runs is seen when exec is over, a little late.
    const since = child.timing?.find(({ step }) => step?.op === 'exec')?.startUs ?? 0;
    const reaped = child.timing?.find(({ what }) => what === 'reap')?.startUs ?? 0;
    assert.ok(reaped - since >= 300_000 && reaped - since <= usage.wallMs * 1000, `${reaped} − ${since}`);
  });

  test('a shifted clock does not shift what is told', requires('time-namespaces'), async () => {
    const shifted = box.namespaces(['user', 'mount', 'pid', 'time']).timeOffsets({ monotonic: 86_400_000 });
    const child = shifted.spawn('true', [], { stdio: 'ignore', timing: true });
    const { usage } = await child.result;
    const last = child.timing?.at(-1);
    assert.equal(last?.what, 'Node is told');
    for (const { what, startUs, durationUs = 0 } of child.timing ?? [])
      assert.ok(startUs >= 0 && startUs + durationUs <= (last?.startUs ?? 0) + (last?.durationUs ?? 0), what);
    assert.ok(usage.wallMs > 0);
  });

  test('explain() of a process prints what was performed, and with timing when', async () => {
    const child = box.spawn('true', [], { stdio: 'ignore', timing: true });
    await child.result;
    assert.match(child.explain(), /^host \(supervisor\).*\n(.*\n)+.*exec true\n$/);
    const lines = child.explain({ timing: true }).split('\n');
    assert.match(lines[0] ?? '', /^ +at µs +took µs {2}host +container$/);
    assert.match(lines[1] ?? '', /^ +0 +\d+ {2}Node: JavaScript/);
    assert.ok(lines.some((line) => /^ +\d+ +\d+ {2} +exec true$/.test(line)));
  });

  test('a plan of one’s own is timed as well; one that is refused has the times until then', async () => {
    const own = plan({ steps: [exec({ args: ['/bin/true'] })], timed: true });
    const child = spawn(own);
    await child.result;
    assert.ok(child.timing?.some(({ step }) => step?.op === 'exec'));
    assert.equal((await run(own)).exitCode, 0);

    const refused = spawn(plan({ steps: [exec({ args: ['/bin/there/is/none'] })], timed: true }));
    await assert.rejects(refused.result, { code: 'ENOENT' });
    assert.ok(refused.timing?.some(({ step, durationUs }) => step?.op === 'exec' && durationUs === undefined));
  });

  test('thousands of steps and acts have their times', async () => {
    const [many, some] = [3000, 2000];
    const steps = Array.from({ length: many }, () => chdir({ target: '/' }));
    const acts = Array.from({ length: some }, () => setPriority({ nice: 0 }));
    const child = spawn(plan({ steps: [barrier({ acts }), ...steps, exec({ args: ['/bin/true'] })], timed: true }));
    assert.equal((await child.result).exitCode, 0);
    const { timing = [] } = child;
    const timed = (op: string): number =>
      timing.filter(({ step, durationUs }) => step?.op === op && (durationUs ?? -1) >= 0).length;
    assert.deepEqual([timed('setPriority'), timed('chdir'), timed('exec')], [some, many, 1]);
  });

  test('timing must be true or false', () => {
    assert.throws(() => box.spawn('true', [], { timing: 1 as unknown as boolean }), {
      code: 'ERR_INVALID_ARG_TYPE',
      message: /timing/,
    });
    assert.throws(() => plan({ timed: 1 as unknown as boolean }), { code: 'ERR_INVALID_ARG_TYPE', message: /timed/ });
  });
});
