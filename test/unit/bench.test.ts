/** What the bench makes of samples: numbers, tables, budgets and a chart. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { budgetsOf } from '../bench/budgets.js';
import { noRoomFor } from '../bench/busy.js';
import { chart } from '../bench/chart.js';
import { writeDocument } from '../bench/document.js';
import { extentOf } from '../bench/forms.js';
import { quietness, sections } from '../bench/report.js';
import type { Growth, Results, Start } from '../bench/results.js';
import { type Summary, summarize, table } from '../bench/statistics.js';
import { type Contender, takeTurns } from '../bench/turns.js';
import '../support/temporary.js';

const ms = (value: number): Summary => summarize([value * 1e6]);

const start = (name: string, totalMs: number, blockedMs?: number, pace: Start['pace'] = 'rested'): Start => ({
  name,
  held: { kind: name === 'reference' ? 'none' : 'small', bytes: 0 },
  pace,
  totalNs: ms(totalMs),
  ...(blockedMs !== undefined && { blockedNs: ms(blockedMs) }),
});

const growth: Growth = {
  starts: [0, 1000].flatMap((idle) => [
    { name: 'carrel rootfs spawn', idle, totalNs: ms(2 + idle / 500), blockedNs: ms(0.1) },
    { name: 'child_process spawn', idle, totalNs: ms(1 + idle / 1000), blockedNs: ms(1) },
  ]),
  reached: [
    { nth: 100, totalNs: ms(2), blockedNs: ms(0.1) },
    { nth: 1000, totalNs: ms(2.6), blockedNs: ms(0.2) },
  ],
  ending: { containers: 1000, killNs: ms(0.01), allKillsNs: ms(20), longestTurnNs: ms(30), wholeNs: ms(900) },
};

const results: Results = {
  machine: {
    ...{ processor: 'A processor', processors: 2, memoryBytes: 2 ** 34, kernel: '6.1', system: 'Linux', node: 'v20' },
    ...{ user: 'root', where: 'processor 1', date: '2026-01-01', busy: 0.01, versions: { crun: '1.8' } },
  },
  form: 'full',
  starts: [
    start('reference', 2),
    start('carrel rootfs spawn', 2.1, 0.1),
    start('carrel rootfs spawn', 2.4, 0.12, 'in a row'),
    start('carrel rootfs spawn', 9, 0.04, 'at once'),
    start('carrel rootfs spawn pipes', 2.2, 0.15),
    start('carrel rootfs limits spawn', 2.2, 0.1),
    start('carrel rootfs unfiltered spawn', 2.09, 0.1),
    start('carrel variables spawn', 20, 10),
    start('child_process spawn', 2, 1),
    start('child_process spawn', 1.5, 1, 'in a row'),
    start('child_process spawn', 8, 1.5, 'at once'),
    start('child_process spawn pipes', 2.1, 1),
    start('bubblewrap', 4),
  ],
  rates: [],
  helpers: [{ containers: 1, launcherBytes: 20_480, restBytes: 25 * 1024 }],
  staying: { containers: 10, idleBytes: 280 * 1024, filesBytes: 680 * 1024, busyMs: 0 },
  egress: {
    ...{ listedNs: ms(2.2), plainNs: ms(2), bytes: 2 ** 28, answersPerSecond: 4999 },
    ...{ relayedMs: summarize([500]), nodeMs: summarize([400]), nameMs: summarize([2]), loopbackMs: summarize([1]) },
  },
  outputs: [{ name: 'carrel run utf8', bytes: 2 ** 20, bytesPerSecond: summarize([2 ** 20]) }],
  phases: [],
  loading: [{ what: "import 'carrel';", totalNs: ms(40), emptyNs: ms(35) }],
  filters: [
    { name: 'none', instructions: 0, loadNs: ms(0), allowedNs: summarize([200]), comparedNs: summarize([210]) },
    { name: 'default', instructions: 9, loadNs: ms(0.05), allowedNs: summarize([212]), comparedNs: summarize([230]) },
  ],
  opens: [
    { name: 'none', shallowNs: summarize([400]), deepNs: summarize([600]) },
    { name: 'landlock', shallowNs: summarize([600]), deepNs: summarize([1200]) },
  ],
  growth,
  skipped: ['podman: not installed | really'],
};

describe('statistics', () => {
  test('the median, and what nine tenths lie above and below', () => {
    const values = Array.from({ length: 11 }, (_, index) => 10 - index);
    assert.deepEqual(summarize(values), { count: 11, median: 5, p10: 1, p90: 9 });
  });

  test('nothing gives no number', () => {
    assert.ok(Number.isNaN(summarize([]).median));
  });

  test('a table aligns its columns', () => {
    assert.equal(table(['a', 'b'], [['one', '1']]), 'a    b\n──────\none  1');
  });
});

test('each round begins with another, and the next one is the other way round', async () => {
  const order: string[] = [];
  const contender = (name: string): Contender => ({
    ...{ name, held: { kind: 'small', bytes: 0 }, pace: 'rested', totalNs: [], blockedNs: [], batch: 1, every: 1 },
    measure: async () => {
      order.push(name);
      return [{ totalNs: 1 }];
    },
  });
  const three = ['a', 'b', 'c'].map(contender);
  await takeTurns(three, 3);
  assert.equal(order.join(''), 'abcacbcab');
  assert.deepEqual(
    three.map(({ totalNs }) => totalNs.length),
    [3, 3, 3],
  );
});

describe('budgets', () => {
  const found = new Map(budgetsOf(results).map(({ what, found, kept }) => [what, `${found} ${kept}`]));

  test('compare medians of one run', () => {
    assert.equal(found.get('a full container × the C program'), '1.05 × true');
    assert.equal(found.get('the same, in a row, × the C program'), '1.2 × false');
    assert.equal(found.get('bubblewrap, started from Node, takes longer'), '1.9 × false');
    assert.equal(found.get('`spawn()` blocked × `child_process.spawn`, at once'), '0.0267 × true');
    assert.equal(found.get('`spawn()` blocked × `child_process.spawn`, with pipes'), '0.15 × true');
    assert.equal(found.get('the 1000th idle container × the 100th'), '1.3 × false');
    assert.equal(found.get('supervisor and init of one of many idle containers, PSS'), '25 KB true');
    assert.equal(found.get('the files of one of many idle containers that stay, PSS more'), '40 KB true');
    assert.equal(found.get('processor time of many idle containers that stay, in a second'), '0 ms true');
  });

  test('hold a list of what may be reached to what is without', () => {
    assert.equal(found.get('a start with `network({ allow })` × without'), '1.1 × true');
    assert.equal(found.get('relayed from outside × a relay of Node’s, bytes a second'), '0.8 × true');
    assert.equal(found.get('answers of the resolver a second'), '4999 false');
  });

  test('growth is net of what a bare start grows by', () => {
    assert.equal(found.get('the next start beside 1000 idle × beside none, net of `child_process.spawn`'), '1 × true');
  });

  test('say nothing of what was not measured', () => {
    assert.equal(found.get('runc, started from Node, takes longer'), '– undefined');
    const few = budgetsOf({ ...results, starts: [], loading: [], helpers: [] });
    assert.ok(few.some(({ kept }) => kept === undefined));
  });
});

describe('the report', () => {
  test('each table has a sentence, and rows as wide as its head', () => {
    const made = sections(results);
    assert.ok(made.length >= 9);
    for (const { title, note, head, rows } of made) {
      assert.match(note, /^[A-Za-z`].*\.$/s, title);
      for (const row of rows) assert.equal(row.length, head.length, title);
    }
  });

  test('what is large is in a table of its own', () => {
    const [first] = sections(results);
    assert.ok(first?.rows.every(([name = '']) => !name.includes('variables')));
  });

  test('of a short run no budget is told', () => {
    const titles = sections({ ...results, form: 'short' }).map(({ title }) => title);
    assert.ok(titles.length > 5 && !titles.includes('Budgets'));
  });

  test('without growth there is no table of it', () => {
    const { growth: _, ...rest } = results;
    const titles = sections(rest).map(({ title }) => title);
    assert.ok(!titles.includes('The end of many') && titles.includes('Budgets'));
  });

  test('says whether the machine was quiet', () => {
    assert.match(quietness(results.machine), /was quiet: others used 1 %/);
    assert.match(quietness({ ...results.machine, busy: 0.4 }), /was not quiet: others used 40 %/);
  });
});

describe('the chart', () => {
  const svg = chart(results);

  test('has a bar for each, but for variations of one', () => {
    assert.equal([...svg.matchAll(/<rect x=/g)].length, 4);
    assert.ok(!svg.includes('limits()') && svg.includes('bubblewrap'));
  });

  test('has a line for each that grows, with a point for each number', () => {
    assert.equal([...svg.matchAll(/stroke-width="2"/g)].length, 2);
    assert.equal([...svg.matchAll(/<circle /g)].length, 4);
    assert.ok(!/NaN|undefined|Infinity/.test(svg));
  });

  test('is whole without growth', () => {
    const { growth: _, ...rest } = results;
    assert.match(chart(rest), /^<svg .*<\/svg>\n$/s);
    assert.ok(!chart(rest).includes('<circle'));
  });
});

describe('the document', () => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-docs-'));
  const docs = pathToFileURL(`${directory}/`);
  const path = new URL('performance.md', docs);

  test('keeps what is written by hand', () => {
    writeFileSync(path, '# Mine\n\n<!-- bench:begin -->\nstale words\n<!-- bench:end -->\n\n## Mine too\n');
    writeDocument(docs, results);
    const text = readFileSync(path, 'utf8');
    assert.match(text, /^# Mine\n\n<!-- bench:begin -->\n`npm run bench/);
    assert.match(text, /<!-- bench:end -->\n\n## Mine too\n$/);
    assert.ok(!text.includes('stale words'));
    // In a table, and in code, a line is longer.
    assert.deepEqual(
      text.split('\n').filter((line) => line.length > 120 && !line.startsWith('|')),
      [],
    );
    assert.ok(text.includes('podman: not installed \\| really'));
  });

  test('again, it is the same', () => {
    const once = readFileSync(path, 'utf8');
    writeDocument(docs, results);
    assert.equal(readFileSync(path, 'utf8'), once);
  });

  test('without its marks it is not touched', () => {
    writeFileSync(path, 'no marks');
    assert.throws(() => writeDocument(docs, results), /performance\.md has no <!-- bench:begin -->/);
    assert.equal(readFileSync(path, 'utf8'), 'no marks');
  });
});

test('a machine has room for a few, and not for a million', () => {
  assert.equal(noRoomFor(1), undefined);
  assert.match(noRoomFor(1e6) ?? '', /^1000000 idle containers need \d+ of .*, and there are \d+$/);
});

test('every form measures what the budgets need', () => {
  const needed = [
    'carrel rootfs spawn',
    'carrel rootfs spawn pipes',
    'child_process spawn',
    'child_process spawn pipes',
  ];
  for (const form of ['full', 'quiet', 'short'] as const) {
    const { small, levels } = extentOf(form);
    assert.ok(
      needed.every((name) => small.includes(name)),
      form,
    );
    assert.ok(form === 'short' || (levels.includes(100) && levels.includes(1000)), form);
  }
});
