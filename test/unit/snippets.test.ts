/** The documentation's snippets have no type error, and their output is compared with what they announce. */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import ts from 'typescript';
import { commandsOf, isAsAnnounced, readSnippets } from '../support/snippets.js';
import { checkout } from '../support/sources.js';

suite('what a snippet prints is compared', () => {
  const cases: readonly (readonly [announced: string, printed: string, same: boolean])[] = [
    ['one', 'one\n', true],
    ['one', 'two\n', false],
    ['one', 'one\ntwo\n', false],
    ['pid …, user 0', 'pid 17, user 0\n', true],
    ['pid …, user 0', 'pid 17, user 1\n', false],
    ['first\n…\nlast', 'first\na\nb\nlast\n', true],
    ['first\n…\nlast', 'first\nlast\n', true],
    ['first\n…\nlast', 'first\na\n', false],
    ['a.c', 'abc\n', false],
    ['', '', true],
    ['', 'something\n', false],
  ];
  for (const [announced, printed, same] of cases) {
    test(`${JSON.stringify(announced)} and ${JSON.stringify(printed)}`, () => {
      assert.equal(isAsAnnounced(announced, printed), same);
    });
  }

  test('a console snippet is its commands, and what they print', () => {
    const snippet = {
      place: '',
      language: 'console',
      needs: [],
      code: '$ echo a\na\n$ true\n',
      output: undefined,
    } as const;
    assert.deepEqual(commandsOf(snippet), [
      { command: 'echo a', output: 'a' },
      { command: 'true', output: '' },
    ]);
  });
});

test('the snippets of the documentation have no type error', () => {
  const snippets = readSnippets().filter(({ language }) => language === 'ts');
  assert.ok(snippets.length > 0);
  const files = new Map(
    snippets.map(({ place, code }) => [`${checkout}build/${place.replaceAll(/[ ,/]+/g, '-')}.ts`, code]),
  );
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    moduleDetection: ts.ModuleDetectionKind.Force,
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, target) => {
    const text = files.get(name);
    return text === undefined ? getSourceFile(name, target) : ts.createSourceFile(name, text, target);
  };
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  const program = ts.createProgram([...files.keys()], options, host);
  const errors = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
  assert.deepEqual(errors, []);
});
