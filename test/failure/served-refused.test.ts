/** Every system call by which a server performs steps is refused once: it says so, holds nothing, and goes on. */

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { constants } from 'node:os';
import { suite, test } from 'node:test';
import { planServer } from '#lib/compile/serve.js';
import { probe } from '#lib/host/probe.js';
import { Container } from '#lib/index.js';
import { native } from '#lib/launch/native.js';
import { PLANNED_OPS, type ServedStep, STEPS } from '#lib/plan/steps.js';
import { Server } from '#lib/running/files/server.js';
import { syscallName } from '#lib/seccomp/syscalls.js';
import { useCleanHost } from '../support/host.js';
import { inject } from '../support/injecting.js';
import { requires } from '../support/requires.js';
import { startBox } from '../support/served.js';
import { everyServedStep } from '../support/served-list.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const { EIO } = constants.errno;
/** Those whose refusal changes nothing are not among them: close(2) as well, but that of the step. */
const CALLS = [
  ...['openat2', 'openat', 'fstat', 'pread64', 'pwrite64', 'ftruncate', 'getdents64', 'mkdirat', 'unlinkat'],
  ...['renameat', 'symlinkat', 'readlinkat', 'fchmodat', 'fchownat', 'utimensat', 'faccessat', 'socket', 'bind'],
  ...['listen', 'connect', 'getsockopt', 'setsockopt', 'fchdir', 'linkat', 'mknodat', 'lseek', 'sendfile'],
  ...['flistxattr', 'fgetxattr', 'fsetxattr', 'fcntl'],
];
/** A file with a list of access: another user may read it, too. acl(5), include/uapi/linux/posix_acl_xattr.h */
const PREPARE = `printf text > /tmp/prepared; /usr/bin/python3 -c '
import os, struct
entries = [(1, 6, -1), (2, 4, 0), (4, 4, -1), (16, 4, -1), (32, 4, -1)]
os.setxattr("/tmp/prepared", "system.posix_acl_access",
    struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries))';`;
/** No list makes a call more often. */
const MOST = 40;

test('the list has every step that a server knows', () => {
  const slots = { lane: 0, passing: 1, held: [2] };
  const ops = new Set<string>(everyServedStep('/', slots).map(({ op }) => op));
  const served = Object.keys(STEPS).filter((op) => !(PLANNED_OPS as readonly string[]).includes(op));
  assert.deepEqual(
    served.filter((op) => !ops.has(op)),
    [],
  );
});

suite('a server whose calls are refused', requires('root', 'strace', 'debian-python3'), () => {
  test('says which, holds nothing, and performs the next list', async (context) => {
    await using box = await startBox(new Container(), PREPARE);
    const { plan, slots } = planServer(box.served, probe());
    let isOver = false;
    const over = (): void => {
      isOver = true;
    };
    const server = new Server(plan, { over });
    let number = 0;
    /** What is in a directory of its own, and a file in it. */
    const list = async (): Promise<readonly ServedStep[]> => {
      number += 1;
      const directory = `/tmp/${number}`;
      const made = await server.perform([
        { op: 'mkdirat', path: directory, mode: 0o700 },
        { op: 'linkat', path: '/tmp/prepared', to: `${directory}/there` },
      ]);
      assert.equal(made.error, 0);
      // What Node sends it comes before the list, and would wait where that is refused earlier.
      return everyServedStep(directory, slots).filter(({ op }) => op !== 'takeOver');
    };
    /** The same again leaves the same open. */
    const performed = async (): Promise<number> => {
      const steps = await list();
      const { error, done } = await server.perform(steps);
      assert.deepEqual([error, done], [0, steps.length]);
      for (const descriptor of server.take()) native().close(descriptor);
      await server.perform(slots.held.slice(0, 1).map((slot) => ({ op: 'close', slot })));
      await server.perform([{ op: 'close', slot: slots.passing }]);
      return readdirSync(`/proc/${server.pid}/fd`).length;
    };
    const open = await performed();
    const refused = new Set<string>();
    for (const call of CALLS) {
      let times = 0;
      for (let at = 1; at <= MOST; at += 1) {
        const steps = await list();
        const restore = await inject(server.pid ?? 0, call, { error: 'EIO', when: String(at) });
        const { error, done, syscall } = await server.perform(steps);
        await restore();
        for (const descriptor of server.take()) native().close(descriptor);
        assert.equal(await performed(), open, `${call} ${at}, at ${steps[done]?.op}`);
        if (error === 0) break;
        assert.equal(error, EIO, `${call} ${at}, at ${steps[done]?.op}`);
        assert.equal(syscallName(syscall), call, `${call} ${at}`);
        refused.add(steps[done]?.op ?? '');
        times += 1;
      }
      assert.ok(times > 0 && times < MOST, call);
      context.diagnostic(`${call}: refused ${times} times`);
    }
    // What is left closes only.
    assert.deepEqual(
      [...new Set(everyServedStep('/', slots).map(({ op }) => op))].filter((op) => !refused.has(op)),
      ['close', 'handOver', 'takeOver'],
    );
    server.end();
    await until(() => isOver);
  });
});
