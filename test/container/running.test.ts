/** Containers that stay: how they begin and end, and what commands that enter them are. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container, type RunningContainer } from 'carrel';
import { spawn as perform, plan } from 'carrel/plan';
import { hold } from 'carrel/steps';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { rejectsAtStep } from '../support/refusals.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const ENDED = { code: 'ERR_ENDED' };

async function output(box: RunningContainer, script: string): Promise<string> {
  const { stdout } = await box.run('sh', ['-c', script], { check: true });
  return stdout.trim();
}

suite('without a main command', () => {
  test('it knows what it was started from', async () => {
    const from = new Container().hostname('one');
    const told: Container[] = [];
    await using box = await from.start({ ready: ({ container }) => told.push(container) });
    assert.deepEqual([box.container === from, told[0] === from], [true, true]);
    await using other = await box.container.hostname('other').start();
    assert.equal(await output(other, 'hostname'), 'other');
  });

  test('PID 1 is carrel’s init alone', async () => {
    await using box = await new Container().start();
    assert.equal(box.main, undefined);
    assert.equal(box.state, 'running');
    assert.match(await output(box, 'cat /proc/1/comm'), /^carrel-init$/);
    assert.match(await output(box, 'ls /proc | grep -cE "^[0-9]+$"'), /^[2-5]$/);
  });

  test('stop() is exit code 0, and what runs inside has reason container-ended', async () => {
    const box = await new Container().start();
    const sleeper = box.spawn('sleep', ['1000'], { stdio: 'ignore' });
    const polite = box.spawn('sh', ['-c', 'trap "exit 7" TERM; echo; while :; do sleep 0.01; done']);
    await once(polite.stdout as NodeJS.ReadableStream, 'data');
    const [ended, first, second] = await Promise.all([box.stop(), sleeper.result, polite.result]);
    assert.deepEqual([ended.ok, ended.exitCode, ended.signal, ended.reason], [true, 0, null, 'exited']);
    assert.deepEqual([first.signal, first.reason], ['SIGTERM', 'container-ended']);
    assert.deepEqual([second.exitCode, second.reason], [7, 'container-ended']);
    assert.equal(box.state, 'ended');
    assert.equal(box.kill(), false);
    assert.equal((await box.stop()).reason, 'exited');
    await assert.rejects(box.run('true'), ENDED);
    assert.throws(() => box.spawn('true'), ENDED);
    assert.throws(() => box.plan(), ENDED);
  });

  test('stop() ends what ignores it', async () => {
    const box = await new Container().start();
    const deaf = box.spawn('sh', ['-c', 'trap "" TERM; echo; while :; do sleep 0.01; done']);
    await once(deaf.stdout as NodeJS.ReadableStream, 'data');
    const [ended, status] = await Promise.all([box.stop({ grace: 50 }), deaf.result]);
    assert.deepEqual([ended.exitCode, ended.reason], [0, 'exited']);
    assert.deepEqual([status.signal, status.reason], ['SIGKILL', 'container-ended']);
  });

  test('kill() is for each command; by SIGKILL it ends all', async () => {
    const box = await new Container().start();
    const one = box.spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(one, 'spawn');
    assert.equal(box.kill(), true);
    assert.deepEqual([(await one.result).signal, (await one.result).reason], ['SIGTERM', 'killed']);
    assert.equal(await output(box, 'echo on'), 'on');
    const other = box.spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(other, 'spawn');
    assert.equal(box.kill('SIGKILL'), true);
    const status = await box.result;
    assert.deepEqual([status.ok, status.exitCode, status.signal, status.reason], [false, null, 'SIGKILL', 'killed']);
    assert.equal((await other.result).reason, 'container-ended');
  });

  test('timeout and signal end it', async () => {
    const late = await new Container().start({ timeout: 100 });
    const command = late.spawn('sleep', ['1000'], { stdio: 'ignore' });
    assert.deepEqual([(await late.result).signal, (await late.result).reason], ['SIGKILL', 'timeout']);
    await command.result.catch((error: { code?: string }) => assert.equal(error.code, 'ERR_ENDED'));
    const abort = new AbortController();
    const aborted = await new Container().start({ signal: abort.signal });
    abort.abort();
    assert.equal((await aborted.result).reason, 'aborted');
    await assert.rejects(new Container().start({ signal: AbortSignal.abort('no') }), (reason) => reason === 'no');
  });

  test('PID 1 ignores signals from inside', async () => {
    await using box = await new Container().start();
    assert.equal(await output(box, 'kill -TERM 1; kill -HUP 1; kill -KILL 1; sleep 0.1; echo on'), 'on');
  });

  test('what is about a main command is refused', async () => {
    for (const options of [{ cwd: '/' }, { env: {} }, { user: 5 }, { terminal: true }, { stdio: 'pipe' }] as const)
      await assert.rejects(new Container().start(options), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: new RegExp(`^${Object.keys(options)[0]} is about a main command`),
      });
    await assert.rejects(new Container().start({ hold: false }), /needs a main command/);
    await assert.rejects(new Container().init(false).start(), /needs carrel’s init as PID 1/);
    await assert.rejects(new Container().command('true').start({ hold: true, cwd: '/' }), /cwd is about/);
    await assert.rejects(new Container().start('sleep', ['9'], { hold: true }), /hold: true is without/);
    await assert.rejects(new Container().start({ detached: true } as object), /detached/);
  });

  test('a plan that holds needs an init', async () => {
    await rejectsAtStep(() => perform(plan({ clone: ['user', 'pid'], steps: [hold()] })).result, {
      op: 'hold',
      code: 'ESRCH',
    });
  });
});

suite('with a main command', () => {
  test('it ends with that', async () => {
    const box = await new Container().start('sh', ['-c', 'read line; exit 3'], { stdio: 'pipe' });
    const inside = box.spawn('sleep', ['1000'], { stdio: 'ignore' });
    await once(inside, 'spawn');
    box.main?.stdin?.end('\n');
    const status = await box.result;
    assert.deepEqual([status.exitCode, status.reason], [3, 'exited']);
    assert.equal((await inside.result).reason, 'container-ended');
    assert.deepEqual(await box.main?.result, status);
  });

  test('stop() and kill() are for it', async () => {
    const script = 'trap "exit 4" TERM; echo; while :; do sleep 0.01; done';
    const box = await new Container().start('sh', ['-c', script], { stdio: 'pipe' });
    await once(box.main?.stdout as NodeJS.ReadableStream, 'data');
    assert.equal((await box.stop({ grace: 5000 })).exitCode, 4);
    const other = await new Container().start('sleep', ['1000']);
    assert.equal(other.kill('SIGINT'), true);
    assert.deepEqual([(await other.result).signal, (await other.result).reason], ['SIGINT', 'killed']);
  });

  test('one that cannot be started rejects, and leaves nothing', async () => {
    await rejectsAtStep(() => new Container().start('no-such-program'), { op: 'exec', code: 'ENOENT' });
  });
});

suite('a command that enters', () => {
  test('has the files, the network, the names and the processes of the container', async () => {
    await using box = await new Container().hostname('inner').start();
    await output(box, 'echo text > /tmp/file');
    assert.equal(await output(box, 'cat /tmp/file'), 'text');
    assert.equal(await output(box, 'hostname'), 'inner');
    const links = (await output(box, 'cd /proc/self/ns; readlink user mnt pid net ipc uts')).split('\n');
    const { namespaces } = box;
    const inodes = (['user', 'mount', 'pid', 'network', 'ipc', 'uts'] as const).map((name) => namespaces[name].inode);
    assert.deepEqual(
      links.map((link) => Number(/\d+/.exec(link)?.[0])),
      inodes,
    );
  });

  test('is who the container’s command is, with its environment and directory', async () => {
    await using box = await new Container().env({ NAME: 'value' }).cwd('/tmp').umask(0o77).user(7).start();
    assert.equal(await output(box, 'id -u; id -g; echo $NAME; pwd; umask'), '7\n7\nvalue\n/tmp\n0077');
    const { stdout } = await box.run('sh', ['-c', 'echo $NAME; pwd'], { env: { NAME: 'own' }, cwd: '/', check: true });
    assert.equal(stdout, 'own\n/\n');
  });

  test('opens its own pipes again', async () => {
    await using box = await new Container().start();
    assert.equal(await output(box, 'echo out > /dev/stdout'), 'out');
  });

  test('has a terminal', async () => {
    await using box = await new Container().start();
    const child = box.spawn('sh', ['-c', 'tty && test -t 0 && echo is'], { terminal: true });
    let shown = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      shown += chunk;
    });
    await once(child, 'close');
    assert.match(shown, /^\/dev\/(pts\/\d+|console)\r\nis\r\n$/);
  });

  test('has no right that the container lacks', async () => {
    const status = 'grep -E "^(Cap|NoNewPrivs|Seccomp:)" /proc/self/status';
    const define = new Container().capabilities(['CAP_NET_BIND_SERVICE']).user(0);
    const first = (await define.run('sh', ['-c', status], { check: true })).stdout.trim();
    await using box = await define.start();
    assert.equal(await output(box, status), first);
    assert.match(first, /^CapEff:\t0000000000000400$/m);
    await assert.rejects(box.run('mount', ['-t', 'tmpfs', 'x', '/tmp'], { check: true }));
  });

  test('ends with all that it has started', async () => {
    await using box = await new Container().start();
    const { stdout } = await box.run('sh', ['-c', 'setsid sleep 1000 >/dev/null 2>&1 & echo $!'], { check: true });
    assert.equal(await output(box, `test -d /proc/${stdout.trim()} || echo gone`), 'gone');
  });

  test('leaves behind what it has started, with background: "keep"', async () => {
    await using box = await new Container().start();
    const script = 'setsid sleep 1000 >/dev/null 2>&1 & echo $!';
    const { stdout } = await box.run('sh', ['-c', script], { check: true, background: 'keep' });
    assert.equal(await output(box, `test -d /proc/${stdout.trim()} && echo there`), 'there');
    // It holds a pipe, and nobody waits for it.
    assert.equal((await box.run('sh', ['-c', 'sleep 1000 & echo on'], { background: 'keep' })).stdout, 'on\n');
    await assert.rejects(new Container().run('true', [], { background: 'keep' }), /is for commands of a running/);
    await assert.rejects(box.run('true', [], { background: 'stay' as never }), { code: 'ERR_INVALID_ARG_VALUE' });
  });

  test('whose program is not there rejects; the container goes on', async () => {
    await using box = await new Container().start();
    await assert.rejects(box.run('no-such-program'), { code: 'ENOENT' });
    assert.equal(await output(box, 'echo on'), 'on');
  });

  test('that kills itself is signaled, as long as the container goes on', async () => {
    await using box = await new Container().start();
    const { signal, reason } = await box.run('sh', ['-c', 'kill -KILL $$']);
    assert.deepEqual([signal, reason], ['SIGKILL', 'signaled']);
  });

  test('is known by its plan', async () => {
    await using box = await new Container().start();
    assert.deepEqual(box.plan('true').clone, []);
    assert.match(box.explain('true'), /setns pid[\s\S]*fork into the pid namespace[\s\S]*exec true/);
  });

  test('a hundred at once', async () => {
    await using box = await new Container().start();
    const results = await Promise.all(Array.from({ length: 100 }, (_, index) => output(box, `echo ${index}`)));
    assert.deepEqual(
      results,
      Array.from({ length: 100 }, (_, index) => String(index)),
    );
    assert.match(await output(box, 'ls /proc | grep -cE "^[0-9]+$"'), /^[2-5]$/);
  });
});

suite('where the container is made otherwise', () => {
  test('of a root file system', requires('busybox'), async () => {
    await using box = await new Container().rootfs(busyboxRoot()).start();
    assert.equal(await output(box, 'echo text > /tmp/f; cat /tmp/f'), 'text');
  });

  test('without /proc', requires('busybox'), async () => {
    await using box = await new Container().rootfs(busyboxRoot()).proc('none').start();
    assert.equal(await output(box, 'echo on'), 'on');
  });

  test('with a time namespace', requires('time-namespaces'), async () => {
    const names = ['user', 'mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'time'] as const;
    await using box = await new Container().namespaces(names).timeOffsets({ boottime: 864_000_000 }).start();
    assert.ok(Number((await output(box, 'cat /proc/uptime')).split('.')[0]) > 864_000);
  });

  test('without a user namespace', requires('root'), async () => {
    await using box = await new Container().namespaces(['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup']).start();
    assert.equal(await output(box, 'id -u; hostname'), '0\ncarrel');
  });

  test('with mounts that CAP_SYS_ADMIN cannot move', async () => {
    await using box = await new Container()
      .capabilities({ add: ['CAP_SYS_ADMIN'] })
      .hostname('first')
      .start();
    assert.equal(await output(box, 'hostname other && hostname'), 'other');
    const { exitCode } = await box.run('mount', ['-o', 'remount,rw', '/usr']);
    assert.notEqual(exitCode, 0);
    // Without the wall it would be done: a mount of its own.
    assert.equal(await output(box, 'mount -t tmpfs x /tmp && echo done'), 'done');
  });

  test('another container joins its network', async () => {
    await using box = await new Container().start();
    const rest = ['mount', 'pid', 'ipc', 'uts', 'cgroup'] as const;
    const joining = new Container().namespaces([...rest, { user: box, network: box }]);
    const { stdout } = await joining.run('readlink', ['/proc/self/ns/net'], { check: true });
    assert.equal(stdout.trim(), `net:[${box.namespaces.network.inode}]`);
  });
});

suite('what the container has set', () => {
  test('is not set once more by a command that enters', async () => {
    await using box = await new Container().sysctl({ 'net.ipv4.ip_forward': 1 }).hostname('box').start();
    assert.equal(await output(box, 'cat /proc/sys/net/ipv4/ip_forward; hostname'), '1\nbox');
  });
});
