import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

const lib = new URL('../../../lib/', import.meta.url);

/** What each room may import: `types` where only types are. */
const ROOMS = {
  plan: { values: [/^\.\/[a-z-]+\.js$/], types: [] },
  compile: {
    values: [/^\.\/[a-z-]+\.js$/, /^\.\.\/plan\/[a-z-]+\.js$/, /^\.\.\/errors\.js$/],
    types: [/^\.\.\/definition\/[a-z-]+\.js$/],
  },
} as const;

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
  const sources = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const opening = sources.filter((name) =>
    /new Socket\(|\.(ReadStream|WriteStream)\(/.test(readFileSync(new URL(name, lib), 'utf8')),
  );
  assert.deepEqual(opening, ['launch/streams.ts']);
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
