/** `limits({ io })` limits a real block device: the one that temporary files are on. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, type LimitsInput, type RunResult } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';
import '../support/temporary.js';

const MIB = 1024 * 1024;
const SIZE = 4 * MIB;
const directory = mkdtempSync(join(tmpdir(), 'io-'));
writeFileSync(join(directory, 'data'), Buffer.alloc(SIZE, 7), { flush: true });

useCleanHost({ warmUp: () => new Container().run('true') });

/** As the kernel numbers it: twelve bits of major number, and minor ones on both sides of them. makedev(3) */
function deviceOf(path: string): string {
  const { dev } = statSync(path);
  return `${(dev >> 8) & 0xfff}:${(dev & 0xff) | ((dev >> 12) & 0xfff00)}`;
}

const device = deviceOf(directory);
const lack = existsSync(`/sys/dev/block/${device}`) ? requires('cgroups') : { skip: 'no block device below the tests' };

/** Reads all of the file past the page cache. */
function read(limits: LimitsInput): Promise<RunResult> {
  const box = new Container().mount(bind(directory, '/tmp/io', { readonly: true })).limits(limits);
  return box.run('dd', ['if=/tmp/io/data', 'of=/dev/null', 'bs=64k', 'iflag=direct'], { check: true });
}

suite('limits({ io })', lack, () => {
  test('so many bytes are read in a second, and no more; they are counted', async () => {
    // The program itself is in the page cache from here on.
    await read({});
    const { usage, degraded } = await read({ io: { [device]: { rbps: 2 * MIB } } });
    assert.equal(usage.readBytes, SIZE);
    assert.deepEqual(
      degraded.filter((sentence) => sentence.includes('io.')),
      [],
    );
    // 4 MiB at 2 MiB a second. A busy machine makes it longer, nothing makes it shorter but for what the kernel gives
    // in advance.
    assert.ok(usage.wallMs >= 1000, `${usage.wallMs} ms`);
  });

  test('a device that does not exist is refused by its number', async () => {
    await rejectsAtStep(() => read({ io: { '4095:1': { rbps: MIB } } }), {
      op: 'writeCgroup',
      code: /^E(NODEV|INVAL|NXIO)$/,
      option: 'limits()',
      message: /4095:1/,
    });
  });
});
