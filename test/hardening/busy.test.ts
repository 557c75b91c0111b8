/**
 * An executable starts right after it is written: no descriptor of carrel's keeps it open for writing.
 *
 * ETXTBSY in execve(2)
 */

import assert from 'node:assert/strict';
import { chmodSync, closeSync, mkdtempSync, openSync } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container } from 'carrel';
import { findBusybox } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const COUNT = 500;
const AT_ONCE = 25;

suite('an executable that was just written', requires('busybox'), () => {
  test(`${COUNT}, many at once`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'busy-'));
    chmodSync(directory, 0o755);
    const box = new Container().mount(bind(directory, '/programs', { readonly: true }));
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let index = next++; index < COUNT; index = next++) {
        const program = join(directory, `busybox-${index}`);
        await copyFile(findBusybox() ?? '', program);
        await chmod(program, 0o755);
        const { stdout } = await box.run(`/programs/busybox-${index}`, ['echo', String(index)], { check: true });
        assert.equal(stdout, `${index}\n`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    removeTree(directory);
  });

  test('one that somebody writes to is busy, and says so', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'busy-'));
    chmodSync(directory, 0o755);
    const program = join(directory, 'busybox');
    await copyFile(findBusybox() ?? '', program);
    await chmod(program, 0o755);
    const box = new Container().mount(bind(directory, '/programs'));
    const descriptor = openSync(program, 'r+');
    const busy = (): Promise<unknown> => box.run('/programs/busybox', ['true']);
    await rejectsAtStep(busy, { op: 'exec', code: 'ETXTBSY', hint: /open for writing/ });
    closeSync(descriptor);
    assert.equal((await box.run('/programs/busybox', ['echo', 'done'])).stdout, 'done\n');
    removeTree(directory);
  });
});
