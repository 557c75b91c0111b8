/** The addon gives Node memfds, sockets and pipes that are close-on-exec from birth. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fstatSync, ftruncateSync, mkdtempSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { native } from '#lib/launch/native.js';
import { using } from '../support/descriptors.js';
import { launcher } from '../support/launcher.js';
import { removeTree } from '../support/remove-tree.js';

const CLOSE_ON_EXEC = 0o2000000;
const ELF = '\x7fELF';
/** SLOTS_MAX and two: the most that one message carries. */
const MOST_DESCRIPTORS = 253;

describe('sealedMemfd', () => {
  test('holds exactly the bytes', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('carrel'), Buffer.alloc(3 * 2 ** 20, 0xa5)]) {
      using(native().sealedMemfd(bytes), (memfd) => {
        assert.equal(fstatSync(memfd).size, bytes.length);
        assert.ok(contentOf(memfd).equals(bytes));
      });
    }
  });

  test('can be written, grown and shrunk by nobody', () => {
    using(native().sealedMemfd(Buffer.from('carrel')), (memfd) => {
      assert.throws(() => writeSync(memfd, 'x', 0), { code: 'EPERM' });
      assert.throws(() => writeSync(memfd, 'x', 6), { code: 'EPERM' });
      assert.throws(() => ftruncateSync(memfd, 0), { code: 'EPERM' });
      assert.throws(() => ftruncateSync(memfd, 7), { code: 'EPERM' });
      assert.equal(contentOf(memfd).toString(), 'carrel');
    });
  });

  test('does not change with the buffer that it was made of', () => {
    const bytes = Buffer.from('carrel');
    using(native().sealedMemfd(bytes), (memfd) => {
      bytes.fill('x');
      assert.equal(contentOf(memfd).toString(), 'carrel');
    });
  });

  test('takes a part of a buffer as that part', () => {
    using(native().sealedMemfd(Buffer.from('a carrel b').subarray(2, 8)), (memfd) => {
      assert.equal(contentOf(memfd).toString(), 'carrel');
    });
  });

  test('refuses what are no bytes', () => {
    for (const value of ['carrel', 1, undefined, null, [1]]) {
      assert.throws(() => native().sealedMemfd(value as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
  });
});

describe('launcherMemfd', () => {
  test('holds the launcher that was built, sealed', () => {
    using(native().launcherMemfd(), (memfd) => {
      const content = contentOf(memfd);
      assert.equal(content.toString('latin1', 0, 4), ELF);
      assert.ok(content.equals(readFileSync(launcher)));
      assert.throws(() => writeSync(memfd, 'x', 0), { code: 'EPERM' });
      assert.throws(() => ftruncateSync(memfd, 0), { code: 'EPERM' });
    });
  });
});

describe('descriptors are close-on-exec at birth', () => {
  const makers: Readonly<Record<string, () => readonly number[]>> = {
    sealedMemfd: () => [native().sealedMemfd(Buffer.from('x'))],
    launcherMemfd: () => [native().launcherMemfd()],
    pipe: () => native().pipe(),
    socketpair: () => native().socketpair(),
  };
  for (const [name, make] of Object.entries(makers)) {
    test(name, () => {
      const made = make();
      try {
        for (const descriptor of made) assert.ok(flagsOf(descriptor) & CLOSE_ON_EXEC, `descriptor ${descriptor}`);
      } finally {
        for (const descriptor of made) native().close(descriptor);
      }
    });
  }
});

describe('pipe', () => {
  test('carries bytes from its second end to its first, and ends', () => {
    const [read, write] = native().pipe();
    using(read, () => {
      using(write, () => writeSync(write, 'carrel'));
      assert.equal(received(read), 'carrel');
      assert.equal(received(read), '');
    });
  });

  test('is a pipe, not a socket: /dev/stdout can be opened again', () => {
    const [read, write] = native().pipe();
    using(read, () => using(write, () => assert.ok(fstatSync(read).isFIFO() && fstatSync(write).isFIFO())));
  });
});

test('socketpair carries bytes both ways', () => {
  const [left, right] = native().socketpair();
  using(left, () => {
    using(right, () => {
      writeSync(left, 'to the right');
      writeSync(right, 'to the left');
      assert.equal(received(right), 'to the right');
      assert.equal(received(left), 'to the left');
    });
  });
});

describe('trySend', () => {
  const BYTES = Buffer.from('some bytes');

  test('sends bytes with the descriptors', () => {
    const [left, right] = native().socketpair();
    const [read, write] = native().pipe();
    using(left, () => {
      using(right, () => {
        assert.equal(native().trySend(left, BYTES, [read, write]), undefined);
        assert.equal(received(right), String(BYTES));
      });
    });
    for (const end of [read, write]) native().close(end);
  });

  test('sends bytes alone, to a peer that reads them with others', () => {
    const [left, right] = native().socketpair();
    using(left, () => {
      using(right, () => {
        assert.equal(native().trySend(left, BYTES, []), undefined);
        assert.equal(native().trySend(left, BYTES, []), undefined);
        assert.equal(received(right), `${BYTES}${BYTES}`);
      });
    });
  });

  test('keeps what it sent open until it is received', () => {
    const [left, right] = native().socketpair();
    const [read, write] = native().pipe();
    assert.equal(native().trySend(left, BYTES, [write]), undefined);
    writeSync(write, 'x');
    native().close(write);
    assert.equal(received(read), 'x');
    for (const end of [left, right]) native().close(end);
    // It went with the socket that it was under way in: only now is there an end.
    assert.equal(received(read), '');
    native().close(read);
  });

  test('to a closed peer is EPIPE, without a signal', () => {
    const [left, right] = native().socketpair();
    native().close(right);
    using(left, () => assert.equal(native().trySend(left, BYTES, []), 'EPIPE'));
  });

  test('does not wait for room: EAGAIN', () => {
    const [left, right] = native().socketpair();
    using(left, () => {
      using(right, () => {
        let error: string | undefined;
        for (let sent = 0; sent < 1_000_000 && error === undefined; sent += 1)
          error = native().trySend(left, BYTES, []);
        assert.equal(error, 'EAGAIN');
      });
    });
  });

  test('of a descriptor that is none is EBADF', () => {
    const [left, right] = native().socketpair();
    using(left, () => using(right, () => assert.equal(native().trySend(left, BYTES, [-1]), 'EBADF')));
    assert.equal(native().trySend(-1, BYTES, []), 'EBADF');
  });

  test('takes as many descriptors as one message carries, and refuses more', () => {
    const [left, right] = native().socketpair();
    using(left, () => {
      using(right, () => {
        const list = (length: number): number[] => Array.from({ length }, () => left);
        assert.equal(native().trySend(left, BYTES, list(MOST_DESCRIPTORS)), undefined);
        assert.throws(() => native().trySend(left, BYTES, list(MOST_DESCRIPTORS + 1)), {
          code: 'ERR_INVALID_ARG_TYPE',
        });
      });
    });
  });

  test('refuses what is no bytes', () => {
    for (const value of [undefined, 'x', 3, [], {}]) {
      assert.throws(() => native().trySend(0, value as never, []), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    }
  });

  test('refuses what is no list of numbers', () => {
    for (const value of [undefined, 'x', 3, ['x'], [undefined]]) {
      assert.throws(() => native().trySend(0, BYTES, value as never), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_TYPE',
      });
    }
  });
});

describe('tryReceive', () => {
  const BYTES = Buffer.from('four');

  test('gives bytes and descriptors, message by message, close-on-exec', () => {
    const [left, right] = native().socketpair();
    const [read, write] = native().pipe();
    native().trySend(left, Buffer.from('one '), [write, read]);
    native().trySend(left, Buffer.from('two '), []);
    native().trySend(left, Buffer.from('last'), [write]);
    native().close(write);
    const bytes = Buffer.alloc(4);
    const seen: [string, number][] = [];
    const made: number[] = [];
    for (;;) {
      const descriptors = native().tryReceive(right, bytes);
      if (descriptors === undefined) break;
      seen.push([bytes.toString(), descriptors.length]);
      made.push(...descriptors);
    }
    assert.deepEqual(seen, [
      ['one ', 2],
      ['two ', 0],
      ['last', 1],
    ]);
    for (const descriptor of made) assert.ok(flagsOf(descriptor) & CLOSE_ON_EXEC);
    writeSync(made[2] ?? -1, 'x');
    assert.equal(received(read), 'x');
    for (const descriptor of [...made, read, left, right]) native().close(descriptor);
  });

  test('does not wait', () => {
    const [left, right] = native().socketpair();
    using(left, () => using(right, () => assert.equal(native().tryReceive(right, BYTES), undefined)));
  });

  test('keeps no descriptor where the bytes are too few', () => {
    const [left, right] = native().socketpair();
    const [read, write] = native().pipe();
    native().trySend(left, Buffer.from('x'), [write]);
    native().close(write);
    assert.throws(() => native().tryReceive(right, BYTES), { code: 'EMSGSIZE', syscall: 'recvmsg' });
    assert.equal(received(read), '');
    for (const descriptor of [read, left, right]) native().close(descriptor);
  });

  test('refuses what is no buffer or socket', () => {
    assert.throws(() => native().tryReceive(0, 'x' as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => native().tryReceive('0' as never, BYTES), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    assert.throws(() => native().tryReceive(-1, BYTES), { code: 'EBADF', syscall: 'recvmsg' });
  });
});

describe('contents', () => {
  test('are all that a file in memory holds, wherever it stands', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.from('carrel'), Buffer.alloc(3 * 2 ** 20, 0xa5)])
      using(native().sealedMemfd(bytes), (memfd) => {
        readSync(memfd, Buffer.alloc(3));
        assert.ok(native().contents(memfd).equals(bytes));
      });
  });

  test('of what is no such file are a system error', () => {
    assert.throws(() => native().contents(-1), { code: 'EBADF', syscall: 'fstat' });
    assert.throws(() => native().contents('1' as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });
});

describe('tryLock', () => {
  const locked = (path: string): number | undefined => {
    const file = openSync(path, 'a');
    if (native().tryLock(file)) return file;
    native().close(file);
    return undefined;
  };

  test('gives a lock to one open file at a time', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'lock-')), 'file');
    const first = locked(path);
    assert.ok(first !== undefined);
    assert.equal(locked(path), undefined);
    native().close(first);
    const second = locked(path);
    assert.ok(second !== undefined);
    native().close(second);
    removeTree(dirname(path));
  });

  test('holds it against other processes', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'lock-')), 'file');
    const script = `
      import { openSync } from 'node:fs';
      import { native } from ${JSON.stringify(import.meta.resolve('#lib/launch/native.js'))};
      console.log(native().tryLock(openSync(${JSON.stringify(path)}, 'a')) ? 'free' : 'taken');
    `;
    const ask = (): string =>
      spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }).stdout.trim();
    const holder = locked(path);
    assert.ok(holder !== undefined);
    using(holder, () => assert.equal(ask(), 'taken'));
    assert.equal(ask(), 'free');
    removeTree(dirname(path));
  });
});

describe('close', () => {
  test('closes', () => {
    const memfd = native().sealedMemfd(Buffer.from('x'));
    native().close(memfd);
    assert.throws(() => fstatSync(memfd), { code: 'EBADF' });
  });

  test('throws as Node’s own system errors, where there is nothing to close', () => {
    assert.throws(() => native().close(-1), { message: 'close EBADF', code: 'EBADF', errno: -9, syscall: 'close' });
    assert.throws(() => native().close('1' as never), { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
  });
});

function contentOf(memfd: number): Buffer {
  const content = Buffer.alloc(fstatSync(memfd).size);
  for (let at = 0; at < content.length; ) at += readSync(memfd, content, at, content.length - at, at);
  return content;
}

function received(descriptor: number): string {
  const bytes = Buffer.alloc(64);
  return bytes.toString('utf8', 0, readSync(descriptor, bytes));
}

/** proc_pid_fdinfo(5) */
function flagsOf(descriptor: number): number {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
  return Number.parseInt(flags ?? '', 8);
}
