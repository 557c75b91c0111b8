/**
 * Where an outer sandbox or an older kernel lacks a system call, carrel works without it, or says at once which it is.
 *
 * No start hangs, and none is weaker than otherwise. docs/kernels.md has the table.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Container } from 'carrel';
import { deny } from '../support/deny.js';
import type { Ended } from '../support/filtering.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const PROGRAM = fileURLToPath(new URL('../support/filtering.js', import.meta.url));
const PATIENCE_S = '120';
const PATIENCE_FILE_S = '900';
const CALLS = ['openat2', 'mount_setattr', 'fsopen', 'move_mount', 'pidfd_open', 'pidfd_send_signal'] as const;
const ERRORS = ['ENOSYS', 'EPERM'] as const;

interface Said {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

function runProgram(prefix: readonly string[], args: readonly string[] = []): Promise<Said> {
  return runIn(PATIENCE_S, [...prefix, process.execPath, PROGRAM, ...args]);
}

/** What would hang ends, and fails. */
async function runIn(seconds: string, command: readonly string[]): Promise<Said> {
  // A runner within a runner runs nothing, node:test.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn('timeout', ['--signal=KILL', seconds, ...command], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ]);
  return { out, err, code };
}

async function endsIn(prefix: readonly string[], args?: readonly string[]): Promise<Readonly<Record<string, Ended>>> {
  const { out, err, code } = await runProgram(prefix, args);
  assert.equal(code, 0, err);
  return JSON.parse(out) as Readonly<Record<string, Ended>>;
}

/** Those that were refused, each with an error that names the call and says what helps. */
function refusedIn(ends: Readonly<Record<string, Ended>>, error: string, call: string): readonly string[] {
  const refused = Object.entries(ends).filter(([, { end }]) => end === undefined);
  for (const [name, { code, syscall, hint, message }] of refused) {
    const said = `${name}: ${message}`;
    assert.deepEqual([code, syscall], [error, call], said);
    const helps = error === 'ENOSYS' ? `lacks ${call}|filters ${call}` : `refuses ${call}|outer sandbox`;
    assert.match(hint ?? '', new RegExp(helps), said);
  }
  return refused.map(([name]) => name);
}

suite('a filter around Node that refuses', () => {
  test('what carrel never asks for changes nothing', async () => {
    const ends = await endsIn(deny('EPERM', 'swapon'));
    for (const [name, { end, message }] of Object.entries(ends))
      assert.equal(end, name === 'killed' ? 'SIGTERM' : '0', `${name}: ${message}`);
  });

  for (const call of CALLS)
    test(call, async () => {
      for (const error of ERRORS) {
        const refused = refusedIn(await endsIn(deny(error, call)), error, call);
        assert.ok(refused.includes('everything'), `${call} ${error}: ${refused}`);
      }
    });

  test('clone3', async () => {
    const refused = refusedIn(await endsIn(deny('ENOSYS', 'clone3')), 'ENOSYS', 'clone3');
    assert.ok(refused.includes('everything'));
    // Node's own threads are made by it. pthread_create(3) of glibc does without where there is none, and only there.
    const { code, out, err } = await runProgram(deny('EPERM', 'clone3'));
    if (code === 0) assert.ok(refusedIn(JSON.parse(out), 'EPERM', 'clone3').includes('everything'));
    else assert.match(err, /uv_thread_create|pthread_create/);
  });
});

suite('the whole container suite, in such a filter', requires('soak'), () => {
  const directory = fileURLToPath(new URL('../container/', import.meta.url));
  const files = readdirSync(directory).filter((name) => name.endsWith('.test.js'));
  // Its tests fail for want of the call. What is looked for is who waits for ever, or loses a process on the way.
  for (const call of CALLS)
    for (const error of ERRORS)
      test(`${call} ${error}: all of it ends, and nobody is lost`, async () => {
        for (const file of files) {
          const command = [...deny(error, call), process.execPath, '--test', join(directory, file)];
          const { out, code } = await runIn(PATIENCE_FILE_S, command);
          assert.match(out, /tests [1-9]/, file);
          assert.ok(code === 0 || code === 1, `${file} ended with ${code}: ${out}`);
          assert.doesNotMatch(out, /ERR_SUPERVISOR_LOST|ERR_PROTOCOL|ERR_INVALID_PLAN|SIGSEGV/, `${file}: ${out}`);
        }
      });
});

suite('a launcher to which is refused', requires('strace'), () => {
  test('close_range', async () => {
    for (const error of ERRORS) {
      const refused = refusedIn(await endsIn([], [error, 'close_range']), error, 'close_range');
      assert.ok(refused.includes('everything'), `${error}: ${refused}`);
    }
  });
});
