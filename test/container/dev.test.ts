/** A container's /dev holds a fixed set of devices and links, and no more can be made. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const ENTRIES = 'fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero'.split(' ');

const images: readonly (readonly [string, () => Container, { readonly skip: string | false }])[] = [
  ['the host’s programs', () => new Container(), { skip: false }],
  ['a root filesystem', () => new Container().rootfs(busyboxRoot()), requires('busybox')],
];

for (const [name, make, options] of images) {
  suite(`/dev with ${name}`, options, () => {
    test('has exactly these entries', async () => {
      const { stdout } = await make().run('ls', ['-A', '/dev'], { check: true });
      assert.deepEqual(stdout.trim().split(/\s+/).sort(), ENTRIES);
    });

    test('no message queues without an ipc namespace of its own', async () => {
      const box = make().namespaces(['user', 'mount', 'pid']);
      const { stdout } = await box.run('ls', ['-A', '/dev'], { check: true });
      assert.deepEqual(
        stdout.trim().split(/\s+/).sort(),
        ENTRIES.filter((entry) => entry !== 'mqueue'),
      );
    });

    test('modes and numbers are right', async () => {
      const script = [
        'stat -c "%n %a" /dev /dev/shm /dev/mqueue /dev/pts/ptmx /tmp /proc',
        'stat -c "%n %a %t:%T" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty',
        'for l in fd stdin stdout stderr ptmx; do readlink /dev/$l; done',
      ].join('\n');
      const { stdout } = await make().run('sh', ['-ec', script], { check: true });
      const expected = [
        '/dev 755',
        '/dev/shm 1777',
        '/dev/mqueue 1777',
        '/dev/pts/ptmx 666',
        '/tmp 1777',
        '/proc 555',
        '/dev/null 666 1:3',
        '/dev/zero 666 1:5',
        '/dev/full 666 1:7',
        '/dev/random 666 1:8',
        '/dev/urandom 666 1:9',
        '/dev/tty 666 5:0',
        '/proc/self/fd',
        '/proc/self/fd/0',
        '/proc/self/fd/1',
        '/proc/self/fd/2',
        'pts/ptmx',
      ];
      assert.deepEqual(stdout.trim().split('\n'), expected);
    });

    test('devices work, no other can be made', async () => {
      const script = [
        'echo gone > /dev/null; head -c 4 /dev/zero | od -An -tx1; head -c 16 /dev/urandom | wc -c',
        '(echo x > /dev/full) 2>/dev/null || echo full',
        'mknod /dev/made c 1 3 2>/dev/null || echo refused; rm -f /dev/null 2>/dev/null || echo kept',
        'echo x > /dev/shm/x && cat /dev/shm/x',
      ].join('\n');
      const { stdout } = await make().run('sh', ['-c', script]);
      assert.deepEqual(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.trim()),
        ['00 00 00 00', '16', 'full', 'refused', 'kept', 'x'],
      );
    });
  });
}
