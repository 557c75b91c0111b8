/** `hook()` runs a function of Node's when the namespaces exist and are still empty. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readlinkSync } from 'node:fs';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { CarrelError, Container, type HookContext } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

suite('hook()', () => {
  test('is called with the namespaces before anything is in them, and the container waits', async () => {
    const calls: string[] = [];
    let context: HookContext | undefined;
    const box = new Container()
      .hook(async (given) => {
        context = given;
        for (const { path, inode } of Object.values(given.namespaces)) {
          assert.match(readlinkSync(path), new RegExp(`:\\[${inode}\\]$`));
        }
        assert.notEqual(readlinkSync(given.namespaces.network.path), readlinkSync('/proc/self/ns/net'));
        assert.match(readFileSync(`/proc/${given.pid}/uid_map`, 'utf8'), /^\s*0\s/);
        await sleep(20);
        calls.push('first');
      })
      .hook(() => calls.push('second'));
    const child = box.spawn('true');
    child.once('spawn', () => calls.push('spawn'));
    assert.ok((await child.result).ok);
    assert.deepEqual(calls, ['first', 'second', 'spawn']);
    assert.ok(context !== undefined && context.pid > 0);
  });

  test('moves a network interface in', requires('root'), async () => {
    const box = new Container().hook(({ pid }) => {
      execFileSync('ip', ['link', 'add', 'carrel-h', 'type', 'veth', 'peer', 'name', 'carrel-c', 'netns', String(pid)]);
    });
    const list = ['-c', 'ls /sys/class/net 2>/dev/null; sed -n "s/^ *\\([^:]*\\):.*/\\1/p" /proc/net/dev'];
    assert.match((await box.run('sh', list, { check: true })).stdout, /^carrel-c$/m);
    assert.doesNotMatch((await new Container().run('sh', list, { check: true })).stdout, /carrel-c/);
    // Its end here goes with the other, when the kernel has torn the network down.
    await until(() => !readFileSync('/proc/net/dev', 'utf8').includes('carrel-h'));
  });

  test('a hook that fails ends the container, and is the cause of its error', async () => {
    const cause = new Error('no address left');
    let later = false;
    const box = new Container()
      .hook(async () => {
        await sleep(1);
        throw cause;
      })
      .hook(() => {
        later = true;
      });
    await assert.rejects(box.run('true'), (error) => {
      assert.ok(error instanceof CarrelError);
      assert.equal(error.code, 'ERR_HOOK');
      assert.equal(error.cause, cause);
      assert.match(error.message, /no address left/);
      return true;
    });
    assert.equal(later, false);
  });

  test('the time is up, or somebody kills it, while a hook is under way', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const box = new Container().hook(() => held);
    assert.equal((await box.run('true', [], { timeout: 50 })).reason, 'timeout');
    const child = box.spawn('true');
    setTimeout(() => child.kill('SIGKILL'), 20);
    assert.equal((await child.result).reason, 'killed');
    release();
    await sleep(1);
  });

  test('belongs to the container that it was added to', async () => {
    let calls = 0;
    const plain = new Container();
    const hooked = plain.hook(() => {
      calls += 1;
    });
    await plain.run('true');
    assert.equal(calls, 0);
    await hooked.hostname('other').run('true');
    assert.equal(calls, 1);
    assert.match(hooked.explain('true'), /hook: JavaScript of the caller/);
    assert.doesNotMatch(plain.explain('true'), /hook/);
  });

  test('is a function', () => {
    assert.throws(() => new Container().hook('x' as never), { code: 'ERR_INVALID_ARG_TYPE', message: /^hook must be/ });
  });

  test('with a terminal, and without an init', async () => {
    let calls = 0;
    const box = new Container().init(false).hook(() => {
      calls += 1;
    });
    const child = box.spawn('tty', [], { terminal: true });
    assert.ok(child.stdout);
    child.stdout.resume();
    await once(child, 'close');
    assert.deepEqual([calls, child.exitCode], [1, 0]);
  });
});
