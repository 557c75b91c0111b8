/** A file system that never answers keeps a request of `files` waiting, as long as that has, and no end. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Container, type Files } from '#lib/index.js';
import { fuseBox, fuseDevice, holdFrom, serversLeft, stallAt } from '../support/fuse.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { filesWithin } from '../support/served.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const CLOCK_MS = 2000;
const AT = '/tmp/stalling';
const STUCK = `${AT}/anything`;
const TIMEOUT = { code: 'ERR_TIMEOUT' };
const ENDED = ['ERR_ENDED', 'ENOTCONN', 'ECONNABORTED'];

/** What asks for something that is never answered: most of them about `path`. */
const REQUESTS: Readonly<Record<string, (files: Files, path: string) => Promise<unknown>>> = {
  readFile: (files) => files.readFile(`${AT}/file`),
  'readFile, further on': (files) => files.readFile(`${AT}/large`),
  writeFile: (files, path) => files.writeFile(path, 'x'),
  'writeFile, large': (files, path) => files.writeFile(path, Buffer.alloc(500_000)),
  'writeFile, in pieces': (files, path) => files.writeFile(path, ['a', 'b']),
  appendFile: (files, path) => files.appendFile(path, 'x'),
  open: (files, path) => files.open(path),
  readdir: (files, path) => files.readdir(path),
  stat: (files, path) => files.stat(path),
  lstat: (files, path) => files.lstat(path),
  mkdir: (files, path) => files.mkdir(path),
  'mkdir, recursive': (files, path) => files.mkdir(`${path}/d`, { recursive: true }),
  rm: (files, path) => files.rm(path),
  rename: (files, path) => files.rename(path, `${path}-moved`),
  symlink: (files, path) => files.symlink('x', path),
  readlink: (files, path) => files.readlink(path),
  chmod: (files, path) => files.chmod(path, 0o600),
  chown: (files, path) => files.chown(path, 0, 0),
  utimes: (files, path) => files.utimes(path, 0, 0),
  access: (files, path) => files.access(path),
};

suite('files of a container that mounts what never answers', requires('root', 'fuse', 'debian-python3'), () => {
  test('each request ends by its own time, and delays no other', async () => {
    await using box = await fuseBox().start();
    const { answer, waiting } = await stallAt(AT, box);
    const { files, close } = filesWithin(box, CLOCK_MS);
    await files.writeFile('/tmp/there', 'x');
    const all = Object.entries(REQUESTS);
    for (let from = 0; from < all.length; from += 4) {
      let ended = 0;
      // Each looks for another name: the kernel asks once for one.
      const few = all.slice(from, from + 4).map(async ([name, ask], index) => {
        await assert.rejects(ask(files, `${STUCK}-${index}`), TIMEOUT, name);
        ended += 1;
      });
      await waiting(1);
      await files.appendFile('/tmp/there', 'y');
      assert.match(await files.readFile('/tmp/there', 'utf8'), /^xy+$/);
      assert.equal(ended, 0);
      await Promise.all(few);
      // Some have waited for another one that makes something in the same directory, and ask only now.
      await until(async () => {
        await answer();
        return serversLeft() === 0;
      });
    }
    await close();
  });

  test('when four were given up, others fail at once; when it answers, nothing is left of them', async () => {
    await using box = await fuseBox().start();
    const { answer } = await stallAt(AT, box);
    const { files, close } = filesWithin(box, CLOCK_MS);
    for (let round = 0; round < 2; round += 1) {
      const few = Array.from({ length: 8 }, () => assert.rejects(files.stat(STUCK), TIMEOUT));
      await Promise.all(few);
      assert.ok(serversLeft() <= 5, `${serversLeft()}`);
      await assert.rejects(files.stat('/tmp'), { code: 'ERR_TIMEOUT', message: /wait for file systems that do not/ });
      await assert.rejects(files.as(7).stat('/tmp'), { code: 'ERR_TIMEOUT', message: /no other is started/ });
      // The supervisors tell that they cannot end them.
      if (round === 1) await new Promise((resolve) => setTimeout(resolve, 6000));
      await answer();
      await until(() => serversLeft() === 0);
      await until(() => files.exists('/tmp'));
      assert.ok((await files.stat('/tmp')).isDirectory());
    }
    await close();
  });

  test('a file that is open there keeps no other waiting', async () => {
    await using box = await fuseBox().start();
    const { answer, waiting } = await stallAt(AT, box);
    const { files, close } = filesWithin(box, CLOCK_MS);
    await using other = await files.open('/tmp/other', 'w+');
    const file = await files.open(`${AT}/file`);
    let isOver = false;
    const stuck = assert.rejects(file.read(Buffer.alloc(9)), TIMEOUT).then(() => {
      isOver = true;
    });
    await waiting(1);
    await other.write('hello');
    assert.equal((await other.stat()).size, 5);
    assert.equal(isOver, false);
    await stuck;
    await assert.rejects(file.read(Buffer.alloc(9)), { code: 'EBADF' });
    assert.equal((await other.stat()).size, 5);
    await assert.rejects(file.close(), { code: 'EBADF' });
    await answer();
    await other.close();
    await close();
  });

  test('its end waits for none: what is asked is ERR_ENDED', async () => {
    for (const held of [false, true]) {
      const box = await fuseBox().start();
      const { child, waiting } = await stallAt(AT, box);
      const release = held ? await holdFrom(child.pid ?? 0) : undefined;
      const pending = [box.files.stat(STUCK), box.files.readFile(`${AT}/file`), box.connect({ path: `${STUCK}-door` })];
      // What serves it ends first: the kernel may tell a server, and so its caller, before anybody knows of the rest.
      const ended = pending.map((each) => assert.rejects(each, ({ code }) => ENDED.includes(code)));
      await waiting(pending.length);
      assert.equal((await box.stop({ grace: 0 })).reason, 'exited');
      await Promise.all(ended);
      assert.equal(serversLeft(), held ? pending.length : 0);
      release?.();
      await until(() => serversLeft() === 0);
    }
  });

  test('neither does it wait for those that were given up', async () => {
    for (const held of [false, true]) {
      const box = await fuseBox().start();
      const { child } = await stallAt(AT, box);
      const release = held ? await holdFrom(child.pid ?? 0) : undefined;
      const { files, close } = filesWithin(box, CLOCK_MS);
      await assert.rejects(files.stat(STUCK), TIMEOUT);
      await box.stop({ grace: 0 });
      await close();
      await assert.rejects(files.stat('/tmp'), { code: 'ERR_ENDED' });
      assert.equal(serversLeft(), held ? 1 : 0);
      release?.();
      await until(() => serversLeft() === 0);
    }
  });

  test('ten seconds are what it has, and what a socket there has; others connect meanwhile', async () => {
    await using box = await fuseBox().start();
    const { waiting } = await stallAt(AT, box);
    const asked = performance.now();
    const late = [box.files.stat(STUCK), box.connect({ path: `${STUCK}-door` })].map((each) =>
      assert.rejects(each, TIMEOUT),
    );
    await waiting(2);
    await using _listener = await box.listen({ path: '/tmp/door' }, (socket) => socket.end('hello'));
    const { stdout } = await box.run('/usr/bin/python3', [
      '-c',
      'import socket; s = socket.socket(socket.AF_UNIX); s.connect("/tmp/door"); print(s.recv(9).decode())',
    ]);
    assert.equal(stdout, 'hello\n');
    await Promise.all(late);
    assert.ok(performance.now() - asked >= 9_900);
  });
});

test('what a container mounts in its user namespace is closed to its servers', requires('root', 'fuse'), async () => {
  await using box = await new Container()
    .capabilities({ add: ['CAP_SYS_ADMIN'] })
    .mount(fuseDevice())
    .start();
  await stallAt(AT, box);
  for (const name of ['readFile', 'writeFile', 'readdir', 'stat', 'rm', 'mkdir'])
    await assert.rejects(REQUESTS[name]?.(box.files, STUCK) ?? Promise.resolve(), { code: 'EACCES' }, name);
  assert.deepEqual(await box.files.readdir('/tmp'), ['stalling']);
});
