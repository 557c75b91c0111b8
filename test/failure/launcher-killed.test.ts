/** SIGKILL of the launcher ends no running container, and the next one gets a new launcher. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { clingers, scatter } from '../support/clinger.js';
import { ancestors, launchers, readProcesses, signalOne } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { Screen } from '../support/screen.js';
import { until } from '../support/waiting.js';

// Without useCleanHost: the launcher that is there afterwards is another one, which is what is tested here.
const box = new Container();
const MANY = 100;

function launcher(): number {
  const [pid] = launchers();
  assert.ok(pid !== undefined, 'there is none');
  return pid;
}

suite('SIGKILL of the launcher', () => {
  // The spare of the one that was killed last may take one more, and what is sent behind that is lost.
  beforeEach(async () => {
    for (let round = 0; round < 2; round += 1) await box.run('true');
  });

  test('what runs goes on, and can still be ended', async () => {
    const child = box.spawn('cat');
    await once(child, 'spawn');
    const first = launcher();
    process.kill(first, 'SIGKILL');
    await until(() => !launchers().includes(first));
    child.stdin?.end('still here');
    const [text] = (await once(child.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    assert.equal(text.toString(), 'still here');
    assert.equal((await child.result).exitCode, 0);
  });

  test(`${MANY} that run keep their orders and their ends, and who is killed then is missed`, async () => {
    let go: ((value: unknown) => void) | undefined;
    const waits = new Promise((resolve) => {
      go = resolve;
    });
    await using hooked = box.hook(() => waits).spawn('sh', ['-c', 'exit 3'], { stdio: 'ignore' });
    const shown = box.spawn('sh', ['-c', 'echo ready; read line; stty size; exit 4'], { terminal: true });
    const screen = new Screen(shown);
    const script = 'trap "exit 200" TERM; read status; exit $status';
    const children = Array.from({ length: MANY }, () =>
      box.spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] }),
    );
    await Promise.all([...children.map((child) => once(child, 'spawn')), screen.until(/ready/)]);
    const first = launcher();
    process.kill(first, 'SIGKILL');
    await until(() => !launchers().includes(first));
    go?.(undefined);
    assert.equal(shown.resize(123, 45), true);
    shown.stdin?.write('line\n');
    const lost = children.filter((_, index) => index % 10 === 9);
    const ends = children.map(async (child, index) => {
      if (lost.includes(child)) signalOne(ancestors(child.pid ?? 0)[2], 'SIGKILL');
      else if (index % 10 === 8) child.kill('SIGKILL');
      else if (index % 10 === 7) child.kill('SIGTERM');
      else child.stdin?.end(`${index}\n`);
      const { exitCode, signal, reason } = await child.result;
      return exitCode ?? `${signal} ${reason}`;
    });
    const expected = children.map((_, index) => {
      if (index % 10 === 9) return 'SIGKILL signaled';
      if (index % 10 === 8) return 'SIGKILL killed';
      return index % 10 === 7 ? 200 : index;
    });
    assert.deepEqual(await Promise.all(ends), expected);
    assert.equal((await hooked.result).exitCode, 3);
    await screen.until(/45 123/);
    assert.equal((await shown.result).exitCode, 4);
    assert.equal((await box.run('echo', ['again'])).stdout, 'again\n');
  });

  test('what runs can be given another limit of CPU time', requires('cgroups'), async () => {
    const child = box.limits({ cpuTime: 600_000 }).spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const first = launcher();
    process.kill(first, 'SIGKILL');
    await until(() => !launchers().includes(first));
    await child.update({ cpuTime: 1 });
    assert.equal((await child.result).reason, 'cpu-timeout');
  });

  test('and of the supervisor: nobody is left of what runs', requires('gcc'), async () => {
    for (const like of [box.init(false), box.namespaces(['user', 'mount', 'network', 'ipc', 'uts', 'cgroup'])]) {
      const child = await scatter(like);
      const [, supervisor = 0, guard = 0, first = 0] = ancestors(child.pid ?? 0);
      assert.equal(first, launcher());
      process.kill(first, 'SIGKILL');
      await until(() => !launchers().includes(first));
      assert.equal(clingers().length, 4, 'the container goes on');
      process.kill(supervisor, 'SIGKILL');
      assert.equal((await child.result).signal, 'SIGKILL');
      assert.deepEqual(clingers(), []);
      await until(() => !readProcesses().has(guard));
    }
  });

  test('the next command gets a new one', async () => {
    await box.run('true');
    const first = launcher();
    process.kill(first, 'SIGKILL');
    await until(() => !launchers().includes(first));
    // The spare of the one that was killed may have taken one more before it has noticed that.
    for (const word of ['again', 'and again']) assert.equal((await box.run('echo', [word])).stdout, `${word}\n`);
    assert.equal(launchers().length, 1);
  });

  test('its spare ends with it', async () => {
    await box.run('true');
    const spares = (): readonly number[] => {
      const table = [...readProcesses().values()].filter(({ state }) => state !== 'Z');
      return table.filter(({ comm }) => comm === 'carrel-spare').map(({ pid }) => pid);
    };
    const first = launcher();
    const own = (): readonly number[] => spares().filter((pid) => ancestors(pid).includes(first));
    await until(() => own().length >= 2);
    const made = own();
    process.kill(first, 'SIGKILL');
    await until(() => !spares().some((pid) => made.includes(pid)));
    assert.equal((await box.run('true')).exitCode, 0);
  });

  test('what it had not begun ends with an error that says so, or ran; nothing hangs', async () => {
    for (let round = 0; round < 10; round += 1) {
      await box.run('true');
      const first = launcher();
      const waiting = Array.from({ length: 10 }, () => box.run('true'));
      await sleep(Math.random() * 10);
      process.kill(first, 'SIGKILL');
      for (const result of await Promise.allSettled(waiting)) {
        if (result.status === 'fulfilled') assert.equal(result.value.exitCode, 0);
        else {
          assert.equal(result.reason.code, 'ERR_SUPERVISOR_LOST');
          assert.match(result.reason.hint ?? '', /a SIGKILL came from outside.*dmesg/);
        }
      }
      // A request that it takes in its last moment is lost as well.
      await until(() => !launchers().includes(first));
    }
    const left = [...readProcesses().values()].filter(
      ({ parent, comm }) => parent === process.pid && comm !== 'carrel',
    );
    assert.deepEqual(left, []);
  });
});
