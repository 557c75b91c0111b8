/** The names that the package exports are the recorded ones, so that each change is on purpose. */

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

interface Target {
  readonly types: string;
  readonly default: string;
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly import: Target; readonly require: Target }>>;
}

/** `carrel/steps` for `./steps`, and its declarations, for import and for require. */
const entries = Object.entries(
  (JSON.parse(readFileSync(`${checkout}/package.json`, 'utf8')) as Manifest).exports,
).flatMap(([path, target]) =>
  typeof target === 'string'
    ? []
    : [{ name: `carrel${path.slice(1)}`, types: [target.import, target.require].map(({ types }) => checkout + types) }],
);

test('the exports are those of test/package/exports.txt', async () => {
  const program = ts.createProgram(
    entries.flatMap(({ types }) => types),
    { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'], strict: true },
  );
  const lines: string[] = [];
  for (const { name, types } of entries) {
    const values = Object.keys((await import(name)) as object);
    lines.push(...values.map((value) => `${name}: value ${value}`));
    assert.deepEqual(
      Object.keys(createRequire(import.meta.url)(name) as object),
      values,
      `${name}, when it is required`,
    );
    const [declared = [], required = []] = types.map((path) => exportsOf(program, path));
    assert.deepEqual(required, declared, `${name}, as it is declared for require`);
    assert.deepEqual(
      values.filter((value) => !declared.includes(value)),
      [],
      `${name} exports values without declarations`,
    );
    lines.push(...declared.filter((one) => !values.includes(one)).map((type) => `${name}: type ${type}`));
  }
  lines.sort();
  mkdirSync(`${checkout}/build`, { recursive: true });
  writeFileSync(`${checkout}/build/exports.txt`, lines.map((line) => `${line}\n`).join(''));
  const recorded = readFileSync(`${checkout}/test/package/exports.txt`, 'utf8').split('\n').filter(Boolean);
  // As sets: two branches that add names are merged line by line, in any order.
  assert.deepEqual(
    {
      added: lines.filter((line) => !recorded.includes(line)),
      gone: recorded.filter((line) => !lines.includes(line)),
    },
    { added: [], gone: [] },
    'if it is on purpose: cp build/exports.txt test/package/exports.txt',
  );
});

function exportsOf(program: ts.Program, path: string): readonly string[] {
  const source = program.getSourceFile(path);
  const checker = program.getTypeChecker();
  const symbol = source && checker.getSymbolAtLocation(source);
  assert.ok(symbol, `${path} is no module`);
  return checker.getExportsOfModule(symbol).map(({ name }) => name);
}
