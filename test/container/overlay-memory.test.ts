/** What an overlay without an upper directory takes of memory: a directory of the layers below goes and comes again. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, overlay } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { deny } from '../support/deny.js';
import { useCleanHost } from '../support/host.js';
import { askRefusal, assertAtStep, rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({
  warmUp: () => [requires('busybox').skip || busyboxRoot(), new Container().run('true')][1],
});

const REFUSED = {
  op: 'setXattr',
  code: 'ENOTSUP',
  syscall: 'fsetxattr',
  hint: /before Linux 6\.6 memory has no extended attributes of users.*give overlay\(\) an upper and a work on disk/,
} as const;

suite('an overlay in memory', requires('busybox'), () => {
  const box = (): Container => new Container().rootfs(overlay({ lower: busyboxRoot() }));

  test('lets go of a directory of a layer, and has a new one of that name', requires('linux-6.6'), async () => {
    const script = 'rm -r /etc && mkdir /etc && ls -A /etc | wc -l; ls -d /etc';
    assert.equal((await box().run('sh', ['-c', script], { check: true })).stdout, '0\n/etc\n');
  });

  test('is refused where memory has no such attributes', requires('linux-6.6'), async () => {
    const lower = JSON.stringify(busyboxRoot());
    const expression = `new Container().rootfs(carrel.overlay({ lower: ${lower} })).run('true')`;
    assert.equal(await askRefusal(expression, { prefix: deny('EOPNOTSUPP', 'swapon') }), null);
    assertAtStep(await askRefusal(expression, { prefix: deny('EOPNOTSUPP', 'fsetxattr') }), REFUSED);
  });

  test('is refused by a kernel that is too old for it', requires('before-linux-6.6'), async () => {
    await rejectsAtStep(() => box().run('true'), REFUSED);
  });
});
