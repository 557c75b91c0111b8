/** `session: 'inherit'` keeps a command in the caller's session, with the caller's terminal. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { plan, run } from 'carrel/plan';
import { exec } from 'carrel/steps';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({
  warmUp: async () => {
    for (const session of ['new', 'inherit'] as const) await new Container().run('true', [], { session });
  },
});

/** A Node on a terminal of its own, with what it has shown so far. */
class OnTerminal {
  readonly child: ChildProcess;
  shown = '';
  #heard: () => void = () => {};

  constructor(source: string) {
    const SOURCE = `import { Container } from 'carrel'; const box = new Container(); ${source}`;
    this.child = spawn('script', ['-qec', `exec ${process.execPath} --input-type=module -e "$SOURCE"`, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1', SOURCE },
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.shown += String(chunk);
      this.#heard();
    });
    this.child.stdout?.on('close', () => this.#heard());
  }

  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.shown)) {
      if (this.child.stdout?.readableEnded) throw new Error(`${pattern} was not shown:\n${this.shown}`);
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return this.shown;
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  async end(): Promise<string> {
    this.child.stdin?.end();
    if (this.child.exitCode === null) await once(this.child, 'close');
    return this.shown.replaceAll('\r', '');
  }
}

const spawning = (script: string, options: string): string =>
  `const child = box.spawn('sh', ['-c', ${JSON.stringify(script)}], { stdio: 'inherit'${options} });
   const { exitCode, signal, reason } = await child.result; console.log('end', exitCode, signal, reason);`;
const INHERIT = ", session: 'inherit'";

suite('on a terminal', requires('dev-tty'), () => {
  const tries = '(echo through > /dev/tty) 2>/dev/null || echo none; ps -o sid= -p $$ | tr -d " "';

  test('without: no controlling terminal', async () => {
    assert.match(await new OnTerminal(spawning(tries, '')).end(), /^none\n[1-9]\d*\nend 0 null exited\n$/);
  });

  for (const [name, options] of [
    ['with', ''],
    ['with, without init', '.init(false)'],
  ] as const)
    test(`${name}: /dev/tty is the caller’s, whose session is out of sight`, async () => {
      const source = spawning(tries, INHERIT).replace('box.spawn', `box${options}.spawn`);
      assert.match(await new OnTerminal(source).end(), /^through\n0\nend 0 null exited\n$/);
    });

  test('what is typed reaches the command, and Ctrl-C once', async () => {
    const script = 'trap "echo INT" INT; echo ready; read line; echo got $line; read line; echo over';
    const node = new OnTerminal(`process.on('SIGINT', () => {}); ${spawning(script, INHERIT)}`);
    await node.until(/ready/);
    node.type('first\n');
    await node.until(/got first/);
    node.type('\x03');
    await node.until(/INT/);
    // Where the signal came before the shell has begun to read, that waits for a line.
    node.type('\n');
    await node.until(/end 0 null exited/);
    const shown = await node.end();
    assert.equal(shown.split('INT').length - 1, 1, shown);
    assert.match(shown, /over/);
  });

  test('a command that Ctrl-C ends is told as that, and the supervisor survives it', async () => {
    const node = new OnTerminal(
      `process.on('SIGINT', () => {}); ${spawning('echo ready; exec sleep 9999', INHERIT)}
       const next = await box.run('echo', ['next']); console.log(next.stdout.trim());`,
    );
    await node.until(/ready/);
    node.type('\x03');
    await node.until(/next/);
    assert.match(await node.end(), /end null SIGINT signaled\nnext\n/);
  });

  test('one that ignores what the terminal says ends when its Node does', async () => {
    const node = new OnTerminal(spawning('trap "" INT HUP QUIT; echo ready; exec sleep 9999', INHERIT));
    await node.until(/ready/);
    node.type('\x03');
    await node.end();
  });

  test('time, kill and other containers are as always', async () => {
    const source = `
      const options = { stdio: 'inherit', session: 'inherit' };
      const one = await box.spawn('sleep', ['9999'], { ...options, timeout: 200 }).result;
      const two = box.spawn('sleep', ['9999'], options); two.once('spawn', () => two.kill('SIGKILL'));
      const three = await box.run('sh', ['-c', ': < /dev/tty'], {});
      console.log(one.reason, (await two.result).signal, three.exitCode === 0);`;
    assert.equal(await new OnTerminal(source).end(), 'timeout SIGKILL false\n');
  });
});

suite('session', () => {
  test('without a terminal it is as good as any', async () => {
    const { stdout } = await new Container().run('echo', ['x'], { session: 'inherit', check: true });
    assert.equal(stdout, 'x\n');
    await run(plan({ steps: [exec({ args: ['/bin/true'] })], session: 'inherit' }), { check: true });
  });

  test('the plan says it', () => {
    const box = new Container();
    assert.match(box.explain('true', [], { session: 'inherit' }), /stay in the session of the caller/);
    assert.doesNotMatch(box.explain('true'), /session of the caller/);
    assert.equal(box.plan('true', [], { session: 'new' }).session, undefined);
  });

  test('it goes with neither a terminal of the container’s own nor a life after Node', () => {
    const box = new Container();
    for (const options of [{ terminal: true }, { detached: true }] as const)
      assert.throws(() => box.spawn('true', [], { ...options, session: 'inherit' }), {
        code: 'ERR_INVALID_ARG_VALUE',
        message: /session: "inherit" and (terminal|detached) exclude each other/,
      });
    assert.throws(() => box.spawn('true', [], { session: 'old' as 'new' }), { message: /session/ });
  });
});
