/** SIGKILL at any system call of a supervisor, its child or Node leaves nothing behind. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { compileMeddler, startMeddled } from '../support/meddler.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const COUNT = process.env.CARREL_SOAK === undefined ? 20 : 100;
const seed = Number(process.env.CARREL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const needs = requires('gcc', 'strace');

/**
 * meddler.c ends when everything that Node has started has ended, and not before: survivors would be waited for in
 * vain.
 */
async function kill(directory: string, program: string, whom: string, from: number, count: number): Promise<string> {
  const node = startMeddled(program, directory, './killing.js', [whom, String(from), String(count)]);
  const deadline = setTimeout(() => node.kill('SIGKILL'), 600_000);
  const [out, err, [code, signal]] = await Promise.all([
    text(node.stdout as Readable),
    text(node.stderr as Readable),
    once(node, 'close'),
  ]);
  clearTimeout(deadline);
  assert.equal(signal, null, 'somebody has survived');
  assert.ok(code === 0 || (whom === 'node' && code === 137), `${code}: ${err}`);
  return out.trim();
}

suite(`SIGKILL at random system calls, CARREL_SEED=${seed}`, () => {
  let directory = '';
  let program = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'killed-'));
    if (needs.skip === false) program = compileMeddler(directory);
  });
  after(() => removeTree(directory));

  for (const whom of ['launcher', 'supervisor', 'child', 'init']) {
    test(`of the ${whom}: an end with a type, nothing left, and the next one starts`, needs, async (context) => {
      const said = await kill(directory, program, whom, seed, COUNT);
      assert.ok((JSON.parse(said) as { hits: number }).hits > 0, said);
      context.diagnostic(said);
    });
  }

  test('of Node: nothing survives it', needs, async (context) => {
    let killed = 0;
    for (let round = 0; round < COUNT / 4; round += 1)
      if ((await kill(directory, program, 'node', seed + round, 4)) === '') killed += 1;
    assert.ok(killed > 0);
    context.diagnostic(`${killed} were killed`);
  });
});
