/** Where carrel is installed: what cannot be part of a file of JavaScript stands there. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The package as it is installed. */
export interface OwnPackage {
  readonly directory: string;
  readonly version: string;
}

/** Looks for it above this file. `undefined` where a bundler has made this code a part of somebody else's file. */
export function ownPackage(): OwnPackage | undefined {
  let directory = import.meta.dirname;
  while (directory !== dirname(directory)) {
    directory = dirname(directory);
    const { name, version = '' } = manifestIn(directory);
    if (name === 'carrel') return { directory, version };
  }
  return undefined;
}

function manifestIn(directory: string): { readonly name?: string; readonly version?: string } {
  try {
    return JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as object;
  } catch {
    return {};
  }
}
