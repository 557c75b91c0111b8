/** The commands `carrel run` and `carrel explain` do what they say for a user at a shell. */

import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { carrel, carrelAtTerminal } from '../support/cli.js';
import { useCleanHost } from '../support/host.js';
import { removeTree } from '../support/remove-tree.js';
import { requires } from '../support/requires.js';

useCleanHost();

const files = mkdtempSync(join(tmpdir(), 'cli-'));
chmodSync(files, 0o755);
writeFileSync(join(files, 'greeting'), 'hello\n');

/** What a shell inside prints. */
async function told(options: readonly string[], script: string): Promise<string> {
  const { stdout, stderr, code } = await carrel(['run', ...options, 'sh', '-c', script]);
  assert.equal(stderr, '');
  assert.equal(code, 0);
  return stdout;
}

suite('the status of carrel run', () => {
  for (const [what, args, code] of [
    ['the command’s own', ['sh', '-c', 'exit 7'], 7],
    ['128 + the signal that ended it', ['sh', '-c', 'kill -KILL $$'], 137],
    ['124 where its time was up', ['--timeout', '100ms', 'sleep', '60'], 124],
    ['125 where the container cannot be made', ['--rootfs', '/none', 'true'], 125],
    ['126 where it cannot be executed', ['/etc/passwd'], 126],
    ['127 where there is no such command', ['no-such-command'], 127],
  ] as const) {
    test(what, async () => {
      assert.equal((await carrel(['run', ...args])).code, code);
    });
  }

  test('what kept it from running is a sentence with a hint', async () => {
    const { stderr, stdout } = await carrel(['run', 'no-such-command']);
    assert.equal(stdout, '');
    assert.match(stderr, /^carrel: exec no-such-command: ENOENT, .*\n {2}hint: no such program in .*\n$/);
  });
});

suite('the descriptors of carrel run', () => {
  test('output goes where the caller’s goes, each to its own', async () => {
    const { stdout, stderr } = await carrel(['run', 'sh', '-c', 'echo out; echo err >&2']);
    assert.deepEqual([stdout, stderr], ['out\n', 'err\n']);
  });

  test('input: none; with -i the caller’s', async () => {
    assert.equal((await carrel(['run', 'cat'], { input: 'typed\n' })).stdout, '');
    assert.equal((await carrel(['run', '-i', 'cat'], { input: 'typed\n' })).stdout, 'typed\n');
  });

  test('it ends when the command ends, though input goes on', async () => {
    const { stdout, code } = await carrel(['run', '-i', 'echo', 'done']);
    assert.deepEqual([stdout, code], ['done\n', 0]);
  });
});

suite('carrel run at a terminal', requires('dev-tty'), () => {
  test('without -t: what is said is shown, and no terminal enters the container', async () => {
    const script = 'for fd in 0 1 2; do test -t $fd && echo $fd is one; done; echo out; echo err >&2; exit 4';
    const { stdout, code } = await carrelAtTerminal(['run', '-i', 'sh', '-c', script]);
    assert.equal(code, 4);
    assert.deepEqual(stdout.replaceAll('\0', '').split('\r\n').sort(), ['', 'err', 'out']);
  });

  test('-it: a terminal of its own, joined with the caller’s', async () => {
    const { stdout, code } = await carrelAtTerminal(['run', '-it', 'sh', '-c', 'tty; exit 3']);
    assert.match(stdout, /\/dev\/pts\/0\r+\n/);
    assert.equal(code, 3);
  });

  test('-t alone needs no terminal of the caller’s; -it does', async () => {
    assert.equal((await carrel(['run', '-t', 'tty'])).stdout, '/dev/pts/0\r\n');
    const { stderr, code } = await carrel(['run', '-it', 'tty']);
    assert.deepEqual([code, /-it joins two terminals/.test(stderr)], [125, true]);
  });
});

suite('signals to carrel run', () => {
  const script = 'trap "echo TERM; exit 9" TERM; echo ready; while :; do sleep 0.05; done';

  test('reach the command, which may answer', async () => {
    const onOutput = (child: { kill(signal: NodeJS.Signals): boolean }): void => void child.kill('SIGTERM');
    const { stdout, code } = await carrel(['run', 'sh', '-c', script], { onOutput });
    assert.deepEqual([stdout, code], ['ready\nTERM\n', 9]);
  });

  test('end it otherwise', async () => {
    const onOutput = (child: { kill(signal: NodeJS.Signals): boolean }): void => void child.kill('SIGINT');
    const { code } = await carrel(['run', 'sh', '-c', 'echo ready; exec sleep 60'], { onOutput });
    assert.equal(code, 130);
  });
});

suite('options of carrel run', () => {
  test('host name, working directory, user', async () => {
    assert.equal(await told([], 'hostname; pwd; id -u'), 'carrel\n/\n0\n');
    const options = ['--hostname', 'box', '-w', '/tmp', '--user', '7:8'];
    assert.equal(await told(options, 'hostname; pwd; id -u'), 'box\n/tmp\n7\n');
  });

  test('variables, given and passed on; nothing else is', async () => {
    const env = { ...process.env, SECRET: 'secret', WANTED: 'wanted' };
    const args = ['run', '-e', 'A=b=c', '-e', 'WANTED', 'sh', '-c', 'echo $A $WANTED $SECRET'];
    assert.equal((await carrel(args, { env })).stdout, 'b=c wanted\n');
  });

  test('mounts: in the order given, read-only, of a size', async () => {
    const options = [
      '--bind',
      `${files}:/files:ro`,
      '--tmpfs',
      '/scratch:1m',
      '--mount',
      'type=tmpfs,target=/more,mode=700',
    ];
    const script =
      'cat /files/greeting; touch /files/new 2>/dev/null || echo read-only; df -k /scratch | tail -n 1 | cut -c 1-30';
    assert.match(await told(options, script), /^hello\nread-only\nnone +1024\n?/);
  });

  test('a root filesystem', requires('busybox'), async () => {
    assert.equal(
      await told(['--rootfs', busyboxRoot(), '--readonly'], 'ls /bin/busybox; touch /x 2>/dev/null || echo no'),
      '/bin/busybox\nno\n',
    );
  });

  test('directories over each other, what is written gone; a masked path; no /proc', requires('busybox'), async () => {
    const top = mkdtempSync(join(files, 'top-'));
    chmodSync(top, 0o755);
    writeFileSync(join(top, 'note'), 'on top\n');
    const script = 'cat /note; echo new > /written; cat /etc/passwd; ls /proc | wc -l';
    const options = ['--lower', top, '--lower', busyboxRoot(), '--mask', '/etc/passwd', '--proc', 'none'];
    assert.equal(await told(options, script), 'on top\n0\n');
    assert.deepEqual(readdirSync(top), ['note']);
    removeTree(top);
  });

  test('namespaces: shared with the host, or joined', async () => {
    const own = (kind: string): string => `${readlinkSync(`/proc/self/ns/${kind}`)}\n`;
    assert.notEqual(await told([], 'readlink /proc/self/ns/uts'), own('uts'));
    assert.equal(await told(['--share', 'uts,ipc'], 'readlink /proc/self/ns/uts'), own('uts'));
  });

  test('capabilities and limits', async () => {
    const script = 'grep -c "CapEff:.0*$" /proc/self/status; ulimit -n; umask';
    assert.equal(
      await told(['--cap-drop', 'all', '--rlimit', 'nofile=64:128', '--umask', '077'], script),
      '1\n64\n0077\n',
    );
  });

  test('limits of all of it: processes, memory, CPU time, each told as it ends', requires('cgroups'), async () => {
    const fork = '(sleep 0; exit) & (sleep 0; exit) & wait; echo all';
    assert.equal(await told([], fork), 'all\n');
    const few = await carrel(['run', '--pids', '1', 'sh', '-c', fork]);
    assert.match(few.stderr, /fork/i);
    assert.equal(few.stdout.includes('all'), false);
    const fill = 'head -c 67108864 /dev/zero > /tmp/much; echo filled';
    assert.equal(await told(['--memory', '256m'], fill), 'filled\n');
    const filled = await carrel(['run', '--memory', '16m', 'sh', '-c', fill]);
    assert.deepEqual([filled.stdout, filled.code], ['', 137]);
    const busy = await carrel(['run', '--cpu-time', '50ms', 'sh', '-c', 'while :; do :; done']);
    assert.equal(busy.code, 124);
  });

  test('a user by name; ids as they are mapped', async () => {
    const { stderr, code } = await carrel(['run', '--user', 'nobody-knows', 'true']);
    assert.equal(code, 125);
    assert.match(stderr, /the user "nobody-knows" is unknown/);
    assert.equal(await told(['--idmap', 'auto', '--user', 'root'], 'id -u'), '0\n');
  });

  test('what follows the command is its own', async () => {
    assert.equal((await carrel(['run', 'echo', '--hostname', '-i'])).stdout, '--hostname -i\n');
    assert.equal((await carrel(['run', '--', 'echo', '--', '-t'])).stdout, '-- -t\n');
  });
});

suite('what cannot be', () => {
  for (const [args, message] of [
    [[], /carrel run \[OPTION…\]/],
    [['rnu', 'true'], /carrel has no command "rnu"\. Did you mean "run"\?/],
    [['run'], /carrel run needs a command/],
    [['run', '--hostnam', 'x', 'true'], /carrel run has no option "--hostnam"\. Did you mean "--hostname"\?/],
    [['run', '-q', 'true'], /carrel run has no option -q: see carrel run --help/],
    [['run', '--hostname'], /--hostname takes NAME/],
    [['run', '--readonly=yes', 'true'], /--readonly takes no value/],
    [['run', '--hostname', 'a_b', 'true'], /hostname must be 1 to 64 letters.*'a_b'/],
    [['run', '--rootfs', '/a', '--lower', '/b', 'true'], /--rootfs and --lower exclude each other/],
    [['run', '--bind', '/tmp', 'true'], /--bind: "\/tmp" is not of the form SOURCE:TARGET/],
    [['run', '--bind', '/tmp:relative', 'true'], /--bind: target must be an absolute path in the container/],
    [['run', '--cap-add', 'sys_admim', 'true'], /Did you mean "CAP_SYS_ADMIN"\?/],
    [['run', '--share', 'net', 'true'], /--share: "net" is none of user, mount, pid, network/],
    [['run', '--timeout', 'soon', 'true'], /--timeout: "soon" is no time such as 500ms/],
    [['run', '--memory', '1', 'true'], /limits\.memory.*at least 4096/],
    [['run', '--memory', 'much', 'true'], /limits\.memory/],
    [['run', '--pids', 'many', 'true'], /--pids: "many" is no whole number/],
    [['run', '--cpus', '0,5', 'true'], /--cpus: "0,5" is no number such as 2 or 0\.5/],
    [['run', '--cpuset', '0..3', 'true'], /limits\.cpuset must be a list of CPUs/],
    [['run', '--unified', 'cgroup.procs=0', 'true'], /limits\.unified: a key must be a file such as/],
    [['run', '--network', 'hots', 'true'], /Did you mean "host"\?/],
    [['doctor', '--jsn'], /carrel doctor has no option "--jsn"\. Did you mean "--json"\?/],
  ] as const) {
    test(`carrel ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await carrel(args);
      assert.deepEqual([code, stdout], [125, '']);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /\n\s+at /);
    });
  }
});

suite('carrel explain', () => {
  test('prints the two columns of what run would do, and runs nothing', async () => {
    const file = join(files, 'made');
    const { stdout, code } = await carrel([
      'explain',
      '--hostname',
      'box',
      '--bind',
      `${files}:/files`,
      'touch',
      '/files/made',
    ]);
    assert.equal(code, 0);
    assert.match(stdout, /^host \(supervisor\) +container \(child\)\n/);
    assert.match(stdout, /setHostname box/);
    assert.match(stdout, /exec touch \/files\/made\n$/);
    assert.equal(existsSync(file), false);
  });

  test('is what the library says', async () => {
    const { stdout } = await carrel(['explain', '-t', '--readonly']);
    assert.equal(stdout, new Container().readonly().explain('sh', [], { terminal: true }));
  });
});

test('--help and --version', async () => {
  assert.match((await carrel(['--help'])).stdout, /^carrel: containers without a daemon\n/);
  assert.match((await carrel(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  for (const command of ['run', 'explain', 'doctor']) {
    const { stdout, code } = await carrel([command, '--help']);
    assert.deepEqual([code, stdout.startsWith(`carrel ${command} [OPTION…]`)], [0, true]);
  }
});
