/** What a run of tests came to, in lines: of one machine (run.ts), or of several (../vm/run.ts). */

import type { TestRecord } from './reporter.js';

/** A test, and who ran it. */
export interface Result extends TestRecord {
  /** The leg; with several machines, the guest before it. */
  readonly leg: string;
}

/** The lines of a recorded set of skips, in their order there. */
export function skipLines(results: readonly Result[]): readonly string[] {
  return results
    .filter(({ outcome }) => outcome === 'skipped')
    .map(({ leg, file, name, reason }) => `${leg}: ${file} > ${name}: ${reason}`)
    .sort();
}

export function failureLines(results: readonly Result[]): readonly string[] {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  return failed.map(({ leg, file, name }) => `failed: ${leg}: ${file} > ${name}`);
}

export function hasFailed(results: readonly Result[]): boolean {
  return results.some(({ outcome }) => outcome === 'failed');
}

/** What every run ends with. */
export function closingLine(results: readonly Result[]): string {
  const count = (wanted: TestRecord['outcome']): number => results.filter(({ outcome }) => outcome === wanted).length;
  return `carrel: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}
