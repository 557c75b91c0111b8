/** A file system that never answers ends a copy from it or to it, by the time of a list, and nothing else. */

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { suite, test } from 'node:test';
import { Container, type CopyOptions, type Files } from '#lib/index.js';
import { fuseBox, holdFrom, serversLeft, stallAt } from '../support/fuse.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { filesWithin } from '../support/served.js';
import { tarEntry } from '../support/tar.js';
import { withDirectory } from '../support/temporary.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const CLOCK_MS = 2000;
const AT = '/tmp/stalling';
const TIMEOUT = { code: 'ERR_TIMEOUT' };
const ENDED = ['ERR_ENDED', 'ENOTCONN', 'ECONNABORTED'];
const LARGE = 600_000;

type Copy = (files: Files, host: string, options?: CopyOptions) => Promise<unknown>;

const archived = (name: string, size: number): Readable =>
  Readable.from([tarEntry('0', name, 'x'.repeat(size)), Buffer.alloc(1024)]);

/** What waits for something that is never answered. `host` has `source`, and `tree` with `new` in it. */
const COPIES: Readonly<Record<string, Copy>> = {
  'copyOut, a file': (files, host, options) => files.copyOut(`${AT}/file`, join(host, 'to'), options),
  'copyOut, further on': (files, host, options) => files.copyOut(`${AT}/large`, join(host, 'to'), options),
  'copyOut, a tree': (files, host, options) => files.copyOut(AT, join(host, 'to'), options),
  'copyOut, a listing': (files, host, options) => files.copyOut(`${AT}/slow`, join(host, 'to'), options),
  'copyOut, a look': (files, host, options) => files.copyOut(`${AT}/unknown`, join(host, 'to'), options),
  'copyIn, a file': (files, host, options) => files.copyIn(join(host, 'source'), `${AT}/new`, options),
  'copyIn, a small one': (files, host, options) => files.copyIn(join(host, 'tree'), AT, options),
  'copyIn, a look': (files, host, options) => files.copyIn(join(host, 'source'), `${AT}/unknown`, options),
  pack: (files, _, options) => buffer(files.pack(`${AT}/large`, options)),
  'pack, a tree': (files, _, options) => buffer(files.pack(AT, options)),
  unpack: (files, _, options) => files.unpack(AT, archived('new', LARGE), options),
  'unpack, small': (files, _, options) => files.unpack(AT, archived('new', 5), options),
  'unpack, a look': (files, _, options) => files.unpack(AT, archived('unknown', 5), options),
};

/** Does something with a directory, in which no part of a file may be afterwards. */
function withHost(act: (host: string) => Promise<void>): Promise<void> {
  return withDirectory(async (host) => {
    fs.mkdirSync(join(host, 'tree'));
    fs.writeFileSync(join(host, 'tree/new'), 'hello');
    fs.writeFileSync(join(host, 'source'), Buffer.alloc(LARGE));
    await act(host);
    const names = fs.readdirSync(host, { encoding: 'utf8', recursive: true });
    const copied = names.filter((name) => !fs.statSync(join(host, name)).isDirectory());
    assert.deepEqual(copied.sort(), ['source', 'tree/new']);
  });
}

suite('copies of a container that mounts what never answers', requires('root', 'fuse', 'debian-python3'), () => {
  for (const [name, copy] of Object.entries(COPIES))
    test(`${name}: it ends by its own time, delays no other, and leaves no part of a file`, () =>
      withHost(async (host) => {
        await using box = await fuseBox().start();
        const { answer, waiting } = await stallAt(AT, box);
        const { files, close } = filesWithin(box, CLOCK_MS);
        await files.writeFile('/tmp/there', 'x');
        let isOver = false;
        const stuck = assert.rejects(copy(files, host), TIMEOUT).then(() => {
          isOver = true;
        });
        await waiting(1);
        await files.copyOut('/tmp/there', join(host, 'there'));
        assert.equal(await files.readFile('/tmp/there', 'utf8'), 'x');
        assert.equal(isOver, false);
        fs.rmSync(join(host, 'there'));
        await stuck;
        await until(async () => {
          await answer();
          return serversLeft() === 0;
        });
        assert.equal((await files.copyIn(join(host, 'source'), '/tmp/in')).bytes, LARGE);
        await close();
      }));

  test('the end of the container waits for none of them', () =>
    withHost(async (host) => {
      for (const held of [false, true]) {
        await using box = await fuseBox().start();
        const { child, waiting } = await stallAt(AT, box);
        const release = held ? await holdFrom(child.pid ?? 0) : undefined;
        // None waits for what another one has asked for.
        const names = ['copyOut, a file', 'copyOut, further on', 'copyIn, a file'] as const;
        const ended = names.map((name) => {
          const copy = COPIES[name] as Copy;
          return assert.rejects(copy(box.files, host), ({ code }) => ENDED.includes(code), name);
        });
        await waiting(names.length);
        assert.equal((await box.stop({ grace: 0 })).reason, 'exited');
        await Promise.all(ended);
        assert.equal(serversLeft(), held ? names.length : 0);
        release?.();
        await until(() => serversLeft() === 0);
      }
    }));

  test('one that is aborted meanwhile says so', () =>
    withHost(async (host) => {
      await using box = await fuseBox().start();
      const { answer, waiting } = await stallAt(AT, box);
      const { files, close } = filesWithin(box, CLOCK_MS);
      const reason = new Error('no longer');
      for (const name of ['copyOut, a tree', 'copyIn, a file', 'unpack', 'pack'] as const) {
        const controller = new AbortController();
        const aborted = assert.rejects(
          (COPIES[name] as Copy)(files, host, { signal: controller.signal }),
          reason,
          name,
        );
        await waiting(1);
        controller.abort(reason);
        await aborted;
        await until(async () => {
          await answer();
          return serversLeft() === 0;
        });
      }
      await close();
    }));

  test('a directory that has no end is none', async () => {
    await using box = await fuseBox().start();
    await stallAt(AT, box);
    const { files } = box;
    const refused = { code: 'EIO', syscall: 'scandir' };
    await withHost((host) => assert.rejects(files.copyOut(`${AT}/dots`, join(host, 'to')), refused));
    await assert.rejects(files.readdir(`${AT}/dots`), refused);
    await assert.rejects(buffer(files.pack(`${AT}/dots`)), refused);
  });

  test('what turns out to have no room when it is closed is not taken for copied', async () => {
    await using box = await fuseBox().start();
    await stallAt(AT, box);
    const { files } = box;
    await withHost(async (host) => {
      const refused = { code: 'ENOSPC', syscall: 'close' };
      await assert.rejects(files.copyIn(join(host, 'source'), `${AT}/full`), refused);
      await assert.rejects(files.copyIn(join(host, 'tree/new'), `${AT}/full`), refused);
      await assert.rejects(files.unpack(AT, archived('full', LARGE)), refused);
    });
  });
});
