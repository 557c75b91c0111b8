/** `setresuid`, `setresgid` and `setgroups` change the ids of one thread. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';
import type { Tools } from '../support/tools.js';

useCleanHost();

describe('setresuid and setresgid', requires('root'), () => {
  test('set the ids that are given', () => {
    const found = isolated(({ setresuid, setresgid, status }) => {
      setresgid({ saved: 7 });
      setresgid({ effective: 8 });
      setresuid({ saved: 6, effective: 5 });
      setresuid({});
      return [status('Uid'), status('Gid')].map((line) => line.split('\t').slice(0, 3));
    });
    assert.deepEqual(found, [
      ['0', '5', '6'],
      ['0', '8', '7'],
    ]);
  });

  test('change the calling thread and what it starts, where process.seteuid changes all', () => {
    const found = isolated(async ({ setresuid, startThread, startPool, status, statusInPool, spawnSync }) => {
      await startPool();
      const older = await startThread();
      const read = (tools: Tools): string => tools.status('Uid');
      const everywhere = async (): Promise<string[]> => {
        const younger = await startThread();
        const lines = [status('Uid'), await younger.run(read), await older.run(read), await statusInPool('Uid')];
        await younger.end();
        return lines.map((line) => line.split('\t')[1] ?? '');
      };
      setresuid({ effective: 1000 });
      const mine = await everywhere();
      const child = spawnSync('id', ['-u'], { encoding: 'utf8' }).stdout;
      setresuid({ effective: 0 });
      process.seteuid?.(1001);
      const all = await everywhere();
      await older.end();
      return { mine, child, all };
    });
    assert.deepEqual(found, {
      mine: ['1000', '1000', '0', '0'],
      child: '1000\n',
      all: ['1001', '1001', '1001', '1001'],
    });
  });

  test('make the whole process undumpable, and clear the parent-death signal', () => {
    const found = isolated(async (tools) => {
      const { setresgid, getDumpable, setParentDeathSignal, getParentDeathSignal, startThread } = tools;
      const thread = await startThread();
      setParentDeathSignal('SIGTERM');
      const before = [getDumpable(), getParentDeathSignal()];
      setresgid({ effective: 1000 });
      const theirs = await thread.run((there) => there.getDumpable());
      await thread.end();
      return { before, after: [getDumpable(), getParentDeathSignal()], theirs };
    });
    assert.deepEqual(found.before, [true, 'SIGTERM']);
    assert.notEqual(found.after[0], true);
    assert.equal(found.after[1], null);
    assert.equal(found.theirs, found.after[0]);
  });

  test('take the capabilities from a thread whose ids leave 0, and keepCapabilities keeps them', () => {
    const found = isolated(async ({ startThread }) => {
      const leave = async (keep: boolean): Promise<readonly number[]> => {
        const thread = await startThread();
        const counts = await thread.run(({ setKeepCapabilities, setresuid, capget }, kept) => {
          setKeepCapabilities(kept);
          setresuid({ real: 1000, effective: 1000, saved: 1000 });
          const { permitted, effective } = capget();
          return [permitted.length > 0 ? 1 : 0, effective.length];
        }, keep);
        await thread.end();
        return counts;
      };
      return [await leave(false), await leave(true)];
    });
    assert.deepEqual(found, [
      [0, 0],
      [1, 0],
    ]);
  });

  test('are EPERM for ids of others, and EINVAL for those that are none', () => {
    const found = isolated(({ setresuid, setresgid, thrown, capset }) => {
      capset({ effective: [], permitted: [], inheritable: [] });
      return [thrown(() => setresuid({ real: 1000 }))?.message, thrown(() => setresgid({ real: 1000 }))?.message];
    });
    assert.deepEqual(found, ['setresuid EPERM', 'setresgid EPERM']);
  });
});

test('setresuid in a user namespace takes mapped ids only', requires('user-namespaces'), () => {
  const found = isolated(({ spawnSync }) => {
    const script = `
      import { setresuid } from 'carrel/syscalls';
      setresuid({ effective: 0 });
      try { setresuid({ effective: 5 }); } catch (error) { process.stdout.write(error.code); }`;
    const node = [process.execPath, '--input-type=module', '--eval', script];
    return spawnSync('unshare', ['--user', '--map-root-user', ...node], { encoding: 'utf8' }).stdout;
  });
  assert.equal(found, 'EINVAL');
});

describe('setgroups', requires('root'), () => {
  test('sets the groups of the calling thread', () => {
    const found = isolated(async ({ setgroups, startThread, status, spawnSync }) => {
      const thread = await startThread();
      const theirs = await thread.run((tools) => tools.status('Groups'));
      setgroups([5, 4_294_967_294, 7]);
      const mine = status('Groups').trim().split(' ').sort();
      const child = spawnSync('sh', ['-c', 'grep Groups /proc/self/status'], { encoding: 'utf8' }).stdout;
      const same = (await thread.run((tools) => tools.status('Groups'))) === theirs;
      setgroups([]);
      const none = status('Groups').trim();
      await thread.end();
      return { mine, child: child.includes(' 7 ') || child.includes('\t7 '), same, none: /^\d/.test(none) };
    });
    assert.deepEqual(found, { mine: ['4294967294', '5', '7'], child: true, same: true, none: false });
  });

  test('is EPERM without CAP_SETGID', () => {
    const error = isolated(({ setgroups, capset, thrown }) => {
      capset({ effective: [], permitted: [], inheritable: [] });
      return thrown(() => setgroups([5]));
    });
    assert.deepEqual([error?.message, error?.errno], ['setgroups EPERM', -1]);
  });
});
