/** Namespaces of the calling thread: unshare(2), setns(2), and the names of a UTS namespace. */

import { Buffer } from 'node:buffer';
import { text } from '../definition/checks.js';
import { outOfRange } from '../errors/errors.js';
import { systemCall } from '../launch/native.js';
import { NAMESPACES, type Namespace } from '../plan/constants.js';
import { bitsOf, checkDescriptor } from './arguments.js';

/** What threads of a process share beside namespaces; the numbers are `CLONE_*` of linux/sched.h. */
const UNSHAREABLE = { fs: 0x200, files: 0x400, sysvsem: 0x40000, ...NAMESPACES } as const satisfies Readonly<
  Record<Unshareable, number>
>;

/**
 * What {@link unshare} can separate: a namespace, or what the threads of a process share: `fs` is root, working
 * directory and umask, `files` the table of descriptors, `sysvsem` what semop(2) undoes at the end.
 */
export type Unshareable = 'fs' | 'files' | 'sysvsem' | Namespace;

/** The kernel's `__NEW_UTS_LEN`. uname(2) */
const UTS_MOST = 64;

/**
 * Puts the calling thread into new namespaces, or separates what it shares with the other threads. Only {@link setns}
 * to the old namespace undoes it.
 *
 * **Threads:** only the calling thread changes, and the threads and processes that it starts from then on. Node's other
 * threads stay. `fs.readFileSync` and `spawn` act in the new namespace. `fs.readFile`, `fs.promises` and `dns.lookup`
 * act where libuv's pool is: its first user starts it, and it is one for all threads. A `Worker` that does nothing else
 * is the place for this call. In particular:
 *
 * - `user` is impossible: a process with several threads, as Node is, gets `EINVAL`. Start a process in a user
 *   namespace instead.
 * - `mount` separates `fs` too. The mounts are copies, and shared ones go on to share new mounts: call
 *   `mount(null, '/', { flags: ['rec', 'private'] })` first. `ipc` separates `sysvsem`.
 * - `pid` is for children: the calling thread stays where it is, and the first process that it starts is PID 1 there.
 *   When that one ends, no other can start. From then on this thread cannot start threads: `new Worker` fails with
 *   `ERR_WORKER_INIT_FAILED`, and libuv *aborts Node* if its pool was not running yet; call some function of
 *   `fs.promises` before.
 * - `time` is for children: programs that are started from then on.
 * - with `files`, libuv's pool (`fs.open`, `fs.promises.open`) opens files in the other table: use synchronous
 *   functions only.
 *
 * @throws `EPERM` without `CAP_SYS_ADMIN`, which `fs`, `files` and `sysvsem` do not need; `EINVAL` as above, a second
 *   time for `pid`, or where the kernel lacks the namespace; `ENOSPC` at a limit of `/proc/sys/user`. unshare(2);
 *   `time` since Linux 5.6
 */
export function unshare(what: readonly Unshareable[]): void {
  const flags = bitsOf('what', what, UNSHAREABLE);
  systemCall((calls) => calls.unshare(flags));
}

/**
 * Moves the calling thread into a namespace that a descriptor stands for: of a file such as `/proc/123/ns/net`, or of a
 * process by {@link pidfdOpen}. With a process, `namespaces` names those to join, all or none. With a file, it names
 * the type that the file must have, or nothing.
 *
 * **Threads:** only the calling thread changes, and the threads and processes that it starts from then on; see
 * {@link unshare}. In particular:
 *
 * - `user`, and all together with it, is impossible in a process with several threads, as Node is: `EINVAL`.
 * - `mount` is `EINVAL` as long as the thread shares root and working directory with others: call `unshare(['fs'])`
 *   first. Root and working directory then are the root of that namespace.
 * - `time` is impossible: `EUSERS`.
 * - `pid` is for children, and this thread cannot start threads any more, as with {@link unshare}.
 *
 * @throws `EINVAL` as above, for another type of namespace than asked for, or a process without names; `EPERM` without
 *   `CAP_SYS_ADMIN` in both user namespaces, for `mount` also `CAP_SYS_CHROOT`; `EBADF`; `ESRCH` for a process that has
 *   ended. setns(2); processes since Linux 5.8
 */
export function setns(descriptor: number, namespaces: readonly Namespace[] = []): void {
  const fd = checkDescriptor('descriptor', descriptor);
  const types = bitsOf('namespaces', namespaces, NAMESPACES);
  systemCall((calls) => calls.setns(fd, types));
}

/**
 * Sets the host name: any text of 0 to 64 bytes, without NUL. `os.hostname()` reads it.
 *
 * **Threads:** acts on the UTS namespace of the calling thread: all threads and processes in it see the new name.
 * Without `unshare(['uts'])` before, that is the name of the machine, or of the container that Node runs in.
 *
 * @throws `EPERM` without `CAP_SYS_ADMIN` in the user namespace that owns the UTS namespace. sethostname(2)
 */
export function setHostname(name: string): void {
  const bytes = utsName('name', name);
  systemCall((calls) => calls.sethostname(bytes));
}

/**
 * Sets the NIS domain name: any text of 0 to 64 bytes, without NUL. `/proc/sys/kernel/domainname` has it.
 *
 * **Threads:** as with {@link setHostname}.
 *
 * @throws `EPERM` without `CAP_SYS_ADMIN` in the user namespace that owns the UTS namespace. setdomainname(2)
 */
export function setDomainname(name: string): void {
  const bytes = utsName('name', name);
  systemCall((calls) => calls.setdomainname(bytes));
}

function utsName(name: string, value: unknown): Buffer {
  const bytes = Buffer.from(text(name, value));
  if (bytes.length > UTS_MOST) throw outOfRange(name, `at most ${UTS_MOST} bytes long`, value);
  return bytes;
}
