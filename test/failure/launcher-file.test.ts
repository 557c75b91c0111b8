/** The launcher as a file of the host: Node starts it where it is this version's, and nobody else can change it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { launcherFile } from '#lib/launch/installed.js';
import { askCaller } from '../support/caller.js';
import { carrel } from '../support/cli.js';
import { useCleanHost } from '../support/host.js';
import { asUser } from '../support/legs.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost();

const directory = mkdtempSync(join(tmpdir(), 'launcher-'));
chmodSync(directory, 0o755);
after(() => removeTree(directory));

/** A file with this content. */
function made(name: string, content: Buffer = launcherFile(), mode = 0o755): string {
  const path = join(directory, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

/** Of a container's output, and whether the file at `path` is a program that runs: then nobody can write to it. */
const RUNS = (path: string): string => `
  const { openSync, closeSync } = await import('node:fs');
  const { stdout } = await new Container().run('echo', ['inside']);
  let busy = false;
  try { closeSync(openSync(${JSON.stringify(path)}, 'r+')); } catch ({ code }) { busy = code; }
  const answer = [stdout, busy];`;
const TELL = 'console.log(JSON.stringify(answer));';

suite('CARREL_LAUNCHER', () => {
  test('has Node start that file; without it the launcher runs from memory', async () => {
    const path = made('good');
    const env = { ...process.env, CARREL_LAUNCHER: path };
    assert.deepEqual(await askCaller(RUNS(path) + TELL), ['inside\n', false]);
    assert.deepEqual(await askCaller(RUNS(path) + TELL, { env: { ...env, CARREL_LAUNCHER: '' } }), ['inside\n', false]);
    assert.deepEqual(await askCaller(RUNS(path) + TELL, { env }), ['inside\n', 'ETXTBSY']);
  });

  test('holds in a worker, and for carrel run', async () => {
    const path = made('worker');
    const inWorker = `
      const { Worker } = await import('node:worker_threads');
      const code = \`(async () => {
        const { Container } = await import('carrel');
        ${RUNS(path)}
        (await import('node:worker_threads')).parentPort.postMessage(answer);
      })()\`;
      const worker = new Worker(code, { eval: true });
      const answer = await new Promise((resolve, reject) => worker.on('message', resolve).on('error', reject));
      await worker.terminate();`;
    const env = { ...process.env, CARREL_LAUNCHER: path };
    assert.deepEqual(await askCaller(inWorker + TELL, { env }), ['inside\n', 'ETXTBSY']);
    const { stdout } = await carrel(['run', '--', 'echo', 'inside'], { env });
    assert.equal(stdout, 'inside\n');
  });

  test('a file that is not this version’s, or that others can change, is an error that says why', async () => {
    const own = launcherFile();
    const other = Buffer.from(own);
    other.writeUInt8(other.readUInt8(4096) ^ 1, 4096);
    const older = Buffer.from(other.toString('latin1').replace(/launcher \S+\n$/, 'launcher 0.0.1\n'), 'latin1');
    symlinkSync(made('target'), join(directory, 'link'));
    mkdirSync(join(directory, 'directory'));
    execFileSync('mkfifo', [join(directory, 'fifo')]);
    const cases: readonly (readonly [path: string, why: RegExp])[] = [
      ['launcher', /not absolute/],
      [join(directory, 'none'), /cannot be opened \(ENOENT\)/],
      [join(directory, 'link'), /it is a link/],
      [join(directory, 'directory'), /no regular file/],
      [join(directory, 'fifo'), /no regular file/],
      [made('group', own, 0o775), /others than its owner can write it/],
      [made('world', own, 0o757), /others than its owner can write it/],
      [made('data', own, 0o644), /cannot be executed \(EACCES\)/],
      [made('short', own.subarray(0, 100)), /no launcher of carrel/],
      [made('cut', own.subarray(0, -1)), /no launcher of carrel/],
      [made('longer', Buffer.concat([own, own])), /no launcher of carrel/],
      [made('older', older), /of carrel 0\.0\.1, and this is another build, of carrel \d+\.\d+\.\d+/],
      [made('other', other), /another build/],
      ['/bin/sh', /no launcher of carrel|it is a link/],
    ];
    const source = `const answer = [];
      for (const path of ${JSON.stringify(cases.map(([path]) => path))}) {
        process.env.CARREL_LAUNCHER = path;
        answer.push(await new Container().run('true').then(() => [], ({ code, message }) => [code, message]));
      }
      delete process.env.CARREL_LAUNCHER;
      answer.push([(await new Container().run('true')).exitCode]);`;
    const answers = await askCaller<readonly (readonly unknown[])[]>(source + TELL);
    for (const [index, [path, why]] of cases.entries()) {
      const [code, message] = answers[index] ?? [];
      assert.equal(code, 'ERR_LAUNCHER', path);
      assert.match(String(message), why, path);
      assert.match(String(message), /install-launcher/, path);
    }
    assert.deepEqual(answers.at(-1), [0], 'and nothing is left of it');
  });
});

suite('carrel install-launcher', requires('root'), () => {
  // Others can write to what is above the temporary directory.
  let place = '';
  before(() => {
    place = mkdtempSync('/run/carrel-install-');
    chmodSync(place, 0o755);
  });
  after(() => removeTree(place));
  const install = async (path: string): Promise<readonly [code: number | null, said: string]> => {
    const { code, stdout, stderr } = await carrel(['install-launcher', path]);
    return [code, stdout + stderr];
  };

  test('writes it, which users can start; once more changes nothing', async () => {
    const path = join(place, 'launcher');
    const [code, said] = await install(path);
    assert.equal(code, 0, said);
    assert.match(said, /is written/);
    assert.ok(said.includes(`profile carrel-launcher "${path}" flags=(unconfined) {\n  userns,\n}`), said);
    const { mode, uid, gid, ino } = lstatSync(path);
    assert.deepEqual([mode & 0o7777, uid, gid], [0o755, 0, 0]);
    assert.deepEqual(readFileSync(path), launcherFile());
    assert.match((await install(path))[1], /is there already/);
    assert.equal(lstatSync(path).ino, ino);
    const env = { ...process.env, CARREL_LAUNCHER: path };
    assert.equal((await carrel(['run', 'echo', 'inside'], { env, prefix: asUser })).stdout, 'inside\n');
  });

  test('replaces another version, and keeps who may execute it', async () => {
    const path = join(place, 'older');
    const older = launcherFile()
      .toString('latin1')
      .replace(/launcher \S+\n$/, 'launcher 0.0.1\n');
    writeFileSync(path, older, 'latin1');
    chmodSync(path, 0o750);
    assert.match((await install(path))[1], /is written/);
    assert.deepEqual([readFileSync(path).equals(launcherFile()), lstatSync(path).mode & 0o7777], [true, 0o750]);
  });

  test('writes to no place that others could change, and over nothing else', async () => {
    const open = join(place, 'open');
    mkdirSync(open);
    chmodSync(open, 0o777);
    symlinkSync(place, join(place, 'link'));
    symlinkSync(join(place, 'launcher'), join(place, 'linked'));
    writeFileSync(join(place, 'text'), 'text');
    for (const [path, why] of [
      [join(open, 'launcher'), /others than its owner can write to/],
      [join(place, 'link/launcher'), /is a link/],
      [join(place, 'linked'), /no regular file/],
      [join(place, 'text'), /no launcher of carrel/],
      [join(place, 'none/launcher'), /ENOENT/],
      ['launcher', /absolute/],
      ['--path', /takes one path/],
    ] as const) {
      const [code, said] = await install(path);
      assert.deepEqual([code, why.test(said)], [125, true], said);
    }
    assert.equal(readFileSync(join(place, 'text'), 'utf8'), 'text');
  });
});
