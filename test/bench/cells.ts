/** Numbers and names as cells of a table. */

import type { Held } from './results.js';
import type { Summary } from './statistics.js';

export function holds({ kind, bytes }: Held): string {
  if (kind === 'none' || kind === 'small') return kind === 'none' ? '' : 'little';
  const size = bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${bytes / 2 ** 30} GiB`;
  return `${size} of ${kind === 'buffers' ? 'Buffers' : 'objects'}`;
}

export function spread(summary: Summary, scale: number, digits: number): readonly string[] {
  const text = (value: number): string => (value / scale).toFixed(digits);
  return [text(summary.median), `${text(summary.p10)}–${text(summary.p90)}`];
}

export function ratio(of: Summary | undefined, to: Summary | undefined, digits = 2): string {
  return of === undefined || to === undefined ? '–' : (of.median / to.median).toFixed(digits);
}

export function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(0)} KB`;
}
