/** The example of a judge that runs on pools. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Container } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const EXAMPLE = fileURLToPath(new URL('../../../examples/pooled-judge.js', import.meta.url));

test('fifty submissions are judged, and nothing is left', requires('cgroups', 'gcc', 'root'), async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [EXAMPLE]);
  assert.equal(stdout, '50\n');
});
