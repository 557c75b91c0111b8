/** A server that a test has forgotten: `node --test` waits for it, unless it was told not to. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const PATIENCE_MS = 120_000;

/** Runs a test file that starts a server, waits for its word, and forgets it. Gives its exit code; null: it waits. */
async function forget(lines: string, patienceMs: number): Promise<number | null> {
  const directory = mkdtempSync(join(tmpdir(), 'forgotten-'));
  const path = join(directory, 'forgotten.test.mjs');
  writeFileSync(
    path,
    `import { test } from 'node:test';
    import { Container } from ${JSON.stringify(import.meta.resolve('carrel'))};
    test('forgets its server', async () => {
      const script = 'echo ready; while :; do echo more; sleep 0.05; done';
      const server = new Container().spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      const said = server.stdout.iterator({ destroyOnReturn: false });
      for await (const chunk of said) if (String(chunk).includes('ready')) break;
      server.stdout.resume();
      ${lines}
    });`,
  );
  // NODE_TEST_CONTEXT would make it a part of this run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [path], { env, stdio: 'ignore' });
  const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  try {
    return await new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  } finally {
    clearTimeout(timer);
    rmSync(directory, { recursive: true });
  }
}

suite('a test that forgets its server', () => {
  test('without unref(): it does not end', async () => {
    assert.equal(await forget('', 3000), null);
  });

  test('with unref() of the process and its pipe: it ends, and the container with it', async () => {
    assert.equal(await forget('server.unref(); server.stdout.unref();', PATIENCE_MS), 0);
  });
});

suite('waiting for a word of a server', () => {
  test('break out of for await destroys its pipe; an iterator that does not leaves it alive', async () => {
    const script = 'echo ready; read go; echo more; exit 7';
    const start = () => new Container().spawn('sh', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] });
    const killed = start();
    for await (const chunk of killed.stdout ?? []) if (String(chunk).includes('ready')) break;
    killed.stdin?.end('go\n');
    assert.notEqual((await killed.result).exitCode, 7, 'it could not write any more');
    const alive = start();
    for await (const chunk of alive.stdout?.iterator({ destroyOnReturn: false }) ?? [])
      if (String(chunk).includes('ready')) break;
    let rest = '';
    alive.stdout?.on('data', (chunk) => {
      rest += chunk;
    });
    alive.stdin?.end('go\n');
    assert.equal((await alive.result).exitCode, 7);
    while (alive.stdout?.closed === false) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(rest, 'more\n');
  });
});
