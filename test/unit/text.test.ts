/** A text is decoded sooner than by Node, and is the same text. */

import assert from 'node:assert/strict';
import { StringDecoder } from 'node:string_decoder';
import { describe, test } from 'node:test';
import { textOf, wholeTextOf } from '#lib/running/text.js';
import { generator, type Random } from '../support/random.js';

const ROUNDS = 60;
const SEED = 20261129;
/** From here on a text may go another way than a short one. */
const LONG = 1024;

const ALPHABETS: Readonly<Record<string, readonly string[]>> = {
  ascii: [...'carrel 0\n\0\x7f'],
  'two bytes': [...'äßжλ\x80\u07ff'],
  'three bytes': [...'漢€\u0800\uffff\ufffd\ufeff'],
  emoji: [...'😀👩\u{10ffff}'],
  mixed: [...'ab\näß€漢😀\ufeff'],
};

/** Bytes that are no character: alone, too long, surrogates, beyond the last one, and cut off. */
const INVALID = ['ff', '80', 'c3', 'c0af', 'e280', 'eda080', 'f09f98', 'f4908080', 'f8a0', 'e0809f'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

function draw(random: Random, letters: readonly string[], length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.pick(letters)).join(''));
}

function same(bytes: Buffer, name: string): void {
  const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  assert.ok(textOf(bytes) === expected, name);
}

describe('the text of bytes', () => {
  for (const [name, letters] of Object.entries(ALPHABETS)) {
    test(`${name}, short and long`, () => {
      const random = generator(SEED);
      for (let round = 0; round < ROUNDS; round += 1) same(draw(random, letters, random.below(4 * LONG)), name);
      for (const length of [0, 1, LONG - 1, LONG, LONG + 1]) same(Buffer.alloc(length, letters[0]), name);
    });
  }

  test('with bytes that are no text, wherever they are', () => {
    const random = generator(SEED);
    const letters = Object.values(ALPHABETS).flat();
    for (let round = 0; round < ROUNDS * 4; round += 1) {
      const parts = random.list(5, () => draw(random, letters, random.below(LONG)));
      const at = random.below(parts.length + 1);
      same(Buffer.concat([...parts.slice(0, at), random.pick(INVALID), ...parts.slice(at)]), `round ${round}`);
    }
  });

  test('where nothing is text', () => {
    const random = generator(SEED);
    for (const byte of [0x80, 0xc3, 0xff, undefined]) {
      same(Buffer.from(Array.from({ length: 8 * LONG }, () => byte ?? random.below(256))), String(byte));
    }
  });

  test('cut off anywhere, it ends with a whole character', () => {
    const random = generator(SEED);
    const letters = Object.values(ALPHABETS).flat();
    for (let round = 0; round < ROUNDS; round += 1) {
      const broken = Buffer.concat(random.list(3, () => random.pick(INVALID)));
      const bytes = Buffer.concat([draw(random, letters, random.below(2 * LONG)), broken, draw(random, letters, 3)]);
      for (let cut = Math.max(0, bytes.length - 24); cut <= bytes.length; cut += 1) {
        const kept = bytes.subarray(0, cut);
        assert.ok(wholeTextOf(kept) === new StringDecoder('utf8').write(kept), kept.subarray(-24).toString('hex'));
      }
    }
  });
});
