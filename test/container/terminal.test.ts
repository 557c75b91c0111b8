/** `terminal` gives a command a terminal of its own, which loses nothing and keeps nobody waiting. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { spawn } from 'carrel/plan';
import { useCleanHost } from '../support/host.js';
import { ancestors, descendants, readProcesses, rests } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { Screen } from '../support/screen.js';
import { until } from '../support/waiting.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const box = new Container();

suite('terminal', () => {
  test('without: none of the three is a terminal, and there is none to open', async () => {
    const script = 'for fd in 0 1 2; do test -t $fd && echo $fd; done; (: < /dev/tty) 2>/dev/null || echo none';
    assert.equal((await box.run('sh', ['-c', script])).stdout, 'none\n');
  });

  test('with: all three are /dev/pts/0, the controlling terminal of a session', async () => {
    const script = [
      'tty; for fd in 0 1 2; do readlink /proc/self/fd/$fd; done; ls /dev/pts | sort | tr "\\n" " "; echo',
      'echo through > /dev/tty; echo $TERM; stat -c %a /dev/pts/0; stat -c %u /dev/pts/0',
    ].join('\n');
    for (const init of [true, false]) {
      const child = box.init(init).spawn('sh', ['-c', script], { terminal: true });
      assert.equal(child.stderr, null);
      const shown = Buffer.concat((await child.stdout?.toArray()) ?? []).toString();
      const pts = '/dev/pts/0\r\n';
      assert.equal(shown, `${pts.repeat(4)}0 ptmx \r\nthrough\r\nxterm\r\n620\r\n0\r\n`);
      assert.equal((await child.result).exitCode, 0);
    }
  });

  test('its size: 80 × 24, as asked for, and as resize() says', async () => {
    const script = 'stty size; trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.01; done';
    for (const [terminal, size] of [
      [true, '24 80'],
      [{ columns: 132, rows: 50 }, '50 132'],
    ] as const) {
      const child = box.spawn('sh', ['-c', script], { terminal });
      const screen = new Screen(child);
      assert.equal(await screen.until(/ready\r\n/), `${size}\r\nready\r\n`);
      assert.equal(child.resize(100, 40), true);
      assert.equal(await screen.until(/\d\r\n/), '40 100\r\n');
      await child.result;
      assert.equal(child.resize(1, 1), false);
      for (const size of [0, -1, 1.5, 65_536, Number.NaN]) {
        assert.throws(() => child.resize(size, 24), { name: 'RangeError', message: /columns/ });
        assert.throws(() => child.resize(80, size), { name: 'RangeError', message: /rows/ });
      }
      assert.throws(() => child.resize('80' as never, 24), { name: 'TypeError', message: /columns/ });
    }
  });

  test('the last of a long output is not lost', async () => {
    const child = box.spawn('seq', ['1', '5000'], { terminal: true });
    const shown = Buffer.concat((await child.stdout?.toArray()) ?? []).toString();
    assert.equal(shown, Array.from({ length: 5000 }, (_, index) => `${index + 1}\r\n`).join(''));
  });

  test('nor where it is read late', async () => {
    const child = box.spawn('seq', ['1', '500'], { terminal: true });
    await child.result;
    const shown = Buffer.concat((await child.stdout?.toArray()) ?? []).toString();
    assert.match(shown, /\r\n500\r\n$/);
  });

  test('what is typed is echoed; Ctrl-D ends the input', async () => {
    const child = box.spawn('cat', [], { terminal: true });
    const screen = new Screen(child);
    screen.type('line\n');
    assert.equal(await screen.until(/line\r\nline\r\n/), 'line\r\nline\r\n');
    screen.type('\x04');
    assert.equal((await child.result).exitCode, 0);
  });

  test('two containers have terminals of their own', async () => {
    const children = [1, 2].map(() => box.spawn('sh', ['-c', 'tty; read line; echo got $line'], { terminal: true }));
    const screens = children.map((child) => new Screen(child));
    for (const screen of screens) await screen.until(/\/dev\/pts\/0\r\n/);
    for (const [index, screen] of screens.entries()) screen.type(`line-${index}\n`);
    for (const [index, screen] of screens.entries()) {
      assert.equal(await screen.until(/got \S+\r\n/), `line-${index}\r\ngot line-${index}\r\n`);
    }
    await Promise.all(children.map(({ result }) => result));
  });

  test('its last words wait for their reader without a processor, whatever was typed', async () => {
    const script =
      'stty raw -echo; yes & for i in 1 2 3 4; do dd bs=512 count=200 2>&1; done >/dev/null; exec sleep 600';
    await using child = box.spawn('sh', ['-c', script], { terminal: true });
    await once(child, 'spawn');
    const [, , supervisor = 0] = ancestors(child.pid ?? 0);
    const { stdout } = child;
    // Then Node reads no more of it.
    await until(() => (stdout?.readableLength ?? 0) >= (stdout?.readableHighWaterMark ?? 0));
    const yes = descendants(child.pid ?? 0).find(({ comm }) => comm === 'yes')?.pid ?? 0;
    // Each piece that is read of the input lets the supervisor go on with the output, 4 KiB at a time. A terminal that
    // is full each time holds enough of it, also where `yes` comes late, so that no socket takes any more.
    for (let round = 0; round < 4; round += 1) {
      await until(() => rests(yes));
      child.stdin?.write(Buffer.alloc(200 * 512, 'a'));
    }
    // More than a terminal takes, and more than anybody reads.
    child.stdin?.write(Buffer.alloc(400_000, 'a'));
    await until(() => readProcesses().get(child.pid ?? 0)?.comm === 'sleep');
    child.kill('SIGKILL');
    await child.result;
    assert.ok(await rests(supervisor));
    stdout?.destroy();
  });

  test('killed while it writes: the stream ends', async () => {
    const child = box.spawn('yes', [], { terminal: true });
    const screen = new Screen(child);
    await screen.until(/y\r\n/);
    child.kill('SIGKILL');
    await assert.rejects(screen.until(/never/), /never shown/);
    assert.equal((await child.result).signal, 'SIGKILL');
  });

  test('beside an output of its own: what is shown and what is written are two', async () => {
    const script = 'echo shown >&2; echo written; test -t 1 || echo a pipe; echo typed: $(head -n 1) >/dev/tty';
    for (const init of [true, false]) {
      const child = box.init(init).spawn('sh', ['-c', script], { terminal: true, stdio: [undefined, 'pipe'] });
      const [terminal, written, same] = child.stdio;
      assert.ok(terminal && written && same === terminal && child.stderr === terminal);
      terminal.write('line\n');
      const [screen, output] = await Promise.all([terminal.toArray(), written.toArray()]);
      assert.equal(Buffer.concat(output).toString(), 'written\na pipe\n');
      const shown = Buffer.concat(screen).toString().replaceAll('line\r\n', '');
      assert.equal(shown, 'shown\r\ntyped: ');
      assert.equal((await child.result).exitCode, 0);
      assert.equal(child.resize(80, 24), false);
    }
  });

  test('beside an input of its own, nothing, and further descriptors', async () => {
    const script = 'cat; test -t 1 && echo terminal; test -t 2 || echo none; echo four >&3';
    const child = box.spawn('sh', ['-c', script], { terminal: true, stdio: ['pipe', undefined, 'ignore', 'pipe'] });
    assert.equal(child.stderr, null);
    child.stdin?.end('piped\n');
    const four = child.stdio[3];
    assert.ok(child.stdout && four);
    const [screen, further] = await Promise.all([child.stdout.toArray(), four.toArray()]);
    assert.equal(Buffer.concat(screen).toString(), 'piped\r\nterminal\r\nnone\r\n');
    assert.equal(Buffer.concat(further).toString(), 'four\n');
    assert.equal((await child.result).exitCode, 0);
  });

  test('its plan runs by itself, and takes the same descriptors', requires('user-namespaces'), async () => {
    const made = box
      .idmap({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 })
      .plan('sh', ['-c', 'echo shown >&2; echo written'], { terminal: true, stdio: [undefined, 'pipe'] });
    for (const options of [{}, { stdio: [undefined, 'pipe'] } as const]) {
      const child = spawn(made, options);
      const [terminal, written] = child.stdio;
      assert.ok(terminal && written);
      const [screen, output] = await Promise.all([terminal.toArray(), written.toArray()]);
      assert.equal(Buffer.concat(screen).toString(), 'shown\r\n');
      assert.equal(Buffer.concat(output).toString(), 'written\n');
    }
    for (const stdio of ['pipe', [undefined, undefined], [undefined, 'pipe', undefined, 'pipe']] as const)
      assert.throws(() => spawn(made, { stdio }), { message: /the plan has a terminal, and beside it 1 descriptors/ });
  });

  test('none that is left to the terminal is an error', () => {
    for (const stdio of ['pipe', 'ignore', ['ignore', 'pipe', 'pipe']] as const)
      assert.throws(() => box.spawn('true', [], { terminal: true, stdio }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /none of the first three is left to the terminal/,
      });
  });
});
