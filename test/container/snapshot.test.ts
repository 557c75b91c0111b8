/** `snapshot()` keeps what a container has written, and `snapshot.container` begins with it. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { Container, directory, file, overlay, type RunningContainer, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
import { isolated } from '../support/isolated.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const data = mkdtempSync(join(tmpdir(), 'snapshots-'));
process.env.XDG_DATA_HOME = data;
after(() => removeTree(data));

/** carrel's own snapshots that are there. */
const own = (): readonly string[] => readdirSync(join(data, 'carrel/snapshots'));
/** All that is known of files, but for those of the host. */
const LIST = `find /tmp /home /root /run /var/tmp /srv/own 2>/dev/null -printf '%p %y %m %U:%G %n %T@ %s %l\\n' |
  sed -E 's/^([^ ]+ d .*) [0-9]+ $/\\1/' | LC_ALL=C sort`;

async function output(container: Container | RunningContainer, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script], { check: true })).stdout;
}

suite('a snapshot', requires('linux-6.6'), () => {
  test('begins with what was written to /tmp', async () => {
    await using box = await new Container().start();
    await output(box, 'echo hello > /tmp/x');
    await using snapshot = await box.snapshot();
    assert.equal((await snapshot.container.run('cat', ['/tmp/x'])).stdout, 'hello\n');
    assert.ok(snapshot.sizeBytes > 0);
  });

  test('has every kind of file as it was', async () => {
    await using box = await new Container().start();
    const script = `umask 022; mkdir -p /srv/own /home/u/deep/er; cd /home/u
      echo one > file; ln file again; ln -s file link; ln -s /nowhere dangling; mkfifo fifo
      chmod 4750 file; chmod 1777 deep; chmod 000 deep/er; : > empty; chmod 400 empty
      touch -d '2001-02-03 04:05:06.789' file; touch -h -d '2002-01-01' link; touch -d '2003-01-01' deep/er
      chown 1234:2345 empty 2>/dev/null || :
      echo own > /srv/own/f; rm -r /var/tmp; : > "/tmp/$(printf 'a\\377b\\nc')"`;
    await output(box, script);
    const expected = await output(box, LIST);
    assert.match(expected, /fifo p/);
    await using snapshot = await box.snapshot();
    assert.equal(await output(snapshot.container, LIST), expected);
    assert.equal(await output(snapshot.container, 'test -e /var/tmp || echo gone; cat /home/u/again'), 'gone\none\n');
  });

  test('has the names of one file as names of one, however large', async () => {
    await using box = await new Container().start();
    await output(box, 'cd /tmp; mkdir d; head -c 20m /dev/urandom > a; ln a b; ln a d/c; : > e; ln e d/f');
    await using snapshot = await box.snapshot();
    const names = 'cd /tmp; stat -c %h a e; test a -ef b && test a -ef d/c && test e -ef d/f && echo same';
    assert.equal(await output(snapshot.container, names), '3\n2\nsame\n');
    assert.equal(await output(snapshot.container, 'cd /tmp; cksum < d/c'), await output(box, 'cd /tmp; cksum < a'));
    assert.ok(snapshot.sizeBytes < 25 * 1024 ** 2, `${snapshot.sizeBytes}`);
  });

  test('has extended attributes that are a file’s own', requires('debian-python3'), async () => {
    await using box = await new Container().start();
    const set = `
import os
os.chdir("/tmp")
os.mkdir("d")
for name in ["f", "d/g"]: open(name, "w").close()
os.setxattr("f", "user.own", b"value"); os.setxattr("d", "user.own", b"of a directory")
for name in ["user.overlay.opaque", "user.overlay.redirect", "user.overlay.metacopy"]:
    os.setxattr("d", name, b"y"); os.setxattr("f", name, b"/etc/passwd")`;
    const get = `
import os
for name in ["f", "d"]: print([(each, os.getxattr("/tmp/" + name, each)) for each in os.listxattr("/tmp/" + name)])
print(os.listdir("/tmp/d"))`;
    await box.run('/usr/bin/python3', ['-c', set], { check: true });
    await using snapshot = await box.snapshot();
    const { stdout } = await snapshot.container.run('/usr/bin/python3', ['-c', get], { check: true });
    assert.equal(stdout, "[('user.own', b'value')]\n[('user.own', b'of a directory')]\n['g']\n");
  });

  test('of a container without a user namespace', requires('some-root'), async () => {
    const container = new Container().namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']);
    await using box = await container.start();
    await output(box, 'mkdir /tmp/d /tmp/e; echo > /tmp/d/f; chmod 4711 /tmp/d/f; touch -d 2001-01-01 /tmp/d/f /tmp/e');
    const expected = await output(box, LIST);
    await using first = await box.snapshot();
    assert.equal(await output(first.container, LIST), expected);
    await using fork = await first.container.start();
    await output(fork, 'rm -r /tmp/e; mkdir /tmp/e; echo > /tmp/e/n; rm /tmp/d/f');
    const later = await output(fork, LIST);
    await using second = await fork.snapshot();
    assert.equal(await output(second.container, LIST), later);
  });

  test('is taken by several at once', async () => {
    await using box = await new Container().start();
    await output(box, 'cd /tmp; for i in $(seq 300); do echo $i > $i; done');
    const all = await Promise.all([box.snapshot(), box.snapshot(), box.changes(), box.snapshot()]);
    for (const each of all) {
      if (!('container' in each)) continue;
      assert.equal(await output(each.container, 'ls /tmp | wc -l'), '300\n');
      await each[Symbol.asyncDispose]();
    }
    assert.deepEqual(own(), []);
  });

  test('is there any number of times, and none sees another', async () => {
    await using box = await new Container().start();
    await output(box, 'mkdir /tmp/d; echo 1 > /tmp/d/f; echo kept >> /etc/hosts');
    await using snapshot = await box.snapshot();
    const { container } = snapshot;
    const forks = Array.from({ length: 8 }, (_, index) =>
      output(container, `cat /tmp/d/f; tail -n 1 /etc/hosts; echo ${index} > /tmp/d/f; rm -r /tmp/d; ls /tmp | wc -l`),
    );
    assert.deepEqual(
      await Promise.all(forks),
      Array.from({ length: 8 }, () => '1\nkept\n0\n'),
    );
    assert.equal(await output(box, 'cat /tmp/d/f'), '1\n');
  });

  test('keeps the rest of the definition, and is plain data', async () => {
    const container = new Container()
      .hostname('first')
      .env({ A: 'b' })
      .mount(tmpfs('/mem', { size: '1m', mode: 0o700 }));
    await using box = await container.start();
    await output(box, 'echo in memory > /mem/f');
    await using snapshot = await box.snapshot();
    const again = new Container(JSON.parse(JSON.stringify(snapshot.container)));
    assert.deepEqual(again.toJSON(), snapshot.container.toJSON());
    const script = 'hostname; echo $A; cat /mem/f; stat -c %a /mem; head -c 2m /dev/zero > /mem/g || echo full';
    assert.equal(await output(again, script), 'first\nb\nin memory\n700\nfull\n');
    const { mounts, rootfs } = snapshot.container.toJSON();
    assert.equal(rootfs, undefined);
    assert.deepEqual(
      mounts.map(({ type, target }) => [type, target]),
      [
        ['overlay', '/'],
        ['overlay', '/mem'],
      ],
    );
  });

  test('of one that began with another', async () => {
    await using box = await new Container().start();
    await output(box, 'mkdir /tmp/d; echo a > /tmp/a; echo b > /tmp/d/b; echo c > /tmp/d/c');
    const first = await box.snapshot();
    const fork = await first.container.start();
    await output(fork, 'rm /tmp/a /tmp/d/b; mv /tmp/d /tmp/e; mkdir /tmp/d; echo d > /tmp/d/d');
    const second = await fork.snapshot();
    await fork[Symbol.asyncDispose]();
    const list = 'cd /tmp; find . | LC_ALL=C sort; cat e/c d/d';
    assert.equal(await output(second.container, list), '.\n./d\n./d/d\n./e\n./e/c\nc\nd\n');
    {
      await using again = await second.container.start();
      await using third = await again.snapshot();
      assert.equal(await output(third.container, list), await output(second.container, list));
    }
    // What it began with stays as long as it.
    await first[Symbol.asyncDispose]();
    assert.equal(await output(second.container, 'cat /tmp/e/c'), 'c\n');
    await second[Symbol.asyncDispose]();
    await until(() => own().length === 0);
  });

  test('of a read-only root has what can be written to', async () => {
    await using box = await new Container().readonly().mount(tmpfs('/srv/mem')).start();
    await output(box, 'echo t > /tmp/t; echo m > /srv/mem/m');
    await using snapshot = await box.snapshot();
    const script = 'cat /tmp/t /srv/mem/m; (: > /x) || echo readonly';
    assert.equal(await output(snapshot.container, script), 't\nm\nreadonly\n');
  });

  test('has files that the definition brings as they became', async () => {
    const container = new Container().mount(file('/srv/f', 'first\n'), directory('/srv/d', { mode: 0o711 }));
    await using box = await container.start();
    await output(box, 'echo second >> /srv/f');
    await using snapshot = await box.snapshot();
    const shown = await output(snapshot.container, 'echo third >> /srv/f; cat /srv/f; stat -c %a /srv/d');
    assert.equal(shown, 'first\nsecond\nthird\n711\n');
  });

  test('pauses a container that has limits', requires('cgroups'), async () => {
    await using box = await new Container().limits({ memory: '256m' }).start();
    const writer = box.spawn('sh', ['-c', 'i=0; while :; do i=$((i+1)); echo $i >> /tmp/a; echo $i >> /tmp/b; done']);
    for (let time = 0; time < 5; time += 1) {
      await using snapshot = await box.snapshot();
      const [a, b] = (await output(snapshot.container, 'cat /tmp/a | wc -l; cat /tmp/b | wc -l'))
        .split('\n')
        .map(Number);
      assert.ok([0, 1].includes((a ?? NaN) - (b ?? NaN)), `${a} ${b}`);
    }
    assert.equal(box.state, 'running');
    const count = 'wc -l < /tmp/b';
    const before = await output(box, count);
    await until(async () => (await output(box, count)) !== before);
    writer.kill('SIGKILL');
  });

  test('one that is paused stays so', requires('cgroups'), async () => {
    await using box = await new Container().limits({ memory: '256m' }).start();
    await box.pause();
    await using _snapshot = await box.snapshot();
    assert.equal(box.state, 'paused');
  });
});

suite('a workspace that npm ci has prepared', requires('linux-6.6', 'npm'), () => {
  /** A package from a tarball, which has another one and a program, and a test that changes what is installed. */
  const PREPARE = `set -e; mkdir -p app inner outer/bin; cd /home
    echo '{"name":"inner","version":"1.0.0","main":"index.js"}' > inner/package.json
    echo 'module.exports = (name) => "hello " + name;' > inner/index.js
    tar -czf inner.tgz --transform s,^inner,package, inner
    echo '{"name":"outer","version":"1.0.0","bin":"bin/outer.js"}' > outer/package.json
    printf '#!/usr/bin/env node\nconsole.log(require("inner")(process.argv[2]));\n' > outer/bin/outer.js
    tar -czf outer.tgz --transform s,^outer,package, outer
    echo '{"name":"app","dependencies":{"inner":"file:../inner.tgz","outer":"file:../outer.tgz"}}' > app/package.json
    cd app; npm install --package-lock-only --offline; npm ci --offline --no-audit --no-fund`;
  const FORKS = 100;
  const AT_ONCE = 10;

  test('is forked a hundred times', async () => {
    await using box = await new Container().env({ HOME: '/home' }).cwd('/home').start();
    await output(box, PREPARE);
    await using snapshot = await box.snapshot();
    const fork = async (name: number): Promise<void> => {
      const script = `cd app; npx --offline outer ${name}
        echo 'module.exports = () => ${name};' > node_modules/inner/index.js
        node -p 'require("inner")()'; rm -r node_modules/outer; ls node_modules`;
      assert.equal(await output(snapshot.container, script), `hello ${name}\n${name}\ninner\n`);
    };
    const names = Array.from({ length: FORKS }, (_, index) => index);
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let name = names.pop(); name !== undefined; name = names.pop()) await fork(name);
      }),
    );
    assert.equal(await output(box, 'cd app; npx --offline outer last'), 'hello last\n');
  });
});

suite('the directory of a snapshot', requires('linux-6.6'), () => {
  test('is carrel’s own, private, and goes with it', async () => {
    await using box = await new Container().start();
    const snapshot = await box.snapshot();
    assert.deepEqual(own(), [snapshot.directory.split('/').at(-1)]);
    assert.equal(statSync(snapshot.directory).mode & 0o777, 0o700);
    await snapshot[Symbol.asyncDispose]();
    await snapshot[Symbol.asyncDispose]();
    assert.deepEqual(own(), []);
    await assert.rejects(snapshot.container.run('true'), { code: 'ENOENT' });
  });

  test('that is given stays, and goes by disposal', async () => {
    const given = join(data, 'given');
    await using box = await new Container().start();
    await output(box, 'mkdir -p /tmp/a/b/c; chmod 0 /tmp/a');
    const snapshot = await box.snapshot({ directory: given });
    assert.equal(snapshot.directory, given);
    assert.equal(await output(snapshot.container, 'stat -c %a /tmp/a'), '0\n');
    await assert.rejects(box.snapshot({ directory: given }), { code: 'ERR_INVALID_ARG_VALUE' });
    await snapshot[Symbol.asyncDispose]();
    assert.ok(!existsSync(given));
  });

  test('that is given has all that it needs', async () => {
    await using box = await new Container().start();
    await output(box, 'echo a > /tmp/a; echo b > /tmp/b');
    const first = await box.snapshot();
    await using fork = await first.container.start();
    await output(fork, 'rm /tmp/a');
    await using second = await fork.snapshot({ directory: join(data, 'whole') });
    await fork[Symbol.asyncDispose]();
    await first[Symbol.asyncDispose]();
    assert.ok(!existsSync(first.directory));
    assert.equal(await output(second.container, 'cd /tmp; ls; cat b'), 'b\nb\n');
  });

  test('may be there, and empty', async () => {
    const given = join(data, 'empty');
    mkdirSync(given);
    await using box = await new Container().start();
    await using snapshot = await box.snapshot({ directory: given });
    assert.equal(snapshot.directory, given);
  });

  test('is kept for containers that use it', async () => {
    await using box = await new Container().start();
    await output(box, 'echo kept > /tmp/kept');
    const snapshot = await box.snapshot();
    const fork = await snapshot.container.start();
    await snapshot[Symbol.asyncDispose]();
    assert.equal(await output(fork, 'cat /tmp/kept'), 'kept\n');
    assert.ok(existsSync(snapshot.directory));
    await fork[Symbol.asyncDispose]();
    await until(() => !existsSync(snapshot.directory));
    await assert.rejects(snapshot.container.run('true'), { code: 'ENOENT' });
  });

  test('that cannot be made is an error, and so is one with something in it', async () => {
    await using box = await new Container().start();
    writeFileSync(join(data, 'a-file'), '');
    await assert.rejects(box.snapshot({ directory: join(data, 'a-file/below') }), { code: 'ENOTDIR' });
    await assert.rejects(box.snapshot({ directory: join(data, 'carrel') }), /is not empty/);
    await assert.rejects(box.snapshot({ directory: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' });
    await assert.rejects(box.snapshot({ dir: data } as never), /directory/);
    assert.deepEqual(own(), []);
  });
});

suite('a snapshot that is not taken', requires('linux-6.6'), () => {
  test('by an aborted signal', async () => {
    await using box = await new Container().start();
    const reason = new Error('no more');
    await assert.rejects(box.snapshot({ signal: AbortSignal.abort(reason) }), reason);
    await output(box, 'mkdir /tmp/d; cd /tmp/d; for i in $(seq 3000); do : > $i; done');
    const aborter = new AbortController();
    const taking = box.snapshot({ signal: aborter.signal });
    setTimeout(() => aborter.abort(reason), 15);
    await assert.rejects(taking, reason);
    assert.deepEqual(own(), []);
    await using again = await box.snapshot();
    assert.equal(await output(again.container, 'ls /tmp/d | wc -l'), '3000\n');
  });

  test('of a container that has ended, or ends meanwhile', async () => {
    const box = await new Container().start();
    await output(box, 'mkdir /tmp/d; cd /tmp/d; for i in $(seq 3000); do : > $i; done');
    const taking = box.snapshot();
    const comparing = box.changes();
    setTimeout(() => box.kill('SIGKILL'), 15);
    await Promise.all([
      assert.rejects(taking, { code: 'ERR_ENDED' }),
      assert.rejects(comparing, { code: 'ERR_ENDED' }),
      box.result,
    ]);
    await assert.rejects(box.snapshot(), { code: 'ERR_ENDED' });
    await assert.rejects(box.changes(), { code: 'ERR_ENDED' });
    assert.deepEqual(own(), []);
  });
});

suite('a snapshot that has no room', requires('linux-6.6', 'user-namespaces'), () => {
  for (const [what, data] of Object.entries({ bytes: 'size=1m', files: 'nr_inodes=100' })) {
    test(`for its ${what} is an error, and leaves nothing`, () => {
      const found = isolated(async ({ fs, mount }, directory, data) => {
        mount('tmpfs', directory, { type: 'tmpfs', data });
        process.env.XDG_DATA_HOME = directory;
        const { Container } = await import('carrel');
        const box = await new Container().start();
        const script = 'cd /tmp; head -c 2m /dev/zero > large; for i in $(seq 200); do : > $i; done';
        await box.run('sh', ['-c', script], { check: true });
        const given = `${directory}/given`;
        const errors: unknown[] = [];
        for (const directory of [undefined, given])
          await box.snapshot({ directory }).catch(({ code, path }) => errors.push(code, typeof path));
        const left = [...fs.readdirSync(`${directory}/carrel/snapshots`), fs.existsSync(given)];
        await box[Symbol.asyncDispose]();
        return { errors, left };
      }, data);
      assert.deepEqual(found, { errors: ['ENOSPC', 'string', 'ENOSPC', 'string'], left: [false] });
    });
  }
});

suite('an overlay on /', requires('linux-6.6'), () => {
  test('is what carrel’s own root begins with', async () => {
    const lower = join(data, 'lower');
    mkdirSync(join(lower, 'opt'), { recursive: true });
    writeFileSync(join(lower, 'opt/f'), 'of the layer\n');
    const container = new Container().mount(overlay('/', { lower }));
    assert.equal(
      await output(container, 'cat /opt/f; echo more >> /opt/f; cat /opt/f'),
      'of the layer\nof the layer\nmore\n',
    );
    assert.throws(() => container.rootfs('/srv'), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('takes no more than its size', async () => {
    const lower = join(data, 'small');
    mkdirSync(lower, { recursive: true });
    const container = new Container().mount(overlay('/mnt', { lower, size: '1m' }));
    assert.equal(await output(container, 'head -c 2m /dev/zero > /mnt/f || echo full'), 'full\n');
    assert.throws(() => overlay({ lower, upper: '/u', work: '/w', size: 1 }), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
