/** Renames that never pause: the kernel then cannot tell where `..` leads, and no start waits for it without end. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type CarrelError, Container } from 'carrel';
import { freshBusyboxRoot } from '../support/busybox.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { askRefusal, assertAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

const box = new Container();
/** What would be refused for ever ends a Node that tries for ever. */
const LONG_S = '30';

useCleanHost({ warmUp: () => box.run('true') });

suite('a kernel that is never sure', () => {
  test('refuses the step', async () => {
    const prefix = ['timeout', LONG_S, ...deny('EAGAIN', 'openat2')];
    const told = await askRefusal(`new Container().run('true')`, { prefix });
    assertAtStep(told, { op: 'propagation', code: 'EAGAIN', syscall: 'openat2', hint: /renames or mounts without/ });
  });
});

suite('a directory that is renamed all the time', requires('busybox'), () => {
  test('lets usual paths be resolved, and refuses endless ones', async () => {
    const rootfs = freshBusyboxRoot();
    mkdirSync(join(rootfs, 'd'));
    symlinkSync('../../../d', join(rootfs, 'd', 'up'));
    symlinkSync(`${'d/../'.repeat(800)}d`, join(rootfs, 'endless'));
    rmSync(join(rootfs, 'etc/passwd'));
    symlinkSync(`${'../etc/'.repeat(500)}names`, join(rootfs, 'etc/passwd'));
    writeFileSync(join(rootfs, 'etc/names'), 'www:x:33:33::/:/bin/sh\n');
    const directory = mkdtempSync(join(tmpdir(), 'renames-'));
    mkdirSync(join(directory, 'x'));
    const endless = `
      const { renameSync } = require('node:fs');
      process.stdout.write('.');
      for (;;) { renameSync('x', 'y'); renameSync('y', 'x'); }`;
    const renamer = spawn(process.execPath, ['-e', endless], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => renamer.stdout.once('data', resolve));
    try {
      const image = box.rootfs(rootfs);
      for (let round = 0; round < 10; round += 1)
        assert.equal((await image.cwd('/d/up').run('pwd', [], { check: true })).stdout, '/d\n');
      const long = image.cwd('/endless');
      for (let round = 0; round < 10; round += 1) {
        // It may be lucky; it settles either way.
        const error = await refusalOf(() => long.run('true'));
        if (error !== undefined) assertAtStep(error, { op: 'chdir', code: 'EAGAIN', syscall: 'openat2' });
        const unknown = await refusalOf(async () => image.user('www').run('true'));
        if (unknown === undefined) continue;
        assert.equal(unknown.code, 'ERR_UNKNOWN_USER');
        assert.match(unknown.message, /cannot tell who "www" is in the container: EAGAIN/);
      }
    } finally {
      renamer.kill('SIGKILL');
      await new Promise((resolve) => renamer.once('close', resolve));
      removeTree(directory);
      removeTree(rootfs);
    }
  });
});

async function refusalOf(run: () => Promise<unknown>): Promise<CarrelError | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    return error as CarrelError;
  }
}
