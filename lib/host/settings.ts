/**
 * What of /etc and /var/lib the host's programs need: data that a package brings, and nobody's secret.
 *
 * A row is shown where it exists, belongs to root, and everyone may read it. `*` stands for any part of a name. What
 * administrators write names, addresses or passwords to has no row, though everyone may read it.
 */

import { lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import type { HostPath } from './facts.js';

/** A path, and why programs need it. */
type Row = readonly [path: string, reason: string];

export const SETTINGS: readonly Row[] = [
  ['/etc/alternatives', 'which of several programs a name in /usr/bin means, update-alternatives(1)'],
  ['/etc/ca-certificates', 'the certificates that a host trusts, TLS'],
  ['/etc/chromium.d', 'flags that the start script of Chromium reads, and fails without'],
  ['/etc/crypto-policies', 'which algorithms TLS may use, Fedora'],
  ['/etc/debian_version', 'the release, for installers'],
  ['/etc/dictionaries-common', 'which words /usr/share/dict/words are'],
  ['/etc/fonts', 'where fonts are, fontconfig: Java, Chromium, TeX'],
  ['/etc/gai.conf', 'the order of addresses, getaddrinfo(3)'],
  ['/etc/groff', 'macros of the site, groff(1)'],
  ['/etc/host.conf', 'how names are resolved, host.conf(5)'],
  ['/etc/java', 'settings of Java, Fedora'],
  ['/etc/java-*-openjdk', 'security settings and the list of virtual machines, without which Java does not start'],
  ['/etc/ld-musl-*.path', 'where libraries are, musl'],
  ['/etc/ld.so.cache', 'where libraries are, ld.so(8)'],
  ['/etc/ld.so.conf', 'where libraries are, ldconfig(8)'],
  ['/etc/ld.so.conf.d', 'where libraries are, ldconfig(8)'],
  ['/etc/locale.alias', 'other names of locales, locale(7)'],
  ['/etc/localtime', 'the time zone, localtime(5)'],
  ['/etc/magic', 'kinds of files, file(1)'],
  ['/etc/magic.mime', 'kinds of files, file(1)'],
  ['/etc/maven/logging', 'how Maven writes its log'],
  ['/etc/maven/m2.conf', 'the classes of Maven itself, without which it does not start'],
  ['/etc/maven/toolchains.xml', 'which compilers Maven takes'],
  ['/etc/mime.types', 'kinds of files by their names'],
  ['/etc/os-release', 'which system this is, os-release(5)'],
  ['/etc/papersize', 'the size of paper, TeX and R'],
  ['/etc/perl', 'settings of Perl and its modules'],
  ['/etc/php/*/cli', 'which extensions PHP has on the command line, and its limits'],
  ['/etc/php/*/mods-available', 'the extensions that PHP could have'],
  ['/etc/pki/ca-trust', 'the certificates that a host trusts, Fedora'],
  ['/etc/pki/tls/certs', 'the certificates that a host trusts, Fedora'],
  ['/etc/protocols', 'numbers of protocols, protocols(5)'],
  ['/etc/python3', 'settings of Debian’s Python'],
  ['/etc/python3.*', 'what Python runs when it starts'],
  ['/etc/R/ldpaths', 'where R has its libraries'],
  ['/etc/R/Makeconf', 'how R compiles packages'],
  ['/etc/R/Renviron', 'where R has its packages and tools'],
  ['/etc/R/repositories', 'names of the public repositories of R'],
  ['/etc/rpc', 'numbers of services, rpc(5)'],
  ['/etc/services', 'ports of services, services(5)'],
  ['/etc/ssl/certs', 'the certificates that a host trusts, TLS'],
  ['/etc/ssl/openssl.cnf', 'settings of OpenSSL'],
  ['/etc/terminfo', 'what terminals can do, terminfo(5)'],
  ['/etc/texmf', 'settings of TeX'],
  ['/etc/timezone', 'the name of the time zone, for Java and R'],
  ['/etc/X11/rgb.txt', 'names of colours, vim and Tk'],
  ['/etc/xml', 'where XML catalogs are'],
  ['/var/lib/aspell', 'compiled word lists, aspell(1)'],
  ['/var/lib/gems', 'packages of Ruby that gem(1) has installed for all'],
  ['/var/lib/ghc', 'the packages that GHC knows, without which it compiles nothing'],
  ['/var/lib/texmf', 'formats and lists of files of TeX, without which it does not start'],
];

/** What was found, and what tells that it is so still. */
interface Found {
  readonly entries: readonly HostPath[];
  /** Directories that the rows are in, and when each has changed last. */
  readonly directories: readonly string[];
  readonly changed: string;
}

/**
 * Keeps what was found. Each time that it is asked it looks whether an entry has come to or gone from the directories
 * that the rows are in: a package that is installed or removed while Node runs counts from then on. That a mode or an
 * owner has changed does not count: the kernel goes by it anyway.
 */
export class Settings {
  #found: Found | undefined;

  /** The same value, as long as the same is there. */
  entries(): readonly HostPath[] {
    const found = this.#found;
    if (found !== undefined && changesOf(found.directories) === found.changed) return found.entries;
    this.#found = find();
    return this.#found.entries;
  }
}

function find(): Found {
  const paths = SETTINGS.flatMap(([path]) => matches(path));
  const directories = [...new Set(SETTINGS.flatMap(([path]) => parentsOf(path)))];
  const changed = changesOf(directories);
  return { entries: Object.freeze(paths.flatMap(shown)), directories, changed };
}

/** The directories whose entries decide what a row matches. */
function parentsOf(row: string): readonly string[] {
  const parts = row.split('/').slice(1);
  const all = parts.map((_, index) => `/${parts.slice(0, index).join('/')}`).slice(1);
  return all.flatMap(matches);
}

/** The paths that a row stands for; without `*` itself, whether it exists or not. */
function matches(row: string): readonly string[] {
  return row
    .split('/')
    .slice(1)
    .reduce<readonly string[]>((paths, part) => paths.flatMap((path) => matching(path, part)), ['']);
}

function matching(directory: string, part: string): readonly string[] {
  if (!part.includes('*')) return [`${directory}/${part}`];
  const [before = '', after = ''] = part.split('*');
  const fits = (name: string): boolean =>
    name.length >= part.length - 1 && name.startsWith(before) && name.endsWith(after);
  return names(directory)
    .filter(fits)
    .sort()
    .map((name) => `${directory}/${name}`);
}

function names(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // not on this host
  }
}

/** A link is shown as what it says: where it leads to is shown or not by itself. */
function shown(path: string): readonly HostPath[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !isRoots(stat.uid)) return [];
  if (stat.isSymbolicLink()) return [{ path, link: readlinkSync(path) }];
  const directory = stat.isDirectory();
  const needed = directory ? 0o5 : 0o4;
  if (!directory && !stat.isFile()) return [];
  return (stat.mode & needed) === needed ? [{ path, directory }] : [];
}

/** What the kernel says of owners who do not exist in this user namespace. Root of the host is one of them there. */
const OVERFLOW_UID = 65534;

function isRoots(uid: number): boolean {
  return uid === 0 || (uid === OVERFLOW_UID && statSync('/').uid === OVERFLOW_UID);
}

function changesOf(directories: readonly string[]): string {
  return directories.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? '-').join();
}
