/** `pidfdOpen` gives a descriptor that means one process, for signals and for its descriptors. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fstatSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, test } from 'node:test';
import { pidfdGetfd, pidfdOpen, pidfdSendSignal } from 'carrel/syscalls';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { requires } from '../support/requires.js';

// child_process leaves nothing, but its first use does not count.
useCleanHost({ warmUp: () => withChild(() => undefined) });

describe('pidfdOpen', () => {
  test('means the process, also after it has ended, and is close-on-exec', async () => {
    const pidfd = await withChild(({ pid }) => {
      const opened = pidfdOpen(pid ?? 0);
      const info = readFileSync(`/proc/self/fdinfo/${opened}`, 'utf8');
      assert.equal(/^Pid:\s+(-?\d+)$/m.exec(info)?.[1], String(pid));
      assert.ok(Number.parseInt(/^flags:\s+(\d+)$/m.exec(info)?.[1] ?? '', 8) & 0o2000000);
      return opened;
    });
    try {
      assert.equal(/^Pid:\s+(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'))?.[1], '-1');
      assert.throws(() => pidfdSendSignal(pidfd, 0), { code: 'ESRCH' });
    } finally {
      closeSync(pidfd);
    }
  });

  test('with nonblock is non-blocking', () => {
    for (const [flags, set] of [
      [[], 0],
      [['nonblock'], 0o4000],
    ] as const) {
      const pidfd = pidfdOpen(process.pid, flags);
      const info = readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8');
      closeSync(pidfd);
      assert.equal(Number.parseInt(/^flags:\s+(\d+)$/m.exec(info)?.[1] ?? '', 8) & 0o4000, set);
    }
  });

  test('of nobody is ESRCH, of a thread that leads no process EINVAL or ENOENT', () => {
    assert.throws(() => pidfdOpen(4_194_304), {
      code: 'ESRCH',
      errno: -3,
      syscall: 'pidfd_open',
      message: 'pidfd_open ESRCH',
    });
    assert.throws(
      () => pidfdOpen(someThread()),
      ({ code = '' }: NodeJS.ErrnoException) => ['EINVAL', 'ENOENT'].includes(code),
    );
  });

  test('with thread means one thread', requires('linux-6.9'), () => {
    const pidfd = pidfdOpen(someThread(), ['thread']);
    try {
      pidfdSendSignal(pidfd, 0);
    } finally {
      closeSync(pidfd);
    }
  });
});

describe('pidfdSendSignal', () => {
  test('sends by name and number, and 0 only asks', async () => {
    for (const signal of ['SIGTERM', 9] as const) {
      const child = spawn('sleep', ['60'], { stdio: 'ignore' });
      const pidfd = pidfdOpen(child.pid ?? 0);
      pidfdSendSignal(pidfd, 0);
      assert.equal(child.signalCode, null);
      pidfdSendSignal(pidfd, signal);
      const [, ended] = await once(child, 'exit');
      closeSync(pidfd);
      assert.equal(ended, signal === 9 ? 'SIGKILL' : signal);
    }
  });

  test('with another’s process is EPERM', requires('root'), () => {
    const error = isolated(({ pidfdOpen: open, pidfdSendSignal: send, setresuid, thrown }) => {
      const pidfd = open(process.ppid);
      setresuid({ real: 1000, effective: 1000, saved: 1000 });
      return thrown(() => send(pidfd, 0));
    });
    assert.deepEqual([error?.message, error?.errno], ['pidfd_send_signal EPERM', -1]);
  });

  test('of what is no process is EBADF', () => {
    assert.throws(() => pidfdSendSignal(0, 0), { code: 'EBADF' });
  });
});

describe('pidfdGetfd', () => {
  test('duplicates a descriptor of another process', async () => {
    await withChild((child) => {
      const pidfd = pidfdOpen(child.pid ?? 0);
      const input = pidfdGetfd(pidfd, 0);
      try {
        assert.equal(fstatSync(input).ino, statSync(`/proc/${child.pid}/fd/0`).ino);
        const flags = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${input}`, 'utf8'))?.[1];
        assert.ok(Number.parseInt(flags ?? '', 8) & 0o2000000);
        assert.throws(() => pidfdGetfd(pidfd, 9999), { code: 'EBADF', syscall: 'pidfd_getfd' });
      } finally {
        closeSync(input);
        closeSync(pidfd);
      }
    });
  });

  test('of this process is another descriptor for the same', () => {
    const pidfd = pidfdOpen(process.pid);
    const copy = pidfdGetfd(pidfd, pidfd);
    try {
      assert.notEqual(copy, pidfd);
      pidfdSendSignal(copy, 0);
    } finally {
      closeSync(copy);
      closeSync(pidfd);
    }
  });

  test('reads the table of the process’s first thread', requires('user-namespaces'), () => {
    const found = isolated(async ({ pidfdOpen: open, pidfdGetfd: get, codeOf, startThread, fs }, directory) => {
      const thread = await startThread();
      const pidfd = open(process.pid);
      const opened = await thread.run((tools, path) => {
        const before = tools.fs.openSync(path, 'r');
        tools.unshare(['files']);
        // The last of many: the other threads have none of so high a number.
        const list = Array.from({ length: 200 }, () => tools.fs.openSync(path, 'r'));
        return [before, list.at(-1) ?? -1] as const;
      }, directory);
      const ino = fs.fstatSync(get(pidfd, opened[0])).ino;
      const later = codeOf(() => get(pidfd, opened[1]));
      await thread.end();
      return { same: ino === fs.statSync(directory).ino, later };
    });
    assert.deepEqual(found, { same: true, later: 'EBADF' });
  });

  test('of a process that must not be traced is EPERM', requires('user-namespaces'), () => {
    const code = isolated(({ pidfdOpen: open, pidfdGetfd: get, codeOf, capset, setDumpable }) => {
      const pidfd = open(process.ppid);
      const mine = open(process.pid);
      setDumpable(false);
      capset({ effective: [], permitted: [], inheritable: [] });
      // To itself a process is always open.
      return [codeOf(() => get(mine, 0)), codeOf(() => get(pidfd, 0))];
    });
    assert.deepEqual(code, [null, 'EPERM']);
  });
});

/** One of V8's or libuv's, which live as long as the process. */
function someThread(): number {
  return Number(readdirSync('/proc/self/task').find((id) => id !== String(process.pid)));
}

async function withChild<Result>(act: (child: ChildProcess) => Result): Promise<Result> {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] });
  await once(child, 'spawn');
  try {
    return act(child);
  } finally {
    child.stdin.end();
    child.stdout.resume();
    await once(child, 'close');
  }
}
