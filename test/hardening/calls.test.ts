/** What no namespace holds, tried inside: the default filter refuses it, and without the filter the kernel takes it. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bind, type Capability, Container } from 'carrel';
import { CAPABILITIES } from '#lib/plan/constants.js';
import { verdicts } from '../support/attacker.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { onceForLeg } from '../support/temporary.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const SOURCE = fileURLToPath(new URL('../../../test/hardening/calls.c', import.meta.url));

async function attempts(container: Container): Promise<Readonly<Record<string, string>>> {
  const directory = onceForLeg('hostile-calls', (made) => {
    execFileSync('gcc', ['-O1', '-static', '-o', join(made, 'calls'), SOURCE]);
    chmodSync(join(made, 'calls'), 0o755);
  });
  const box = container.mount(bind(directory, '/attack', { readonly: true }));
  const { stdout } = await box.run('/attack/calls', [], { check: true });
  return verdicts(stdout);
}

/** What each attempt gets, by the begin of its name. */
const REFUSED: readonly (readonly [begin: string, error: string])[] = [
  ['add_key', 'EPERM'],
  ['request_key', 'EPERM'],
  ['keyctl', 'EPERM'],
  ['F_SETLEASE', 'EPERM'],
  ['AF_', 'EAFNOSUPPORT'],
  ['io_uring', 'EPERM'],
  ['bpf', 'EPERM'],
  ['userfaultfd', 'EPERM'],
  ['perf', 'EPERM'],
  ['listmount', 'ENOSYS'],
  ['lsm', 'ENOSYS'],
  ['number', 'ENOSYS'],
  ['clone3', 'ENOSYS'],
  ['clone NEWUSER', 'EPERM'],
  ['unshare', 'EPERM'],
  ['setns', 'EPERM'],
  ['TIOC', 'EPERM'],
];

suite('system calls', requires('gcc'), () => {
  const box = new Container();
  const boxes: Readonly<Record<string, Container>> = {
    'by root inside': box,
    'by a user': process.env.CARREL_TEST_LEG === 'root' ? box.user(1000) : box.capabilities([]),
    'where set-user-id programs gain privileges': box.noNewPrivileges(false),
    'without namespaces of the process': box.namespaces(['user', 'mount']),
  };
  for (const [whose, container] of Object.entries(boxes))
    test(`are refused ${whose}`, async () => {
      const all = Object.entries(await attempts(container));
      assert.ok(all.length >= 40, `${all.length} attempts`);
      for (const [what, verdict] of all) {
        const expected = REFUSED.find(([begin]) => what.startsWith(begin))?.[1];
        // Nobody has this terminal with all bits of the upper half, so that none is a terminal's own error.
        assert.equal(verdict, expected, what);
      }
    });

  test('are refused with CAP_SYS_ADMIN too, but for those that make namespaces', async () => {
    const all = await attempts(box.capabilities({ add: ['CAP_SYS_ADMIN', 'CAP_NET_ADMIN', 'CAP_BPF', 'CAP_PERFMON'] }));
    for (const [what, verdict] of Object.entries(all)) {
      if (/^(clone|unshare|setns)/.test(what)) continue;
      assert.equal(verdict, REFUSED.find(([begin]) => what.startsWith(begin))?.[1], what);
    }
    assert.equal(all.clone3, 'done');
  });

  test('are refused with each capability, and with all but that one', async () => {
    const { CAP_SYS_ADMIN: _, ...others } = CAPABILITIES;
    const names = Object.keys(others) as readonly Capability[];
    for (const add of [...names.map((name) => [name]), names])
      for (const [what, verdict] of Object.entries(await attempts(box.capabilities({ add }))))
        assert.equal(verdict, REFUSED.find(([begin]) => what.startsWith(begin))?.[1], `${what}, with ${add}`);
  });

  test('reach the kernel without the filter: so there is something to be refused', async () => {
    const all = await attempts(box.seccomp('unconfined'));
    const done = Object.keys(all).filter((what) => all[what] === 'done');
    for (const what of ['add_key', 'keyctl JOIN_SESSION_KEYRING', 'F_SETLEASE', 'F_SETLEASE of 1 << 32 more', 'clone3'])
      assert.ok(done.includes(what), `${what}: ${all[what]}`);
    for (const what of ['AF_PACKET', 'AF_PACKET of 1 << 32 more']) assert.notEqual(all[what], 'EAFNOSUPPORT');
  });
});
