/** A file is to be where a directory is, or the other way round: as fs.cp of Node has it. */

import { constants } from 'node:os';
import { CarrelError } from '../../../errors/errors.js';

const { EISDIR, ENOTDIR } = constants.errno;

export function kindError(code: 'ERR_FS_CP_DIR_TO_NON_DIR' | 'ERR_FS_CP_NON_DIR_TO_DIR', path: string): CarrelError {
  const [what, other, errno] =
    code === 'ERR_FS_CP_NON_DIR_TO_DIR'
      ? ['non-directory', 'directory', EISDIR]
      : ['directory', 'non-directory', ENOTDIR];
  const error = new CarrelError(code, `cannot overwrite ${other} with ${what}: ${path}`);
  return Object.assign(error, { path, syscall: 'cp', errno });
}
