/**
 * A container that exchanges directories and links in a shared volume, or in a root filesystem, sends no mount out.
 *
 * Whatever they hit, it is inside. CVE-2021-30465, CVE-2024-45310
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { bind, Container, file, StepError, tmpfs } from 'carrel';
import { attackerDirectory } from '../support/attacker.js';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const ROUNDS = 60;
const AT_ONCE = 8;

/** Names, modes, owners and contents below a directory. */
function listing(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const stat = lstatSync(join(path, name));
      return [
        name,
        stat.mode,
        stat.uid,
        stat.gid,
        stat.ino,
        stat.isFile() ? readFileSync(join(path, name), 'utf8') : '',
      ].join(' ');
    });
}

suite('a volume that another container changes meanwhile', requires('gcc'), () => {
  for (const target of [
    '/etc',
    '../../../../../../../../../../../../../etc',
    '/victim',
    '/proc/self/root',
    '/proc/self/fd/3',
    'loop',
  ]) {
    test(`directory ↔ link to ${target}`, async () => {
      const [volume, victim, data] = ['volume-', 'victim-', 'data-'].map((name) =>
        mkdtempSync(join(tmpdir(), name)),
      ) as [string, string, string];
      for (const path of [volume, victim, data]) chmodSync(path, 0o777);
      mkdirSync(join(volume, 'a/b/c'), { recursive: true });
      mkdirSync(join(victim, 'b/c'), { recursive: true });
      writeFileSync(join(victim, 'b/c/file'), 'of the host\n');
      writeFileSync(join(data, 'mark'), 'declared\n');
      symlinkSync(target === '/victim' ? victim : target, join(volume, 'link'));
      const before = listing(victim);

      const attacker = new Container()
        .mount(bind(attackerDirectory(), '/attack', { readonly: true }), bind(volume, '/vol'))
        .spawn('/attack/attacker', ['exchange', '/vol/a', '/vol/link']);
      assert.ok(attacker.stdout);
      await once(attacker.stdout, 'data');

      const script = 'echo written > /vol/a/b/c/written; cat /proc/self/mountinfo';
      const boxes = [bind(data, '/vol/a/b/c'), tmpfs('/vol/a/b/c'), bind(data, '/vol/a/b/new')].map((mount) =>
        new Container().mount(bind(volume, '/vol'), mount),
      );
      let started = 0;
      let round = 0;
      const worker = async (): Promise<void> => {
        while (round++ < ROUNDS) {
          const result = await (boxes[round % boxes.length] ?? assert.fail())
            .run('sh', ['-c', script])
            .catch((error: unknown) => error);
          if (result instanceof StepError) continue;
          assert.ok(!(result instanceof Error), String(result));
          started += 1;
          // What is mounted shows the declared directories of the host, and no other one of this test.
          assert.doesNotMatch((result as { stdout: string }).stdout, /victim-/);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      attacker.kill('SIGKILL');
      await attacker.result;

      assert.deepEqual(listing(victim), before);
      assert.ok(!readdirSync('/etc').includes('written'));
      assert.ok(started > 0, 'none was started: nothing was tried');
      for (const path of [volume, victim, data]) removeTree(path);
    });
  }
});

suite('a root filesystem that another container changes meanwhile', requires('gcc', 'busybox'), () => {
  for (const place of ['dev', 'proc', 'tmp', 'etc', 'var', 'home']) {
    test(`its /${place} ↔ a link out of it`, async (context) => {
      const root = freshBusyboxRoot();
      const [victim, data] = ['victim-', 'data-'].map((name) => mkdtempSync(join(tmpdir(), name))) as [string, string];
      for (const path of [victim, data]) chmodSync(path, 0o777);
      for (const name of ['lib', 'passwd', 'null', 'user']) writeFileSync(join(victim, name), 'of the host\n');
      for (const path of ['var/lib/data', 'home/user']) mkdirSync(join(root, path), { recursive: true });
      // The attacker is root of its container: its names are its own.
      chmodSync(root, 0o777);
      symlinkSync(victim, join(root, 'link'));
      const before = listing(victim);

      const attacker = new Container()
        .mount(bind(attackerDirectory(), '/attack', { readonly: true }), bind(root, '/vol'))
        .spawn('/attack/attacker', ['exchange', `/vol/${place}`, '/vol/link']);
      assert.ok(attacker.stdout);
      await once(attacker.stdout, 'data');

      const box = new Container()
        .rootfs(root)
        .mount(bind(data, '/var/lib/data'), file('/etc/app.conf', 'port = 80\n'), tmpfs('/home/new'))
        .mask('/etc/passwd')
        .cwd('/home/user');
      const script =
        'echo written >/etc/written; echo written >/tmp/written; echo x >/var/lib/x; cat /proc/self/mountinfo';
      const ends = { started: 0, refused: 0 };
      const worker = async (): Promise<void> => {
        for (let round = 0; round < ROUNDS / AT_ONCE; round += 1) {
          const result = await box.run('/bin/busybox', ['sh', '-c', script]).catch((error: unknown) => error);
          if (result instanceof StepError) {
            ends.refused += 1;
            continue;
          }
          assert.ok(!(result instanceof Error), String(result));
          ends.started += 1;
          assert.doesNotMatch((result as { stdout: string }).stdout, /victim-/);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
      attacker.kill('SIGKILL');
      await attacker.result;

      assert.deepEqual(listing(victim), before);
      context.diagnostic(`${ends.started} started, ${ends.refused} were refused`);
      assert.ok(ends.started > 0, 'none was started: nothing was tried');
      for (const path of [root, victim, data]) removeTree(path);
    });
  }
});
