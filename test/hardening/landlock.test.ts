/** A program under Landlock gets around its policy by no way that is known. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Container, type LandlockInput } from 'carrel';
import { verdicts } from '../support/attacker.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const SCRIPT = readFileSync(fileURLToPath(new URL('../../../test/hardening/landlock.py', import.meta.url)), 'utf8');
const PROGRAMS = ['/usr', '/bin', '/lib', '/lib64'].filter((path) => existsSync(path));
const SECRET = 'secret\n';

/** Landlock alone: no namespace, no profile, and root may look into any process. */
const bare = new Container()
  .namespaces([])
  .seccomp('unconfined')
  .capabilities({ add: ['CAP_SYS_PTRACE'] });

suite('files', requires('landlock-files', 'python3'), () => {
  let directory: string;
  let other: ChildProcess;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'landlock-'));
    chmodSync(directory, 0o777);
    const inside = join(directory, 'allowed');
    mkdirSync(inside);
    chmodSync(inside, 0o777);
    writeFileSync(join(inside, 'file'), 'allowed\n');
    writeFileSync(join(directory, 'secret'), SECRET);
    chmodSync(join(directory, 'secret'), 0o666);
    symlinkSync(join(directory, 'secret'), join(inside, 'link'));
    const script = 'exec 9<secret; echo ready; exec sleep 600';
    other = spawn('sh', ['-c', script], { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout as NonNullable<typeof other.stdout>, 'data');
  });
  afterEach(async () => {
    other.kill('SIGKILL');
    await once(other, 'close');
    removeTree(directory);
  });

  async function tried(landlock: LandlockInput | undefined): Promise<Readonly<Record<string, string>>> {
    const place = openSync(directory, 'r');
    try {
      const args = ['-c', SCRIPT, 'files', directory, String(other.pid)];
      const child = bare.landlock(landlock).spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit', place] });
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      const { exitCode } = await child.result;
      assert.equal(exitCode, 0);
      return verdicts(text);
    } finally {
      closeSync(place);
    }
  }

  test('that no list names are out of reach, by each way', async () => {
    const allowed = join(directory, 'allowed');
    const said = await tried({
      read: [...PROGRAMS, '/etc', '/proc', '/dev/null', allowed],
      write: ['/dev/null', allowed],
      execute: PROGRAMS,
    });
    const { allowed: given, ...others } = said;
    assert.equal(given, 'done');
    assert.ok(Object.keys(others).length > 30, 'all were tried');
    const done = Object.entries(others).filter(([, verdict]) => verdict === 'done');
    assert.deepEqual(done, []);
    assert.equal(readFileSync(join(directory, 'secret'), 'utf8'), SECRET);
  });

  test('each way is one where nothing is restricted', async () => {
    const said = await tried(undefined);
    // Root has no right to make one here, and memory begins with a page that is nobody's.
    const ways = Object.entries(said).filter(
      ([name]) => !['a device', 'another’s memory', 'process_vm_readv'].includes(name),
    );
    const refused = ways.filter(([, verdict]) => verdict !== 'done');
    assert.deepEqual(refused, []);
  });
});

suite('ports', requires('landlock-ports', 'python3'), () => {
  let server: Server;
  let port: number;
  before(async () => {
    server = createServer((socket) => socket.on('error', () => undefined).destroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ({ port } = server.address() as { port: number });
  });
  after(() => {
    server.close();
  });

  test('are out of reach by each call, with and without a profile', async () => {
    const shared = new Container().network('host');
    for (const container of [shared, shared.seccomp('unconfined')]) {
      const tried = async (box: Container): Promise<Readonly<Record<string, string>>> => {
        const { stdout, stderr } = await box.run('python3', ['-c', SCRIPT, 'ports', String(port)]);
        assert.equal(stderr, '');
        return verdicts(stdout);
      };
      const without = await tried(container);
      for (const name of ['connect', 'multipath', 'sendto', 'sendmsg', 'sendmmsg', 'fast open by an option', 'bind'])
        assert.equal(without[name], 'done', name);
      const closed = await tried(container.landlock({ connectTcp: [], bindTcp: [] }));
      assert.deepEqual(
        Object.entries(closed).filter(([, verdict]) => verdict === 'done'),
        [],
      );
    }
  });
});

suite('signals', requires('landlock-scopes', 'python3'), () => {
  test('reach nobody outside by any call', async () => {
    const start = async (): Promise<ChildProcess> => {
      const other = spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
      await once(other, 'spawn');
      return other;
    };
    const tried = async (box: Container, other: ChildProcess): Promise<Readonly<Record<string, string>>> => {
      const { stdout, stderr } = await box.run('python3', ['-c', SCRIPT, 'signals', String(other.pid)]);
      assert.equal(stderr, '');
      return verdicts(stdout);
    };
    const one = await start();
    const ended = once(one, 'exit');
    await tried(bare, one);
    assert.deepEqual(await ended, [null, 'SIGTERM']);
    const other = await start();
    const said = await tried(bare.landlock({ scope: ['signal'] }), other);
    assert.deepEqual(said, { kill: 'EPERM', 'a group': 'EPERM', pidfd: 'EPERM', tgkill: 'EPERM', O_ASYNC: 'done' });
    assert.equal(readFileSync(`/proc/${other.pid}/comm`, 'utf8'), 'sleep\n');
    const last = once(other, 'exit');
    other.kill('SIGKILL');
    assert.deepEqual(await last, [null, 'SIGKILL']);
  });
});
