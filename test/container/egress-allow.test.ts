/** The list is replaced while the container runs. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, suite, test } from 'node:test';
import { Container, type ContainerProcess, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { all, reach } from '../support/outside/reach.js';
import { names, seen } from '../support/outside.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();
const [one, other, address, six] = ['one.example.org:7', 'other.example.org:7', '198.51.100.5:7', '[2001:db8:5::5]:7'];

before(() => {
  names.set('one.example.org', ['203.0.113.5']);
  names.set('other.example.org', ['203.0.113.5']);
});

/** A connection that stays open: each line that is written to it comes back. */
async function open(running: RunningContainer, target: string): Promise<ContainerProcess> {
  const script = `
    const [, host, port] = /^\\[?(.*?)\\]?:(\\d+)$/.exec(process.argv[1]);
    const socket = require('node:net').connect(port, host);
    process.stdin.pipe(socket).pipe(process.stdout);
    socket.on('error', ({ code }) => process.exit(code === 'ECONNRESET' || code === 'EPIPE' ? 7 : 8));
    socket.on('close', () => process.exit(9));`;
  const child = running.spawn('node', ['-e', script, target], { stdio: 'pipe' });
  await carries(child);
  return child;
}

async function carries(child: ContainerProcess): Promise<void> {
  child.stdin?.write('word');
  assert.equal(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0]), 'word');
}

suite('a list that is replaced', () => {
  test('has what was added, and not what was taken away', async () => {
    await using running = await box.network({ allow: [one] }).start();
    const targets = [one, other, address, six];
    assert.deepEqual(Object.values(await reach(running, ...targets)), [
      'reached',
      'ENOTFOUND',
      'ENETUNREACH',
      'ENETUNREACH',
    ]);
    await running.allow([one, other, address, six]);
    assert.deepEqual(await reach(running, ...targets), all(targets, 'reached'));
    await running.allow([six]);
    await seen();
    const found = await reach(running, ...targets);
    assert.deepEqual([found[one], found[other], found[six]], ['ENOTFOUND', 'ENOTFOUND', 'reached']);
    assert.match(found[address] ?? '', /^(ENETUNREACH|ECONNREFUSED|reset)$/);
    assert.equal((await seen()).length, 1);
  });

  test('ends the connections that it has no longer, and only these', async () => {
    await using running = await box.network({ allow: [one, other, address] }).start();
    const [kept, ended] = await Promise.all([one, other].map((target) => open(running, target)));
    await running.allow(['*.example.org:443', one, address]);
    assert.equal((await ended?.result)?.exitCode, 7);
    await carries(kept as ContainerProcess);
    await running.allow([]);
    assert.equal((await kept?.result)?.exitCode, 7);
  });

  test('ends those to an address too, whose way is gone with it', async () => {
    await using running = await box.network({ allow: [one, address] }).start();
    const child = await open(running, address);
    await running.allow([one]);
    const late = setTimeout(() => child.kill('SIGKILL'), 5000);
    assert.equal((await child.result).exitCode, 7);
    clearTimeout(late);
  });

  test('keeps what another entry has too', async () => {
    await using running = await box.network({ allow: [one, address] }).start();
    const children = await Promise.all([one, address].map((target) => open(running, target)));
    await running.allow(['*.example.org:7', '198.51.100.0/24:7']);
    for (const child of children) {
      await carries(child);
      child.kill('SIGKILL');
      await child.result;
    }
  });

  test('has ports that were not there before', async () => {
    await using running = await box.network({ allow: [one] }).start();
    const curl = ['-sS', 'http://one.example.org/', 'http://one.example.org:8080/'];
    assert.equal((await running.run('curl', curl)).ok, false);
    await running.allow(['one.example.org:80', 'one.example.org:8080']);
    const { stdout } = await running.run('curl', curl, { check: true });
    assert.equal(stdout, 'hello one.example.org\nhello one.example.org:8080\n');
    // Those of the start stay open, and lead nowhere.
    assert.deepEqual(await reach(running, one), { [one]: 'reset' });
  });

  test('counts for an address that was given before: it goes to the name that it was given for', async () => {
    await using running = await box.network({ allow: [one] }).start();
    const { stdout } = await running.run('getent', ['ahostsv4', 'one.example.org'], { check: true });
    const [given = ''] = stdout.split(/\s/);
    assert.deepEqual(await reach(running, `${given}:7`), { [`${given}:7`]: 'reached' });
    await running.allow([other]);
    await seen();
    assert.notDeepEqual(await reach(running, `${given}:7`), { [`${given}:7`]: 'reached' });
    assert.deepEqual(await reach(running, other), { [other]: 'reached' });
    assert.equal((await seen()).length, 1);
    await running.allow([one]);
    assert.deepEqual(await reach(running, `${given}:7`, one), all([`${given}:7`, one], 'reached'));
  });

  test('a hundred times, while there are connections', async () => {
    await using running = await box.network({ allow: [one] }).start();
    const kept = await open(running, one);
    for (let round = 0; round < 100; round += 1) await running.allow(round % 2 === 0 ? [one, other] : [one, address]);
    await carries(kept);
    assert.deepEqual(await reach(running, one, address), all([one, address], 'reached'));
  });
});

suite('an empty list', () => {
  test('is no network, until there is another', async () => {
    assert.deepEqual(Object.keys((await box.network({ allow: [] }).run('true')).connections), []);
    await using running = await box.network({ allow: [] }).start();
    const before = await reach(running, one, address);
    assert.match(before[one] ?? '', /^(ENOTFOUND|EAI_AGAIN)$/);
    assert.equal(before[address], 'ENETUNREACH');
    await running.allow([one, address]);
    assert.deepEqual(await reach(running, one, address), all([one, address], 'reached'));
  });
});

suite('what is refused', () => {
  const invalid = { code: 'ERR_INVALID_ARG_VALUE' };

  test('a list for a container that was started without one', async () => {
    for (const network of ['none', 'host', undefined] as const) {
      await using running = await box.network(network).start();
      await assert.rejects(running.allow([one]), invalid);
    }
    await using first = await box.network({ allow: [one] }).start();
    await using second = await box.network(first).start();
    await assert.rejects(second.allow([other]), invalid);
  });

  test('a list with an entry that is wrong: the one before goes on', async () => {
    await using running = await box.network({ allow: [one] }).start();
    const kept = await open(running, one);
    for (const entry of ['x', 'http://x:80', '10.0.0.1', 7 as unknown as string])
      await assert.rejects(running.allow([other, entry]), { message: new RegExp(`list\\[1\\].*${entry}`) });
    await assert.rejects(running.allow('one.example.org:7' as unknown as string[]), { code: 'ERR_INVALID_ARG_TYPE' });
    await carries(kept);
    assert.deepEqual(Object.values(await reach(running, one, other)), ['reached', 'ENOTFOUND']);
  });

  test('a list for a container that has ended', async () => {
    const running = await box.network({ allow: [one] }).start();
    await running.stop({ grace: 0 });
    await assert.rejects(running.allow([one]), { code: 'ERR_ENDED' });
  });
});
