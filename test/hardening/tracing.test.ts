/**
 * No process of the same user can trace a helper of carrel's: not during set-up, and not from inside.
 *
 * CVE-2016-8659, CVE-2016-9962, CVE-2026-41163. What is attacked from is the same user without capabilities.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import {
  bind,
  Container,
  type ContainerProcess,
  type ContainerStep,
  type Hook,
  type Namespace,
  type RunningContainer,
} from 'carrel';
import { spawn } from 'carrel/plan';
import { attack, attackerDirectory, startAttack, verdicts } from '../support/attacker.js';
import { useCleanHost } from '../support/host.js';
import { ancestors, readProcesses } from '../support/processes.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const isRoot = process.getuid?.() === 0;
/** Root without capabilities is a user like any other. */
const prefix = isRoot ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all'] : [];
const NOTHING = {
  ptrace: 'EPERM',
  process_vm_readv: 'EPERM',
  pidfd_getfd: 'EPERM',
  mem: 'EACCES',
  environ: 'EACCES',
  maps: 'EACCES',
  root: 'EACCES',
  cwd: 'EACCES',
  exe: 'EACCES',
  'fd/0': 'EACCES',
  'ns/mnt': 'EACCES',
};

/** From a process of the container's up to this one: for a command, its init, supervisor and launcher. */
function above(pid: number): readonly number[] {
  return ancestors(pid, process.pid);
}

function lookInto(pid: number | undefined): Readonly<Record<string, string>> {
  return closed(attack(['look-into', String(pid)], prefix));
}

/** Init has no descriptor at all: then there is none to be refused. */
function closed(output: string): Readonly<Record<string, string>> {
  const all = verdicts(output);
  return { ...all, ...(all['fd/0'] === 'ENOENT' && { 'fd/0': 'EACCES' }) };
}

/** Holds a container up at a barrier of its own, `after` the first one or instead of it, and tells who is there. */
async function heldUp(after: boolean, look: (child: number) => void): Promise<void> {
  const plan = new Container().plan('true', []);
  const [first, ...rest] = plan.steps;
  assert.equal(first?.op, 'barrier');
  const hooked: readonly ContainerStep[] = after
    ? [first, { op: 'barrier', acts: [], hook: true }, ...rest]
    : [{ ...first, hook: true } as ContainerStep, ...rest];
  const hook: Hook = ({ pid }) => look(pid);
  assert.ok((await spawn({ ...plan, steps: hooked }, { hooks: [hook] }).result).ok);
}

suite('on the host', requires('gcc'), () => {
  test('the attacker sees all there is of a process of its own', async () => {
    const other = await startAttack(['hunt', '0'], prefix);
    const { ptrace, maps, root } = lookInto(other.pid);
    other.stdin?.end();
    await once(other, 'close');
    assert.deepEqual([ptrace, maps, root], ['done', 'done', 'done']);
  });

  test('launcher, supervisor and child are closed during the set-up', async () => {
    await heldUp(true, (pid) => {
      const pids = above(pid);
      assert.equal(pids.length, 3, 'child, supervisor, launcher');
      for (const one of pids) assert.deepEqual(lookInto(one), NOTHING, readProcesses().get(one)?.comm);
    });
  });

  test('launcher and supervisor before ids are mapped; the child unless a user’s hook needs it', async () => {
    await heldUp(false, (pid) => {
      const [child, ...helpers] = above(pid);
      assert.equal(helpers.length, 2);
      for (const one of helpers) assert.deepEqual(lookInto(one), NOTHING);
      if (isRoot) assert.deepEqual(lookInto(child), NOTHING);
      else assert.equal(lookInto(child).ptrace, 'done', 'as SECURITY.md says');
    });
  });

  test('launcher, supervisor and init while the command runs', async () => {
    const child = new Container().spawn('cat');
    await once(child, 'spawn');
    const [, ...helpers] = above(child.pid ?? 0);
    assert.equal(helpers.length, 3, 'init, supervisor, launcher');
    for (const one of helpers) assert.deepEqual(lookInto(one), NOTHING);
    child.stdin?.end();
    assert.ok((await child.result).ok);
  });

  test('who tries all the time catches nobody, but the child of an ordinary user', async () => {
    const child = new Container().spawn('cat');
    await once(child, 'spawn');
    const launcher = above(child.pid ?? 0).at(-1);
    child.stdin?.end();
    await child.result;
    const hunter = await startAttack(['hunt', String(launcher)], prefix);
    // An init keeps its command from being a child of the supervisor: what is caught is caught before exec.
    for (let round = 0; round < 100; round += 1) await new Container().run('true');
    let output = '';
    hunter.stdout?.on('data', (chunk: Buffer) => {
      output += String(chunk);
    });
    hunter.stdin?.end();
    await once(hunter, 'close');
    const { supervisors, children } = JSON.parse(output.slice(output.indexOf('{'))) as Record<string, [number, number]>;
    assert.ok((supervisors?.[0] ?? 0) > 0, output);
    assert.equal(supervisors?.[1], 0, output);
    if (isRoot) assert.equal(children?.[1], 0, output);
  });
});

const JOINS = process.env.CARREL_SOAK === undefined ? 50 : 500;
const ALL: readonly Namespace[] = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'];

/** What joins all of another container. */
function joined(other: ContainerProcess, names = ALL): Container {
  return new Container().namespaces([Object.fromEntries(names.map((name) => [name, other]))]);
}

/** What a spy in a container sees of everything there, while commands join it. */
async function spiedOn(box: Container, join: (spy: ContainerProcess) => Container): Promise<readonly string[]> {
  const spy = box.mount(bind(attackerDirectory(), '/attack', { readonly: true })).spawn('/attack/attacker', ['spy']);
  return seenBy(spy, () => join(spy));
}

/** What the spy sees while commands are run by what `into` gives. Lines that come again are left out. */
async function seenBy(
  spy: ContainerProcess,
  into: () => Pick<Container | RunningContainer, 'run'>,
): Promise<readonly string[]> {
  await once(spy, 'spawn');
  assert.ok(spy.stdout);
  let output = '';
  spy.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
  });
  for (let round = 0; round < JOINS; round += 1)
    await into().run('sh', ['-c', 'true; true'], { env: { JOINED: 'yes' }, check: true });
  spy.stdin?.end();
  assert.ok((await spy.result).ok);
  assert.match(output, /^looks [1-9]\d+$/m);
  // What runs the container's programs is the container's own to trace: never before its exec, see pid-one.test.ts.
  return [...new Set(output.trimEnd().split('\n'))].filter((line) => !/^(ready|looks|traced)/.test(line));
}

suite('from inside', requires('gcc'), () => {
  const box = (): Container => new Container().mount(bind(attackerDirectory(), '/attack', { readonly: true }));

  test('init is closed, even to the container’s root', async () => {
    const { stdout } = await box().run('/attack/attacker', ['look-into', '1'], { check: true });
    assert.deepEqual(closed(stdout), NOTHING);
  });

  // What is seen of those that joined is what the container has itself: its root, its programs, pipes, its rights, and
  // the variables that were given.
  const allowed = (rights: string): readonly RegExp[] => [
    /^(root \/|cwd \/|exe \/(usr\/)?bin\/\S+)$/,
    /^fd (pipe:\[\d+\]|\/dev\/null|\/(usr\/)?(bin|lib)\S*|\/etc\/ld\.so\.\S+|\/usr\/lib\S*)$/,
    /^environ (PATH|HOME|JOINED|PWD|OLDPWD|SHLVL|_)=.*$/,
    /^map (\/(usr\/)?(bin|lib)\S*|\/etc\/ld\.so\.\S+)$/,
    new RegExp(`^rights Cap(Prm|Bnd):\\s${rights}$`),
  ];
  const others = (seen: readonly string[], patterns: readonly RegExp[]): readonly string[] =>
    seen.filter((line) => !patterns.some((pattern) => pattern.test(line)));

  test('a command that joins shows nothing of the host, however often it is looked at', async () => {
    const seen = await spiedOn(new Container(), joined);
    assert.deepEqual(others(seen, allowed('00000000800405fb')), []);
  });

  test('nor does one that enters a container that stays', async () => {
    await using stays = await box().start();
    const seen = await seenBy(stays.spawn('/attack/attacker', ['spy']), () => stays);
    assert.deepEqual(others(seen, allowed('00000000800405fb')), []);
  });

  test('nor to root of the host’s user namespace, who sees it before its program runs', requires('root'), async () => {
    const names = ALL.filter((name) => name !== 'user');
    const rights = ['CAP_DAC_OVERRIDE', 'CAP_SYS_PTRACE'] as const;
    const box = new Container().namespaces(names).capabilities(rights);
    const seen = await spiedOn(box, (spy) => joined(spy, names).capabilities(rights));
    // The launcher and its plan, whose bytes are sealed; memory of its own; its way to the supervisor; the container's
    // own root directory.
    const early = [
      /^exe \/memfd:carrel \(deleted\)$/,
      /^map \/(memfd:carrel(-plan)?|dev\/zero) \(deleted\)$/,
      /^fd socket:\[\d+\]$/,
      /^fd \/$/,
    ];
    assert.ok(
      seen.some((line) => early[0]?.test(line)),
      'it was seen',
    );
    assert.deepEqual(others(seen, [...allowed('0000000000080002'), ...early]), []);
  });

  test('init may signal, and nothing else', async () => {
    const { stdout } = await new Container().run('grep', ['-E', '^(Cap(Prm|Eff)|NoNewPrivs):', '/proc/1/status']);
    assert.equal(stdout, 'CapPrm:\t0000000000000020\nCapEff:\t0000000000000020\nNoNewPrivs:\t1\n');
  });
});
