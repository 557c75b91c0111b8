/** Where links lead. */

import { realpathSync } from 'node:fs';

/** The path without links; itself where that cannot be told. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
