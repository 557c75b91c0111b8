/** Who connects a network ends with its container, however that ends; and what it refuses is told. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { inWorld, type World } from '../support/world.js';

useCleanHost();

/** Names of processes that connect networks. */
const CONNECTING = /^(carrel-network|pasta.*|passt.*|slirp4netns)$/;

for (const [program, world] of [
  ['pasta', {}],
  ['slirp4netns', { programs: ['slirp4netns'] }],
] as const satisfies readonly (readonly [string, World])[]) {
  suite(`what ${program} does when its container ends`, requires(program), () => {
    for (const killed of ['the container', 'the supervisor', 'its process', 'the program', 'the launcher', 'Node'])
      test(`by the end of ${killed}`, async () => {
        const { before, after } = await inWorld(
          world,
          async ({ spawnNode, readProcesses, until }, who, pattern) => {
            const connecting = (): readonly number[] =>
              [...readProcesses().values()].filter(({ comm }) => new RegExp(pattern).test(comm)).map(({ pid }) => pid);
            const node = await spawnNode(`
              const box = await new Container().network('outbound').start();
              process.stdin.on('data', () => box.stop({ grace: 0 }));
              process.stdout.write('started');`);
            const before = connecting();
            const table = readProcesses();
            const network = before.find((pid) => table.get(pid)?.comm === 'carrel-network') ?? 0;
            const supervisor = table.get(network)?.parent ?? 0;
            const launcher = table.get(supervisor)?.parent ?? 0;
            const program = before.find((pid) => pid !== network) ?? 0;
            if (who === 'the container') node.stdin?.write('.');
            if (who === 'the supervisor') process.kill(supervisor, 'SIGKILL');
            if (who === 'its process') process.kill(network, 'SIGKILL');
            if (who === 'the program') process.kill(program, 'SIGKILL');
            if (who === 'the launcher') process.kill(launcher, 'SIGKILL');
            if (who === 'Node') node.kill('SIGKILL');
            // Those outlast these, and end with their container.
            if (['its process', 'the program', 'the launcher'].includes(who)) node.stdin?.write('.');
            await until(() => connecting().length === 0);
            const after = connecting();
            node.kill('SIGKILL');
            return { before: before.length, after };
          },
          killed,
          CONNECTING.source,
        );
        assert.ok(before >= 2);
        assert.deepEqual(after, []);
      });
  });
}

suite('a way out that cannot be', requires('pasta', 'slirp4netns'), () => {
  test('no program is told at the call, before anything is started', async () => {
    const { code, hint, message } = await inWorld({ programs: [] }, async ({ Container }) => {
      const error = await new Container()
        .network('outbound')
        .run('true')
        .catch((one) => one);
      return { code: error.code, hint: error.hint, message: error.message };
    });
    assert.equal(code, 'ERR_OUTBOUND');
    assert.match(message, /pasta or slirp4netns, and neither is in the PATH/);
    assert.match(hint, /passt.*slirp4netns/);
  });

  test('what the program says is the error', requires('some-root'), async () => {
    const told = await inWorld({}, async ({ Container, execFileSync }) => {
      const without = new Container();
      // Without a way out of its own the host has none to give.
      execFileSync('/usr/bin/env', ['PATH=/usr/bin:/bin:/usr/sbin:/sbin', 'ip', 'link', 'delete', 'outside']);
      const error = await new Container()
        .network('outbound')
        .run('true')
        .catch((one) => one);
      const { code, option, message, hint, step } = error;
      return { code, option, message, hint, op: step.op, without: (await without.run('true')).ok };
    });
    assert.deepEqual([told.code, told.option, told.op, told.without], ['EPERM', 'network()', 'connectNetwork', true]);
    assert.match(told.message, /interface|route|IP/i);
    assert.match(told.message, /exit status 1/);
    assert.match(told.hint, /default route/);
  });
});
