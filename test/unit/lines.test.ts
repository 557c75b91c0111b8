/** Lines of output are found, and counted, however the bytes come. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineCounter } from '#lib/running/lines.js';
import type { OutputStream } from '#lib/running/log.js';

/** What was found, and when: after how many pieces. */
function look(line: string | RegExp, pieces: readonly (string | Buffer)[], times = 1, stream: OutputStream = 'stdout') {
  let full: boolean | undefined;
  let after: number | undefined;
  const counter = new LineCounter(line, times, (isFull) => {
    assert.equal(full, undefined, 'it is told once');
    full = isFull;
  });
  for (const [index, piece] of pieces.entries()) {
    counter.written(stream, Buffer.from(piece));
    if (full === true) after ??= index + 1;
  }
  if (full === undefined) counter.ended();
  return { full, after, count: counter.count };
}

/** Every way to cut it into pieces of one length. */
function cuts(text: string | Buffer): readonly (readonly Buffer[])[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.max(1, bytes.length) }, (_, size) =>
    Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (_, index) =>
      bytes.subarray(index * (size + 1), (index + 1) * (size + 1)),
    ),
  );
}

test('how the bytes come makes no difference', () => {
  const text = 'begin\nready one ready\r\nnot\n\nready\nréady €\nlast ready';
  for (const pieces of cuts(text)) {
    assert.equal(look('ready', pieces, 99).count, 3);
    assert.equal(look(/ready/, pieces, 99).count, 3);
    assert.equal(look(/^ready$/, pieces, 99).count, 1);
    assert.equal(look(/^ready one ready$/, pieces, 99).count, 1, 'without the carriage return');
    assert.equal(look('réady €', pieces).full, true);
    assert.equal(look(/^r.ady €$/, pieces).full, true);
    assert.equal(look(/^$/, pieces, 99).count, 1);
    assert.equal(look('absent', pieces).full, false);
  }
});

test('a text is found in a line that goes on, a regular expression once it has ended', () => {
  assert.deepEqual(look('ready', ['are you re', 'ady> ']), { full: true, after: 2, count: 1 });
  assert.deepEqual(look(/ready>/, ['ready> ', 'x', 'y\n']), { full: true, after: 3, count: 1 });
  assert.deepEqual(look(/^ready$/, ['ready', '-ish\n']).full, false);
  // At the end of all output the last line is whole.
  assert.deepEqual(look(/^ready$/, ['ready']), { full: true, after: undefined, count: 1 });
});

test('a line counts once, also where it has the text twice or goes on behind it', () => {
  assert.equal(look('a', ['a', 'a', 'a\na', 'a'], 99).count, 2);
  assert.deepEqual(look('ready', ['ready\n', 'x\n', 'ready\n'], 2), { full: true, after: 3, count: 2 });
  assert.equal(look('ready', ['ready\n', 'x\n'], 2).full, false);
  assert.equal(look(/b/g, ['b\nb\nb\n'], 99).count, 3);
  assert.equal(look(/b/y, ['b\nab\nb\n'], 99).count, 2);
});

test('a text does not begin in one line and end in the next, nor in another stream', () => {
  assert.equal(look('ab', ['a', '\n', 'b\n']).full, false);
  const counter = new LineCounter('ab', 1, () => {});
  counter.written('stdout', Buffer.from('a'));
  counter.written('stderr', Buffer.from('b'));
  assert.equal(counter.count, 0);
  counter.written('stdout', Buffer.from('b'));
  assert.equal(counter.count, 1);
});

test('what is no UTF-8 is in no one’s way', () => {
  const noise = Buffer.from([0xff, 0xfe, 0x00, 0xc3]);
  for (const pieces of cuts(Buffer.concat([noise, Buffer.from('ready'), noise, Buffer.from('\n')]))) {
    assert.equal(look('ready', pieces).full, true);
    assert.equal(look(/\ufffd.*ready\ufffd/, pieces).full, true);
  }
});

test('a line without an end holds no memory, and counts as several', () => {
  const piece = Buffer.alloc(65_536, 'x');
  const pieces = [...Array.from({ length: 100 }, () => piece), Buffer.from(' ready\n')];
  assert.equal(look('ready', pieces).full, true);
  assert.equal(look(/ready$/, pieces).full, true);
  assert.ok(look(/^x/, pieces, 1000).count >= 50);
});
