/** What a container has written over directories of the host: `changes()`, and snapshots of it. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, suite, test } from 'node:test';
import { bind, Container, overlay, type RunningContainer, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const data = mkdtempSync(join(tmpdir(), 'written-'));
process.env.XDG_DATA_HOME = data;
chmodSync(data, 0o755);
const lower = join(data, 'lower');
after(() => removeTree(data));

beforeEach(() => {
  rmSync(lower, { recursive: true, force: true });
  for (const path of ['d/sub', 'e', 'f']) mkdirSync(join(lower, path), { recursive: true });
  for (const path of ['a', 'b', 'c', 'd/x', 'd/y', 'd/sub/z', 'e/1', 'f/1']) writeFileSync(join(lower, path), path);
});

const box = new Container().cwd('/repo').mount(overlay('/repo', { lower }));

async function output(container: Container | RunningContainer, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script], { check: true })).stdout;
}

/** One change in a line. */
async function changes(container: RunningContainer): Promise<readonly string[]> {
  return (await container.changes()).map(({ path, kind, type }) => `${kind} ${type} ${path}`);
}

const LIST = `find . -mindepth 1 -printf '%p %y %m %U:%G %n %T@ %l\\n' | LC_ALL=C sort
  find . -type f | LC_ALL=C sort | xargs tail -n +1`;

suite('changes()', requires('linux-6.6'), () => {
  test('has nothing where nothing was written', async () => {
    for (const container of [box, new Container(), new Container().readonly().mount(tmpfs('/mem'))]) {
      await using running = await container.start();
      assert.deepEqual(await changes(running), []);
    }
  });

  test('has nothing in the network of another container either, whose ids an ordinary user has', async () => {
    await using other = await new Container().start();
    for (const container of [box, new Container()]) {
      await using running = await container.network(other).start();
      assert.deepEqual(await changes(running), []);
      await output(running, 'echo kept > /tmp/t');
      await using snapshot = await running.snapshot();
      assert.equal(await output(snapshot.container, 'cat /tmp/t'), 'kept\n');
    }
  });

  test('tells what was added, modified and deleted', async () => {
    await using running = await box.start();
    await output(running, 'echo > new; echo >> a; rm b; chmod 600 c; ln -s a l; mkfifo p; echo > /tmp/t; rm -r e');
    assert.deepEqual(await changes(running), [
      'modified directory /repo',
      'modified file /repo/a',
      'deleted file /repo/b',
      'modified file /repo/c',
      'deleted directory /repo/e',
      'added symlink /repo/l',
      'added file /repo/new',
      'added other /repo/p',
      'modified directory /tmp',
      'added file /tmp/t',
    ]);
  });

  test('knows directories that were made anew, and what has another kind', async () => {
    await using running = await box.start();
    await output(running, 'rm -r d; mkdir d; echo > d/y; echo > d/n; rm -r e; echo > e; rm c; mkdir c; echo > c/n');
    assert.deepEqual(await changes(running), [
      'modified directory /repo',
      'modified directory /repo/c',
      'added file /repo/c/n',
      'modified directory /repo/d',
      'added file /repo/d/n',
      'deleted directory /repo/d/sub',
      'deleted file /repo/d/x',
      'modified file /repo/d/y',
      'modified file /repo/e',
    ]);
  });

  test('knows what came and went, and directories in which nothing has changed', async () => {
    await using running = await box.start();
    await output(running, 'echo > n; rm n; echo > d/n; rm d/n; mkdir f/n; rmdir f/n');
    assert.deepEqual(await changes(running), []);
    await output(running, 'chmod 700 f');
    assert.deepEqual(await changes(running), ['modified directory /repo', 'modified directory /repo/f']);
  });

  test('knows carrel’s own files, and what has become of them', async () => {
    await using running = await new Container().start();
    await output(running, 'rm /etc/nsswitch.conf; echo >> /etc/passwd; chmod 600 /etc/group; rmdir /var/tmp');
    assert.deepEqual(await changes(running), [
      'modified directory /etc',
      'modified file /etc/group',
      'deleted file /etc/nsswitch.conf',
      'modified file /etc/passwd',
      'modified directory /var',
      'deleted directory /var/tmp',
    ]);
  });

  test('looks behind no bind, and shows names that are no UTF-8', async () => {
    await using running = await new Container().mount(tmpfs('/mem'), bind(lower, '/mem/b')).start();
    await output(running, 'echo > /mem/b/n; echo > /mem/b/a; : > "/mem/$(printf \'x\\377\')"');
    assert.deepEqual(await changes(running), ['modified directory /mem', 'added file /mem/x\ufffd']);
  });
});

suite('a snapshot over directories', requires('linux-6.6'), () => {
  test('shows what the container showed', async () => {
    await using running = await box.start();
    await output(
      running,
      `echo > new; echo >> a; rm b; chmod 600 c; ln -s a l; rm -r d; mkdir d; echo 2 > d/y; mv e moved; rm -r f
       echo > f; ln a again; touch -d 2001-01-01 d; mkdir -m 700 deep; mkdir deep/er; mv c deep/er/c`,
    );
    const expected = await output(running, LIST);
    await using snapshot = await running.snapshot();
    assert.equal(await output(snapshot.container, LIST), expected);
    const { mounts } = snapshot.container.toJSON();
    assert.deepEqual(
      mounts.map(({ target }) => target),
      ['/', '/repo'],
    );
    // And so does one of a fork, which removes what is in the first.
    await using fork = await snapshot.container.start();
    await output(fork, 'rm new l; echo more >> d/y; rm -r deep; mkdir deep; echo > deep/n');
    const later = await output(fork, LIST);
    await using second = await fork.snapshot();
    assert.equal(await output(second.container, LIST), later);
  });

  test('has a copy of an upper directory, and leaves that alone', async () => {
    const [upper, work] = [join(data, 'upper'), join(data, 'work')];
    for (const path of [upper, work]) mkdirSync(path);
    await using running = await new Container().cwd('/repo').mount(overlay('/repo', { lower, upper, work })).start();
    await output(running, 'echo > new; rm a');
    assert.deepEqual(await changes(running), [
      'modified directory /repo',
      'deleted file /repo/a',
      'added file /repo/new',
    ]);
    await using snapshot = await running.snapshot();
    assert.equal(await output(snapshot.container, 'rm new; ls | tr "\\n" " "'), 'b c d e f ');
    assert.ok(existsSync(join(upper, 'new')));
  });

  test('of ten thousand files', async () => {
    await using running = await box.start();
    await output(
      running,
      'mkdir m; cd m; for d in $(seq 100); do mkdir $d; for f in $(seq 100); do echo $f > $d/$f; done; done',
    );
    await using snapshot = await running.snapshot();
    const count = 'find m -type f | wc -l; cat m/*/* | sort -n | sha256sum';
    assert.equal(await output(snapshot.container, count), await output(running, count));
    assert.equal((await running.changes()).filter(({ path }) => path.startsWith('/repo/m/')).length, 10_100);
  });
});

/** What somebody hostile has made, by a program inside. */
const HOSTILE = `cd /tmp
  ln -s /etc/passwd passwd; ln -s / root; ln -s ../../../../../.. up; mkfifo fifo; chmod 000 fifo
  truncate -s 8000000000000 sparse; echo end >> sparse; echo x > weird; : > "$(printf 'a\\377\\n\\001')"
  node -e "
    const fs = require('node:fs');
    for (let depth = 0; depth < 1500; depth += 1) { fs.mkdirSync('ddddddddd'); process.chdir('ddddddddd'); }
    fs.writeFileSync('bottom', 'reached');
    require('node:net').createServer().listen('/tmp/socket', () => process.exit());"`;

suite('what a hostile container has written', requires('linux-6.6'), () => {
  test('leads nowhere, and blocks nothing', async () => {
    const before = readdirSync(data).sort();
    await using running = await new Container().start();
    await output(running, HOSTILE);
    const listed = await changes(running);
    assert.ok(listed.includes('added symlink /tmp/root'));
    await using snapshot = await running.snapshot();
    assert.ok(snapshot.sizeBytes < 64 * 1024 * 1024, `${snapshot.sizeBytes}`);
    const script = `cd /tmp; readlink passwd root up; stat -c %s sparse; tail -c 4 sparse; test -p fifo && echo fifo
      find . -name bottom | wc -l; find . -name bottom | tr -cd / | wc -c`;
    const expected = '/etc/passwd\n/\n../../../../../..\n8000000000004\nend\nfifo\n1\n1501\n';
    assert.equal(await output(snapshot.container, script), expected);
    await snapshot[Symbol.asyncDispose]();
    assert.ok(!existsSync(snapshot.directory));
    assert.deepEqual(
      readdirSync(data)
        .filter((name) => name !== 'carrel')
        .sort(),
      before.filter((name) => name !== 'carrel'),
    );
  });

  test('may change while it is copied', async () => {
    await using running = await new Container().start();
    const swapper = running.spawn('sh', [
      '-c',
      `cd /tmp; mkdir d; for i in $(seq 50); do : > d/$i; done
       while :; do mv d e; ln -s /etc d; rm d; mv e d; : > d/x; rm d/x; mkdir d/x; rmdir d/x
         ln -s / d/x; rm d/x; done`,
    ]);
    for (let time = 0; time < 5; time += 1) {
      await using snapshot = await running.snapshot();
      const found = await output(snapshot.container, 'cd /tmp; find . -maxdepth 2 -name passwd | wc -l');
      assert.equal(found, '0\n');
      await running.changes();
    }
    swapper.kill('SIGKILL');
  });

  test('goes when Node is killed', async () => {
    const home = join(data, 'killed');
    mkdirSync(home);
    const program = `import { Container } from 'carrel';
      const box = await new Container().start();
      await box.run('sh', ['-c', 'mkdir -p /tmp/a/b; echo > /tmp/a/b/c']);
      const snapshot = await box.snapshot();
      console.log(snapshot.directory);
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, XDG_DATA_HOME: home },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const directory = line.toString().trim();
    assert.ok(existsSync(join(directory, '0')));
    child.kill('SIGKILL');
    await once(child, 'exit');
    await until(() => !existsSync(directory));
  });
});
