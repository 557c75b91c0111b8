/** A container cannot use up what its user may have under way in sockets, and a start says so where others have. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import type { Told } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** A user that nobody else is, since all of a user's starts suffer. */
const as = (uid: number): readonly string[] => ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'];

/** Sends descriptors until the kernel refuses one, says which error it was, and keeps them until its input ends. */
const FILL = `
import array, errno, socket, sys
held = []
def pair():
    held.append(socket.socketpair())
    held[-1][0].setblocking(False)
    return held[-1][0]
end = pair()
sent = 0
while True:
    try:
        end.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0] * 250))])
        sent += 250
    except BlockingIOError:
        end = pair()
    except OSError as error:
        sys.stdout.write(f'{errno.errorcode[error.errno]} {sent}\\n')
        sys.stdout.flush()
        break
sys.stdin.read()
`;

/** What `source` prints, when what it calls `fill` has been started, and has said how it went. */
async function whileFull<Answer>(uid: number, fill: string, source: string): Promise<Answer & { said: string }> {
  return askCaller(
    `
    const script = ${JSON.stringify(FILL)};
    const filler = ${fill};
    const closed = new Promise((resolve) => filler.once('close', resolve));
    const said = String(await new Promise((resolve) => filler.stdout.once('data', resolve)));
    const tell = (error) => ({ code: error.code, message: error.message, hint: error.hint });
    const next = () => new Container().run('true').then(({ ok }) => ({ ok }), tell);
    const answer = await (async () => { ${source} })();
    filler.stdin.end();
    await closed;
    console.log(JSON.stringify({ said, ...answer, after: await next() }));`,
    { prefix: ['timeout', '60', ...as(uid)] },
  );
}

type Next = Told & { readonly ok?: boolean };

suite('descriptors under way', requires('root', 'python3'), () => {
  test('those of a container keep no other from being started', async () => {
    const fill = `new Container().spawn('python3', ['-c', script])`;
    const { said, full, after } = await whileFull<{ full: readonly Next[]; after: Next }>(
      64_001,
      fill,
      'return { full: [await next(), await next(), await next()] };',
    );
    assert.match(said, /^ETOOMANYREFS \d{3,}\n$/);
    for (const next of [...full, after]) assert.deepEqual(next, { ok: true });
  });

  test('those of another process are named, after a time, and the next start goes on', async () => {
    const fill = `(await import('node:child_process')).spawn('python3', ['-c', script])`;
    const { said, full, after } = await whileFull<{ full: Next; after: Next }>(
      64_002,
      fill,
      'return { full: await next() };',
    );
    assert.match(said, /^ETOOMANYREFS \d{3,}\n$/);
    assert.equal(full.code, 'ERR_LAUNCHER');
    assert.match(full.message ?? '', /descriptors under way in sockets.*ETOOMANYREFS/);
    assert.match(full.hint ?? '', /that nobody receives: end it/);
    assert.deepEqual(after, { ok: true });
  });

  test('a start that waits goes on as soon as there is room', async () => {
    const fill = `(await import('node:child_process')).spawn('python3', ['-c', script])`;
    const { waited } = await whileFull<{ waited: Next }>(
      64_003,
      fill,
      'const waiting = next(); setTimeout(() => filler.stdin.end(), 50); return { waited: await waiting };',
    );
    assert.deepEqual(waited, { ok: true });
  });
});
