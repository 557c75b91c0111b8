/** `snapshot()` and `changes()` of a hostile container come to an end, and nobody else can use what is kept. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { Container, type RunningContainer } from '#lib/index.js';
import { Bounds } from '#lib/running/snapshot/bounds.js';
import { Keeper } from '#lib/running/snapshot/keeper.js';
import { removeLeft } from '#lib/running/snapshot/taken.js';
import { useCleanHost } from '../support/host.js';
import { asUser, NOBODY } from '../support/legs.js';
import { servers, signalOne } from '../support/processes.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const data = mkdtempSync(join(tmpdir(), 'snapshots-'));
process.env.XDG_DATA_HOME = data;
after(() => removeTree(data));

const own = (): readonly string[] =>
  existsSync(join(data, 'carrel/snapshots')) ? readdirSync(join(data, 'carrel/snapshots')) : [];

async function output(container: Container | RunningContainer, script: string): Promise<string> {
  return (await container.run('sh', ['-c', script], { check: true })).stdout;
}

/** The keeper: a server, below its supervisor. */
function keeperOf(first?: number): number | undefined {
  const all = servers(first);
  return all.find(({ parent }) => all.some(({ pid }) => pid === parent))?.pid;
}

const TOO_LARGE = { code: 'ERR_FS_FILE_TOO_LARGE' };

suite('a snapshot of what never ends', requires('linux-6.6'), () => {
  test('has its bounds in bytes that it copies, and in entries', async () => {
    await using box = await new Container().start();
    await output(box, 'cd /tmp; truncate -s 8T sparse; head -c 3m /dev/zero > a; mkdir d; : > d/e');
    await assert.rejects(box.snapshot({ maxBytes: '2m' }), { ...TOO_LARGE, message: /^\/tmp\/a: \d+ bytes or more/ });
    await assert.rejects(box.snapshot({ maxEntries: 3 }), TOO_LARGE);
    assert.deepEqual(own(), []);
    await using snapshot = await box.snapshot({ maxBytes: '4m', maxEntries: 100 });
    assert.equal(await output(snapshot.container, 'cd /tmp; stat -c %s sparse; ls d'), '8796093022208\ne\n');
    await assert.rejects(box.snapshot({ maxBytes: 0 }), { code: 'ERR_OUT_OF_RANGE' });
    await assert.rejects(box.snapshot({ maxEntries: -1 }), { code: 'ERR_OUT_OF_RANGE' });
  });

  test('counts a file as often as somebody moves it ahead', requires('debian-python3'), async () => {
    await using box = await new Container().start();
    // The same megabyte is in each directory when that one is looked at. inotify(7)
    const mover = box.spawn('/usr/bin/python3', ['-c', MOVING], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => mover.stdout?.once('data', resolve));
    await assert.rejects(box.snapshot({ maxBytes: '20m' }), TOO_LARGE);
    assert.deepEqual(own(), []);
    mover.kill('SIGKILL');
  });

  test('and a list of thousands of files below thousands of directories', requires('debian-python3'), async () => {
    await using box = await new Container().start();
    const make = `
import os
os.chdir("/tmp")
for _ in range(1000):
    os.mkdir("deep"); os.chdir("deep")
for i in range(2000):
    open("f%d" % i, "w").close()`;
    await box.run('/usr/bin/python3', ['-c', make], { check: true });
    const { length } = await box.changes();
    assert.equal(length, 3001);
    await using snapshot = await box.snapshot();
    assert.equal(await output(snapshot.container, 'find /tmp -name "f*" | wc -l'), '2000\n');
  });
});

/** 200 directories, and a file of a megabyte that is put into the one that is opened. */
const MOVING = `
import ctypes, os, struct
libc = ctypes.CDLL(None)
os.chdir("/tmp")
fd = libc.inotify_init1(0)
names = {}
for i in range(200):
    os.mkdir("d%d" % i)
    names[libc.inotify_add_watch(fd, b"d%d" % i, 0x20)] = "d%d" % i
data = bytes(1 << 20)
print("ready", flush=True)
last = None
while True:
    events = os.read(fd, 65536)
    while events:
        watch, mask, cookie, length = struct.unpack("iIII", events[:16])
        events = events[16 + length:]
        name = names.get(watch)
        if name is None or name == last:
            continue
        if last is None:
            open(name + "/f", "wb").write(data)
        else:
            os.rename(last + "/f", name + "/f")
        last = name
`;

suite('the keeper of a snapshot', requires('linux-6.6'), () => {
  test('that is killed in the middle leaves nothing', async () => {
    await using box = await new Container().start();
    await output(box, 'mkdir /tmp/d; cd /tmp/d; for i in $(seq 5000); do : > $i; done');
    const taking = box.snapshot();
    const refused = assert.rejects(taking);
    await until(() => keeperOf(box.pid) !== undefined);
    await until(() => own().some((name) => existsSync(join(data, 'carrel/snapshots', name, '0/tmp'))));
    signalOne(keeperOf(box.pid), 'SIGKILL');
    await refused;
    assert.deepEqual(own(), []);
  });

  test('that is killed later leaves the rest to disposal', async () => {
    await using box = await new Container().start();
    await output(box, 'echo kept > /tmp/f');
    const snapshot = await box.snapshot();
    signalOne(keeperOf(box.pid), 'SIGKILL');
    await until(() => servers(box.pid).length === 0);
    assert.equal(await output(snapshot.container, 'cat /tmp/f'), 'kept\n');
    await snapshot[Symbol.asyncDispose]();
    assert.deepEqual(own(), []);
  });

  test('that is made to stand still is not waited for', requires('root'), async () => {
    const directory = join(data, 'still');
    mkdirSync(directory);
    const kept = {
      user: undefined,
      ids: { kind: 'host', uid: [], gid: [] },
      places: 0,
      layers: [],
      directory,
      snapshots: [],
    } as const;
    const keeper = new Keeper(kept, [], Bounds.ofSnapshot({}), 500);
    const make = { op: 'mkdirat', at: keeper.slots.directory ?? 0, path: 'd', mode: 0o700 } as const;
    await keeper.ask([make], { syscall: 'mkdir' });
    signalOne(keeperOf(), 'SIGSTOP');
    await assert.rejects(keeper.perform([{ ...make, path: 'e' }]), { code: 'ERR_TIMEOUT' });
    await keeper.leave(new Error('not told any more'));
    assert.ok(keeper.isGone && existsSync(directory));
    await removeLeft(kept);
    assert.ok(!existsSync(directory));
  });
});

suite('what is kept', requires('linux-6.6'), () => {
  test('has no devices, and is closed to others', requires('root'), async () => {
    const box = new Container()
      .namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup'])
      .capabilities({ add: ['CAP_MKNOD', 'CAP_SYS_ADMIN'] });
    await using running = await box.start();
    const script = `cd /tmp; mknod null c 1 3; mknod disk b 8 0; mknod gone c 0 0
      cp /usr/bin/id id; chown 0:0 id; chmod 6755 id; mkdir d; chmod 1777 d`;
    await output(running, script);
    await using snapshot = await running.snapshot();
    const [found, devices] = [`${snapshot.directory}/0/tmp`, ['-type', 'b', '-o', '-type', 'c']];
    assert.deepEqual(readdirSync(found).sort(), ['d', 'id']);
    assert.equal(execFileSync('find', [snapshot.directory, ...devices], { encoding: 'utf8' }), '');
    assert.equal(statSync(join(found, 'id')).mode & 0o7777, 0o6755);
    const [command = '', ...rest] = [...asUser, 'sh', '-c', join(found, 'id')];
    const tried = spawnSync(command, rest, { encoding: 'utf8' });
    assert.match(tried.stderr, /Permission denied/, `${tried.error} ${tried.stdout}`);
    // Nor is what is mounted in a fork.
    assert.equal(
      await output(snapshot.container, 'find /tmp -type c -o -type b | wc -l; stat -c %a /tmp/id'),
      '0\n6755\n',
    );
  });

  test('is in no directory of another user', requires('root'), async () => {
    const directory = join(data, 'of-another');
    mkdirSync(directory);
    chownSync(directory, NOBODY, NOBODY);
    await using box = await new Container().start();
    await assert.rejects(box.snapshot({ directory }), /belongs to another user/);
    assert.deepEqual([statSync(directory).uid, readdirSync(directory)], [NOBODY, []]);
  });
});
