/**
 * What carrel tells its debuggers, by the package `debug`. Loading that takes a third of the time of an empty
 * program, so it is loaded only where the variable DEBUG names carrel when carrel is first used.
 */

import { createRequire } from 'node:module';

/** Writes a line, as `debug` formats it. */
export interface Log {
  (format: string, ...values: readonly unknown[]): void;
  /** Whether it writes anything: what is costly to tell is computed only then. */
  readonly enabled: boolean;
}

const SILENT: Log = Object.assign(() => {}, { enabled: false });

/** @param subject The part of carrel that speaks: `launcher` for the name `carrel:launcher`. */
export function logOf(subject: string): Log {
  if (!namesCarrel(process.env.DEBUG ?? '')) return SILENT;
  const require = createRequire(import.meta.filename);
  const debug = require('debug') as (namespace: string) => Log;
  return debug(`carrel:${subject}`);
}

/**
 * Whether one of the names, where `*` stands for anything, may be one of carrel's. What exactly it selects, `debug`
 * decides.
 */
function namesCarrel(names: string): boolean {
  return names.split(/[\s,]+/).some((name) => {
    const [literal = '', ...rest] = name.split('*');
    return literal.startsWith('carrel') || (rest.length > 0 && 'carrel'.startsWith(literal));
  });
}
