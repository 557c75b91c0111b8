/** A second user namespace inside the first, made by hand: its maps, and what it locks. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type HostStep } from 'carrel';
import { concat, type Plan, plan, run } from 'carrel/plan';
import {
  barrier,
  bind,
  denySetgroups,
  exec,
  mount,
  propagation,
  setGidMap,
  setUidMap,
  sysctl,
  unshare,
} from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const maps = (inside: number, [outerUid, outerGid]: readonly [number, number]) => [
  denySetgroups(),
  setUidMap({ ranges: [inside, outerUid, 1] }),
  setGidMap({ ranges: [inside, outerGid, 1] }),
];
const outer = plan({ clone: ['user'], steps: [barrier({ acts: maps(0, [uid, gid]) })] });
const inner = (acts: readonly HostStep[]): Plan =>
  plan({ steps: [unshare({ namespaces: ['user'] }), barrier({ acts })] });
const command = (script: string): Plan => plan({ steps: [exec({ args: ['/bin/sh', '-c', script] })] });
const output = async (...parts: readonly Plan[]): Promise<string> =>
  (await run(concat(...parts), { check: true })).stdout;

suite('a user namespace inside the first', () => {
  test('has maps of its own, whose outside is the first', async () => {
    const both = 'id -u; id -g; tr -s " " < /proc/self/uid_map; tr -s " " < /proc/self/gid_map';
    assert.equal(await output(outer, inner(maps(0, [0, 0])), command(both)), '0\n0\n 0 0 1\n 0 0 1\n');
    assert.equal(await output(outer, inner(maps(7, [0, 0])), command(both)), '7\n7\n 7 0 1\n 7 0 1\n');
    assert.equal(await output(outer, inner(maps(0, [0, 0])), inner(maps(5, [0, 0])), command('id -u')), '5\n');
  });

  test('without its map nobody is anybody', async () => {
    const without = plan({ steps: [unshare({ namespaces: ['user'] })] });
    assert.equal(await output(outer, without, command('id -u')), '65534\n');
  });

  test('an id that the first does not have is refused', async () => {
    const strange = concat(outer, inner([setUidMap({ ranges: [0, 12_345, 1] })]), command('true'));
    await rejectsAtStep(() => run(strange), { op: 'setUidMap', code: 'EPERM', syscall: 'write' });
  });

  test('keeps its root from mounts and limits that the first has made', async () => {
    const mounts = plan({
      clone: ['mount'],
      steps: [
        propagation({ target: '/', type: 'private' }),
        sysctl({ path: 'user/max_user_namespaces', value: '1' }),
        bind({ source: '/usr', target: '/usr', attributes: ['readonly'] }),
        mount({ type: 'tmpfs', target: '/tmp' }),
      ],
    });
    const tries = command(
      [
        'mount -o remount,bind,rw /usr 2>/dev/null && echo writable',
        'umount /tmp 2>/dev/null && echo gone',
        'unshare -U true 2>/dev/null && echo nested',
        '(echo 9 > /proc/sys/user/max_user_namespaces) 2>/dev/null',
        'unshare -Ur unshare -U true 2>/dev/null && echo raised',
        'echo end',
      ].join('\n'),
    );
    const own = plan({ steps: [unshare({ namespaces: ['mount'] })] });
    // Root of the first makes the one that is allowed, and then allows itself more.
    assert.equal(await output(outer, mounts, tries), 'writable\ngone\nnested\nraised\nend\n');
    assert.equal(await output(outer, mounts, inner(maps(0, [0, 0])), own, tries), 'end\n');
  });
});
