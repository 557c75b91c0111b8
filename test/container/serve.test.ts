/** A server performs lists of steps in a running container, and nothing inside sees it. */

import assert from 'node:assert/strict';
import { readFileSync, readlinkSync } from 'node:fs';
import { suite, test } from 'node:test';
import { planServer } from '#lib/compile/serve.js';
import { probe } from '#lib/host/probe.js';
import { Container } from '#lib/index.js';
import { native } from '#lib/launch/native.js';
import type { ServedStep } from '#lib/plan/steps.js';
import { Server } from '#lib/running/files/server.js';
import { useCleanHost } from '../support/host.js';
import { type Box, startBox } from '../support/served.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** A server of its own, and who it is to the host. */
function serve({ served }: Box): {
  readonly server: Server;
  readonly slots: ReturnType<typeof planServer>['slots'];
  readonly over: Promise<void>;
} {
  const { plan, slots } = planServer(served, probe());
  let tell: () => void = () => undefined;
  const over = new Promise<void>((resolve) => {
    tell = resolve;
  });
  return { server: new Server(plan, { over: () => tell() }), slots, over };
}

const open = (slot: number, path: string): ServedStep => ({
  op: 'open',
  slot,
  path,
  kind: 'file',
  flags: [],
  nofollow: false,
  mode: 0,
});

suite('a server', () => {
  test('performs a list, and answers with what its steps gave', async () => {
    await using box = await startBox(new Container(), 'printf hello > /tmp/a');
    const { server, slots, over } = serve(box);
    const slot = slots.passing;
    const steps: readonly ServedStep[] = [
      open(slot, '/tmp/a'),
      { op: 'pread', slot, offset: 1, length: 3 },
      { op: 'close', slot },
    ];
    const answer = await server.perform(steps);
    assert.deepEqual([answer.error, answer.done, answer.given.map(String)], [0, 3, ['ell']]);
    server.end();
    await over;
  });

  test('tells which step was refused, and closes what the list has opened', async () => {
    await using box = await startBox(new Container(), 'printf hello > /tmp/a');
    const { server, slots, over } = serve(box);
    const slot = slots.passing;
    const { error, done } = await server.perform([open(slot, '/tmp/a'), open(slot + 1, '/tmp/none')]);
    assert.deepEqual([error, done], [2, 1]);
    const closed = await server.perform([{ op: 'fstat', slot }]);
    assert.equal(closed.error, 9);
    server.end();
    await over;
  });

  test('gives what is in slots', async () => {
    await using box = await startBox(new Container(), 'printf hello > /tmp/a');
    const { server, slots, over } = serve(box);
    const { lane, passing } = slots;
    const { error } = await server.perform([open(passing, '/tmp/a'), { op: 'handOver', lane, slots: [passing] }]);
    assert.equal(error, 0);
    const [descriptor = -1] = server.take();
    assert.equal(readFileSync(descriptor, 'utf8'), 'hello');
    native().close(descriptor);
    assert.equal((await server.perform([{ op: 'fstat', slot: passing }])).error, 9);
    server.end();
    await over;
  });

  test('is in the namespaces of files and ports alone, without another descriptor or right', async () => {
    await using box = await startBox(new Container());
    const { server, over } = serve(box);
    // It is performing this while it is looked at: /proc of the host shows it.
    await server.perform([{ op: 'stat', path: '/', nofollow: false }]);
    await until(() => server.pid !== undefined);
    const { pid } = server;
    const link = (of: number | undefined, name: string): string => readlinkSync(`/proc/${of}/ns/${name}`);
    if (process.getuid?.() === 0 && process.env.CARREL_TEST_LEG === 'root') {
      for (const name of ['user', 'mnt', 'net']) assert.equal(link(pid, name), link(box.child.pid, name));
      for (const name of ['pid', 'cgroup', 'ipc', 'uts']) assert.notEqual(link(pid, name), link(box.child.pid, name));
    }
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    assert.match(status, /^NoNewPrivs:\t1$/m);
    for (const set of ['CapInh', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\\t0{16}$`, 'm'));
    for (const set of ['CapEff', 'CapPrm', 'CapBnd'])
      assert.match(status, new RegExp(`^${set}:\\t000000000000041b$`, 'm'));
    server.end();
    await over;
  });

  test('ends with its socket, and what is no request ends it', async () => {
    await using box = await startBox(new Container());
    const { server, over } = serve(box);
    const wrong = { op: 'exit', status: 0 } as unknown as ServedStep;
    await assert.rejects(server.perform([wrong]), { code: 'ERR_SUPERVISOR_LOST' });
    await over;
  });
});
