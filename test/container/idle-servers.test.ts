/** What an idle container keeps of what its files took: one server, and next to no memory. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container, type Files } from '#lib/index.js';
import { useCleanHost } from '../support/host.js';
import { servers } from '../support/processes.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const BYTES = 4 * 1024 * 1024;
/** More than a server has of its own: its stack, and what it knows. */
const SMALL = 96 * 1024;
const PAGE = 4096;

/** Bytes of memory that are nobody else's. `resident` less `shared` of /proc/PID/statm. proc_pid_statm(5) */
function anonymousBytes(pid: number): number {
  const [, resident = 0, shared = 0] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
  return (resident - shared) * PAGE;
}

suite('servers of an idle container', () => {
  const USES: Readonly<Record<string, (files: Files) => Promise<unknown>>> = {
    'a large file was read': (files) => files.readFile('/tmp/large'),
    'a large file was written': (files) => files.writeFile('/tmp/large', Buffer.alloc(BYTES)),
    'many were open at once': async (files) => {
      const opened = await Promise.all(Array.from({ length: 8 }, () => files.open('/tmp/large')));
      await Promise.all(opened.map((file) => file.read(Buffer.alloc(65_536), 0, 65_536, 0)));
      assert.ok(servers().length > 16, 'each has a server to itself');
      await Promise.all(opened.map((file) => file.close()));
    },
    'much was asked at once': (files) =>
      Promise.all(Array.from({ length: 64 }, (_, index) => files.writeFile(`/tmp/${index}`, Buffer.alloc(BYTES / 64)))),
  };
  for (const [what, use] of Object.entries(USES)) {
    test(`${what}: one server stays, and has given back what that took`, async () => {
      await using box = await new Container().start();
      await box.files.writeFile('/tmp/large', Buffer.alloc(BYTES));
      await use(box.files);
      // It has a supervisor.
      await until(() => servers(box.pid).length === 2);
      await until(() => servers(box.pid).every(({ pid }) => anonymousBytes(pid) < SMALL));
      assert.equal((await box.files.stat('/tmp/large')).size, BYTES);
    });
  }
});
