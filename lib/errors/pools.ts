/** What is told of pools. */

import { CarrelError } from './classes.js';

export function poolClosed(what: string): CarrelError {
  return new CarrelError('ERR_POOL_CLOSED', `${what} came too late: the pool is closed`);
}
