/** Paths by their names: nothing is looked up. */

/** The file that maps names to addresses. hosts(5) */
export const HOSTS_FILE = '/etc/hosts';

/** The file that says whom to ask for names. resolv.conf(5) */
export const RESOLVER_FILE = '/etc/resolv.conf';

/** Whether `path` is `directory`, or below it. Both are absolute and without `..`. */
export function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
