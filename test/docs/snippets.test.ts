/** Every snippet of the documentation runs as it would for a user of the package, and prints what it announces. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import ts from 'typescript';
import { freshBusyboxRoot } from '../support/busybox.js';
import { useCleanHost } from '../support/host.js';
import { requires } from '../support/requires.js';
import { commandsOf, isAsAnnounced, readSnippets, type Snippet } from '../support/snippets.js';
import { checkout } from '../support/sources.js';

useCleanHost();

const TIMEOUT_MS = 240_000;
const project = mkdtempSync(join(tmpdir(), 'snippets-'));
mkdirSync(join(project, 'node_modules'));
symlinkSync(checkout, join(project, 'node_modules/carrel'));

/** What the documentation takes for granted on the reader's machine. */
const places: Readonly<Record<string, string>> = { '/srv/busybox': freshBusyboxRoot(), '/srv/input': inputs() };

function inputs(): string {
  const directory = mkdtempSync(join(tmpdir(), 'input-'));
  writeFileSync(join(directory, 'words.txt'), 'one two three\n');
  return directory;
}

function onThisMachine(code: string): string {
  return Object.entries(places).reduce((text, [place, real]) => text.replaceAll(place, real), code);
}

interface Printed {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runTypeScript(code: string): Printed {
  const file = join(project, 'snippet.mjs');
  const { outputText } = ts.transpileModule(onThisMachine(code), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  });
  writeFileSync(file, outputText);
  // attach() wants a terminal: script(1) gives it one, and its user leaves at once.
  const command = code.includes('.attach()')
    ? ['script', '-qec', `${process.execPath} ${file}`, '/dev/null']
    : [process.execPath, file];
  return execute(command);
}

function execute([file = '', ...args]: readonly string[]): Printed {
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd: project,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    ...(file === 'script' ? { input: 'exit\n' } : { stdio: ['ignore', 'pipe', 'pipe'] }),
    // Else a node --test among them would take itself for a part of this one.
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  if (error !== undefined) throw error;
  return { status, stdout, stderr };
}

function check({ status, stdout, stderr }: Printed, announced: string | undefined): void {
  assert.equal(status, 0, `${stdout}\n${stderr}`);
  if (announced === undefined) return;
  // Both, one below the other, for a reader who has to see the difference.
  const printed = Object.entries(places).reduce((text, [place, real]) => text.replaceAll(real, place), stdout);
  if (!isAsAnnounced(announced, printed)) assert.equal(printed, announced);
}

function run(snippet: Snippet): void {
  if (snippet.language === 'ts') check(runTypeScript(snippet.code), snippet.output);
  else
    for (const { command, output } of commandsOf(snippet)) check(execute(['sh', '-c', onThisMachine(command)]), output);
}

suite('the snippets of the documentation', requires('busybox'), () => {
  for (const snippet of readSnippets()) test(snippet.place, requires(...snippet.needs), () => run(snippet));
});
