/** The program that this process runs, which is Node, and what of its installation a container is shown. */

import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DEFAULT_PATH } from '../compile/command.js';
import { isWithin } from '../plan/paths.js';
import type { Executable, HostPath } from './facts.js';
import { realPath } from './real-path.js';

/** Where the packages of a Node installation are, from the directory of `node` on; links beside it lead there. */
const MODULES = '../lib/node_modules';

/**
 * Never the directory that it is in: that may be a home, a project or `/`. Asked once: the file of a process stays the
 * same, and a package that is installed later shows in the directory of packages.
 */
export function executable(programs: readonly HostPath[]): Executable {
  const path = realPath(process.execPath);
  const shown = programs.some((entry) => entry.link === undefined && isWithin(path, entry.path));
  return Object.freeze({
    shown: shown || !statSync(path).isFile() ? [] : [{ path, directory: false }, ...packages(dirname(path))],
    ...(isFound(path) ? {} : { directory: dirname(path) }),
  });
}

/** The packages of an installation, and the commands that they have beside `node`: npm and others. */
function packages(directory: string): readonly HostPath[] {
  const modules = join(directory, MODULES);
  if (basename(directory) !== 'bin' || !isDirectory(modules) || realPath(modules) !== modules) return [];
  const commands = readdirSync(directory)
    .map((name) => join(directory, name))
    .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    .map((path) => ({ path, link: readlinkSync(path) }))
    .filter(({ link }) => link.startsWith(`${MODULES}/`));
  return [{ path: modules, directory: true }, ...commands];
}

/** Whether its name leads to it by the PATH that every container has. */
function isFound(path: string): boolean {
  const places = DEFAULT_PATH.split(':').map((directory) => join(directory, basename(path)));
  const first = places.find((place) => statSync(place, { throwIfNoEntry: false })?.isFile());
  return first !== undefined && realPath(first) === path;
}

function isDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
