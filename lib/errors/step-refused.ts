/**
 * What a refused step is told as. It is apart from the class, and not among what `errors.ts` passes on: who imports
 * the class alone has neither the sentences nor the hints.
 */

import { describe } from '../plan/sentences.js';
import { hintFor } from './hints.js';
import { errorName, errorText } from './numbers.js';
import type { Refusal } from './refusal.js';
import { StepError } from './step.js';

export function stepRefused(refusal: Refusal): StepError {
  return new StepError(refusal, stepMessage(refusal), hintFor(refusal));
}

function stepMessage({ place, step, errno, message, syscall, path }: Refusal): string {
  // Which tree that is, only another step says.
  const tree = step?.op === 'idmap' && path !== undefined ? `, the tree of ${path}` : '';
  const what = step === undefined ? 'clone the container’s process' : shortened(`${describe(step)}${tree}`);
  const said = message === undefined || message === '' ? errorText(errno) : message;
  const where = { before: 'before the clone', clone: 'at the clone', after: 'after the end', acts: '', steps: '' }[
    place.list
  ];
  const number = where === '' ? `step ${place.index + 1} of ${place.total}` : where;
  const from = step?.from === undefined ? '' : `, from ${step.from}`;
  return `${what}: ${errorName(errno)}, ${said} (${syscall}, ${number}${from})`;
}

/** Arguments and paths can have any length, and people read errors. */
function shortened(sentence: string): string {
  return sentence.length <= LONGEST ? sentence : `${sentence.slice(0, LONGEST)}… (${sentence.length} characters)`;
}

const LONGEST = 400;
