/** The packed tarball holds what it should, and its manifest tells the truth. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const checkout = fileURLToPath(new URL('../../..', import.meta.url));

interface Packed {
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

describe('the tarball', () => {
  let packed: Packed;
  let paths: readonly string[];
  before(() => {
    const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
    const report: unknown = JSON.parse(execFileSync('npm', args, { cwd: checkout, encoding: 'utf8' }));
    // npm 12 gives an object by names where npm 11 gives a list.
    [packed] = Object.values(report as Record<string, Packed>) as [Packed];
    paths = packed.files.map(({ path }) => path);
  });

  test('holds the doors, what they share, what was prebuilt, examples, and the texts; no source and no test', (t) => {
    const kinds = [
      /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|SECURITY\.md)$/,
      /^dist\/(index|plan|steps|syscalls)\.(mjs|d\.mts|d\.cts)$/,
      /^dist\/(index|plan|steps|syscalls|core|shared|package|carrel)\.cjs(\.map)?$/,
      /^dist\/(engine|machinery|staying|egress|connections|commands)\.cjs(\.map)?$/,
      /^dist\/types\/([a-z-]+\/){0,3}[a-z-]+\.d\.ts$/,
      /^dist\/types\/package\.json$/,
      /^examples\/[a-z-]+(\.test)?\.js$/,
      /^prebuilds\/linux-(x64|arm64)\/carrel\.node$/,
    ];
    assert.deepEqual(
      paths.filter((path) => !kinds.some((kind) => kind.test(path))),
      [],
    );
    t.diagnostic(`${paths.length} files, ${packed.size} bytes, unpacked ${packed.unpackedSize}`);
  });

  test('holds every module that has code, once, but the one of which only documentation is made', () => {
    const sources = readdirSync(`${checkout}/lib`, { recursive: true, encoding: 'utf8' });
    const modules = sources.filter((path) => path.endsWith('.ts') && hasCode(path.replace(/ts$/, 'js')));
    assert.ok(modules.length > 50);
    const maps = paths.filter((path) => path.endsWith('.map'));
    const bundled = maps.flatMap((path) => JSON.parse(readFileSync(`${checkout}/${path}`, 'utf8')).sources as string[]);
    assert.deepEqual([...bundled, '../lib/errors/codes.ts'].sort(), modules.map((path) => `../lib/${path}`).sort());
  });

  test('holds the addon of this machine, and the texts', () => {
    for (const path of [
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'SECURITY.md',
      `prebuilds/linux-${process.arch}/carrel.node`,
    ])
      assert.ok(paths.includes(path), path);
  });
});

describe('the manifest', () => {
  const manifest = JSON.parse(readFileSync(`${checkout}/package.json`, 'utf8')) as Record<string, unknown>;
  const scripts = manifest.scripts as Record<string, string>;

  test('lets it be installed anywhere, and runs nothing then', () => {
    assert.deepEqual([manifest.os, manifest.cpu, manifest.libc], [undefined, undefined, undefined]);
    assert.deepEqual([scripts.preinstall, scripts.install, scripts.postinstall], [undefined, undefined, undefined]);
    // npm 11 warns of it where the package comes as a tarball. What a checkout needs is built at `dependencies`.
    assert.equal(scripts.prepare, undefined);
    assert.equal(manifest.gypfile, undefined);
  });

  test('needs two packages at run time, and is asked for nothing by others', () => {
    assert.deepEqual(Object.keys(manifest.dependencies as object), ['debug', 'node-gyp-build']);
    assert.deepEqual([manifest.optionalDependencies, manifest.peerDependencies], [undefined, undefined]);
  });
});

/** Not only exports of what others have, and not only types. */
function hasCode(path: string): boolean {
  const lines = readFileSync(`${checkout}/build/lib/${path}`, 'utf8').replaceAll(/^\/\*\*.*?\*\/$/gms, '');
  return lines.replaceAll(/^(export (\{[^}]*\}|\*)( from '.*')?;|#!.*|\/\/#.*)$/gm, '').trim() !== '';
}
