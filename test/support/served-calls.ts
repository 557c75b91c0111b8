/** What each step of a list that is served is to the kernel, as `calls.ts` has it for those of plans. */

import type { ServedStep, StepOf } from '#lib/plan/steps.js';
import { call, type Expected, maybe } from './network-calls.js';

const quote = (name: string | Uint8Array): string => JSON.stringify(typeof name === 'string' ? name : String(name));
/** The last part of a path. */
const last = (path: string | Uint8Array): string => quote(String(path).replace(/.*\//, ''));
const octal = (mode: number): string => `0${mode.toString(8)}`;

const FAMILIES = { unix: 'AF_UNIX', ipv4: 'AF_INET', ipv6: 'AF_INET6' } as const;

const CALLS: { readonly [O in ServedStep['op']]: (step: StepOf<O>) => readonly Expected[] } = {
  open: ({ path, flags }) => [
    maybe('openat2', quote(path), 'O_CREAT'),
    maybe('openat', 'O_NONBLOCK', ...(flags.includes('append') ? ['O_APPEND'] : [])),
  ],
  close: () => [],
  pread: () => [],
  pwrite: ({ content }) => [call('pwrite64', `, ${content.length}, `)],
  sendfile: ({ length }) => [call('sendfile', `, ${length}`), maybe('sendfile')],
  ftruncate: ({ length }) => [call('ftruncate', `, ${length}`)],
  fstat: () => [],
  stat: () => [],
  getdents: () => [],
  mkdirat: ({ path, mode }) => [call('mkdirat', last(path), octal(mode))],
  unlinkat: ({ path, directory }) => [call('unlinkat', last(path), directory ? 'AT_REMOVEDIR' : ', 0')],
  renameat: ({ path, to }) => [call('renameat', last(path), last(to))],
  linkat: ({ path, to }) => [call('linkat', last(path), last(to))],
  symlinkat: ({ text, path }) => [call('symlinkat', quote(text), last(path))],
  readlinkat: () => [],
  fchmodat: ({ mode }) => [call('fchmodat', octal(mode))],
  fchownat: ({ uid, gid }) => [call('fchownat', '""', `${uid}, ${gid}`, 'AT_EMPTY_PATH')],
  utimensat: ({ atimeS, mtimeS }) => [call('utimensat', `tv_sec=${atimeS}`, `tv_sec=${mtimeS}`)],
  faccessat: () => [],
  socket: ({ domain }) => [call('socket', FAMILIES[domain], 'SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK')],
  connectTcp: ({ port }) => [call('connect', `htons(${port})`), maybe('ppoll')],
  connectUnix: () => [call('fchdir'), call('connect', 'AF_UNIX'), call('chdir', '"/"')],
  bindTcp: ({ port }) => [call('setsockopt', 'SO_REUSEADDR'), call('bind', `htons(${port})`)],
  bindUnix: ({ path }) => [
    call('umask', '000'),
    call('fchdir'),
    call('bind', `sun_path=${last(path)}`),
    call('chdir', '"/"'),
    call('umask'),
  ],
  listen: ({ backlog }) => [call('listen', `, ${backlog}`)],
  mknodat: ({ path }) => [call('mknodat', last(path))],
  copyRange: () => [
    call('lseek', 'SEEK_DATA'),
    call('lseek', 'SEEK_HOLE'),
    call('lseek', 'SEEK_SET'),
    call('sendfile'),
    maybe('lseek', 'SEEK_DATA'),
  ],
  listXattr: () => [maybe('flistxattr')],
  getXattr: ({ name }) => [maybe('fgetxattr', quote(name))],
  copyXattr: ({ name }) => [maybe('fgetxattr', quote(name)), maybe('fsetxattr', quote(name))],
  lock: () => [call('fcntl', 'F_OFD_SETLK', 'F_WRLCK')],
  handOver: () => [call('sendmsg', 'SCM_RIGHTS')],
  takeOver: () => [],
};

/** What a step that a server performs is to the kernel. */
export function expectedServed(step: ServedStep): readonly Expected[] {
  return (CALLS[step.op] as (step: ServedStep) => readonly Expected[])(step);
}
