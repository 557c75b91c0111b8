/** A root filesystem of the machine's static busybox, small enough to look at as a whole. */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { onceForLeg } from './temporary.js';

const DIRECTORIES = ['bin', 'dev', 'etc', 'home', 'proc', 'root', 'run', 'sbin', 'sys', 'tmp', 'usr', 'var'];
const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/sh\n';
const GROUP = 'root:x:0:\nextra:x:500:user\nuser:x:1000:\n';

/** The static busybox of this machine, if it has one. */
export function findBusybox(): string | undefined {
  return ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path) && isStatic(path));
}

/** The root filesystem that all test files of a leg share: made once, not to be written to. */
export function busyboxRoot(): string {
  return onceForLeg('busybox', makeBusyboxRoot);
}

/** A root filesystem for one test, in the test file's temporary directory. */
export function freshBusyboxRoot(): string {
  const path = mkdtempSync(join(tmpdir(), 'busybox-'));
  makeBusyboxRoot(path);
  return path;
}

function makeBusyboxRoot(root: string): void {
  const busybox = findBusybox();
  if (busybox === undefined) throw new Error('no static busybox on this machine');
  chmodSync(root, 0o755);
  for (const name of DIRECTORIES) makeDirectory(join(root, name));
  chmodSync(join(root, 'tmp'), 0o1777);
  copyFileSync(busybox, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  writeFile(join(root, 'etc/passwd'), PASSWD);
  writeFile(join(root, 'etc/group'), GROUP);
  for (const applet of execFileSync(busybox, ['--list-full'], { encoding: 'utf8' }).trimEnd().split('\n')) {
    link(root, applet);
  }
}

/** Relative links work whatever the root is; an applet named busybox must not replace the program. */
function link(root: string, applet: string): void {
  const path = join(root, applet);
  if (basename(applet) === 'busybox' || lstatSync(path, { throwIfNoEntry: false })) return;
  makeDirectory(dirname(path));
  symlinkSync(join(relative(dirname(path), join(root, 'bin')), 'busybox'), path);
}

/** For everyone to read, whatever the umask. */
function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

function writeFile(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o644);
}

/** A program with an interpreter names it in a program header of type PT_INTERP. elf(5) */
function isStatic(path: string): boolean {
  const elf = readFileSync(path);
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2) return false;
  const [offset, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)];
  const types = Array.from({ length: count }, (_, index) => elf.readUInt32LE(offset + index * size));
  return !types.includes(3);
}
