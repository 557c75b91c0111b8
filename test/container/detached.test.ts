/** A detached container goes on when Node ends. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Container } from 'carrel';
import { runCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Starts a Node that starts a container and is then killed; tells the command's pid on the host. */
async function leave(options: string): Promise<number> {
  const source = `
    import { Container } from 'carrel';
    const child = new Container().spawn('sleep', ['600'], ${options});
    child.once('spawn', () => process.stdout.write(String(child.pid) + '\\n'));`;
  const node = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(node.stdout, 'data')) as [Buffer];
  node.kill('SIGKILL');
  await once(node, 'exit');
  return Number(line.toString());
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

suite('detached', () => {
  test('without it, the container ends with Node', async () => {
    const pid = await leave(`{ stdio: 'ignore' }`);
    await until(() => !lives(pid));
  });

  test('with it, the container goes on', async () => {
    const pid = await leave(`{ stdio: 'ignore', detached: true }`);
    await sleep(300);
    assert.ok(lives(pid), 'it has ended with Node');
    process.kill(pid, 'SIGKILL');
    await until(() => !lives(pid));
  });

  test('what was sent to many right before Node ended is delivered', async () => {
    const source = `
      import { once } from 'node:events';
      const start = () => new Container().spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
      const children = Array.from({ length: 40 }, start);
      await Promise.all(children.map((child) => once(child, 'spawn')));
      process.stdout.write(JSON.stringify(children.map(({ pid }) => pid)));
      for (const child of children) child.kill('SIGTERM');
      process.exit();`;
    const { stdout, code } = await runCaller(source);
    assert.equal(code, 0);
    const pids = JSON.parse(stdout) as number[];
    assert.equal(pids.length, 40);
    await until(() => !pids.some(lives));
  });

  test('its time is up without Node as well', async () => {
    const pid = await leave(`{ stdio: 'ignore', detached: true, timeout: 1000 }`);
    await until(() => !lives(pid));
  });

  test('excludes a terminal', () => {
    assert.throws(() => new Container().spawn('true', [], { detached: true, terminal: true }), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });
});
