/** The launcher of this machine as a file, as it is built into the addon. */

import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL(`../../native/${process.arch}/launcher`, import.meta.url));
