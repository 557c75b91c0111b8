/** `prctl` sets properties of the calling thread or of the whole process. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';

useCleanHost();

describe('prctl', requires('user-namespaces'), () => {
  test('noNewPrivileges: the calling thread and what it starts, for good', () => {
    const found = isolated(
      async ({ getNoNewPrivileges, setNoNewPrivileges, startThread, startPool, statusInPool, spawnSync }) => {
        await startPool();
        const older = await startThread();
        const before = getNoNewPrivileges();
        setNoNewPrivileges();
        setNoNewPrivileges();
        const younger = await startThread();
        const threads = [older, younger].map((one) => one.run((tools) => tools.getNoNewPrivileges()));
        const seen = [before, getNoNewPrivileges(), ...(await Promise.all(threads))];
        const child = spawnSync('grep', ['NoNewPrivs', '/proc/self/status'], { encoding: 'utf8' }).stdout;
        await older.end();
        await younger.end();
        return { seen, child, pool: await statusInPool('NoNewPrivs') };
      },
    );
    assert.deepEqual(found, { seen: [false, true, false, true], child: 'NoNewPrivs:\t1\n', pool: '0' });
  });

  test('dumpable: the whole process', () => {
    const found = isolated(async ({ getDumpable, setDumpable, startThread }) => {
      const thread = await startThread();
      const states = [getDumpable()];
      for (const dumpable of [false, true]) {
        setDumpable(dumpable);
        states.push(getDumpable(), await thread.run((tools) => tools.getDumpable()));
      }
      await thread.end();
      return states;
    });
    assert.deepEqual(found, [true, false, false, true, true]);
  });

  test('childSubreaper: the whole process; orphans become its children, and stay zombies', () => {
    const found = isolated(async ({ getChildSubreaper, setChildSubreaper, startThread, spawnSync, fs }, directory) => {
      const thread = await startThread();
      // The orphan ends when the descriptor that it holds is closed here.
      const orphan = (): { parent: string; state: () => string; end: () => void } => {
        const pipe = fs.mkdtempSync(`${directory}/fifo-`);
        spawnSync('mkfifo', [`${pipe}/fifo`]);
        const start = `(read -r line <"$0"; exit 0) >/dev/null 2>&1 & echo $!`;
        const pid = spawnSync('sh', ['-c', start, `${pipe}/fifo`], { encoding: 'utf8' }).stdout.trim();
        const field = (key: string): string =>
          new RegExp(`^${key}:\\s+(\\S+)`, 'm').exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
        const writer = fs.openSync(`${pipe}/fifo`, 'w');
        return {
          parent: field('PPid'),
          state: () => field('State'),
          end: () => fs.closeSync(writer),
        };
      };
      const states = [getChildSubreaper()];
      const stranger = orphan();
      await thread.run(({ setChildSubreaper: set }) => set(true));
      states.push(getChildSubreaper());
      const adopted = orphan();
      stranger.end();
      adopted.end();
      // It ends in its own time; then it is a zombie for as long as Node lives.
      while (adopted.state() !== 'Z') await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 50));
      const state = adopted.state();
      setChildSubreaper(false);
      states.push(getChildSubreaper());
      await thread.end();
      const self = String(process.pid);
      return { states, parents: [stranger.parent === self, adopted.parent === self], state };
    });
    assert.deepEqual(found, { states: [false, true, false], parents: [false, true], state: 'Z' });
  });

  test('keepCapabilities: the calling thread and the threads that it starts', () => {
    const found = isolated(async ({ getKeepCapabilities, setKeepCapabilities, startThread }) => {
      const older = await startThread();
      const states = [getKeepCapabilities()];
      setKeepCapabilities(true);
      const younger = await startThread();
      for (const one of [older, younger]) states.push(await one.run((tools) => tools.getKeepCapabilities()));
      states.push(getKeepCapabilities());
      setKeepCapabilities(false);
      states.push(getKeepCapabilities());
      await older.end();
      await younger.end();
      return states;
    });
    assert.deepEqual(found, [false, false, true, true, false]);
  });

  test('parentDeathSignal: kept for the calling thread, and comes when the parent dies', () => {
    const found = isolated(async ({ getParentDeathSignal, setParentDeathSignal, startThread, spawn, fs }) => {
      const older = await startThread();
      const states = [getParentDeathSignal()];
      for (const signal of ['SIGUSR1', 40, 15] as const) {
        setParentDeathSignal(signal as NodeJS.Signals | number);
        states.push(getParentDeathSignal());
      }
      states.push(await older.run((tools) => tools.getParentDeathSignal()));
      setParentDeathSignal(null);
      states.push(getParentDeathSignal());
      await older.end();
      const script = `
        import { setParentDeathSignal } from 'carrel/syscalls';
        setParentDeathSignal('SIGKILL');
        console.log(process.pid);
        setInterval(() => undefined, 1000);`;
      // The shell does not exec: it is the parent, and ends when its input does.
      const start = '"$0" --input-type=module --eval "$1" </dev/null & read -r line';
      const parent = spawn('sh', ['-c', start, process.execPath, script], { stdio: ['pipe', 'pipe', 'inherit'] });
      const pid = String(await new Promise((resolve) => parent.stdout.once('data', resolve))).trim();
      const alive = fs.existsSync(`/proc/${pid}`);
      const closed = new Promise((resolve) => parent.stdout.once('close', resolve));
      parent.stdout.resume();
      parent.stdin.end();
      // Its output ends with it, and only with it.
      await closed;
      return { states, alive };
    });
    assert.deepEqual(found, { states: [null, 'SIGUSR1', 40, 'SIGTERM', null, null], alive: true });
  });
});
