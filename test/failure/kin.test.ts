/** Processes in a user's own cgroup are told apart, also when they end while they are looked at. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { withDelegated } from '../support/delegated.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const probe = JSON.stringify(import.meta.resolve('#lib/cgroup/probe.js'));

suite('the own cgroup of this process', requires('root', 'cgroup2'), () => {
  test('is there for containers, whatever its children start and end', () =>
    withDelegated(async ({ directory, prefix }) => {
      // Beside it nothing is free.
      const source = `
        import { spawn } from 'node:child_process';
        import { once } from 'node:events';
        import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
        const busy = spawn('sh', ['-c', 'while :; do /bin/true; done'], { stdio: 'ignore' });
        await once(busy, 'spawn');
        const found = [];
        for (let round = 0; round < 10; round += 1) {
          const above = ${JSON.stringify(directory)} + '/' + round;
          mkdirSync(above + '/own', { recursive: true });
          chmodSync(above, 0o555);
          for (const pid of [process.pid, busy.pid]) writeFileSync(above + '/own/cgroup.procs', String(pid));
          // Each asks for itself.
          const { probeCgroups } = await import(${probe} + '?' + round);
          const { hierarchies, obstacles } = probeCgroups();
          if (!hierarchies.some(({ parent }) => parent === above + '/own')) found.push(...obstacles);
        }
        busy.kill('SIGKILL');
        await once(busy, 'exit');
        console.log(JSON.stringify(found.filter((obstacle) => obstacle.startsWith('cgroup v2'))));`;
      assert.deepEqual(await askCaller(source, { prefix }), []);
    }));

  test('is left alone where somebody else is in it', () =>
    withDelegated(async ({ directory, prefix }) => {
      const other = spawn('sleep', ['9999'], { stdio: 'ignore' });
      await once(other, 'spawn');
      try {
        writeFileSync(join(directory, 'cgroup.procs'), `${other.pid}`);
        const source = `
          const { probeCgroups } = await import(${probe});
          console.log(JSON.stringify(probeCgroups().obstacles));`;
        const obstacles = await askCaller<readonly string[]>(source, { prefix });
        const expected = `cgroup v2: other processes are in ${directory}, such as ${other.pid}, and cannot be moved`;
        assert.ok(obstacles.includes(expected), obstacles.join('\n'));
      } finally {
        other.kill('SIGKILL');
        await once(other, 'exit');
      }
    }));
});
