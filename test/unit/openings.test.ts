/** Every file of tests and examples opens with one sentence that names its subject. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readSources } from '../support/sources.js';

const WORDS = 25;

/** The first paragraph of the comment that stands first: below an interpreter or a licence, where a file names one. */
const OPENINGS: Readonly<Record<string, RegExp>> = {
  '.ts': /^(?:#!.*\n)?\/\*\*\s(.*?)(?:\n \*\n|\s+\*\/\n\n)/s,
  '.c': /^\/\/ SPDX-License-Identifier: MIT\n(\/\/ .*?)\n(?!\/\/ )/s,
};

describe('opens with a sentence', () => {
  for (const [ending, opening] of Object.entries(OPENINGS)) {
    for (const { path, text } of readSources(['test', 'examples'], [ending])) {
      test(path, () => {
        const [, found = ''] = opening.exec(text) ?? [];
        const sentence = found.replaceAll(/^( \*|\/\/) /gm, '').replaceAll('\n', ' ');
        assert.match(sentence, /^\S.*\.$/, 'no sentence');
        assert.doesNotMatch(sentence, /[.!?] [\p{Lu}`]/u, 'more than one sentence');
        assert.ok(sentence.split(' ').length <= WORDS, sentence);
      });
    }
  }
});
