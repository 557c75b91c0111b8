/** What the kernel refuses Node itself, before there is a plan to perform, is told as that, and leaves nothing. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CarrelError, Container } from '#lib/index.js';
import { makeSpares } from '#lib/launch/launcher.js';
import { useCleanHost } from '../support/host.js';
import { inject } from '../support/injecting.js';
import { requires } from '../support/requires.js';

const box = new Container();
const ERRORS = ['EPERM', 'ENOMEM', 'ENOSPC', 'EMFILE', 'EINTR'] as const;

// Node's own calls are those of a start, and of nothing that the last one has left.
makeSpares(false);
useCleanHost({ warmUp: () => box.run('true') });

suite('a start is refused', requires('strace'), () => {
  for (const [call, what] of [
    ['memfd_create', 'the plan’s memory'],
    ['fcntl', 'its seal'],
    ['pipe2', 'a pipe of the command'],
    ['socketpair', 'the line to its supervisor'],
    ['epoll_ctl', 'its place in the watch'],
    ['sendmsg', 'the request to the launcher'],
  ] as const)
    test(`${what}: ${call}`, async () => {
      for (const error of ERRORS) {
        const enough = await inject(process.pid, call, { error, when: '1' });
        const refused = await start();
        await enough();
        if (error === 'EINTR' && refused === undefined) continue;
        assert.ok(refused instanceof CarrelError, `${call} ${error}: ${refused}`);
        assert.ok(refused.message.includes(`${call} ${error}`), refused.message);
        assert.notEqual(refused.hint, undefined, refused.message);
        assert.equal((await box.run('true')).exitCode, 0);
      }
    });
});

/** What a start throws, or how it ends otherwise than well. */
async function start(): Promise<unknown> {
  try {
    return (await box.spawn('true', [], { stdio: ['ignore', 'pipe', 'ignore'] }).result).ok ? undefined : 'it failed';
  } catch (error) {
    return error;
  }
}
