/** What a pool is of. */

import { integer, knownOptions, object } from '../../definition/checks.js';
import type { ContainerDefinition } from '../../definition/definition.js';
import { contradiction, invalidType } from '../../errors/errors.js';
import type { Hook } from '../hooks.js';

/** Options of {@link Container.pool}. */
export interface PoolOptions {
  /** How many containers are kept ready, beside those in use. 1 to 100,000. */
  readonly size: number;
  /**
   * How many are in use at a time, 1 to 100,000. Who comes then waits: first come, first served. Default: no bound. A
   * container is made where none is ready.
   */
  readonly max?: number | undefined;
}

const MOST = 100_000;

/** @throws TypeError or RangeError naming the part. */
export function checkPool(
  { publish }: ContainerDefinition,
  hooks: readonly Hook[],
  options: unknown,
): { readonly size: number; readonly max: number } {
  if (options === undefined) throw invalidType('options', 'an object such as { size: 4 }', options);
  object('options', options);
  knownOptions('pool()', options as object, ['size', 'max']);
  const { size, max } = options as Readonly<Record<string, unknown>>;
  if (hooks.length > 0)
    throw contradiction('hook() and pool() exclude each other: a container of a pool is there before it is asked for');
  if (publish.length > 0)
    throw contradiction('publish() and pool() exclude each other: use publish() of a container that take() gives');
  return {
    size: integer('size', size, 1, MOST),
    max: max === undefined ? Number.POSITIVE_INFINITY : integer('max', max, 1, MOST),
  };
}
