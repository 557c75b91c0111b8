/**
 * No capability moves a wall: mounts, masks, quotas and the machine are what they are with each of them, and with all.
 *
 * What CAP_SYS_ADMIN alone, or the absence of a user namespace, takes away is shown as such.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, suite, test } from 'node:test';
import { bind, type Capability, Container, tmpfs } from 'carrel';
import { CAPABILITIES } from '#lib/plan/constants.js';
import { alone } from '../support/alone.js';
import { attackerDirectory, attackerProgram, verdicts } from '../support/attacker.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

await alone('quotas');
useCleanHost({ warmUp: () => new Container().run('true') });

const shared = mkdtempSync(join(tmpdir(), 'powers-'));
const writable = mkdtempSync(join(tmpdir(), 'powers-'));
mkdirSync(join(shared, 'secret'));
writeFileSync(join(shared, 'secret', 'key'), 'hidden\n');
writeFileSync(join(writable, 'file'), 'shared\n');
for (const path of [shared, writable, join(shared, 'secret'), join(writable, 'file')]) chmodSync(path, 0o777);
after(() => {
  for (const path of [shared, writable]) removeTree(path);
});

const NAMES = Object.keys(CAPABILITIES) as readonly Capability[];
const CHOICES = [[] as const, ...NAMES.map((name) => [name] as const), NAMES];
const nameOf = (added: readonly Capability[]): string => (added.length > 1 ? 'all' : (added[0] ?? 'none added'));

const box = (readonly = true): Container =>
  new Container().mount(
    bind(attackerDirectory(), '/attack', { readonly: true }),
    bind(shared, '/ro', { readonly }),
    bind(writable, '/rw'),
    tmpfs('/small', { size: '64k' }),
  );
const closed = (): Container => box().mask('/ro/secret');

async function tries(container: Container, ...names: readonly string[]): Promise<Readonly<Record<string, string>>> {
  return verdicts((await container.run('/attack/powers', ['walls', ...names], { check: true })).stdout);
}

/** Those of `names` that the kernel allowed, of all without any. */
async function allowed(container: Container, ...names: readonly string[]): Promise<readonly string[]> {
  const all = await tries(container, ...names);
  return Object.keys(all).filter((what) => all[what] === 'done');
}

suite('walls', requires('gcc'), () => {
  test('there is something to be refused: what no wall keeps is done', async () => {
    const open = ['bind: as it is', 'mask: as it is'];
    assert.deepEqual(await allowed(box(false), ...open), open);
    assert.deepEqual(await allowed(closed(), ...open), []);
    removeTree(join(shared, 'attacked'));
  });

  for (const added of CHOICES)
    test(`stand with ${nameOf(added)}, with the default filter and without a filter`, async () => {
      const container = closed().capabilities({ add: added });
      for (const one of [container, container.seccomp('unconfined')]) {
        const all = await tries(one);
        assert.ok(Object.keys(all).length >= 75, `${Object.keys(all).length}`);
        assert.deepEqual(
          Object.entries(all).filter(([, verdict]) => verdict === 'done'),
          [],
        );
        assert.deepEqual(readdirSync(shared), ['secret']);
        assert.deepEqual(readdirSync(writable), ['file']);
      }
    });

  test('without a user namespace they are the capabilities’ own, as SECURITY.md says', requires('root'), async () => {
    const own = closed().namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']).seccomp('unconfined');
    const moved = {
      CAP_SYS_ADMIN: ['bind: remount', 'bind: mount_setattr', 'mask: unmount', 'size: remount'],
      CAP_DAC_READ_SEARCH: ['handle: a file of the bind'],
      CAP_SYS_TIME: ['clock: adjust'],
      CAP_SYS_NICE: ['priority: nice'],
    } as const;
    for (const [name, names] of Object.entries(moved)) {
      assert.deepEqual(await allowed(own, ...names), [], name);
      assert.deepEqual(await allowed(own.capabilities({ add: [name as Capability] }), ...names), names, name);
    }
    removeTree(join(shared, 'attacked'));
  });
});

/** What it holds of each kind, while `act` is done. */
async function whileFull(
  container: Container,
  act: (held: Readonly<Record<string, number>>) => Promise<void>,
): Promise<void> {
  await using child = container.spawn('/attack/powers', ['fill'], { stdio: ['pipe', 'pipe', 'inherit'] });
  assert.ok(child.stdout && child.stdin);
  const lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    if (line.startsWith('full')) break;
  }
  const held = Object.entries(verdicts(lines.join('\n'))).map(([what, count]) => [what, Number(count)]);
  await act(Object.fromEntries(held));
  child.stdin.end();
  await once(child, 'close');
}

/** What the kernel gives a user is halved for a container; a user namespace around this test tells no limit. */
const INSTANCES = Number(readFileSync('/proc/sys/user/max_inotify_instances', 'utf8'));
const MOST_INSTANCES = INSTANCES === 2 ** 31 - 1 ? 64 : Math.floor(INSTANCES / 2);
const ONE = { inotify: '1', signals: '1', queues: '1', 'in flight': '250', terminals: '1' };

suite('quotas', requires('gcc'), () => {
  for (const added of CHOICES)
    test(`leave the host and the next container theirs, with ${nameOf(added)}`, async () => {
      await whileFull(box().capabilities({ add: added }), async (held) => {
        assert.equal(held.inotify, MOST_INSTANCES);
        assert.equal(held.terminals, 256);
        assert.ok((held.signals ?? 0) > 0 && (held.signals ?? 0) < 1_000_000, `${held.signals} signals`);
        assert.ok((held['in flight'] ?? 0) >= 250 && (held['in flight'] ?? 0) < 1_000_000, `${held['in flight']}`);
        assert.deepEqual(verdicts(execFileSync(attackerProgram('powers'), ['one'], { encoding: 'utf8' })), ONE);
        // The next container runs. What it shares with the others of its user, or of its Node thread, SECURITY.md says.
        const next = verdicts((await box().run('/attack/powers', ['one'], { check: true })).stdout);
        assert.deepEqual([next.inotify, next.terminals], ['1', '1']);
        // Who may mount has terminals beyond its own. SECURITY.md says so.
        assert.equal(held['terminals of its own'], added.includes('CAP_SYS_ADMIN') ? 300 : 0);
      });
    });
});
