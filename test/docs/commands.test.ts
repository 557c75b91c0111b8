/**
 * The commands that the documentation names: what each of them starts is in the package, or is a script of the
 * checkout.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { before, suite, test } from 'node:test';
import { checkout } from '../support/sources.js';

const guides = readdirSync(`${checkout}docs`).filter((name) => name.endsWith('.md'));
const pages = ['README.md', 'CONTRIBUTING.md', ...guides.map((name) => `docs/${name}`)];

/** Where each thing that matches is named. */
function named(pattern: RegExp): readonly (readonly [what: string, page: string])[] {
  return pages.flatMap((page) =>
    [...readFileSync(checkout + page, 'utf8').matchAll(pattern)].map(([, what = '']) => [what, page] as const),
  );
}

suite('the documentation', () => {
  let packed: readonly string[];
  before(() => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
    const report = JSON.parse(execFileSync('npm', args, { cwd: checkout, encoding: 'utf8' })) as object;
    const [{ files }] = Object.values(report) as [{ files: readonly { readonly path: string }[] }];
    packed = files.map(({ path }) => path);
  });

  test('names files of the package that are in it', () => {
    const paths = [
      ...named(/\bnode_modules\/carrel\/([\w./-]+\w)/g),
      ...named(/\bnode ((?:dist|examples)\/[\w./-]+\w)/g),
    ];
    assert.ok(paths.length > 5);
    for (const [path, page] of paths)
      assert.ok(
        packed.some((file) => file === path || file.startsWith(`${path}/`)),
        `${page}: ${path}`,
      );
  });

  test('names scripts that there are', () => {
    const { scripts } = JSON.parse(readFileSync(`${checkout}package.json`, 'utf8')) as { scripts: object };
    const names = named(/\bnpm run (?:-s )?([\w:]+)/g);
    assert.ok(names.length > 5);
    for (const [name, page] of names) assert.ok(name in scripts, `${page}: npm run ${name}`);
  });
});
