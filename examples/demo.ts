/**
 * `npm run demo`: three jobs in containers made of this machine's own programs.
 *
 * No image, no daemon, no root needed.
 *
 * It ends with exit code 1 if a job could do what it must not.
 */

import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { Container, type RunOptions, type RunResult, StepError } from 'carrel';

const box = new Container().hostname('demo');
const timeout = 20_000;
const failures: string[] = [];

const nodeArgs = ['--input-type=module', '-'];

await pipeline();
await attack();
await python();
heading('The plan of the Node job: on the left the host, on the right the container');
console.log(box.explain(process.execPath, nodeArgs, { timeout }));
for (const failure of failures) console.log(`FAILED: ${failure}`);
if (failures.length === 0) console.log('Every attempt that must fail has failed.');
process.exitCode = failures.length === 0 ? 0 : 1;

/** A shell pipeline looks around. */
async function pipeline(): Promise<void> {
  heading('A shell pipeline: who and where am I?');
  const input = `
    row() { printf '%-12s%s\\n' "$1" "$2"; }
    rows() { while read -r line; do row "$1" "$line"; done; }
    row id "$(id)"
    row hostname "$(hostname)"
    row kernel "$(uname -sr)"
    if command -v ps >/dev/null; then ps -e -o pid= -o user= -o args=; else grep . /proc/[0-9]*/comm; fi | rows ps
    cut -d' ' -f5 /proc/self/mountinfo | sort | xargs | fold -s -w 100 | rows mounts
    row interfaces "$(tail -n +3 /proc/net/dev | cut -d: -f1 | xargs)"
    if ! command -v bash >/dev/null; then row network 'not tried: there is no bash'
    elif error=$(bash -c ': >/dev/tcp/192.0.2.1/80' 2>&1); then row network 'REACHED 192.0.2.1'
    else row network "$(echo "$error" | tail -n 1)"; fi`;
  const { ok, stdout, stderr, reason } = await run('sh', [], { input, timeout });
  console.log(`${stdout}${stderr}`.trimEnd());
  if (stdout.includes('REACHED')) failures.push('the shell reached 192.0.2.1');
  // A packet that left gets no answer from there: bash would wait for one until the time is up.
  if (!ok) failures.push(`the pipeline ended otherwise than well: ${reason}`);
}

/** A Node script tries what an untrusted one might. */
async function attack(): Promise<void> {
  heading('A Node script, fed through stdin: what can it get hold of?');
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  process.env.CARREL_DEMO_SECRET = 'for the demo only';

  const facts = {
    home: callersHome(),
    secret: 'CARREL_DEMO_SECRET',
    caller: readFileSync('/proc/self/cmdline', 'utf8'),
    port,
  };
  const input = `console.log(JSON.stringify(await (${attempts})(${JSON.stringify(facts)})))`;
  const { stdout } = await run(process.execPath, nodeArgs, { input, timeout, check: true });
  server.close();

  for (const { attempt, got, refused } of JSON.parse(stdout) as Finding[]) {
    console.log(`${attempt.padEnd(46)}${got === undefined ? `failed: ${refused}` : `SUCCEEDED: ${got}`}`);
    if (got !== undefined) failures.push(`${attempt}: ${got}`);
  }
  if (connections > 0) failures.push(`${connections} connections came out of the container`);
}

/** The caller's home; where that is none, or one of the system's directories, which everybody has: all homes. */
function callersHome(): string {
  try {
    const home = homedir();
    return /^\/(|bin|dev|lib|sbin|usr)(\/|$)/.test(home) ? '/home' : home;
  } catch {
    return '/home'; // neither HOME nor an entry in /etc/passwd
  }
}

/** A Python script computes something. */
async function python(): Promise<void> {
  heading('A Python script, fed through stdin: an honest job');
  const input = `
import os, platform
sieve = bytearray([1]) * 1_000_000
for n in range(2, 1000):
    if sieve[n]:
        sieve[n * n::n] = bytes(len(range(n * n, len(sieve), n)))
print(f'Python {platform.python_version()}, pid {os.getpid()} on {platform.node()}')
print(f'{sum(sieve) - 2} primes below {len(sieve)}')`;
  try {
    const { stdout } = await run('python3', ['-'], { input, timeout, check: true });
    console.log(stdout.trimEnd());
  } catch (error) {
    if (!(error instanceof StepError) || error.code !== 'ENOENT') throw error;
    console.log('Left out: this machine has no python3.');
  }
}

interface Finding {
  readonly attempt: string;
  /** What the script got hold of, if it did. */
  readonly got?: string;
  /** Why not. */
  readonly refused?: string;
}

/** Runs inside, as text: it knows nothing but its argument. Each attempt gives what it got hold of, or throws. */
async function attempts(facts: { home: string; secret: string; caller: string; port: number }): Promise<Finding[]> {
  const { access, constants, readdir, readFile } = await import('node:fs/promises');
  const { connect } = await import('node:net');
  const { dirname, relative } = await import('node:path');

  const home = async (): Promise<string> => {
    // Where Node itself is installed in a home directory, the way to it is there, and nothing else.
    const way = relative(facts.home, process.execPath).split('/')[0];
    const names = (await readdir(facts.home)).filter((name) => name !== way);
    if (names.length === 0) throw new Error('nothing is in it');
    return names.join(' ');
  };
  const shadow = async (): Promise<string> => `${(await readFile('/etc/shadow')).length} bytes`;
  const environment = async (): Promise<string> => {
    const value = process.env[facts.secret];
    if (value === undefined) throw new Error(`there are only ${Object.keys(process.env).join(', ')}`);
    return value;
  };
  const processes = async (): Promise<string> => {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    for (const pid of pids) {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      if (line === facts.caller) return `pid ${pid}`;
    }
    throw new Error(`there are only the pids ${pids.join(', ')}`);
  };
  const programs = async (): Promise<string> => {
    await access(dirname(process.execPath), constants.W_OK);
    return dirname(process.execPath);
  };
  const reach = (host: string, port: number, refusal: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port, timeout: 3000 });
      socket
        .once('connect', () => resolve('connected'))
        .once('timeout', () => resolve('packets left, without an answer'));
      // Any other error is an answer from somewhere.
      socket.once('error', (error: NodeJS.ErrnoException) =>
        error.code === refusal ? reject(error) : resolve(error.message),
      );
      socket.once('close', () => socket.destroy());
    });

  const list: readonly (readonly [string, () => Promise<string>])[] = [
    [`list ${facts.home}`, home],
    ['read /etc/shadow', shadow],
    ["read a secret in the caller's environment", environment],
    ["find the caller's process", processes],
    ['write where Node is installed', programs],
    ["connect to the caller's server on 127.0.0.1", () => reach('127.0.0.1', facts.port, 'ECONNREFUSED')],
    ['connect to 192.0.2.1', () => reach('192.0.2.1', 80, 'ENETUNREACH')],
  ];
  const findings: Finding[] = [];
  for (const [attempt, act] of list) {
    const outcome = await act().then(
      (got) => ({ got }),
      (error: Error) => ({ refused: error.message }),
    );
    findings.push({ attempt, ...outcome });
  }
  return findings;
}

/** Runs a job, and says how long it took: as Node saw it, and by the supervisor's own clock. */
async function run(file: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  const began = performance.now();
  const result = await box.run(file, args, { ...options, encoding: 'utf8' });
  const total = performance.now() - began;
  const { wallMs, cpuMs = Number.NaN } = result.usage;
  const ms = (time: number): string => `${time.toFixed(1)} ms`;
  console.log(`[${ms(total)} in all; the container ${ms(wallMs)}, its cpu time ${ms(cpuMs)}]`);
  return result;
}

function heading(text: string): void {
  console.log(`\n── ${text}`);
}
