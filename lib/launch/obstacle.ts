/** What around this process keeps its launcher from starting: asked when it could not. */

import { closeSync, constants, existsSync, openSync } from 'node:fs';
import type { LauncherObstacle } from '../errors/errors.js';

const BY_CODE: Readonly<Record<string, LauncherObstacle>> = {
  EAGAIN: 'processes',
  EMFILE: 'descriptors',
  ENFILE: 'descriptors',
  ENOMEM: 'memory',
  EFBIG: 'fileSize',
  // Node's permission model. node --permission
  ERR_ACCESS_DENIED: 'permission',
  ERR_DLOPEN_DISABLED: 'permission',
};

/** What the error alone says, of whatever call it is. */
export function shortageOf({ code = '' }: NodeJS.ErrnoException): LauncherObstacle | undefined {
  return BY_CODE[code];
}

/**
 * The likely obstacle, by the error of Node's `spawn` or of the addon. What is left says of a path that it is missing,
 * or may not be executed, and not which: the launcher's, or one that Node opens for it.
 */
export function obstacleOf(error: NodeJS.ErrnoException): LauncherObstacle {
  const known = shortageOf(error);
  if (known !== undefined) return known;
  if (!existsSync('/proc/self/fd')) return 'proc';
  return opensNullDevice() ? 'execution' : 'nullDevice';
}

/** As Node opens it for a child that is to have no standard streams. */
function opensNullDevice(): boolean {
  try {
    closeSync(openSync('/dev/null', constants.O_RDWR | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}
