/** A launcher's spare is used and changes nothing, and its loss stops no container. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { mount, unmount } from 'carrel/syscalls';
import { bind, Container } from '#lib/index.js';
import { useCleanHost } from '../support/host.js';
import { ancestors, attempt, readProcesses } from '../support/processes.js';
import { generator } from '../support/random.js';
import { requires } from '../support/requires.js';
import { type Spare, spareAfter, spareNow } from '../support/spares.js';
import '../support/temporary.js';
import { until } from '../support/waiting.js';

/** The launcher keeps it for ten seconds. */
const KEPT_MS = 10_000;
const seed = Number(process.env.CARREL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const box = new Container();
const random = generator(seed);

useCleanHost({ warmUp: () => box.run('true') });

/** A zombie is not. */
function isThere(pid: number): boolean {
  const entry = readProcesses().get(pid);
  return entry !== undefined && entry.state !== 'Z';
}

const spare = (like = box): Promise<Spare> => spareAfter(() => like.run('true', [], { check: true }));

async function running(like = box): Promise<readonly number[]> {
  const child = like.spawn('cat');
  await new Promise<void>((resolve) => child.once('spawn', resolve));
  const made = ancestors(child.pid ?? 0);
  child.stdin?.end();
  assert.equal((await child.result).exitCode, 0);
  return made;
}

suite('the spare', () => {
  test('a container like the last one is its child', async () => {
    const { supervisor, child } = await spare();
    const made = await running();
    assert.ok(made.includes(supervisor) && made.includes(child), `${made} of ${supervisor} and ${child}`);
  });

  test('one in other namespaces is served by it, and is not its child', async () => {
    for (const other of [
      box.namespaces(['user', 'mount', 'pid']),
      box.namespaces(['user', 'mount', 'pid', 'time', 'network', 'ipc', 'uts']),
    ]) {
      const { supervisor, child } = await spare();
      const made = await running(other);
      assert.ok(made.includes(supervisor) && !made.includes(child), `${made} of ${supervisor} and ${child}`);
      assert.equal(
        attempt(() => readFileSync(`/proc/${child}/comm`)),
        undefined,
      );
    }
  });

  test('one that joins is not its child', async () => {
    const other = box.spawn('cat');
    await new Promise<void>((resolve) => other.once('spawn', resolve));
    const { child } = await spare();
    const joined = new Container().namespaces(['mount', 'pid', { user: other }, { network: other }]);
    const made = await running(joined);
    assert.ok(!made.includes(child), `${made} of ${child}`);
    other.stdin?.end();
    assert.equal((await other.result).exitCode, 0);
  });

  test('one that is timed tells of its own start', async () => {
    await spare();
    const child = box.spawn('true', [], { timing: true });
    await child.result;
    const clone = child.timing?.find(({ what }) => what.startsWith('clone3'));
    assert.ok((clone?.startUs ?? -1) > 0, JSON.stringify(child.timing));
  });

  test('what is mounted on the host after it was made is seen', requires('root'), async () => {
    const directory = mkdtempSync(join(tmpdir(), 'spare-'));
    mkdirSync(join(directory, 'late'));
    const reader = box.mount(bind(directory, '/tmp/there', { readonly: true, recursive: true }));
    await spare(reader);
    mount('tmpfs', join(directory, 'late'), { type: 'tmpfs' });
    try {
      writeFileSync(join(directory, 'late', 'file'), 'content');
      assert.equal((await reader.run('cat', ['/tmp/there/late/file'])).stdout, 'content');
      await spare(reader);
    } finally {
      // It keeps no mount of the host's busy.
      unmount(join(directory, 'late'));
    }
    assert.match((await reader.run('cat', ['/tmp/there/late/file'])).stderr, /No such file/);
    rmSync(directory, { recursive: true });
  });

  test('it has the namespaces, and nothing of the host’s mounts', requires('root'), async () => {
    const { supervisor, child } = await spare();
    const own = (pid: number, name: string): string => readlinkSync(`/proc/${pid}/ns/${name}`);
    for (const name of ['user', 'pid', 'net', 'uts', 'ipc'])
      assert.notEqual(own(child, name), own(supervisor, name), name);
    assert.equal(own(child, 'mnt'), own(supervisor, 'mnt'));
    const descriptors = spawnSync('ls', ['-l', `/proc/${child}/fd`], { encoding: 'utf8' }).stdout;
    assert.ok(!/memfd|pipe/.test(descriptors), descriptors);
  });

  test('nobody of the same user looks into it', async () => {
    const { supervisor, child } = await spare();
    for (const pid of [supervisor, child]) {
      // Entries of a process that nobody may trace are root's. proc(5)
      assert.equal(statSync(`/proc/${pid}/environ`).uid, 0, `${pid}`);
    }
  });

  test('who waits stands back, and who runs does not', async () => {
    // The 41st field: 0 is SCHED_NORMAL, 3 SCHED_BATCH. proc_pid_stat(5)
    const policies = (pids: readonly number[]): readonly (string | undefined)[] =>
      pids.map(
        (pid) =>
          readFileSync(`/proc/${pid}/stat`, 'utf8')
            .replace(/^.*\) /s, '')
            .split(' ')[38],
      );
    const own = policies([process.pid])[0];
    const { supervisor, child } = await spare();
    if (own === '0') assert.deepEqual(policies([supervisor, child]), ['3', '3']);
    const running = box.spawn('cat');
    await new Promise<void>((resolve) => running.once('spawn', resolve));
    assert.deepEqual(policies([running.pid ?? 0, child, supervisor]), [own, own, own]);
    running.stdin?.end();
    assert.equal((await running.result).exitCode, 0);
  });

  test('killed, the next container starts without it', async () => {
    for (const who of ['supervisor', 'child', 'supervisor', 'child'] as const) {
      const found = await spare();
      process.kill(found[who], 'SIGKILL');
      // What it gets while it dies is lost. Its socket is its child's too.
      await until(() => !isThere(found.child) && (who === 'child' || !isThere(found.supervisor)));
      assert.equal((await box.run('echo', ['there'])).stdout, 'there\n');
    }
  });

  test(`killed at any moment, the container ends, runs, or says that it was lost, CARREL_SEED=${seed}`, async () => {
    const seen: Record<string, number> = {};
    for (let round = 0; round < 60; round += 1) {
      const found = await spare();
      const started = box.run('true').then(
        ({ exitCode, signal }) => String(signal ?? exitCode),
        ({ code }: { code: string }) => code,
      );
      await sleep(random.below(4));
      attempt(() => process.kill(found[random.pick(['supervisor', 'child'] as const)], 'SIGKILL'));
      const end = await started;
      assert.match(end, /^(0|SIGKILL|ERR_SUPERVISOR_LOST|ECONNRESET|ESRCH)$/);
      seen[end] = (seen[end] ?? 0) + 1;
    }
    console.log(JSON.stringify(seen));
  });

  test('one that gets no processor keeps nobody waiting', async () => {
    let waited = KEPT_MS;
    for (let tries = 0; waited >= KEPT_MS / 2 && tries < 3; tries += 1) {
      const { supervisor } = await spare();
      process.kill(supervisor, 'SIGSTOP');
      const before = performance.now();
      assert.equal((await box.run('echo', ['there'])).stdout, 'there\n');
      waited = performance.now() - before;
      process.kill(supervisor, 'SIGCONT');
      await until(() => !isThere(supervisor));
    }
    // Without this the launcher waits for it until it gives it up.
    assert.ok(waited < KEPT_MS / 2, `${waited} ms`);
  });

  test('it ends when nobody has wanted it for long', async () => {
    const before = performance.now();
    const { supervisor, child } = await spare();
    await sleep(KEPT_MS / 2);
    const now = spareNow();
    if (performance.now() - before < KEPT_MS) assert.deepEqual(now, { supervisor, child });
    await until(() => spareNow() === undefined);
    assert.equal((await box.run('true')).exitCode, 0);
  });

  test('each container of many, with pauses, is another', async () => {
    const seen = new Set<string>();
    for (let round = 0; round < 50; round += 1) {
      await sleep(random.below(8));
      const { stdout } = await box
        .hostname(`box-${round}`)
        .run('sh', [
          '-c',
          'hostname; readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/mnt; ls /tmp; echo $$ >/tmp/file',
        ]);
      const [name = '', ...rest] = stdout.trim().split('\n');
      assert.equal(name, `box-${round}`);
      assert.equal(rest.length, 3, stdout);
      seen.add(rest.join(' '));
    }
    // The kernel gives a number again that nobody has any more: most are others.
    assert.ok(seen.size > 1, [...seen].join('\n'));
  });
});
