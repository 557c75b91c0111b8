/** The project's own files, as texts: what is written by hand, and what is generated from it. */

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Ends with a slash. */
export const checkout = fileURLToPath(new URL('../../../', import.meta.url));

export interface Source {
  /** From the checkout on. */
  readonly path: string;
  readonly text: string;
}

/** Not written by anybody: what a build leaves beside the sources, and what npm installs. */
const MADE = /(^|\/)(node_modules|build)\//;

/** The files of some directories whose names end with one of `endings`, in their order. */
export function readSources(directories: readonly string[], endings: readonly string[]): readonly Source[] {
  return directories
    .flatMap((directory) =>
      readdirSync(checkout + directory, { recursive: true, encoding: 'utf8' }).map((name) => `${directory}/${name}`),
    )
    .filter((path) => endings.some((ending) => path.endsWith(ending)) && !MADE.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(checkout + path, 'utf8') }));
}
