/** `capget`, `capset` and their companions read and change the capabilities of one thread. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { capbsetRead, capget } from 'carrel/syscalls';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';
import type { Tools } from '../support/tools.js';

useCleanHost();

describe('capget', requires('user-namespaces'), () => {
  test('tells the calling thread’s, and those of another by its id', () => {
    const found = isolated(async ({ capget: get, capset, status, spawn }) => {
      const before = get();
      capset({
        effective: ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE'],
        permitted: before.permitted,
        inheritable: ['CAP_KILL'],
      });
      const other = spawn('sleep', ['60']);
      const sets = { mine: get(), effective: status('CapEff'), inheritable: status('CapInh'), other: get(other.pid) };
      const all = { mine: get(process.pid).effective, before };
      other.kill();
      return { ...sets, ...all };
    });
    assert.deepEqual(found.mine, ['CAP_CHOWN', 'CAP_CHECKPOINT_RESTORE']);
    assert.equal(found.effective, '0000010000000001');
    assert.equal(found.inheritable, '0000000000000020');
    // A root user's child has the bounding set again, which is all that was permitted.
    assert.deepEqual(found.other.effective, found.before.permitted);
    assert.deepEqual(found.other.inheritable, ['CAP_KILL']);
  });

  test('agrees with the kernel’s own account', () => {
    assert.ok(capget().effective.every((name) => capbsetRead(name)));
  });

  test('of nobody is ESRCH', () => {
    assert.throws(() => capget(4_194_304), { code: 'ESRCH', errno: -3, syscall: 'capget', message: 'capget ESRCH' });
  });
});

describe('capset', requires('user-namespaces'), () => {
  test('changes the calling thread, and what it starts, and no other', () => {
    const found = isolated(async ({ capget: get, capset, startThread, startPool, statusInPool, status }) => {
      await startPool();
      const older = await startThread();
      const read = (tools: Tools): string => tools.status('CapEff');
      const before = status('CapEff');
      capset({ ...get(), effective: [] });
      const younger = await startThread();
      const seen = [status('CapEff'), await younger.run(read), await older.run(read), await statusInPool('CapEff')];
      await older.end();
      await younger.end();
      return seen.map((one) => (one === before ? 'old' : one));
    });
    assert.deepEqual(found, ['0000000000000000', '0000000000000000', 'old', 'old']);
  });

  test(
    'takes the right away: fs.readFileSync is refused, fs.promises.readFile in the pool is not',
    requires('root'),
    () => {
      const found = isolated(async ({ mount, capset, startPool, codeOf, fs }, directory) => {
        mount('tmpfs', directory, { type: 'tmpfs' });
        const path = `${directory}/secret`;
        fs.writeFileSync(path, 'secret');
        fs.chownSync(path, 1000, 1000);
        fs.chmodSync(path, 0o600);
        await startPool();
        capset({ effective: [], permitted: [], inheritable: [] });
        return [codeOf(() => fs.readFileSync(path)), await fs.promises.readFile(path, 'utf8')];
      });
      assert.deepEqual(found, ['EACCES', 'secret']);
    },
  );

  test('gives nothing back that was given up', () => {
    const found = isolated(({ capget: get, capset, thrown }) => {
      const all = get();
      capset({ effective: [], permitted: ['CAP_CHOWN'], inheritable: [] });
      capset({ effective: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'], inheritable: [] });
      return [
        thrown(() => capset(all))?.message,
        thrown(() => capset({ effective: ['CAP_KILL'], permitted: ['CAP_CHOWN'], inheritable: [] }))?.code,
        thrown(() => capset({ effective: [], permitted: ['CAP_CHOWN'], inheritable: ['CAP_KILL'] }))?.code,
        get().effective,
      ];
    });
    assert.deepEqual(found, ['capset EPERM', 'EPERM', 'EPERM', ['CAP_CHOWN']]);
  });
});

describe('capbsetDrop', requires('user-namespaces'), () => {
  test('is for good, for the calling thread and what it starts', () => {
    const found = isolated(async ({ capbsetDrop, capbsetRead: read, capget: get, startThread, spawnSync }) => {
      const older = await startThread();
      const before = read('CAP_MKNOD');
      capbsetDrop('CAP_MKNOD');
      const child = spawnSync('grep', ['CapEff', '/proc/self/status'], { encoding: 'utf8' }).stdout;
      const left = await older.run(({ capbsetRead: readThere }) => readThere('CAP_MKNOD'));
      await older.end();
      return {
        bounding: [before, read('CAP_MKNOD'), left],
        kept: get().effective.includes('CAP_MKNOD'),
        child: (BigInt(`0x${child.split(/\s+/)[1]}`) >> 27n) & 1n ? 'has it' : 'has it not',
      };
    });
    assert.deepEqual(found, { bounding: [true, false, true], kept: true, child: 'has it not' });
  });

  test('is EPERM without CAP_SETPCAP', () => {
    const error = isolated(({ capbsetDrop, capget: get, capset, thrown }) => {
      capset({ ...get(), effective: [] });
      return thrown(() => capbsetDrop('CAP_MKNOD'));
    });
    assert.deepEqual([error?.message, error?.errno], ['prctl EPERM', -1]);
  });
});

describe('ambient capabilities', requires('user-namespaces'), () => {
  test('are raised, seen in children, lowered and cleared', () => {
    const found = isolated((tools) => {
      const { capAmbientIsSet, capAmbientRaise, capAmbientLower, capAmbientClearAll, capget: get, capset } = tools;
      capset({ ...get(), inheritable: ['CAP_CHOWN', 'CAP_KILL'] });
      const state = (): boolean[] => (['CAP_CHOWN', 'CAP_KILL'] as const).map(capAmbientIsSet);
      const states = [state()];
      capAmbientRaise('CAP_CHOWN');
      capAmbientRaise('CAP_KILL');
      states.push(state());
      const child = tools.spawnSync('grep', ['CapAmb', '/proc/self/status'], { encoding: 'utf8' }).stdout;
      capAmbientLower('CAP_CHOWN');
      states.push(state());
      capAmbientClearAll();
      states.push(state());
      return { states, child };
    });
    assert.deepEqual(found.states, [
      [false, false],
      [true, true],
      [false, true],
      [false, false],
    ]);
    assert.equal(found.child, 'CapAmb:\t0000000000000021\n');
  });

  test('are the calling thread’s', () => {
    const found = isolated(async ({ capAmbientIsSet, capAmbientRaise, capget: get, capset, startThread }) => {
      const thread = await startThread();
      capset({ ...get(), inheritable: ['CAP_CHOWN'] });
      capAmbientRaise('CAP_CHOWN');
      const theirs = await thread.run((tools) => tools.capAmbientIsSet('CAP_CHOWN'));
      await thread.end();
      return [capAmbientIsSet('CAP_CHOWN'), theirs];
    });
    assert.deepEqual(found, [true, false]);
  });

  test('have to be permitted and inheritable', () => {
    const error = isolated(({ capAmbientRaise, thrown }) => thrown(() => capAmbientRaise('CAP_CHOWN')));
    assert.deepEqual([error?.code, error?.syscall], ['EPERM', 'prctl']);
  });
});
