/** `explain()` is held to strace(1): the kernel is asked what the plan says, call by call, and nothing else. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, file, type Plan, type Step, tmpfs } from 'carrel';
import { settled } from '#lib/plan/compose.js';
import { freezeDeep } from '#lib/plan/plan.js';
import { planOf } from '#lib/running/spawn.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { difference, expectedCalls, expectedClone, onlyLooks } from '../support/calls.js';
import { useCleanHost } from '../support/host.js';
import type { Expected } from '../support/network-calls.js';
import { requires } from '../support/requires.js';
import { type Call, trace } from '../support/trace.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** What a supervisor does for every plan, around the acts of this one. */
const SUPERVISOR: readonly Expected[] = [
  { name: 'execve', args: ['--once'] },
  { name: 'fcntl', args: ['F_GET_SEALS'] },
  { name: 'prctl', args: [] },
  { name: 'rt_sigaction', args: [] },
  { name: 'rt_sigprocmask', args: [] },
  { name: 'socketpair', args: [] },
  { name: 'setsockopt', args: ['SO_PASSCRED'] },
  { name: 'write', args: ['"g"'] },
  { name: 'wait4', args: [] },
  // Where there is a limit of CPU time: when it is to be looked at again.
  { name: 'timerfd_settime', args: [] },
  // These plans are timed: this is where the times are noted.
  { name: 'memfd_create', args: ['"carrel-times"'] },
  { name: 'ftruncate', args: [] },
  { name: 'sendmsg', args: [] },
  { name: 'exit_group', args: [] },
];

/** What init does once it is PID 1. */
const INIT = ['prctl', 'capset', 'close_range', 'rt_sigtimedwait', 'waitid', 'wait4', 'exit_group', 'kill', 'munmap'];

/** What the process does that has entered nothing, but has told who has: it lets that one go on, and ends. */
const LEAVING = ['sendmsg', 'close', 'exit_group'];

/** The steps that go on in another process. */
const FORKS: readonly Step['op'][] = ['init', 'enter'];

/** The calls of the process that goes through the steps: the child, and from init on the other half of it. */
function walker(calls: readonly Call[], supervisor: number | undefined, plan: Plan): readonly Call[] {
  // Processes between the two are steps' own, and have ended when the step has.
  const pids = [...new Set(calls.map(({ pid }) => pid))].filter((pid) => pid !== supervisor);
  const [child, command] = [pids[0], pids.at(-1)];
  const first = calls.filter(({ pid }) => pid === child);
  const fork = first.map(({ name }) => name).lastIndexOf('clone');
  if (!plan.steps.some(({ op }) => FORKS.includes(op))) return first;
  const left = first.slice(fork + 1).map(({ name }) => name);
  assert.deepEqual(
    left.filter((name) => !(plan.steps.some(({ op }) => op === 'init') ? INIT : LEAVING).includes(name)),
    [],
    'what is left behind',
  );
  return [...first.slice(0, fork + 1), ...calls.filter(({ pid }) => pid === command)];
}

/** The calls of each step, in order: a timed plan asks for the time before each. */
function segments(calls: readonly Call[]): readonly (readonly Call[])[] {
  const found: Call[][] = [];
  for (const call of calls) {
    if (call.name === 'clock_gettime') found.push([]);
    else found.at(-1)?.push(call);
    if (call.name === 'execve' && call.result === '0') break;
  }
  return found;
}

/** The calls by which a plan is performed, each step of it timed. */
function timedCalls(plan: Plan): readonly Call[] {
  return trace(freezeDeep({ ...plan, timed: true as const }));
}

/**
 * Those of a plan that holds: nobody is there to end it, so it has a time. Where that was up before init had begun to
 * wait, as on a machine that is busy, it gets more.
 */
function heldCalls(plan: Plan): readonly Call[] {
  let failure: unknown = new Error('it does not hold');
  for (const timeoutMs of [500, 2000, 8000, 32_000])
    try {
      const calls = timedCalls({ ...plan, timeoutMs });
      if (calls.some(({ name }) => name === 'rt_sigtimedwait')) return calls;
    } catch (error) {
      failure = error;
    }
  throw failure;
}

/** `also`: what a supervisor does for this plan, beside its acts. */
function holdTo(plan: Plan, also: readonly Expected[] = [], calls: readonly Call[] = timedCalls(plan)): void {
  const supervisor = calls[0]?.pid;
  const own = calls.filter(({ pid }) => pid === supervisor);

  // The supervisor's acts, in their order, and the clone between them.
  const host: readonly (Expected | readonly Expected[])[] = [
    ...plan.before.map(expectedCalls),
    expectedClone(plan.clone),
    ...plan.steps.flatMap((step) => (step.op === 'barrier' ? step.acts.map(expectedCalls) : [])),
    ...plan.after.map(expectedCalls),
  ];
  const around = (call: Call): boolean =>
    [...SUPERVISOR, ...also].some(
      ({ name, args }) => call.name === name && args.every((part) => call.args.includes(part)),
    );
  const acts = own.filter((call) => !onlyLooks(call) && !around(call));
  assert.equal(difference(host.flat(), acts), undefined, 'host');

  const children = segments(walker(calls, supervisor, plan));
  assert.equal(children.length, plan.steps.length);
  for (const [index, step] of plan.steps.entries()) {
    const made = (children[index] ?? []).filter((call) => !onlyLooks(call));
    assert.equal(difference(expectedCalls(step), made, targetOf(step)), undefined, `step ${index}, ${step.op}`);
  }
}

function targetOf(step: Step): string {
  return 'target' in step ? step.target : '';
}

/** Without a channel nobody can fill more than the first slots. */
const quiet = { stdio: 'ignore' } as const;

suite('what explain() says is what strace sees', requires('strace', 'busybox', 'some-root'), () => {
  const root = freshBusyboxRoot();
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n');
  const boxes: Readonly<Record<string, () => Plan>> = {
    'the host’s programs': () => new Container().plan('true', [], quiet),
    'a root filesystem': () => new Container().rootfs(root).plan('true', [], quiet),
    'no init, read-only, mounts': () =>
      new Container()
        .rootfs(root)
        .init(false)
        .readonly()
        .mount(bind('/usr', '/tmp/programs', { readonly: true }), tmpfs('/tmp/scratch', { size: '1m' }))
        .plan('true', [], quiet),
    'another user, another directory, few capabilities': () =>
      new Container().capabilities(['CAP_CHOWN']).user(0).cwd('/tmp').umask(0o077).plan('true', [], quiet),
    'limits, priorities, names': () =>
      new Container()
        .rlimits({ nofile: 100 })
        .nice(1)
        .oomScoreAdj(500)
        .cpuAffinity([0])
        .hostname('box')
        .domainname('example.org')
        .plan('true', [], quiet),
    'a time namespace with other clocks': () =>
      new Container()
        .namespaces(['user', 'mount', 'pid', 'time'])
        .timeOffsets({ boottime: 86_400_000 })
        .plan('true', [], quiet),
    'mounts that CAP_SYS_ADMIN cannot move': () =>
      new Container().capabilities({ add: ['CAP_SYS_ADMIN'] }).plan('true', [], quiet),
    'files of the command': () =>
      new Container().plan('true', [], { ...quiet, files: [file('/tmp/made/x', 'x'), file('/tmp/made/y', '')] }),
    'what it may reach': () =>
      new Container()
        .network({ allow: ['a.example:443', '203.0.113.0/24:80', '[2001:db8::/32]:443'] })
        .plan('true', [], quiet),
    'few namespaces': () => new Container().namespaces(['user', 'pid']).plan('true', [], quiet),
  };
  for (const [name, planOf] of Object.entries(boxes)) test(name, () => holdTo(planOf()));

  test('joined namespaces, the pid namespace among them', async () => {
    const other = new Container().spawn('sleep', ['600'], { stdio: 'ignore' });
    await once(other, 'spawn');
    const names = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'] as const;
    try {
      holdTo(new Container().namespaces(names.map((name) => ({ [name]: other }))).plan('true', [], quiet));
    } finally {
      other.kill('SIGKILL');
      await other.result;
    }
  });

  test('a command that enters a container that stays', async () => {
    await using box = await new Container().start();
    holdTo(box.plan('true', [], quiet));
    holdTo(box.plan('true', [], { ...quiet, files: [file('/tmp/x', 'x')] }));
    await using locked = await new Container().capabilities({ add: ['CAP_SYS_ADMIN'] }).start();
    holdTo(locked.plan('true', [], quiet));
  });

  test('a container that stays: what it gives Node, and its ending', () => {
    for (const box of [new Container(), new Container().capabilities({ add: ['CAP_SYS_ADMIN'] })]) {
      const call = { file: 'true', args: [], options: quiet };
      holdTo(planOf(box.toJSON(), { stays: 'command' }, call));
      // What its files are read by, when it has ended.
      holdTo(planOf(box.toJSON(), { collects: true }, call));
      const alone = planOf(box.toJSON(), { stays: 'alone' }, { ...call, file: '' });
      const ending = ['timerfd_create', 'pidfd_send_signal'].map((name): Expected => ({ name, args: [] }));
      holdTo(alone, ending, heldCalls(alone));
    }
  });

  test('cgroups', requires('cgroups'), () => {
    const box = new Container().limits({ memory: '64m', pids: 9, cpuTime: 60_000 });
    holdTo(settled(box.plan('true', [], quiet), { cgroup: `strace-${process.pid}` }));
  });

  test('a plan that says something else is noticed', () => {
    const plan = new Container().plan('true', [], quiet);
    const other = plan.steps.map((step) => (step.op === 'setHostname' ? { ...step, hostname: 'other' } : step));
    const index = other.findIndex(({ op }) => op === 'setHostname');
    const made = trace(freezeDeep({ ...plan, timed: true as const })).filter(({ name }) => name === 'sethostname');
    assert.match(
      difference(expectedCalls(other[index] as Step), made) ?? '',
      /"carrel".* instead of sethostname\("other"\)/,
    );
    assert.match(difference([], made) ?? '', /sethostname\("carrel", 6\) is not in the plan/);
    assert.match(difference(expectedCalls(other[index] as Step), []) ?? '', /has not happened/);
  });
});
