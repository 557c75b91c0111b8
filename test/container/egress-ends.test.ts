/** However a container that reaches what is listed ends, or Node does, nothing of its way out is left. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { isUsed, networksBelow } from '../support/outside/networks.js';
import { all, reach } from '../support/outside/reach.js';
import { names } from '../support/outside.js';
import { attempt } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const echo = 'echo.example.org:7';
const box = new Container().network({ allow: [echo, '203.0.113.5:7', '[2001:db8::5]:7'] });
const OPEN = `const socket = require('node:net').connect(7, '203.0.113.5');
  socket.write('word');
  socket.on('data', () => console.log('open'));`;

before(() => {
  names.set('echo.example.org', ['203.0.113.5', '2001:db8::5']);
});

suite('a container that ends', () => {
  for (const [name, options] of Object.entries({
    'by its timeout': () => ({ timeout: 3000 }),
    'by a signal': () => ({ signal: AbortSignal.timeout(3000) }),
  }))
    test(`${name}, with a connection that is open`, async () => {
      const { reason, connections } = await box.run('node', ['-e', OPEN], options());
      assert.equal(reason, name === 'by its timeout' ? 'timeout' : 'aborted');
      assert.deepEqual(
        connections.map(({ outcome, sentBytes, receivedBytes }) => [outcome, sentBytes, receivedBytes]),
        [['relayed', 4, 4]],
      );
    });

  test('by disposal, kill() and stop()', async () => {
    for (const end of ['kill', 'stop', Symbol.asyncDispose] as const) {
      const running = await box.start('node', ['-e', OPEN], { ready: { line: 'open' } });
      if (end === 'kill') running.kill('SIGKILL');
      else if (end === 'stop') await running.stop({ grace: 0 });
      else await running[end]();
      assert.equal((await running.result).connections.length, 1);
    }
  });

  test('before it began', async () => {
    await assert.rejects(box.run('/nowhere'), { code: 'ENOENT' });
    await assert.rejects(box.start('/nowhere'), { code: 'ENOENT' });
    await assert.rejects(box.rootfs('/nowhere').run('true'), { code: 'ENOENT' });
    await assert.rejects(box.cwd('/nowhere').run('true'), { code: 'ENOENT' });
  });

  test('many times, one after the other and side by side', async () => {
    await box.run('true');
    // What is made ahead of the next start has one too.
    const { size } = networksBelow();
    for (let round = 0; round < 30; round += 1) assert.equal((await box.run('true')).exitCode, 0);
    const found = await Promise.all(Array.from({ length: 16 }, () => reach(box, echo, '[2001:db8::5]:7')));
    for (const each of found) assert.deepEqual(each, all([echo, '[2001:db8::5]:7'], 'reached'));
    await until(() => networksBelow().size <= size);
  });
});

suite('Node', () => {
  test('ends by itself when its containers have', async () => {
    const script = `
      const { exitCode } = await new Container().network({ allow: ['203.0.113.5:7'] }).run('true');
      console.log(exitCode);`;
    assert.equal(await askCaller(script), 0);
  });

  test('does not wait for one that it has let go of', async () => {
    const script = `
      const running = await new Container().network({ allow: ['203.0.113.5:7'] }).start();
      running.unref();
      const child = running.spawn('sleep', ['9999'], { stdio: 'ignore' });
      child.unref();
      console.log(running.pid);`;
    const pid = await askCaller<number>(script);
    await until(() => attempt(() => readlinkSync(`/proc/${pid}/exe`)) === undefined);
  });

  test('is killed: its containers and their networks are gone', async () => {
    const module = `
      import { Container } from '#lib/index.js';
      const box = new Container().network({ allow: ['203.0.113.5:7'] });
      for (let i = 0; i < 3; i += 1)
        await box.start('node', ['-e', ${JSON.stringify(OPEN)}], { ready: { line: 'open' } });
      console.log('up');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', module], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const networks = networksBelow(child.pid);
    assert.ok(networks.size >= 3 && isUsed(networks));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => !isUsed(networks));
  });
});
