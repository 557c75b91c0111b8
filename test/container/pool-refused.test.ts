/** A pool of containers that cannot be made. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { ready } from '../support/pooled.js';
import { removeTree } from '../support/remove-tree.js';

useCleanHost({ warmUp: () => new Container().run('true') });

suite('a definition that cannot start', () => {
  test('rejects each call with its error, and is tried by calls alone', async () => {
    const missing = '/no/such/rootfs';
    const script = `
      import { Container } from 'carrel';
      import { setTimeout as sleep } from 'node:timers/promises';
      const pool = new Container().rootfs('${missing}').pool({ size: 4 });
      const codes = [];
      for (let count = 0; count < 3; count += 1) {
        await sleep(50);
        for (const call of [() => pool.run('true'), () => pool.take()])
          codes.push(await call().catch(({ code }) => code));
      }
      await sleep(300);
      console.log(JSON.stringify({ codes, idle: pool.idle, busy: pool.busy }));
      await pool.close();
    `;
    const { stdout, stderr } = await askNode(script, { DEBUG: 'carrel:plan' });
    assert.deepEqual(JSON.parse(stdout), { codes: Array(6).fill('ENOENT'), idle: 0, busy: 0 });
    const tries = stderr.split('host (supervisor)').length - 1;
    assert.ok(tries >= 6 && tries <= 8, `${tries} were tried`);
  });

  test('is made again when it can be', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'carrel-pool-'));
    try {
      const data = join(directory, 'data');
      await using pool = new Container().mount(bind(data, '/data')).pool({ size: 1 });
      await assert.rejects(pool.run('true'), { code: 'ENOENT' });
      assert.equal(pool.idle, 0);
      mkdirSync(data);
      assert.equal((await pool.run('touch', ['/data/file'])).ok, true);
      assert.ok(existsSync(join(data, 'file')));
      await ready(pool, 1);
    } finally {
      removeTree(directory);
    }
  });
});

/** In a Node of its own. */
async function askNode(
  script: string,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', script],
      { env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
      (error, stdout, stderr) => (error === null ? resolve({ stdout, stderr }) : reject(error)),
    );
  });
}
