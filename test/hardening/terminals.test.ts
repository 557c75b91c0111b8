/**
 * Nothing is pushed into the caller's terminal: neither by TIOCSTI nor by TIOCLINUX.
 *
 * CVE-2017-5226, CVE-2023-28339
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { attackerDirectory, attackerProgram } from '../support/attacker.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';

useCleanHost({ warmUp: () => new Container().run('true') });

/** Runs `command` on a terminal, and returns what can be read from that terminal afterwards. */
async function leftToRead(command: string): Promise<string> {
  const script = `${command} </dev/tty >/dev/tty 2>&1; stty -icanon -echo min 0 time 1 </dev/tty
    printf left:; dd bs=64 count=1 </dev/tty 2>/dev/null | od -An -c; printf :end`;
  // Its input stays open: else script(1) would put the end of it into the terminal.
  const child = spawn('script', ['-qec', script, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(child, 'close');
  const output = String(Buffer.concat(chunks));
  const begin = output.lastIndexOf('left:');
  assert.match(output, /left:[\s\S]*:end/);
  return output.slice(begin + 'left:'.length, output.lastIndexOf(':end')).trim();
}

/** Since Linux 6.2 it can be switched off. */
function hasTiocsti(): boolean {
  const path = '/proc/sys/dev/tty/legacy_tiocsti';
  return !existsSync(path) || readFileSync(path, 'utf8').trim() === '1';
}

const caller = (options: string): string => {
  const source = `import { Container, bind } from "carrel";
    const box = new Container().mount(bind("${attackerDirectory()}", "/attack", { readonly: true }));
    const child = box${options};
    if (child.stdout !== null) await child.attach();
    await child.result;`;
  return `${process.execPath} --input-type=module -e '${source}'`;
};

suite('the caller’s terminal', requires('gcc', 'dev-tty'), () => {
  test('a program that shares the terminal leaves something to read, where the kernel has TIOCSTI still', async () => {
    const left = await leftToRead(`${attackerProgram()} terminals`);
    if (hasTiocsti()) assert.match(left, /^x/);
    else assert.equal(left, '');
  });

  test('with session: "inherit" it is the same inside, as SECURITY says', async () => {
    const spawned = '.spawn("/attack/attacker", ["terminals"], { stdio: "inherit", session: "inherit" })';
    // The default filter refuses the call.
    assert.equal(await leftToRead(caller(spawned)), '');
    const left = await leftToRead(caller(`.seccomp("unconfined")${spawned}`));
    if (hasTiocsti()) assert.match(left, /^x/);
    else assert.equal(left, '');
  });

  for (const [what, options] of [
    ['with stdio: "inherit"', '.spawn("/attack/attacker", ["terminals"], { stdio: "inherit" })'],
    [
      'with stdio: "inherit", without an init',
      '.init(false).spawn("/attack/attacker", ["terminals"], { stdio: "inherit" })',
    ],
    ['with a terminal of its own', '.spawn("/attack/attacker", ["terminals"], { terminal: true })'],
    [
      'in the host’s pid namespace',
      '.namespaces(["user", "mount"]).spawn("/attack/attacker", ["terminals"], { stdio: "inherit" })',
    ],
  ] as const) {
    test(`${what}: nothing is left to read`, async () => {
      assert.equal(await leftToRead(caller(options)), '');
    });
  }
});
