/** `collect` of `run()`: files that are read when the command has ended, whatever it has made of them. */

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { bind, Container, ExitError, file, type RunOptions, type RunResult, tmpfs } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { askCaller } from '../support/caller.js';
import { PLACES } from '../support/command-places.js';
import { underFuse } from '../support/fuse.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const texts = ({ files }: RunResult): unknown =>
  Object.fromEntries(Object.entries(files).map(([path, content]) => [path, content.toString()]));

for (const [place, inPlace] of Object.entries(PLACES))
  suite(`collect of a command in ${place}`, () => {
    test('gives what it has written, by the paths that were asked for', () =>
      inPlace(new Container(), async (run) => {
        const script = 'echo a >/tmp/a; mkdir /tmp/d; echo b >/tmp/d/b; ln -s d/b /tmp/link; : >/tmp/empty; exit 3';
        const collect = ['/tmp/a', 'd/b', '../tmp/./a', '/tmp/link', { path: '/tmp/empty', maxBytes: 1 }];
        const result = await run(script, { collect, cwd: '/tmp' });
        assert.deepEqual(texts(result), {
          '/tmp/a': 'a\n',
          'd/b': 'b\n',
          '../tmp/./a': 'a\n',
          '/tmp/link': 'b\n',
          '/tmp/empty': '',
        });
        assert.deepEqual(result.uncollected, {});
        assert.deepEqual([result.exitCode, result.reason, result.degraded], [3, 'exited', []]);
      }));

    test('gives bytes, up to as many as there may be', () =>
      inPlace(new Container(), async (run) => {
        const script = 'head -c 3000001 /dev/urandom >/tmp/x; sha256sum </tmp/x';
        const collect = ['/tmp/x', { path: '../tmp/x', maxBytes: 3_000_001 }, { path: '//tmp/x', maxBytes: '1m' }];
        const { files, uncollected, stdout } = await run(script, { collect });
        assert.equal(files['/tmp/x']?.length, 3_000_001);
        assert.ok(files['../tmp/x']?.equals(files['/tmp/x'] as Buffer));
        const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(files['/tmp/x'] as Buffer));
        assert.equal(stdout, `${Buffer.from(digest).toString('hex')}  -\n`);
        assert.deepEqual(uncollected, { '//tmp/x': 'ERR_FS_FILE_TOO_LARGE' });
      }));

    test('says why it does not', () =>
      inPlace(new Container(), async (run) => {
        const script = [
          'cd /tmp; mkdir directory; mkfifo fifo; ln -s one two; ln -s two one; truncate -s 10G sparse; : >file',
          'head -c 17M /dev/zero >large; ln -s /dev/zero device; ln -s /proc/1/root/etc/passwd magic',
          'ln -s /etc/shadow shadow; ln -s ../../../../../../../../../../etc/shadow above',
        ].join('; ');
        const reasons = {
          missing: 'ENOENT',
          directory: 'EISDIR',
          fifo: 'ENXIO',
          one: 'ELOOP',
          sparse: 'ERR_FS_FILE_TOO_LARGE',
          large: 'ERR_FS_FILE_TOO_LARGE',
          'file/below': 'ENOTDIR',
          device: 'ENXIO',
          magic: /^(ELOOP|ENOENT|EACCES)$/,
          shadow: 'ENOENT',
          above: 'ENOENT',
          ['x'.repeat(300)]: 'ENAMETOOLONG',
          '/dev/null': 'ENXIO',
          __proto__: 'ENOENT',
        };
        const collect = [...Object.keys(reasons), '__proto__'];
        const { files, uncollected } = await run(script, { collect, cwd: '/tmp' });
        assert.deepEqual(files, {});
        for (const [path, reason] of Object.entries(reasons))
          if (reason instanceof RegExp) assert.match(uncollected[path] ?? '', reason);
          else assert.equal(uncollected[path], reason, path);
        assert.ok(Object.hasOwn(uncollected, '__proto__'));
      }));

    test('reads with the rights of the command’s user alone', requires('root'), () =>
      inPlace(new Container().mount(file('/secret', 'x', { mode: 0o600 })), async (run) => {
        const script =
          'ln /secret /tmp/hard 2>/dev/null; ln -s /secret /tmp/soft; echo own >/tmp/own; chmod 0 /tmp/own';
        const collect = ['/secret', '/tmp/soft', '/tmp/own', '/tmp/hard'];
        const user = await run(script, { collect, user: 1000 });
        assert.deepEqual(user.files, {});
        assert.deepEqual(user.uncollected, {
          '/secret': 'EACCES',
          '/tmp/soft': 'EACCES',
          '/tmp/own': 'EACCES',
          '/tmp/hard': 'ENOENT',
        });
        assert.deepEqual(texts(await run('true', { collect: ['/secret'] })), { '/secret': 'x' });
      }),
    );

    test('however the command ends', () =>
      inPlace(new Container(), async (run) => {
        const write = 'echo x >/tmp/x';
        const collect = ['/tmp/x'];
        const ways: readonly (readonly [script: string, options: Omit<RunOptions, 'encoding'>, reason: string])[] = [
          [`${write}; sleep 60`, { timeout: 300 }, 'timeout'],
          [`${write}; yes`, { maxOutput: 1000 }, 'output-limit'],
          [`${write}; kill -9 $$`, {}, 'signaled'],
          [`${write}; (sleep 60 &) ; exit 0`, {}, 'exited'],
        ];
        for (const [script, options, reason] of ways) {
          const result = await run(script, { ...options, collect });
          assert.deepEqual([texts(result), result.reason], [{ '/tmp/x': 'x\n' }, reason]);
        }
        await assert.rejects(run(`${write}; exit 1`, { check: true, collect }), (error) => {
          assert.ok(error instanceof ExitError);
          assert.deepEqual(error.result.files['/tmp/x'], Buffer.from('x\n'));
          return true;
        });
      }));

    test('aborted, it reads nothing', () =>
      inPlace(new Container(), async (run) => {
        const signal = AbortSignal.timeout(300);
        const result = await run('echo x >/tmp/x; sleep 60', { signal, collect: ['/tmp/x'] });
        assert.deepEqual([result.reason, result.files, result.uncollected], ['aborted', {}, { '/tmp/x': 'ABORT_ERR' }]);
      }));

    test('is wrong by its name, at once', () =>
      inPlace(new Container(), async (run) => {
        const wrong: readonly (readonly [unknown, RegExp])[] = [
          ['/tmp/x', /^collect /],
          [[''], /^collect\[0\] /],
          [['/a', 1], /^collect\[1\] /],
          [['/a\0'], /^collect\[0\] /],
          [[{}], /^collect\[0\]\.path /],
          [[{ path: 1 }], /^collect\[0\]\.path /],
          [[{ path: '/a', maxBytes: -1 }], /^collect\[0\]\.maxBytes /],
          [[{ path: '/a', maxBytes: 'much' }], /^collect\[0\]\.maxBytes /],
          [[{ path: '/a', most: 1 }], /collect\[0\][\s\S]*most/],
        ];
        for (const [collect, message] of wrong) {
          await assert.rejects(run('true', { collect: collect as readonly string[] }), { message });
        }
      }));

    test('with mounts that nobody inside can move', () =>
      inPlace(new Container().capabilities({ add: ['CAP_SYS_ADMIN'] }), async (run) => {
        const script = 'mount -t tmpfs none /mnt 2>/dev/null || mkdir -p /mnt; echo x >/mnt/x; echo y >/tmp/y';
        assert.deepEqual(texts(await run(script, { collect: ['/tmp/y'] })), { '/tmp/y': 'y\n' });
      }));

    test('in a root file system', requires('busybox'), () =>
      inPlace(new Container().rootfs(busyboxRoot()), async (run) => {
        const result = await run('echo x >/tmp/x', { collect: ['/tmp/x', '/etc/passwd'] });
        assert.deepEqual(Object.keys(result.files), ['/tmp/x', '/etc/passwd']);
        assert.match(result.files['/etc/passwd']?.toString() ?? '', /^root:x:0:0:root/);
      }),
    );

    test('what other processes change all the time is read, or is not', () =>
      inPlace(new Container().mount(tmpfs('/swap')), async (run) => {
        const host = mkdtempSync(join(tmpdir(), 'collect-'));
        writeFileSync(join(host, 'secret'), 'of the host');
        try {
          const swap = [
            'cd /swap; mkdir real; echo inside >real/x; mkdir fifo; mkfifo fifo/x; mkdir out',
            `ln -s ${join(host, 'secret')} out/x; ln -s ../../../../../../../etc/shadow l`,
            'swap() { ln -sfn $1 now; ln -sfn l now2; ln -sfn real/x now2; }',
            '(while :; do for name in real fifo out; do swap $name; done; done) &',
            'sleep 0.05',
          ].join('; ');
          const stays = place === 'a container that stays';
          for (let turn = 0; turn < (stays ? 40 : 4); turn += 1) {
            const collect = ['/swap/now/x', '/swap/now2'];
            const background = stays && turn === 0 ? 'keep' : 'end';
            const result = await run(stays && turn > 0 ? 'true' : swap, {
              collect,
              ...(stays ? { background } : {}),
            });
            for (const [path, content] of Object.entries(result.files))
              assert.equal(content.toString(), 'inside\n', path);
            for (const reason of Object.values(result.uncollected)) assert.match(reason, /^(ENOENT|ENXIO|ENOTDIR)$/);
          }
        } finally {
          removeTree(host);
        }
      }));
  });

suite('collect', () => {
  test('and files: what one command makes another one gets', async () => {
    const { files } = await new Container().run('sh', ['-c', 'sed s/a/b/ /tmp/in >/tmp/out; chmod 755 /tmp/out'], {
      files: [file('/tmp/in', '#!/bin/sh\necho a\n')],
      collect: ['/tmp/out'],
    });
    const program = file('/tmp/program', files['/tmp/out'] as Buffer, { mode: 0o755 });
    assert.equal((await new Container().run('/tmp/program', [], { files: [program] })).stdout, 'b\n');
  });

  test('of no path, or without it, gives empty lists', async () => {
    for (const options of [{}, { collect: [] }]) {
      const { files, uncollected } = await new Container().run('true', options);
      assert.deepEqual([files, uncollected], [{}, {}]);
    }
  });

  test('nothing that the command has left behind runs while its files are read', async () => {
    const script = '(while :; do date +%N >/tmp/x; done) & sleep 0.1';
    const collect = ['/tmp/x', '//tmp/x', '/tmp//x', '/tmp/./x'];
    const { files } = await new Container().run('sh', ['-c', script], { collect });
    const [first] = Object.values(files);
    assert.equal(Object.keys(files).length, collect.length);
    for (const content of Object.values(files)) assert.deepEqual(content, first);
  });

  test('many at a time, each its own', async () => {
    const one = async (index: number): Promise<string | undefined> =>
      (await new Container().run('sh', ['-c', `echo ${index} >/tmp/x`], { collect: ['/tmp/x'] })).files[
        '/tmp/x'
      ]?.toString();
    const all = await Promise.all(Array.from({ length: 16 }, (_, index) => one(index)));
    assert.deepEqual(
      all,
      all.map((_, index) => `${index}\n`),
    );
  });

  test('with limits: the status and the counts are the command’s', requires('cgroups'), async () => {
    const box = new Container().limits({ memory: '32m', pids: 8 });
    const script = 'echo x >/tmp/x; exec tail /dev/zero';
    const result = await box.run('sh', ['-c', script], { collect: ['/tmp/x'] });
    assert.deepEqual([result.reason, texts(result)], ['oom', { '/tmp/x': 'x\n' }]);
    assert.ok((result.usage.peakMemoryBytes ?? 0) > 16 * 1024 * 1024);
  });

  test('of a container whose mount namespace is the host’s', async () => {
    const host = mkdtempSync(join(tmpdir(), 'collect-'));
    try {
      chmodSync(host, 0o777);
      const box = new Container().namespaces(['user', 'pid']);
      const path = join(host, 'x');
      const { files } = await box.run('sh', ['-c', `echo x >${path}`], { collect: [path] });
      assert.equal(files[path]?.toString(), 'x\n');
    } finally {
      removeTree(host);
    }
  });

  test('what a bind shows is there too', async () => {
    const host = mkdtempSync(join(tmpdir(), 'collect-'));
    try {
      const { files } = await new Container()
        .mount(bind(host, '/data'))
        .run('sh', ['-c', 'echo x >/data/x; ln -s /data/x /tmp/link'], { collect: ['/data/x', '/tmp/link'] });
      assert.deepEqual(Object.keys(files).sort(), ['/data/x', '/tmp/link']);
    } finally {
      removeTree(host);
    }
  });

  test(
    'who serves a file and never answers holds up that file alone',
    requires('root', 'python3', 'fuse'),
    async () => {
      const host = mkdtempSync(join(tmpdir(), 'collect-'));
      try {
        const told = await askCaller(
          `const box = new Container().mount(bind(${JSON.stringify(host)}, '/data', { idmapped: false }));
         const options = { collect: ['/data/x', '/tmp/y'] };
         const { reason, files, uncollected } = await box.run('sh', ['-c', 'echo y >/tmp/y'], options);
         console.log(JSON.stringify([reason, Object.keys(files), uncollected]));`,
          { prefix: underFuse(host) },
        );
        assert.deepEqual(told, ['exited', ['/tmp/y'], { '/data/x': 'ERR_TIMEOUT' }]);
      } finally {
        removeTree(host);
      }
    },
  );

  test('a command that cannot be started has none', async () => {
    await assert.rejects(new Container().run('/none', [], { collect: ['/tmp/x'] }), { code: 'ENOENT' });
  });

  test('where the container around it ends, it says so', async () => {
    const box = await new Container().start();
    const running = box.run('sh', ['-c', 'echo x >/tmp/x; sleep 60'], { collect: ['/tmp/x'] });
    await sleep(200);
    await box[Symbol.asyncDispose]();
    const { reason, uncollected } = await running;
    assert.deepEqual([reason, uncollected], ['container-ended', { '/tmp/x': 'ERR_ENDED' }]);
  });
});
