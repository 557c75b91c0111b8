/** Paths by their names: nothing is looked up. */

/** Whether `path` is `directory`, or below it. Both are absolute and without `..`. */
export function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
