/** Every step that the kernel refuses is told as that step, and leaves nothing behind. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Container } from 'carrel';
import { probeLandlock } from '#lib/host/landlock.js';
import { PLANNED_OPS } from '#lib/plan/steps.js';
import { useCleanHost } from '../support/host.js';
import { compileMeddler, startMeddled } from '../support/meddler.js';
import type { Refused } from '../support/refusing.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

const ERRORS = ['EIO', 'EPERM', 'ENOMEM', 'ENOSPC', 'EMFILE', 'EINTR'];

useCleanHost({ warmUp: () => new Container().run('true') });

/**
 * Not among root's steps; without a call that can be refused, or whose refusal is none; of an overlay’s work directory,
 * which no container here has.
 */
const ELSEWHERE = [
  ...['denySetgroups', 'newuidmap', 'newgidmap', 'omit', 'umask', 'endFrozen', 'endDescendants', 'readCounter'],
  'rmdir',
  // Of a command of a container that stays, which is begun ahead of its call: test/container/ahead.test.ts refuses it.
  'awaitPlan',
  // Of a network with a way out: test/failure/outbound.test.ts refuses it.
  'connectNetwork',
  // Of a server, which no container here has: test/container/serve.test.ts tries it.
  'serve',
  // Where there is no AppArmor, and no SELinux.
  'setExecLabel',
  // By the version of Landlock.
  ...(probeLandlock().version >= 1 ? [] : ['createRuleset', 'addPathRule', 'restrictSelf']),
  ...(probeLandlock().version >= 4 ? [] : ['addPortRule']),
];

test(
  'every kind of step is refused by every error, by each of its calls with CARREL_SOAK',
  requires('gcc', 'strace'),
  async (context) => {
    const directory = mkdtempSync(join(tmpdir(), 'refused-'));
    try {
      const extent = process.env.CARREL_SOAK === undefined ? 'each' : 'all';
      const node = startMeddled(compileMeddler(directory), directory, './refusing.js', [extent]);
      const [out, err, [code]] = await Promise.all([
        text(node.stdout as NodeJS.ReadableStream as never),
        text(node.stderr as NodeJS.ReadableStream as never),
        once(node, 'close'),
      ]);
      assert.equal(code, 0, err);
      const results = JSON.parse(out) as readonly Refused[];
      for (const { scenario, wanted, refused, runs, said } of results) {
        assert.deepEqual(
          wanted.filter((step) => !refused.includes(step)),
          [],
          `${scenario}: ${said}`,
        );
        context.diagnostic(`${scenario}: ${refused.length} steps refused in ${runs} containers`);
        if (extent === 'all') context.diagnostic(said);
      }
      const kinds = new Set(results.flatMap(({ refused }) => refused.map((step) => step.split(' ')[3])));
      // Another kind of step belongs into test/support/scenarios.ts.
      const crossed = new Set(results.at(-1)?.crossed);
      const uncrossed = [...kinds].flatMap((op) => ERRORS.map((error) => `${op} ${error}`));
      assert.deepEqual(
        uncrossed.filter((one) => !crossed.has(one)),
        [],
      );
      const missing = PLANNED_OPS.filter((op) => !kinds.has(op) && !ELSEWHERE.includes(op));
      if (process.env.CARREL_TEST_LEG === 'root') assert.deepEqual(missing, []);
    } finally {
      removeTree(directory);
    }
  },
);
