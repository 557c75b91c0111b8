/** A plan runs without a builder: written by hand, taken from a container, changed, or read back from text. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { concat, explain, type Plan, parse, plan, run, spawn, stringify } from 'carrel/plan';
import {
  barrier,
  bind,
  denySetgroups,
  directory,
  exec,
  exit,
  mount,
  openTree,
  pivotRoot,
  propagation,
  setGidMap,
  setHostname,
  setUidMap,
} from 'carrel/steps';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;

/** A user namespace in which the caller is root: the smallest part that gives the others their rights. */
const asRoot = plan({
  clone: ['user'],
  steps: [
    barrier({
      acts: [denySetgroups(), setUidMap({ ranges: [0, uid, 1] }), setGidMap({ ranges: [0, gid, 1] })],
    }),
  ],
});

function root(directoryOfHost: string): Plan {
  return plan({
    clone: ['mount', 'pid'],
    steps: [
      propagation({ target: '/', type: 'private' }),
      openTree({ slot: 3, source: directoryOfHost }),
      bind({ slot: 3, target: '/', attributes: ['nosuid', 'nodev'] }),
      mount({ type: 'proc', target: '/proc' }),
      mount({ type: 'tmpfs', target: '/tmp', options: ['mode=1777'] }),
      directory({ target: '/tmp/made', mode: 0o700 }),
      pivotRoot(),
    ],
  });
}

const named = plan({ clone: ['uts'], steps: [setHostname({ hostname: 'by-hand' })] });
const command = (...args: readonly string[]): Plan => plan({ steps: [exec({ args })] });

suite('a container by hand', () => {
  test('from ten steps', requires('busybox'), async () => {
    const box = concat(
      asRoot,
      root(busyboxRoot()),
      named,
      command('/bin/sh', '-c', 'id -u; hostname; ls /; stat -c %a /tmp/made; echo $$'),
    );
    const { stdout, ok } = await run(box);
    assert.equal(ok, true);
    assert.match(stdout, /^0\nby-hand\nbin\ndev\netc\n(.*\n)+700\n1\n$/);
    assert.match(explain(box), /NEWUSER\|NEWNS\|NEWPID\|NEWUTS/i);
  });

  test('each part makes a difference', requires('busybox'), async () => {
    const hostname = async (...parts: readonly Plan[]): Promise<string> =>
      (await run(concat(asRoot, ...parts, command('/bin/hostname')), { check: true })).stdout;
    assert.equal(await hostname(named), 'by-hand\n');
    assert.notEqual(await hostname(), 'by-hand\n');
  });

  test('a step that lacks its rights is refused, and says which it is', async () => {
    const bare = concat(named, command('/bin/true'));
    const refused =
      uid === 0
        ? ({ made: concat(root('/nowhere'), command('/bin/true')), op: 'openTree', code: 'ENOENT' } as const)
        : ({ made: bare, op: 'clone', code: 'EPERM' } as const);
    const { made, ...expected } = refused;
    const error = async (): Promise<never> => {
      const child = spawn(made, { stdio: ['pipe', 'pipe', 'pipe'] });
      throw ((await once(child, 'error')) as [Error])[0];
    };
    await rejectsAtStep(error, { ...expected, option: undefined });
  });

  test('stdio, streams and signals are those of every process', async () => {
    const child = spawn(command('/bin/cat'));
    child.stdin?.end('through');
    assert.ok(child.stdout);
    const chunks: Buffer[] = [];
    for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
    assert.equal(Buffer.concat(chunks).toString(), 'through');
    const slow = spawn(command('/bin/sleep', '60'));
    await once(slow, 'spawn');
    slow.kill('SIGTERM');
    assert.deepEqual(await once(slow, 'exit'), [null, 'SIGTERM']);
  });

  test('one that ends with exit runs no program, and its status is the result', async () => {
    for (const status of [0, 7, 255]) {
      const ended = await spawn(plan({ clone: ['user', 'pid'], steps: [exit({ status })] })).result;
      assert.deepEqual([ended.exitCode, ended.signal, ended.reason], [status, null, 'exited']);
    }
    const events: string[] = [];
    const child = spawn(concat(asRoot, named, plan({ steps: [exit()] })));
    for (const event of ['spawn', 'exit', 'close', 'error'] as const) child.on(event, () => events.push(event));
    await once(child, 'close');
    assert.deepEqual([events, child.exitCode, child.spawnargs], [['spawn', 'exit', 'close'], 0, []]);
    assert.throws(() => exit({ status: 256 }), { code: 'ERR_OUT_OF_RANGE', message: /status.*255/ });
  });

  test('without exec there is nothing to run, and stdio has to fit', () => {
    assert.throws(() => spawn(named), { code: 'ERR_INVALID_ARG_VALUE', message: /no exec/ });
    assert.throws(() => spawn(command('/bin/true'), { stdio: 'ignore' }), { message: /^stdio must be a list with 3/ });
    assert.throws(() => spawn(command('/bin/true'), { stdoi: [] } as never), { message: /Did you mean "stdio"/ });
  });
});

suite('hooks of a plan', () => {
  test('are called at every barrier that has one', async () => {
    const pids: number[] = [];
    const hooked = concat(
      plan({ clone: ['user', 'uts'], steps: [barrier({ hook: true })] }),
      plan({ steps: [barrier({ hook: true })] }),
      command('/bin/true'),
    );
    assert.ok((await run(hooked, { hooks: [({ pid }) => pids.push(pid)] })).ok);
    assert.equal(pids.length, 2);
    assert.equal(pids[0], pids[1]);
    assert.ok((await run(hooked)).ok, 'without hooks it is passed');
  });
});

suite('the plan of a Container', () => {
  test('can be run, twice at a time, and after it was stored', async () => {
    const box = new Container().hostname('stored');
    const value = box.plan('sh', ['-c', 'hostname; cat; id -u']);
    const again = parse(stringify(value));
    const results = await Promise.all([value, value, again].map((one) => run(one, { input: 'in\n', check: true })));
    for (const { stdout } of results) assert.equal(stdout, 'stored\nin\n0\n');
  });

  test('can be changed', async () => {
    const value = new Container().plan('hostname');
    const changed = {
      ...value,
      steps: value.steps.map((step) => (step.op === 'setHostname' ? { ...step, hostname: 'changed' } : step)),
    };
    assert.equal((await run(changed, { check: true })).stdout, 'changed\n');
  });

  test('with a terminal', async () => {
    const child = spawn(new Container().plan('tty', [], { terminal: true }));
    assert.ok(child.stdout);
    let shown = '';
    child.stdout.on('data', (bytes: Buffer) => {
      shown += bytes.toString();
    });
    await once(child, 'close');
    assert.equal(shown, '/dev/pts/0\r\n');
    await assert.rejects(run(new Container().plan('tty', [], { terminal: true })), { message: /use spawn\(\)/ });
  });
});
