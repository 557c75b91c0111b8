/** Steps for what exists already: its permissions, a lock on it, and the first directory that exists. */

import assert from 'node:assert/strict';
import { spawn as spawnProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { bind, Container, type ContainerProcess } from 'carrel';
import { type Plan, plan, run } from 'carrel/plan';
import { chdir, chmod, exec, lockFile, symlink } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const shared = mkdtempSync(join(tmpdir(), 'step-files-'));
chmodSync(shared, 0o755);
after(() => rmSync(shared, { recursive: true }));

suite('chmod', () => {
  const mode = async (container: Container, path: string): Promise<string> =>
    (await container.run('stat', ['-c', '%a', path], { check: true })).stdout.trim();

  test('of a directory and a file, through links inside', async () => {
    const made = box
      .step({ op: 'directory', target: '/made', mode: 0o755 })
      .step({ op: 'file', target: '/made/file', mode: 0o644, content: Buffer.from('x') })
      .step(symlink({ target: '/link', text: 'made/file' }));
    assert.equal(await mode(made, '/made'), '755');
    assert.equal(await mode(made.step(chmod({ target: '/made', mode: 0o1711 })), '/made'), '1711');
    assert.equal(await mode(made.step(chmod({ target: '/link', mode: 0o4600 })), '/made/file'), '4600');
  });

  test('of a file of the host, which it changes there', async () => {
    const file = join(shared, 'host');
    writeFileSync(file, '');
    const bound = box.mount(bind(shared, '/shared'));
    await bound.step(chmod({ target: '/shared/host', mode: 0o640 })).run('true', [], { check: true });
    assert.equal(statSync(file).mode & 0o7777, 0o640);
    const readonly = box.mount(bind(shared, '/shared', { readonly: true }));
    const refused = readonly.step(chmod({ target: '/shared/host', mode: 0o600 }));
    await rejectsAtStep(() => refused.run('true'), { op: 'chmod', code: 'EROFS', path: '/shared/host' });
    assert.equal(statSync(file).mode & 0o7777, 0o640);
  });

  test('what does not exist is an error, and a FIFO holds nothing up', async () => {
    const missing = box.step(chmod({ target: '/none', mode: 0 }));
    await rejectsAtStep(() => missing.run('true'), { op: 'chmod', code: 'ENOENT', path: '/none' });
    assert.equal(spawnSync('mkfifo', ['-m', '600', join(shared, 'fifo')]).status, 0);
    const bound = box.mount(bind(shared, '/shared')).step(chmod({ target: '/shared/fifo', mode: 0o622 }));
    await bound.run('true', [], { check: true });
    assert.equal(statSync(join(shared, 'fifo')).mode & 0o7777, 0o622);
  });

  test('its mode has twelve bits', () => {
    assert.throws(() => chmod({ target: '/', mode: 0o10000 }), { code: 'ERR_OUT_OF_RANGE', message: /chmod.mode/ });
  });
});

suite('lockFile', requires('python3'), () => {
  const file = join(shared, 'lock');
  writeFileSync(file, '', { mode: 0o666 });
  chmodSync(file, 0o666);
  const locked = box.mount(bind(shared, '/shared')).step(lockFile({ slot: 0, target: '/shared/lock' }));
  /** Whether somebody else can have a lock of this kind now, as another program asks: a POSIX lock. */
  const isFree = (type: 'F_WRLCK' | 'F_RDLCK'): boolean =>
    spawnSync('python3', [
      '-c',
      `import fcntl,struct,sys
f=open(sys.argv[1],'r+')
try: fcntl.fcntl(f,fcntl.F_SETLK,struct.pack('hhqqi4x',fcntl.${type},0,0,0,0))
except OSError: sys.exit(9)`,
      file,
    ]).status === 0;

  const whileItRuns = async (child: ContainerProcess, check: () => void): Promise<void> => {
    await once(child, 'spawn');
    try {
      check();
    } finally {
      child.kill('SIGKILL');
      await child.result;
    }
  };

  for (const [name, container] of [
    ['with init', locked],
    ['without init', locked.init(false)],
    ['without a pid namespace', locked.namespaces(['user', 'mount'])],
  ] as const)
    test(`is held while the container lives, and gone when its end is told: ${name}`, async () => {
      assert.ok(isFree('F_WRLCK'));
      for (let round = 0; round < 5; round += 1) {
        await whileItRuns(container.spawn('sleep', ['9999'], { stdio: 'ignore' }), () => {
          assert.equal(isFree('F_WRLCK'), false);
          assert.equal(isFree('F_RDLCK'), true);
        });
        assert.ok(isFree('F_WRLCK'), `round ${round}`);
      }
    });

  test('no program inside ends it by opening and closing the file', async () => {
    const child = locked.spawn('sh', ['-c', 'for i in 1 2 3; do : </shared/lock; done; echo done; sleep 9999']);
    assert.ok(child.stdout);
    await once(child.stdout, 'data');
    assert.equal(isFree('F_WRLCK'), false);
    child.kill('SIGKILL');
    await child.result;
    assert.ok(isFree('F_WRLCK'));
  });

  test('two hold the same file, and one that is locked for writing is refused', async () => {
    const both = [0, 1].map(() => locked.spawn('sleep', ['9999'], { stdio: 'ignore' }));
    await Promise.all(both.map((child) => once(child, 'spawn')));
    both[0]?.kill('SIGKILL');
    await both[0]?.result;
    assert.equal(isFree('F_WRLCK'), false);
    both[1]?.kill('SIGKILL');
    await both[1]?.result;
    assert.ok(isFree('F_WRLCK'));
    const writer = `import fcntl,struct,sys,time
f=open(sys.argv[1],'r+')
fcntl.fcntl(f,fcntl.F_SETLK,struct.pack('hhqqi4x',fcntl.F_WRLCK,0,0,0,0))
print('locked',flush=True)
sys.stdin.read()`;
    const other = spawnProcess('python3', ['-c', writer, file], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    await rejectsAtStep(() => locked.run('true'), { op: 'lockFile', code: 'EAGAIN', path: '/shared/lock' });
    other.stdin.end();
    await once(other, 'close');
    await locked.run('true', [], { check: true });
  });

  test('is gone where a later step is refused', async () => {
    const refused = locked.step({
      op: 'bind',
      source: '/none',
      target: '/',
      attributes: [],
      recursive: true,
      create: false,
    });
    await rejectsAtStep(() => refused.run('true'), { op: 'bind', code: 'ENOENT' });
    assert.ok(isFree('F_WRLCK'));
  });

  test('behind init it would be the command’s alone, and is refused', async () => {
    const late = box
      .mount(bind(shared, '/shared'))
      .step(lockFile({ slot: 0, target: '/shared/lock' }), { before: 'exec' });
    await rejectsAtStep(() => late.run('true'), { op: 'lockFile', code: 'EINVAL' });
    await late.init(false).run('true', [], { check: true });
  });
});

suite('chdir', () => {
  const where = (...directories: readonly string[]): Plan => {
    const [target = '', ...alternatives] = directories;
    return plan({ steps: [chdir({ target, alternatives }), exec({ args: ['/bin/pwd'] })] });
  };

  test('takes the first that exists', async () => {
    assert.equal((await run(where('/usr', '/etc'), { check: true })).stdout, '/usr\n');
    assert.equal((await run(where('/none', '/etc', '/usr'), { check: true })).stdout, '/etc\n');
    assert.equal((await run(where('/etc/passwd/none', '/none', '/'), { check: true })).stdout, '/\n');
  });

  test('where none exists, the first is the error', async () => {
    await rejectsAtStep(() => run(where('/none', '/nor/this')), { op: 'chdir', code: 'ENOENT', path: '/none' });
  });

  test('one that exists and cannot be entered is an error, not a reason to go elsewhere', async () => {
    const looped = where('/none', '/proc/self/cwd', '/');
    await rejectsAtStep(() => run(looped), { op: 'chdir', code: 'ELOOP', path: '/proc/self/cwd' });
  });
});

suite('descriptors that are nothing', () => {
  test('are said by a word', async () => {
    const list = plan({
      steps: [exec({ args: ['/bin/ls', '-l', '/proc/self/fd/'], stdio: ['ignore', 1, 'ignore', 2, 'ignore'] })],
    });
    const { stdout } = await run(list, { check: true });
    assert.match(stdout, / 0 -> \/dev\/null\n/);
    assert.match(stdout, / 1 -> pipe:/);
    assert.match(stdout, / 2 -> \/dev\/null\n/);
    assert.match(stdout, / 3 -> pipe:/);
  });

  test('a container’s plan says the same word', () => {
    const { steps } = box.plan('true', [], { stdio: ['ignore', 'pipe', 'ignore'] });
    const last = steps.at(-1);
    assert.ok(last?.op === 'exec');
    assert.deepEqual(
      last.stdio.map((slot) => typeof slot),
      ['string', 'number', 'string'],
    );
    assert.equal(last.stdio[0], 'ignore');
    assert.throws(() => exec({ args: ['x'], stdio: ['none' as 'ignore'] }), { code: 'ERR_INVALID_ARG_TYPE' });
  });
});
