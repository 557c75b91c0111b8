/**
 * `npm run test:package [-- NAME …]` tries the packed tarball on every runtime and with every tool, or the named ones.
 *
 * The tarball is installed with no script and without a compiler. runtimes.ts lists the runtimes, tools.ts the tools.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { prepare, RUNTIMES, type Runtime } from './runtimes.js';
import { TOOLS, tryTool } from './tools.js';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));
/** Nothing here takes a hundredth of it: what has not ended by then never will. */
const HANGS_MS = 600_000;

const names = process.argv.slice(2);
const all = [...RUNTIMES, ...TOOLS];
const chosen = all.filter(({ name }) => names.length === 0 || names.includes(name));
const unknown = names.filter((name) => !chosen.some((one) => one.name === name));

if (unknown.length > 0) {
  console.error(`there is no ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}`);
  process.exitCode = 2;
} else {
  const directory = mkdtempSync(join(tmpdir(), 'carrel-package-'));
  try {
    chmodSync(directory, 0o755);
    const app = installPackage(directory);
    installWithScripts(directory);
    const failed = chosen.filter((one) => !('project' in one ? tryTool(one, app, directory) : tryOn(one, app)));
    console.log(failed.length === 0 ? 'all held' : `FAILED on ${failed.map(({ name }) => name).join(', ')}`);
    process.exitCode = failed.length === 0 ? 0 : 1;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** As a user does it, but for scripts: none may be needed. */
function installPackage(directory: string): string {
  const options = { encoding: 'utf8', cwd: checkout } as const;
  const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', directory];
  const tarball = execFileSync('npm', pack, options).trim();
  const app = join(directory, 'app');
  mkdirSync(join(app, 'empty'), { recursive: true });
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }\n');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', '--prefer-offline'];
  execFileSync('npm', [...args, join(directory, tarball)], { ...options, cwd: app });
  for (const script of ['session', 'load']) {
    copyFileSync(fileURLToPath(new URL(`${script}.js`, import.meta.url)), join(app, `${script}.js`));
  }
  return app;
}

/**
 * npm 11 and later warn of scripts that want to be run: there are none, whether it comes from the registry or as a
 * tarball.
 */
function installWithScripts(directory: string): void {
  const place = join(directory, 'with-scripts');
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{ "private": true }\n');
  const [tarball = ''] = readdirSync(directory).filter((name) => name.endsWith('.tgz'));
  const args = ['install', '--no-audit', '--no-fund', '--prefer-offline', join(directory, tarball)];
  const { status, stderr } = spawnSync('npm', args, { cwd: place, encoding: 'utf8' });
  if (status !== 0 || stderr.includes('install-scripts')) throw new Error(`npm install: ${stderr}`);
}

function tryOn(runtime: Runtime, app: string): boolean {
  const { name, args = [], script, libc } = runtime;
  const { program, start } = prepare(runtime);
  if (typeof start === 'string') {
    console.log(`\n${name}: skipped, ${start}`);
    return true;
  }
  const began = performance.now();
  const [file = program, ...rest] = [...start.prefix, program, ...args, `${script}.js`, libc];
  const { status, signal, error, stdout, stderr } = spawnSync(file, rest, {
    cwd: app,
    // No compiler, and nothing else, can be found.
    env: { PATH: join(app, 'empty'), HOME: app, ...start.env },
    encoding: 'utf8',
    timeout: HANGS_MS,
    killSignal: 'SIGKILL',
  });
  const held = status === 0 && stdout.endsWith('all parts held\n');
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`;
  console.log(`\n${name}: ${held ? 'held' : 'FAILED'}, ${took}\n${stdout.trimEnd().replace(/^/gm, '  ')}`);
  if (!held) console.log(`${signal ?? `exit code ${status}`}\n${error?.message ?? ''}\n${stderr}`);
  return held;
}
