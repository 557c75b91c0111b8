/** A container's own entrypoint and command run where a call names no file. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container().entrypoint('printf', '%s|').command('a b', '', 'c');

test('run() and spawn() start the words of the container, or the file of the call', async () => {
  const { stdout, command } = await box.run();
  assert.deepEqual([stdout, command], ['a b||c|', ['printf', '%s|', 'a b', '', 'c']]);
  assert.equal((await box.run('echo', ['x'])).stdout, 'x\n');
  const child = box.spawn({ stdio: ['ignore', 'pipe', 'ignore'] });
  assert.deepEqual([child.spawnfile, child.spawnargs.length], ['printf', 5]);
  assert.equal((await child.result).ok, true);
  assert.equal(String(child.stdout?.read()), 'a b||c|');
});

test('options of the call count for them: bytes, variables, input', async () => {
  const bytes = await box.run({ encoding: 'buffer' });
  assert.deepEqual(bytes.stdout, Buffer.from('a b||c|'));
  const shell = new Container().entrypoint('sh', '-c').command('cat; echo $A');
  assert.equal((await shell.run({ input: 'in ', env: { A: '1' } })).stdout, 'in 1\n');
});

test('start() has them as its main command, or holds without one', async () => {
  const server = new Container().entrypoint('sh', '-c').command('sleep 1000');
  await using container = await server.start();
  assert.deepEqual(container.main?.spawnargs, ['sh', '-c', 'sleep 1000']);
  await using held = await server.start({ hold: true });
  assert.equal(held.main, undefined);
  await using given = await server.start('sleep', ['1000']);
  assert.deepEqual(given.main?.spawnargs, ['sleep', '1000']);
  await assert.rejects(server.start('sleep', ['1000'], { hold: true }), { message: /^hold: true/ });
  await assert.rejects(new Container().start({ hold: false }), { message: /command\(\)/ });
});

test('a command that enters needs a file', async () => {
  await using container = await box.start({ hold: true });
  assert.throws(() => container.spawn(undefined as never), { name: 'TypeError', message: /^file must be/ });
  await assert.rejects(container.run({} as never), { name: 'TypeError' });
});
