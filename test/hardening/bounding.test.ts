/**
 * A kernel that knows more capabilities than carrel does leaves none of them.
 *
 * capabilities(7), `cap_last_cap`
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container } from '#lib/index.js';
import { native } from '#lib/launch/native.js';
import { encode } from '#lib/plan/encode.js';
import { plan } from '#lib/plan.js';
import { exec, setCapabilities } from '#lib/steps.js';
import { useCleanHost } from '../support/host.js';
import { launcher } from '../support/launcher.js';
import { requires } from '../support/requires.js';
import { type Call, traceProgram } from '../support/trace.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const LAST = Number(readFileSync('/proc/sys/kernel/cap_last_cap', 'utf8'));

/** Calls of prctl(2) by who drops capabilities, in a plan that keeps none. strace(1) answers some instead. */
function calls(...options: readonly string[]): readonly Call[] {
  const steps = [setCapabilities({ bounding: [], effective: [], permitted: [] }), exec({ args: ['/bin/true'] })];
  const memfd = native().sealedMemfd(encode(plan({ steps })));
  try {
    const all = traceProgram([...options, launcher, '--once'], memfd).filter(({ name }) => name === 'prctl');
    const pid = all.find(({ args }) => args.startsWith('PR_CAPBSET_DROP'))?.pid;
    return all.filter((call) => call.pid === pid);
  } finally {
    native().close(memfd);
  }
}

const drops = (all: readonly Call[]): readonly string[] =>
  all.filter(({ args }) => args.startsWith('PR_CAPBSET_DROP')).map(({ result }) => result.split(' ', 2).join(' '));

suite('capabilities of a later kernel', requires('root', 'strace'), () => {
  test('are asked for until the kernel knows no more, and dropped', () => {
    const now = calls();
    assert.deepEqual(drops(now), [...Array.from({ length: LAST + 1 }, () => '0'), '-1 EINVAL']);
    const first =
      now.findIndex(({ args, result }) => args.startsWith('PR_CAPBSET_DROP') && !result.startsWith('0')) + 1;
    const later = calls('-e', `inject=prctl:retval=0:when=${first}..${first + 2}`);
    const known = Array.from({ length: LAST + 1 }, () => '0');
    assert.deepEqual(drops(later), [...known, ...Array.from({ length: 3 }, () => '0 (INJECTED)'), '-1 EINVAL']);
  });

  test('nobody inside has one, by default and with every capability that has a name', async () => {
    const all = await new Container().run('grep', ['^Cap', '/proc/self/status'], { check: true });
    const sets = all.stdout.trim().split('\n');
    assert.equal(sets.length, 5);
    for (const set of sets) assert.equal(BigInt(`0x${set.split('\t')[1]}`) >> BigInt(LAST + 1), 0n, set);
  });
});
