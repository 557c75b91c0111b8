/** How much of a command that enters a container can be done before there is a command. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planAhead } from '#lib/compile/ahead.js';
import { compileFrame } from '#lib/compile/container.js';
import { entering } from '#lib/compile/enter.js';
import type { ContainerDefinition } from '#lib/definition/definition.js';
import { Container } from '#lib/index.js';
import { NAMESPACES, type Namespace } from '#lib/plan/constants.js';
import type { Plan } from '#lib/plan/plan.js';
import { askedBy, checkCommand, type SpawnOptions } from '#lib/running/command.js';
import { DEFAULT_PROFILE } from '#lib/seccomp/default.js';
import { mayPass, rulesOf } from '#lib/seccomp/rules.js';
import { root } from '../support/hosts.js';

const TYPES = (Object.keys(NAMESPACES) as Namespace[]).filter((type) => type !== 'time');
const NAMESPACE = TYPES.map((type, index) => ({ type, path: `/proc/1/fd/${index}`, inode: 4026532000 + index }));

function aheadOf(container: Container, options: SpawnOptions = {}): Plan | undefined {
  const definition: ContainerDefinition = container.toJSON();
  const { command } = checkCommand(askedBy({ file: 'true', args: [], options }, false, {}));
  const ids = { kind: 'joined' } as const;
  const input = { command: command.framed, host: root, firstId: 0, users: {}, entered: { ids } };
  const { frame } = compileFrame(entering(definition, NAMESPACE), input);
  return planAhead(frame, definition.seccomp);
}

const ops = (plan: Plan | undefined): readonly string[] | undefined => plan?.steps.map(({ op }) => op);

test('all but the entry and the command is done, and nothing that is seen inside', () => {
  const plan = aheadOf(new Container());
  assert.deepEqual(ops(plan)?.slice(-3), ['noNewPrivileges', 'seccomp', 'awaitPlan']);
  assert.ok(!ops(plan)?.includes('enter'));
  assert.deepEqual([plan?.timeoutMs, plan?.timeoutSignal], [0, 0]);
});

test('a profile of the caller’s stays out of it', () => {
  const plan = aheadOf(new Container().seccomp({ defaultAction: 'SCMP_ACT_ALLOW' }));
  assert.deepEqual(ops(plan)?.slice(-2), ['noNewPrivileges', 'awaitPlan']);
});

test('what is of one command alone is not begun', () => {
  const box = new Container();
  const cases: Readonly<Record<string, Plan | undefined>> = {
    'a terminal': aheadOf(box, { terminal: true }),
    'what is timed': aheadOf(box, { timing: true }),
    'a limit of processes': aheadOf(box.rlimits({ nproc: 9 })),
    'violations that are told': aheadOf(box.seccomp('default', { report: true })),
  };
  for (const [name, plan] of Object.entries(cases)) assert.equal(plan, undefined, name);
});

test('a container of its own is not begun so', () => {
  const { command } = checkCommand(askedBy({ file: 'true', args: [], options: {} }, false, {}));
  const definition = new Container().toJSON();
  const { frame } = compileFrame(definition, { command: command.framed, host: root, firstId: 0, users: {} });
  assert.equal(planAhead(frame, definition.seccomp), undefined);
});

test('the default profile lets the child go on', () => {
  const rules = rulesOf(DEFAULT_PROFILE, { arch: 'x64', kernel: [6, 1], capabilities: [] });
  for (const call of ['prctl', 'sendmsg', 'read', 'mmap', 'openat2', 'fchdir', 'close'])
    assert.ok(mayPass(rules, call), call);
});
