/** An interactive shell in a terminal behaves as on a machine of its own. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { suite, test } from 'node:test';
import { Container, type ContainerProcess } from 'carrel';
import { busyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { ancestors, descendants, type ProcessEntry } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { Screen } from '../support/screen.js';
import { until } from '../support/waiting.js';

useCleanHost({
  warmUp: () => (requires('busybox').skip ? undefined : new Container().rootfs(busyboxRoot()).run('true')),
});

/** Somebody works in a shell that is PID 1 of a busybox image. */
suite('an interactive session', requires('busybox'), () => {
  let shell: ContainerProcess;
  let screen: Screen;

  async function begin(): Promise<void> {
    const box = new Container().rootfs(busyboxRoot()).hostname('box').init(false);
    shell = box.spawn('sh', [], { terminal: true, env: { PS1: '@ ' } });
    screen = new Screen(shell);
    await screen.until(/@ /);
  }

  async function end(): Promise<void> {
    screen.type('exit 5\n');
    assert.equal((await shell.result).exitCode, 5);
  }

  /** What a command shows, without its own echo and the next prompt. */
  async function command(line: string): Promise<string> {
    screen.type(`${line}\n`);
    await screen.until(/\r\n/);
    return (await screen.until(/(^|\n)@ /)).replace(/@ $/, '').replaceAll('\r', '');
  }

  test('shows the image, its processes, its names', async () => {
    await begin();
    const list = await command('ls -la /');
    for (const name of ['bin', 'dev', 'etc', 'proc', 'tmp', 'usr'])
      assert.match(list, new RegExp(`^d.* ${name}$`, 'm'));
    const processes = await command('ps -o pid,comm');
    assert.match(processes, /^\s+1 sh$/m);
    assert.equal(processes.trim().split('\n').length, 3, processes);
    assert.match(await command('uname -a'), new RegExp(`^Linux box ${release().replaceAll(/[.+]/g, '\\$&')} `));
    assert.equal(await command('tty'), '/dev/pts/0\n');
    assert.equal(await command('id -u; hostname; pwd'), '0\nbox\n/\n');
    await end();
  });

  test('Ctrl-C ends what runs, Ctrl-Z stops it, fg goes on', async () => {
    await begin();
    screen.type('sleep 9999\n');
    await descendant('sleep', 'S');
    screen.type('\x03');
    await screen.until(/\^C\r\n@ /);
    assert.equal(await command('echo $?'), '130\n');
    screen.type('sleep 9999\n');
    await descendant('sleep', 'S');
    screen.type('\x1a');
    await screen.until(/Stopped.*\r\n@ /);
    await descendant('sleep', 'T');
    screen.type('fg\n');
    await descendant('sleep', 'S');
    screen.type('\x03');
    await screen.until(/\^C\r\n@ /);
    assert.equal(await command('jobs; echo end'), 'end\n');
    await end();
  });

  test('the size follows', async () => {
    await begin();
    assert.equal(await command('stty size'), '24 80\n');
    assert.equal(shell.resize(120, 30), true);
    let size = '';
    // It is told to the supervisor, and typed to the terminal, on two ways.
    while (size !== '30 120\n') size = await command('stty size');
    await end();
  });

  test('its processes are the host’s, below node, and can be killed there', async () => {
    await begin();
    screen.type('sleep 9999\n');
    const found = await descendant('sleep', 'S');
    const chain = ancestors(found.pid);
    // sleep, sh, supervisor, guard, launcher, node
    assert.deepEqual([chain.indexOf(process.pid), chain[1]], [5, shell.pid]);
    assert.match(readFileSync(`/proc/${found.pid}/cmdline`, 'utf8'), /^sleep\0(9999)\0$/);
    process.kill(found.pid, 'SIGKILL');
    await screen.until(/Killed\r\n/);
    await screen.until(/@ /);
    assert.equal(await command('echo $?'), '137\n');
    await end();
  });

  test('reboot ends the container, and nothing else', async () => {
    const before = bootId();
    const box = new Container().rootfs(busyboxRoot()).init(false);
    const child = box.spawn('sh', ['-c', 'reboot -f; poweroff -f; halt -f; echo alive; exit 6'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { exitCode, signal } = await child.result;
    // Refused without CAP_SYS_BOOT, so the command goes on to its own end; with it, the kernel ends the PID namespace.
    assert.deepEqual([exitCode, signal], [6, null]);
    assert.equal(Buffer.concat((await child.stdout?.toArray()) ?? []).toString(), 'alive\n');
    const able = box
      .capabilities({ add: ['CAP_SYS_BOOT'] })
      .spawn('sh', ['-c', 'reboot -f & wait; sleep 9999'], { stdio: 'ignore' });
    const status = await able.result;
    assert.ok(status.signal === 'SIGHUP' || status.signal === 'SIGKILL', JSON.stringify(status));
    assert.equal(bootId(), before);
  });

  async function descendant(comm: string, state: string): Promise<ProcessEntry> {
    const isIt = (entry: ProcessEntry): boolean => entry.comm === comm && entry.state === state;
    return until(() => descendants(shell.pid ?? 0).find(isIt));
  }
});

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
}
