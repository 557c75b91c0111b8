/** Containers in the network of another one: what they share, what they do not, and how long it lasts. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { suite, test } from 'node:test';
import { Container, type DefinitionInput, type RunningContainer } from 'carrel';
import { useCleanHost } from '../support/host.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const isRoot = process.env.CARREL_TEST_LEG === 'root';
const ENDED = { code: 'ERR_ENDED' };
/** Answers each request with the name that its container was given. */
const server = (port: number): readonly string[] => [
  '-e',
  `require('node:http').createServer((_, answer) => answer.end(process.env.NAME)).listen(${port})`,
];
const client = (url: string): readonly string[] => [
  '-e',
  `fetch(${JSON.stringify(url)}).then(async (answer) => process.stdout.write(await answer.text()))`,
];

async function fetched(box: Container | RunningContainer, url: string): Promise<string> {
  const { stdout } = await box.run('node', client(url), { check: true });
  return stdout;
}

async function serving(box: Container, port: number): Promise<RunningContainer> {
  return box.env({ NAME: `on ${port}` }).start('node', server(port), { ready: { port } });
}

suite('a container in the network of another', () => {
  test('reaches its ports, and it reaches theirs', async () => {
    await using net = await new Container().start();
    const base = new Container().network(net);
    await using one = await serving(base, 3000);
    await using other = await serving(base, 4000);
    for (const [box, url, text] of [
      [net, 'http://127.0.0.1:3000', 'on 3000'],
      [one, 'http://127.0.0.1:4000', 'on 4000'],
      [other, 'http://[::1]:3000', 'on 3000'],
      [base, 'http://localhost:4000', 'on 4000'],
    ] as const)
      assert.equal(await fetched(box, url), text);
    await using apart = await new Container().start();
    await assert.rejects(apart.connect(3000), { code: 'ECONNREFUSED' });
    assert.equal((await apart.run('node', client('http://127.0.0.1:3000'))).ok, false);
  });

  test('each of them publishes, connects and listens', async () => {
    await using net = await new Container().start();
    await using app = await serving(new Container().network(net).publish(3000), 3000);
    const late = await net.publish(3000);
    for (const { host, port } of [app.address(3000), late])
      assert.equal(await (await fetch(`http://${host}:${port}`)).text(), 'on 3000');
    for (const box of [net, app]) (await box.connect(3000)).destroy();
    const bank = createServer((_, answer) => answer.end('paid'));
    for (const [listening, asking] of [
      [net, app],
      [app, net],
    ] as const) {
      await using _listener = await listening.listen(9000, bank);
      assert.equal(await fetched(asking, 'http://127.0.0.1:9000'), 'paid');
    }
  });

  test('has names of its own: hosts() are known, and none of the host’s', async () => {
    await using net = await new Container().start();
    const base = new Container().network(net).hosts({ db: '127.0.0.1' });
    await using _db = await serving(base, 5000);
    assert.equal(await fetched(base, 'http://db:5000'), 'on 5000');
    const { stdout } = await base.hostname('app').run('cat', ['/etc/hosts']);
    assert.equal(stdout, '127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.0.1\tapp\n127.0.0.1\tdb\n');
    assert.equal((await base.run('test', ['-e', '/etc/resolv.conf'])).exitCode, 1);
  });

  test('lasts as long as one of them, and can be joined by any', async () => {
    const net = await new Container().start();
    await using app = await serving(new Container().network(net), 3000);
    await net.stop({ grace: 0 });
    assert.equal(await fetched(app, 'http://127.0.0.1:3000'), 'on 3000');
    await using next = await new Container().network(app).start();
    assert.equal(await fetched(next, 'http://127.0.0.1:3000'), 'on 3000');
    assert.equal(await fetched(new Container().network(next), 'http://127.0.0.1:3000'), 'on 3000');
  });

  test('is what its JSON says', async () => {
    await using net = await new Container().start();
    await using _app = await serving(new Container().network(net), 3000);
    const data = JSON.parse(JSON.stringify(new Container().network(net))) as DefinitionInput;
    const copy = new Container(data);
    assert.deepEqual(copy.toJSON(), new Container({ network: net }).toJSON());
    assert.equal(await fetched(copy, 'http://127.0.0.1:3000'), 'on 3000');
  });

  test('is that of a process too, as long as that runs', async () => {
    const child = new Container()
      .env({ NAME: 'on 3000' })
      .spawn('sh', ['-c', 'echo; exec node "$@"', '-', ...server(3000)]);
    assert.throws(() => new Container().network(child), { code: 'ERR_INVALID_ARG_VALUE', message: /running/ });
    await once(child.stdout as NodeJS.ReadableStream, 'data');
    const box = new Container().network(child);
    await using beside = await box.start({ ready: { port: 3000 } });
    assert.equal(await fetched(beside, 'http://127.0.0.1:3000'), 'on 3000');
    child.kill('SIGKILL');
    await child.result;
    await assert.rejects(box.run('true'), ENDED);
  });

  test('has the host’s, or its own again, when it is told so later', async () => {
    await using net = await new Container().start();
    const base = new Container().network(net);
    const seen = async (box: Container): Promise<string> =>
      (await box.run('readlink', ['/proc/self/ns/net'])).stdout.trim();
    const shared = `net:[${net.namespaces.network.inode}]`;
    assert.equal(await seen(base), shared);
    assert.notEqual(await seen(base.network(undefined)), shared);
    assert.notEqual(await seen(base.network('none')), shared);
    assert.equal(base.network('none').toJSON().namespaces.includes('network'), true);
    assert.equal(base.network('host').toJSON().namespaces.length, 6);
    await using other = await new Container().start();
    assert.equal(await seen(base.network(other)), `net:[${other.namespaces.network.inode}]`);
    // Those that are named later have it still.
    assert.equal(await seen(base.namespaces(['user', 'mount', 'pid', 'uts', 'ipc'])), shared);
  });
});

suite('what is not shared', () => {
  test('are users: as root each has ids of its own, and no rights over the network', async () => {
    await using net = await new Container().start();
    const base = new Container().network(net);
    const { stdout } = await base.run('readlink', ['/proc/self/ns/user']);
    const other = (await net.run('readlink', ['/proc/self/ns/user'])).stdout;
    const first = async (box: Container | RunningContainer): Promise<string> =>
      (await box.run('cat', ['/proc/self/uid_map'])).stdout.trim();
    const low = await base.run('node', ['-e', "require('net').createServer().listen(80, () => process.exit(7))"]);
    if (isRoot) {
      assert.notEqual(stdout, other);
      assert.notEqual(await first(base), await first(net));
      assert.match(low.stderr, /EACCES/);
    } else {
      assert.equal(stdout, other);
      assert.equal(low.exitCode, 7);
    }
  });

  test('are settings of the network: they are the first one’s, and count for all', async () => {
    await using net = await new Container().sysctl({ 'net.ipv4.ip_unprivileged_port_start': 80 }).start();
    const base = new Container().network(net);
    await using _app = await serving(base, 80);
    assert.equal(await fetched(net, 'http://127.0.0.1:80'), 'on 80');
    assert.throws(() => base.sysctl({ 'net.ipv4.ip_forward': 1 }), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /network/,
    });
  });

  test('are processes: nobody sees, signals or traces one of another', async () => {
    await using net = await new Container().start('sleep', ['9999']);
    const script = `
      cat /proc/[0-9]*/comm
      kill -KILL -1 || true
      kill -KILL ${net.pid} ${net.main?.pid} && echo killed
      readlink /proc/${net.main?.pid}/root && echo seen
      exit 0`;
    const { stdout } = await new Container().network(net).run('sh', ['-c', script], { check: true });
    assert.doesNotMatch(stdout, /sleep|killed|seen/);
    assert.equal(net.state, 'running');
    assert.equal((await net.run('pgrep', ['-c', 'sleep'])).stdout.trim(), '1');
  });

  test('are files, mounts, host names, and System V’s memory', async () => {
    await using net = await new Container().hostname('first').start();
    await net.files.writeFile('/tmp/secret', 'x');
    await net.run('ipcmk', ['-M', '4096'], { background: 'keep' });
    assert.match((await net.run('ipcs', ['-m'])).stdout, /4096/);
    const { stdout } = await new Container()
      .network(net)
      .run('sh', ['-c', 'ls /tmp; hostname; ipcs -m; cat /proc/self/mountinfo'], { check: true });
    assert.doesNotMatch(stdout, /secret|first|4096/);
  });

  test('is what capabilities reach: mounts of the first stay as they are', async () => {
    await using net = await new Container().start();
    const box = new Container().network(net).capabilities(['CAP_SYS_ADMIN', 'CAP_SYS_PTRACE', 'CAP_NET_ADMIN']);
    if (!isRoot) {
      await assert.rejects(box.run('true'), { code: 'ERR_INVALID_ARG_VALUE', message: /CAP_SYS_ADMIN/ });
      return;
    }
    // Its rights are of a user namespace of its own, to which the network does not belong.
    const { stdout } = await box.run('sh', ['-c', 'ip link set lo down || echo refused; umount /usr || echo locked']);
    assert.equal(stdout, 'refused\nlocked\n');
    await using listener = await net.listen(9000, (socket) => socket.destroy());
    assert.ok(listener);
    (await net.connect(9000)).destroy();
  });
});

suite('what is refused', () => {
  test('a container that has ended, when it is named and at the start', async () => {
    const net = await new Container().start();
    const base = new Container().network(net);
    await net.stop({ grace: 0 });
    assert.throws(() => new Container().network(net), ENDED);
    assert.throws(() => new Container({ network: net }), ENDED);
    for (let round = 0; round < 3; round += 1) {
      await assert.rejects(base.run('true'), ENDED);
      await assert.rejects(base.start(), ENDED);
      assert.throws(() => base.spawn('true'), ENDED);
    }
  });

  test('one that has the network of this process', async () => {
    await using host = await new Container().network('host').start();
    await assert.rejects(new Container().network(host).run('true'), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /network\('host'\)/,
    });
  });

  test('another network beside it', async () => {
    await using net = await new Container().start();
    await using other = await new Container().start();
    const contradiction = { code: 'ERR_INVALID_ARG_VALUE', message: /exclude each other/ };
    const base = new Container().network(net);
    assert.throws(() => base.namespaces(['user', 'network']), contradiction);
    assert.throws(() => base.namespaces(['user', { network: other }]), contradiction);
    assert.throws(() => new Container({ network: net, namespaces: ['network'] }), contradiction);
  });

  test('an idmap, where the ids are the first one’s', async () => {
    await using net = await new Container().start();
    const box = new Container().network(net).idmap({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
    if (isRoot) assert.equal((await box.run('id', ['-u'])).stdout, '0\n');
    else await assert.rejects(box.run('true'), { code: 'ERR_INVALID_ARG_VALUE', message: /idmap/ });
  });
});
