/** Each room of lib/ imports only what it may. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { describe, test } from 'node:test';

const lib = new URL('../../../lib/', import.meta.url);
const manifest: { readonly exports: object } = JSON.parse(readFileSync(new URL('../package.json', lib), 'utf8'));

/** What the pure rooms may import: `types` where only types are. */
const ROOMS = {
  plan: { values: [/^\.\/(steps\/)?[a-z-]+\.js$/], types: [] },
  'plan/steps': { values: [/^\.\.?\/[a-z-]+\.js$/], types: [] },
  compile: {
    values: [
      /^\.\/[a-z-]+\.js$/,
      /^\.\.\/plan\/[a-z-]+\.js$/,
      /^\.\.\/errors\/errors\.js$/,
      /^\.\.\/host\/facts\.js$/,
      /^\.\.\/cgroup\/files\.js$/,
      /^\.\.\/seccomp\/filters\.js$/,
    ],
    types: [/^\.\.\/definition\/[a-z-]+\.js$/],
  },
} as const;

const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const textOf = (name: string): string => readFileSync(new URL(name, lib), 'utf8');

for (const [room, allowed] of Object.entries(ROOMS)) {
  describe(`lib/${room} is pure`, () => {
    const directory = new URL(`${room}/`, lib);
    for (const file of readdirSync(directory).filter((name) => name.endsWith('.ts'))) {
      test(`${room}/${file} imports nothing of launch/, host/, Node or a package`, () => {
        const source = readFileSync(new URL(file, directory), 'utf8');
        for (const { from, typeOnly } of importsOf(source)) {
          const patterns: readonly RegExp[] = typeOnly ? [...allowed.values, ...allowed.types] : allowed.values;
          assert.ok(
            patterns.some((pattern) => pattern.test(from)),
            `${room}/${file} imports ${typeOnly ? 'types of' : ''} ${from}`,
          );
        }
        assert.doesNotMatch(source, /\b(require|import)\s*\(/);
      });
    }
  });
}

test('one file opens streams on descriptors, so that one file knows how each runtime does it', () => {
  const opening = sources.filter((name) => /new Socket\(|\.(ReadStream|WriteStream)\(/.test(textOf(name)));
  assert.deepEqual(opening, ['launch/streams.ts']);
});

test('a pure room has no folder that is not looked at', () => {
  const folders = sources.map((name) => posix.dirname(name)).filter((name) => /^(plan|compile)\b/.test(name));
  assert.deepEqual([...new Set(folders)].sort(), Object.keys(ROOMS).sort());
});

test('at the root of lib/ stand the doors of the package and the builder, and nothing else', () => {
  const doors = Object.keys(manifest.exports)
    .filter((door) => door !== './package.json')
    .map((door) => `${door === '.' ? 'index' : door.slice('./'.length)}.ts`);
  assert.deepEqual(sources.filter((name) => !name.includes('/')).sort(), [...doors, 'container.ts'].sort());
});

test('host/ asks and never changes: nothing there writes, makes or removes', () => {
  const changing = sources.filter(
    (name) =>
      name.startsWith('host/') &&
      /\b(write|append|mkdir|mkdtemp|rmdir|rm|unlink|rename|symlink|link|chmod|chown|truncate)\w*\(/.test(textOf(name)),
  );
  assert.deepEqual(changing, []);
});

test('no circle of imports, of types neither', () => {
  const imports = new Map(
    sources.map((name) => [name, importsOf(textOf(name)).map(({ from }) => resolved(name, from))]),
  );
  const looked = new Map<string, 'open' | 'done'>();
  const circleFrom = (name: string, way: readonly string[]): readonly string[] | undefined => {
    if (looked.get(name) === 'done') return undefined;
    if (looked.get(name) === 'open') return [...way.slice(way.indexOf(name)), name];
    looked.set(name, 'open');
    for (const next of imports.get(name) ?? []) {
      const circle = circleFrom(next, [...way, name]);
      if (circle !== undefined) return circle;
    }
    looked.set(name, 'done');
    return undefined;
  };
  for (const name of sources) assert.equal(circleFrom(name, [])?.join(' → '), undefined);
});

test('the imports of a source are found, however they are written', () => {
  const source = [
    "import { a } from 'node:os';",
    "import type { B } from '../definition.js';",
    "import {\n  type C,\n  type D,\n} from './c.js';",
    "import { e, type F } from './e.js';",
    "import './g.js';",
    "import i, { type J } from './i.js';",
    "import * as k from './k.js';",
    "export const l = 'l';",
    "export function m() {\n  return 'm';\n}",
    "export { h } from './h.js';",
  ].join('\n');
  assert.deepEqual(importsOf(source), [
    { from: 'node:os', typeOnly: false },
    { from: '../definition.js', typeOnly: true },
    { from: './c.js', typeOnly: true },
    { from: './e.js', typeOnly: false },
    { from: './g.js', typeOnly: false },
    { from: './i.js', typeOnly: false },
    { from: './k.js', typeOnly: false },
    { from: './h.js', typeOnly: false },
  ]);
});

/** The file below lib/ that an import means; one that is none stays as it is written. */
function resolved(name: string, from: string): string {
  if (!from.startsWith('.')) return from;
  return posix.join(posix.dirname(name), from).replace(/\.js$/, '.ts');
}

interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

function importsOf(source: string): readonly Import[] {
  const names = String.raw`(?:type\s+)?(?:\w+\s*,\s*)?(?:\{[^}]*\}|\*(?:\s+as\s+\w+)?|\w+)`;
  const statements = source.matchAll(
    new RegExp(String.raw`^(?:import|export)\s+(?:(${names})\s+from\s+)?'([^']+)'`, 'gm'),
  );
  return [...statements].map(([, what = '', from = '']) => ({ from, typeOnly: isTypeOnly(what) }));
}

function isTypeOnly(what: string): boolean {
  if (what.startsWith('type ')) return true;
  const names =
    /^\{([^}]*)\}$/
      .exec(what)?.[1]
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean) ?? [];
  return names.length > 0 && names.every((name) => name.startsWith('type '));
}
