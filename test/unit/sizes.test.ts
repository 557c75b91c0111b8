/** How large the parts of the code may be, as CONTRIBUTING says. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { STEPS } from '#lib/plan/steps.js';
import { checkout, readSources, type Source } from '../support/sources.js';

const COLUMNS = 120;
const FILE_LINES = 400;
const FUNCTION_LINES = 60;
const CLASS_LINES = 200;
/** Nine keep what a container has written: the tree that its overlay hides, and the copy of it. */
const STEP_COUNT = 122;
const LAUNCHER_LINES = 7650;

/** Files that may be longer, for the reasons that CONTRIBUTING gives. */
const LONGER: Readonly<Record<string, number>> = {
  // With the declaration of RunningContainer.container, which no other file can make.
  'lib/container.ts': 669,
  'src-native/sys.h': 890,
};

const CODE = readSources(
  ['lib', 'src-native', 'scripts', 'test', 'examples'],
  ['.ts', '.c', '.h', '.S', '.sh', '.gypi'],
);
const written = CODE.filter(({ text }) => !/^(\/\/ SPDX[^\n]*\n)?(\/\/|\/\*\*)[^#]*?Made by scripts\//.test(text));

describe('a file has a size that can be read', () => {
  for (const { path, text } of written)
    test(path, () => {
      const lines = text.split('\n').length - 1;
      const most = LONGER[path] ?? FILE_LINES;
      assert.ok(lines <= most, `${path} has ${lines} lines, ${most} are agreed`);
    });

  test('those that may be longer are, and are there', () => {
    for (const path of Object.keys(LONGER)) {
      const { text = '' } = written.find((source) => source.path === path) ?? {};
      assert.ok(text.split('\n').length - 1 > FILE_LINES, path);
    }
  });
});

test(`a line has up to ${COLUMNS} columns`, () => {
  const texts = [...written, ...markdown()];
  const longer = texts.flatMap(({ path, text }) =>
    linesThatCount(path, text)
      .filter(([line]) => columnsOf(line) > COLUMNS)
      .map(([line, number]) => `${path}:${number}: ${columnsOf(line)}`),
  );
  assert.deepEqual(longer, []);
});

test(`a function in C has up to ${FUNCTION_LINES} lines`, () => {
  const longer = written
    .filter(({ path }) => path.startsWith('src-native/') && /\.[ch]$/.test(path))
    .flatMap(({ path, text }) =>
      [...text.matchAll(/^(?![#\s/}])[^;\n]*\)\n\{\n([\s\S]*?)^\}/gm)]
        .map(([whole, body = '']) => ({ name: whole.split('(')[0], lines: body.split('\n').length - 1 }))
        .filter(({ lines }) => lines > FUNCTION_LINES)
        .map(({ name, lines }) => `${path}: ${name}: ${lines}`),
    );
  assert.deepEqual(longer, []);
});

test(`a class has up to ${CLASS_LINES} lines of code`, () => {
  const classes = written.filter(({ path }) => path.endsWith('.ts')).flatMap(classesOf);
  assert.ok(classes.length > 10, 'they were found');
  assert.deepEqual(
    classes.filter(({ lines }) => lines > CLASS_LINES),
    [],
  );
});

test(`there are up to ${STEP_COUNT} steps`, () => {
  assert.ok(Object.keys(STEPS).length <= STEP_COUNT);
});

test(`the launcher has up to ${LAUNCHER_LINES} lines of code`, () => {
  const code = written
    .filter(({ path }) => /^src-native\/launcher\/.*\.[ch]$/.test(path))
    .flatMap(({ text }) => text.split('\n'))
    .filter((line) => !/^\s*(\/\/.*)?$|^#(include|pragma)/.test(line));
  assert.ok(code.length > LAUNCHER_LINES / 2, 'they were found');
  assert.ok(code.length <= LAUNCHER_LINES, `${code.length}`);
});

test('CONTRIBUTING says the same numbers', () => {
  const text = readFileSync(`${checkout}CONTRIBUTING.md`, 'utf8').replaceAll(/\s+/g, ' ');
  for (const sentence of [
    `wrap at ${COLUMNS} columns`,
    `up to ${FILE_LINES} lines`,
    `up to ${FUNCTION_LINES} lines`,
    `up to ${CLASS_LINES} lines`,
    `up to ${STEP_COUNT} steps`,
    `up to ${LAUNCHER_LINES.toLocaleString('en')} lines`,
    ...Object.keys(LONGER).map((path) => `\`${path}\``),
  ])
    assert.ok(text.includes(sentence), sentence);
});

/** The texts that people read, but for what a machine writes. */
function markdown(): readonly Source[] {
  const names = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']
    .filter((path) => existsSync(checkout + path))
    .map((path) => ({ path, text: readFileSync(checkout + path, 'utf8') }));
  return [...names, ...readSources(['docs'], ['.md'])].filter(({ text }) => !text.startsWith('<!-- Made by'));
}

/** The classes of a file, with their lines that are neither blank nor a comment. */
function classesOf({ path, text }: Source): readonly { readonly name: string; readonly lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isClassLike(node)) {
      const lines = node.getText().split('\n');
      const code = lines.filter((line) => !/^\s*(\/\/.*|\/?\*.*)?$/.test(line));
      found.push({ name: `${path}: ${node.name?.text}`, lines: code.length });
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  return found;
}

/** All but what cannot be wrapped: rows of tables, links, and what programs print. */
function linesThatCount(path: string, text: string): readonly (readonly [line: string, number: number])[] {
  let fenced = false;
  return text
    .split('\n')
    .map((line, index) => [line, index + 1] as const)
    .filter(([line]) => {
      if (path.endsWith('.md') && line.trimStart().startsWith('```')) fenced = !fenced;
      return !fenced && !line.startsWith('|') && !/https?:\/\//.test(line);
    });
}

/** A tab reaches to the next multiple of eight. */
function columnsOf(line: string): number {
  let columns = 0;
  for (const character of line) columns = character === '\t' ? columns + 8 - (columns % 8) : columns + 1;
  return columns;
}
