/** `snapshot()` keeps what a container has written, and `snapshot.container` begins with it. */

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { Container, directory, file, overlay, type RunningContainer, tmpfs } from 'carrel';
import { useCleanHost } from '../support/host.js';
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
