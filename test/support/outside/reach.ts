/** What becomes of connections from inside a container, as a program there sees it. */

import type { Container, RunningContainer } from 'carrel';

/**
 * Connects to each in turn, `HOST:PORT` or `[v6]:PORT`: writes a word, and waits for an answer.
 * A socket that is ended from outside is `reset`, whichever call told it, connect(2) too where it comes early.
 */
const SCRIPT = `
  const net = require('node:net');
  const one = (target) => new Promise((resolve) => {
    const [, host, port] = /^\\[?(.*?)\\]?:(\\d+)$/.exec(target);
    let connected = false;
    const socket = net.connect({ host, port, autoSelectFamily: false });
    socket.on('connect', () => { connected = true; socket.write('word'); });
    socket.on('data', (data) => { resolve(String(data) === 'word' ? 'reached' : 'data'); socket.destroy(); });
    socket.on('error', ({ code }) => resolve(connected || code === 'ECONNRESET' ? 'reset' : code));
    socket.on('close', () => resolve('closed'));
  });
  (async () => {
    for (const target of process.argv.slice(1)) console.log(target + ' ' + await one(target));
  })();`;

/** By target: `reached`, `reset`, or the code of the error. The port is that of an echo to be reached. */
export async function reach(
  box: Container | RunningContainer,
  ...targets: readonly string[]
): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await box.run('node', ['-e', SCRIPT, ...targets], { check: true });
  return Object.fromEntries(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
}

/** The same verdict for each. */
export function all(targets: readonly string[], verdict: string): Readonly<Record<string, string>> {
  return Object.fromEntries(targets.map((target) => [target, verdict]));
}
