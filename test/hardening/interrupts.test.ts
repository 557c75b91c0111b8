/**
 * Calls that are interrupted, in Node by a timer that never rests and in each helper by being stopped, lose nothing.
 *
 * EINTR in signal(7)
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { Container } from 'carrel';
import { startAttack } from '../support/attacker.js';
import { askCaller } from '../support/caller.js';
import { useCleanHost } from '../support/host.js';
import { ancestors } from '../support/processes.js';
import { requires } from '../support/requires.js';
import { onceForLeg } from '../support/temporary.js';

useCleanHost({ warmUp: () => new Container().run('true') });

const STARTS = process.env.CARREL_SOAK === undefined ? 30 : 200;

/**
 * Interrupts the process that loads it 5,000 times a second, as a profiler does, and without SA_RESTART, so that calls
 * fail. A child has no timer. setitimer(2)
 */
const TIMER = `
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <unistd.h>
static volatile long ticks;
static void tick(int signal) { (void)signal; ticks++; }
__attribute__((constructor)) static void start(void)
{
	const struct sigaction action = {.sa_handler = tick};
	const struct itimerval rate = {{0, 200}, {0, 200}};
	sigaction(SIGALRM, &action, 0);
	setitimer(ITIMER_REAL, &rate, 0);
}
__attribute__((destructor)) static void tell(void)
{
	const struct itimerval none = {{0, 0}, {0, 0}};
	setitimer(ITIMER_REAL, &none, 0);
	fprintf(stderr, "ticks %ld\\n", ticks);
}`;

function timerLibrary(): string {
  const directory = onceForLeg('timer', (made) => {
    writeFileSync(join(made, 'timer.c'), TIMER);
    execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', join(made, 'timer.so'), join(made, 'timer.c')]);
    chmodSync(join(made, 'timer.so'), 0o755);
  });
  return join(directory, 'timer.so');
}

/** Starts of each kind, and how many ended as they should. */
const STARTING = `
  const box = new Container();
  let fine = 0;
  for (let index = 0; index < ${STARTS}; index += 1) {
    const one = index % 3 === 2 ? box.init(false) : box;
    const { exitCode, stdout, stderr } = await one.run('sh', ['-c', 'cat; echo error >&2; exit ' + (index % 7)], {
      input: 'x'.repeat(100000),
    });
    fine += exitCode === index % 7 && stdout.length === 100000 && stderr === 'error\\n' ? 1 : 0;
  }
  const terminal = box.spawn('tty', [], { terminal: true });
  const shown = Buffer.concat(await terminal.stdout.toArray()).toString();`;

suite('interrupted all the time', requires('gcc'), () => {
  test(`Node, by a timer: ${STARTS} starts succeed`, async () => {
    // The loader takes no library from an environment that Node hands on: carrel’s helpers have none.
    const answer = await askCaller<{ fine: number; shown: string; status: string }>(
      `${STARTING}
      const { readFileSync } = await import('node:fs');
      const status = /SigCgt:\\s*(\\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1];
      console.log(JSON.stringify({ fine, shown, status }));`,
      { env: { ...process.env, LD_PRELOAD: timerLibrary() } },
    );
    assert.deepEqual([answer.fine, answer.shown], [STARTS, '/dev/pts/0\r\n']);
    // SIGALRM is caught there: the timer is on.
    assert.equal((BigInt(`0x${answer.status}`) >> 13n) & 1n, 1n);
  });

  test(`launcher, supervisors, inits and commands, by SIGSTOP and SIGCONT: ${STARTS} starts succeed`, async () => {
    const box = new Container();
    const first = box.spawn('cat');
    await once(first, 'spawn');
    const launcher = ancestors(first.pid ?? 0, process.pid).at(-1);
    first.stdin?.end();
    await first.result;
    const stopper = await startAttack(['interrupt', String(launcher)], [], 'neighbour');
    let output = '';
    stopper.stdout?.on('data', (chunk: Buffer) => {
      output += String(chunk);
    });
    for (let index = 0; index < STARTS; index += 1) {
      const one = index % 3 === 2 ? box.init(false) : box;
      const { exitCode, stdout } = await one.run('sh', ['-c', `cat; exit ${index % 7}`], {
        input: 'x'.repeat(100_000),
      });
      assert.deepEqual([exitCode, stdout.length], [index % 7, 100_000]);
    }
    stopper.stdin?.end();
    await once(stopper, 'close');
    assert.match(output, /^stops [1-9]\d{2,}$/m);
  });
});
