/** `files` of a command: written before it starts, in a container of its own and in one that stays. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type FileEntry, file, tmpfs } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { PLACES } from '../support/command-places.js';
import { errorOf } from '../support/errors.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

for (const [place, inPlace] of Object.entries(PLACES))
  suite(`files of a command in ${place}`, () => {
    test('are there when it starts, with their modes, and belong to its user', () =>
      inPlace(new Container(), async (run) => {
        const files = [
          file('/tmp/a', 'text\n'),
          file('/tmp/b', new Uint8Array([0, 255, 10]), { mode: 0o4711 }),
          file('/tmp/c', '', { mode: 0 }),
        ];
        const script = 'cat /tmp/a; od -An -tx1 /tmp/b; stat -c "%a %u %g" /tmp/a /tmp/b /tmp/c; umask';
        const { stdout } = await run(script, { files });
        assert.equal(stdout, 'text\n 00 ff 0a\n644 0 0\n4711 0 0\n0 0 0\n0022\n');
      }));

    test('of another user are that one’s, with directories that are made', requires('root'), () =>
      inPlace(new Container(), async (run) => {
        const files = [file('/tmp/x/y/z', 'z')];
        const script = 'stat -c "%a %u %g" /tmp/x /tmp/x/y /tmp/x/y/z; cat z';
        const { stdout } = await run(script, { files, user: '1000:100', cwd: '/tmp/x/y' });
        assert.equal(stdout, '755 1000 100\n755 1000 100\n644 1000 100\nz');
      }),
    );

    test('take the place of what is there, and change nothing that it leads to', () =>
      inPlace(new Container().mount(tmpfs('/box')), async (run) => {
        const make = 'cd /box && echo old >old && ln old hard && ln -s old soft && mkfifo fifo && ln -s none gone';
        const names = ['hard', 'soft', 'fifo', 'gone'];
        const files = names.map((name) => file(`/box/${name}`, name));
        if (place === 'a container that stays') assert.ok((await run(make, {})).ok);
        const script = `cd /box; stat -c "%F" ${names.join(' ')}; cat ${names.join(' ')}; cat old 2>&1; ls -A`;
        const { stdout } = await run(script, { files });
        const [there, all] =
          place === 'a container that stays' ? ['old\n', ['old']] : ['cat: old: No such file or directory\n', []];
        const listed = [...names, ...all].sort().map((name) => `${name}\n`);
        assert.equal(stdout, `${'regular file\n'.repeat(4)}hardsoftfifogone${there}${listed.join('')}`);
      }));

    test('the last one of a path counts', () =>
      inPlace(new Container(), async (run) => {
        const { stdout } = await run('cat /tmp/a', { files: [file('/tmp/a', 'one'), file('/tmp/a', 'two')] });
        assert.equal(stdout, 'two');
      }));

    test('can be programs, many at a time', () =>
      inPlace(new Container(), async (run) => {
        const one = async (index: number): Promise<string> => {
          const program = file(`/tmp/job${index}/main`, `#!/bin/sh\necho ${index}\n`, { mode: 0o755 });
          return (await run(`/tmp/job${index}/main`, { files: [program] })).stdout;
        };
        const outputs = await Promise.all(Array.from({ length: 20 }, (_, index) => one(index)));
        assert.deepEqual(
          outputs,
          outputs.map((_, index) => `${index}\n`),
        );
      }));

    test('that cannot be written are an error, before the command starts', async () => {
      const box = new Container().mount(tmpfs('/small', { size: '64k' }), tmpfs('/box')).readonly();
      await inPlace(box, async (run) => {
        const refused: Readonly<Record<string, readonly [FileEntry, code: string, syscall: string]>> = {
          'a directory': [file('/box', ''), 'EROFS', 'openat'],
          'below a file': [file('/etc/passwd/x', ''), 'ENOTDIR', 'openat2'],
          'read-only': [file('/usr/x', ''), 'EROFS', 'openat'],
          'read-only, with a directory': [file('/none/x', ''), 'EROFS', 'mkdirat'],
          'too large': [file('/small/x', Buffer.alloc(128 * 1024)), 'ENOSPC', 'write'],
        };
        for (const [what, [entry, code, syscall]] of Object.entries(refused)) {
          const { path } = await rejectsAtStep(() => run('echo started >/box/started', { files: [entry] }), {
            op: 'replaceFile',
            code,
            syscall,
          });
          assert.equal(path, entry.target, what);
        }
        assert.equal((await run('ls -A /box /small', {})).stdout, '/box:\n\n/small:\n');
      });
    });

    test('a directory is none to replace', () =>
      inPlace(new Container().mount(tmpfs('/box')), async (run) => {
        const files = [file('/box/d/x', ''), file('/box/d', '')];
        await rejectsAtStep(() => run('true', { files }), {
          op: 'replaceFile',
          code: 'EISDIR',
          syscall: 'renameat',
          hint: /\/box\/d is a directory: a file cannot take its place/,
        });
      }));

    test('nor what its user may not write', requires('root'), () =>
      inPlace(new Container(), async (run) => {
        const files = [file('/etc/x', '')];
        await rejectsAtStep(() => run('true', { files, user: 1000 }), {
          op: 'replaceFile',
          code: 'EACCES',
          hint: /the command’s user may not write in the directory of \/etc\/x/,
        });
      }),
    );
  });

suite('files of a command', () => {
  test('of spawn() and of the main command of start()', async () => {
    const files = [file('/tmp/a', 'x')];
    await using box = await new Container().start('sh', ['-c', 'cat /tmp/a; exec sleep 60'], {
      files,
      ready: { line: 'x' },
    });
    const child = box.spawn('cat', ['/tmp/b'], { files: [file('/tmp/b', 'y')], stdio: ['ignore', 'pipe', 'inherit'] });
    assert.equal((await child.stdout?.toArray())?.join(''), 'y');
    assert.ok((await child.result).ok);
  });

  test('in a root file system', requires('busybox'), async () => {
    const box = new Container().rootfs(busyboxRoot()).mount(tmpfs('/var'));
    const { stdout } = await box.run('cat', ['/tmp/a', '/var/b'], {
      files: [file('/tmp/a', 'a'), file('/var/b', 'b')],
    });
    assert.equal(stdout, 'ab');
  });

  test('in a directory for all, another user’s is not replaced', requires('root'), async () => {
    await using box = await new Container().start();
    await box.files.writeFile('/tmp/x', '');
    await rejectsAtStep(() => box.run('true', { files: [file('/tmp/x', 'x')], user: 1000 }), {
      op: 'replaceFile',
      code: 'EPERM',
      hint: /\/tmp\/x is somebody else’s/,
    });
  });

  test('are replaced as a whole, for those who look', async () => {
    await using box = await new Container().start();
    const [one, other] = ['a'.repeat(300_000), 'b'.repeat(300_000)];
    await box.files.writeFile('/tmp/x', one);
    const script = 'while [ ! -e /tmp/stop ]; do md5sum </tmp/x; done | sort -u | wc -l';
    const looking = box.run('sh', ['-c', script]);
    for (let turn = 0; turn < 20; turn += 1)
      await box.run('true', { files: [file('/tmp/x', turn % 2 === 0 ? other : one)] });
    await box.files.writeFile('/tmp/stop', '');
    const { stdout, stderr } = await looking;
    assert.deepEqual([Number(stdout) <= 2, stderr], [true, '']);
  });

  test('stay where one cannot be written in a container that stays, and that one is as it was', async () => {
    await using box = await new Container().mount(tmpfs('/small', { size: '64k' })).start();
    await box.files.writeFile('/small/x', 'old');
    const files = [file('/tmp/first', ''), file('/small/x', Buffer.alloc(128 * 1024))];
    await rejectsAtStep(() => box.run('true', { files }), { op: 'replaceFile', code: 'ENOSPC' });
    assert.equal(await box.files.readFile('/small/x', 'utf8'), 'old');
    assert.ok(await box.files.exists('/tmp/first'));
    assert.deepEqual(await box.files.readdir('/small'), ['x']);
  });

  test('count as the command’s memory', requires('cgroups'), async () => {
    await using box = await new Container().limits({ memory: '256m' }).start();
    const files = [file('/tmp/x', Buffer.alloc(24 * 1024 * 1024))];
    const { usage } = await box.run('true', { files, limits: { memory: '128m' } });
    assert.ok((usage.peakMemoryBytes ?? 0) > 20 * 1024 * 1024, String(usage.peakMemoryBytes));
  });

  test('are in the plan', () => {
    const { steps } = new Container().plan('true', { files: [file('/tmp/x', 'y')], cwd: '/tmp' });
    const written = steps.findIndex(({ op }) => op === 'replaceFile');
    assert.deepEqual(steps[written], {
      op: 'replaceFile',
      target: '/tmp/x',
      mode: 0o644,
      content: new Uint8Array([121]),
      from: 'files',
    });
    assert.equal(steps[written + 1]?.op, 'chdir');
  });

  test('the caller may change what it has given', async () => {
    const content = new Uint8Array([65]);
    const entry: FileEntry = { type: 'file', target: '/tmp/x', content, mode: 0o644 };
    const box = new Container();
    assert.equal((await box.run('cat', ['/tmp/x'], { files: [entry] })).stdout, 'A');
    content[0] = 66;
    assert.equal((await box.run('cat', ['/tmp/x'], { files: [entry] })).stdout, 'B');
  });

  test('that are wrong are named, and nothing is started', async () => {
    const box = new Container();
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      [{}, /^files /],
      ['/tmp/x', /^files /],
      [['/tmp/x'], /files\[0\]/],
      [[null], /files\[0\]/],
      [[file('/a', ''), { type: 'directory', target: '/b', mode: 0o755 }], /files\[1\]\.(type|content)/],
      [[{ type: 'file', target: 'a', content: '' }], /files\[0\]\.target/],
      [[{ type: 'file', target: '/proc/x', content: '' }], /files\[0\]\.target/],
      [[{ type: 'file', target: '/', content: '' }], /files\[0\]\.target/],
      [[{ type: 'file', target: '/a\0', content: '' }], /files\[0\]\.target/],
      [[{ type: 'file', target: '/a', content: 1 }], /files\[0\]\.content/],
      [[{ type: 'file', target: '/a', content: '', mode: 0o10000 }], /files\[0\]\.mode/],
      [[{ type: 'file', target: '/a', content: '', mode: '0644' }], /files\[0\]\.mode/],
      [[{ type: 'file', path: '/a', content: '' }], /files\[0\][\s\S]*path/],
      [[{ type: 'file', target: '/a', content: new Uint8Array(61 * 1024 * 1024) }], /files/],
    ];
    for (const [files, name] of wrong) {
      const options = { files: files as readonly FileEntry[] };
      assert.match(errorOf(() => box.spawn('true', options)).message, name);
      await assert.rejects(box.run('true', options), { message: name });
      await assert.rejects(box.start('true', options), { message: name });
    }
    await assert.rejects(box.start({ files: [file('/a', '')] }), { message: /^files is about a main command/ });
  });
});
