/** What keeps a container from starting, or ends it, though the kernel refused no step of its plan. */

import { inspect } from 'node:util';
import { nearest } from './arguments.js';
import { CarrelError } from './classes.js';
import { lackHint } from './hints/any.js';
import { NO_MEMORY, TOO_MANY_FILES, TOO_MANY_PROCESSES } from './hints/clone.js';
import { errorName, errorText } from './numbers.js';

/** A hook has thrown. */
export function hookFailed(cause: unknown): CarrelError {
  const error = new CarrelError(
    'ERR_HOOK',
    `a hook failed: ${cause instanceof Error ? cause.message : inspect(cause)}`,
  );
  error.cause = cause;
  return error;
}

/** Where carrel cannot run at all. */
export function unsupported(reason: string, hint?: string): CarrelError {
  return new CarrelError('ERR_UNSUPPORTED', `carrel cannot start containers here: ${reason}`, hint);
}

/** Node's permission model lets no addon be loaded. */
export function addonsForbidden(): CarrelError {
  return unsupported(
    'Node’s permission model lets no native module be loaded',
    'add --allow-addons and --allow-child-process',
  );
}

/** Where a bundler has copied carrel's code into another file: what it cannot copy is missing there. */
export function bundled(): CarrelError {
  return unsupported(
    'a bundler has copied its code into another file, and its native module cannot be found from there',
    'mark carrel as external in the settings of the bundler, and install it where the bundle runs',
  );
}

/** What around this process keeps a launcher from starting, and what helps. */
const LAUNCHER_OBSTACLES = {
  processes: TOO_MANY_PROCESSES,
  descriptors: TOO_MANY_FILES,
  memory: NO_MEMORY,
  fileSize: 'the limit of a file’s size holds for files in memory too: raise RLIMIT_FSIZE of this process (ulimit -f)',
  permission: 'Node’s permission model forbids it: add --allow-child-process and --allow-addons',
  proc: 'the launcher runs from memory, by /proc/self/fd: mount /proc',
  nullDevice: '/dev/null cannot be opened: give this process a /dev with the usual devices',
  execution: 'the launcher runs from memory: vm.memfd_noexec must not be 2, and no security module may forbid that',
} as const;

/** A row of that table. */
export type LauncherObstacle = keyof typeof LAUNCHER_OBSTACLES;

export function launcherFailed(cause: Error, obstacle: LauncherObstacle): CarrelError {
  return launcherError('carrel’s launcher could not start', cause, obstacle);
}

/** The file that CARREL_LAUNCHER names is not what this version would start from memory, or others could change it. */
export function installedLauncher(path: string, problem: string): CarrelError {
  return new CarrelError(
    'ERR_LAUNCHER',
    `the launcher of CARREL_LAUNCHER, ${path}, is not started: ${problem}`,
    `as root: carrel install-launcher ${path}; without the variable the launcher runs from memory`,
  );
}

/** `carrel install-launcher` writes nothing there. */
export function notInstalled(path: string, problem: string): CarrelError {
  return new CarrelError('ERR_LAUNCHER', `the launcher is not written to ${path}: ${problem}`);
}

/** What is to be handed to the launcher cannot be made. */
export function planUnwritten(cause: NodeJS.ErrnoException, obstacle: LauncherObstacle | undefined): CarrelError {
  return launcherError('the plan could not be written for the launcher', cause, obstacle);
}

function launcherError(
  what: string,
  cause: NodeJS.ErrnoException,
  obstacle: LauncherObstacle | undefined,
): CarrelError {
  const hint = obstacle === undefined ? hintOf(cause) : LAUNCHER_OBSTACLES[obstacle];
  const error = new CarrelError('ERR_LAUNCHER', `${what}: ${cause.message}`, hint);
  error.cause = cause;
  return error;
}

/** The kernel refuses this process what a container is started with: a pipe, a socket, a lock. */
export function startRefused(cause: NodeJS.ErrnoException): CarrelError {
  const { code = '', errno, syscall } = cause;
  const error = new CarrelError(code, `the container could not be started: ${cause.message}`, hintOf(cause));
  error.cause = cause;
  return Object.assign(error, { errno, syscall });
}

function hintOf({ code = '', syscall = '' }: NodeJS.ErrnoException): string | undefined {
  return lackHint(code, syscall);
}

/** A descriptor of `stdio` that this process does not have. */
export function descriptorNotOpen(descriptor: number): CarrelError {
  return new CarrelError(
    'EBADF',
    `stdio has the descriptor ${descriptor}, which is not open in this process (sendmsg EBADF)`,
    'open it before the call, and close it after the "spawn" event',
  );
}

/** A request that the launcher's socket does not take, though it was tried for long where that can help. */
export function launcherUnreached(code: string): CarrelError {
  return code === 'ETOOMANYREFS'
    ? new CarrelError(
        'ERR_LAUNCHER',
        'the launcher could not be asked: this user has as many descriptors under way in sockets as this process may ' +
          'open (sendmsg ETOOMANYREFS)',
        'a process of this user has sent descriptors that nobody receives: end it, or raise the limit of open files ' +
          '(ulimit -n) of this one',
      )
    : new CarrelError(
        'ERR_LAUNCHER',
        `the launcher takes no more requests (sendmsg ${code})`,
        code === 'EAGAIN'
          ? 'it is stopped, or gets no processor; the process called carrel is the one'
          : lackHint(code, 'sendmsg'),
      );
}

export function supervisorLost(): CarrelError {
  return new CarrelError(
    'ERR_SUPERVISOR_LOST',
    'the launcher or the supervisor was killed before the command ran',
    'a SIGKILL came from outside, or from the kernel for want of memory, which dmesg tells; the next command gets ' +
      'a new one',
  );
}

export function supervisorFailed(syscall: string, errno: number): CarrelError {
  const what = `${syscall}: ${errorName(errno)}, ${errorText(errno)}`;
  return new CarrelError(
    'ERR_SUPERVISOR',
    `the supervisor could not prepare for the container: ${what}`,
    lackHint(errorName(errno), syscall),
  );
}

/** What a supervisor said is no message. */
export function protocolBroken(cause: Error): CarrelError {
  const error = new CarrelError('ERR_PROTOCOL', `a supervisor said what is no message: ${cause.message}`);
  error.cause = cause;
  return error;
}

export function noIdRange(): CarrelError {
  return new CarrelError(
    'ERR_NO_ID_RANGE',
    'no range of 65,536 ids is free for another container',
    'running containers use all of them, or /etc/subuid and /etc/subgid reserve them',
  );
}

/** No directory is there for the locks on ranges of ids. */
export function noLocks(problems: readonly string[]): CarrelError {
  return new CarrelError(
    'ERR_NO_ID_RANGE',
    `no range of ids can be locked: ${problems.join('; ')}`,
    'the locks are in /run, or in /tmp where that is read-only: this user must be able to make a directory there',
  );
}

export function planRejected(rule: number): CarrelError {
  return new CarrelError('ERR_INVALID_PLAN', `the launcher rejected the plan as malformed (plan.c, line ${rule})`);
}

const SUBORDINATE = {
  newuidmap: ['newuidmap is not installed', 'install the package uidmap (Debian, Ubuntu) or shadow-utils'],
  newgidmap: ['newgidmap is not installed', 'install the package uidmap (Debian, Ubuntu) or shadow-utils'],
  subuid: ['/etc/subuid has no ids for this user', 'have root add some: usermod --add-subuids 100000-165535 USER'],
  subgid: ['/etc/subgid has no ids for this user', 'have root add some: usermod --add-subgids 100000-165535 USER'],
} as const;

/** An ordinary user lacks the ids that the definition names, or the means to map them. */
export function subordinateIds(lack: keyof typeof SUBORDINATE, uid: number): CarrelError {
  const [reason, hint] = SUBORDINATE[lack];
  return new CarrelError('ERR_SUBORDINATE_IDS', `the user ${uid} cannot map ids: ${reason}`, hint);
}

/** No program is there that makes a way out. */
export function noOutbound(): CarrelError {
  return new CarrelError(
    'ERR_OUTBOUND',
    "network('outbound') needs pasta or slirp4netns, and neither is in the PATH",
    'install the package passt, which has pasta, or the package slirp4netns',
  );
}

/**
 * A name that the container's files do not have. `known` are the names that they have, `undefined` where there is no
 * such file.
 */
export function unknownUser(kind: 'user' | 'group', name: string, known: readonly string[] | undefined): CarrelError {
  const file = kind === 'user' ? '/etc/passwd' : '/etc/group';
  const near = nearest(name, known ?? []);
  return new CarrelError(
    kind === 'user' ? 'ERR_UNKNOWN_USER' : 'ERR_UNKNOWN_GROUP',
    known === undefined
      ? `the ${kind} "${name}" is unknown: the container has no ${file}`
      : `the ${kind} "${name}" is unknown: it is not in the container's ${file}`,
    near === undefined || near === name
      ? 'give a number: user(1000)'
      : `did you mean ${inspect(near)}? Or give a number: user(1000)`,
  );
}

/** A name that nobody can look up before the container is there. */
export function usersUnknown(name: string, problem: string): CarrelError {
  return new CarrelError(
    'ERR_UNKNOWN_USER',
    `carrel cannot tell who "${name}" is in the container: ${problem}`,
    'give a number: user(1000), or { uid, gid, additionalGids }',
  );
}

/**
 * A limit, or cgroups at all, that this host does not give. `what` is the option, `file` the one that is missing though
 * its controller is there.
 */
export function cgroupUnavailable(
  what: string,
  controller: string,
  { obstacles, remedy }: { readonly obstacles: readonly string[]; readonly remedy: string },
  file?: string,
): CarrelError {
  const lack = file === undefined ? `the controller ${controller} is missing` : `its cgroups have no ${file}`;
  const missing = controller === '' ? 'needs a cgroup, and carrel can make none' : `cannot be enforced: ${lack}`;
  // In version 1 each controller has a tree of its own: what holds for others does not matter.
  const about = obstacles.filter(
    (one) => controller === '' || !one.includes('(cgroup v1)') || one.includes(controller),
  );
  const why = about.length === 0 ? '' : ` (${about.join('; ')})`;
  const warn = 'limits({ onUnsupported: "warn" }) starts without it';
  // The controller is there, so rights are not what is missing.
  const isLess = file !== undefined && about.length === 0;
  const help = isLess ? 'another kernel or version of cgroups may have it' : remedy;
  return new CarrelError('ERR_CGROUP_UNAVAILABLE', `${what} ${missing}${why}`, help === '' ? warn : `${help}; ${warn}`);
}

/** What landlock() asks for and this kernel does not do. */
export function landlockUnavailable(lack: string): CarrelError {
  return new CarrelError(
    'ERR_LANDLOCK_UNAVAILABLE',
    `landlock: ${lack}`,
    'landlock({ onUnsupported: "warn" }) starts with what this kernel can do',
  );
}

const LABEL_NAMES = { apparmor: 'AppArmor', selinux: 'SELinux' } as const;

/** A label of a security module that this host does not have. */
export function labelUnavailable(module: keyof typeof LABEL_NAMES, lack: string): CarrelError {
  return new CarrelError(
    'ERR_LABEL_UNAVAILABLE',
    `${module}: this host has no ${LABEL_NAMES[module]}: ${lack}`,
    `leave out ${module}() here; landlock() needs no policy of the host`,
  );
}

/** Something that only a container with a cgroup can do. */
export function noCgroup(what: string): CarrelError {
  return new CarrelError(
    'ERR_CGROUP_UNAVAILABLE',
    `${what} needs a cgroup, and this container has none for it`,
    'start it with limits({}) at least',
  );
}

/** The namespaces of a container that stays, which Node holds for those that enter. */
export function givenLost(): CarrelError {
  return new CarrelError(
    'ERR_SUPERVISOR',
    'the container’s namespaces did not come: this process has too many open files',
    'raise its limit of open files (ulimit -n), or keep fewer containers: each takes up to eight',
  );
}

/** Something that only a running container can do. */
export function hasEnded(what: string): CarrelError {
  return new CarrelError('ERR_ENDED', `${what} came too late: the container has ended`);
}

/** Nothing can be asked of what has removed a snapshot, or has done its part. */
export function snapshotGone(): CarrelError {
  return new CarrelError('ERR_ENDED', 'the snapshot was removed, or is written');
}

/** A snapshot has no place to be written to. */
export function snapshotDirectory(path: string, { code = 'EIO', message }: NodeJS.ErrnoException): CarrelError {
  return new CarrelError(
    code,
    `no snapshot can be written to ${path}: ${message}`,
    'snapshot({ directory }) takes a directory that can be made, and that this user can write to',
  );
}

/** Somebody has killed what performs lists of steps in a container. */
export function serverLost(): CarrelError {
  return new CarrelError('ERR_SUPERVISOR_LOST', 'the server of the container’s files was killed before it answered');
}

/** A file system inside does not answer, or takes too long. */
export function serverTimeout(clockMs: number): CarrelError {
  return new CarrelError(
    'ERR_TIMEOUT',
    `what was asked of the container’s files has not happened within ${clockMs} ms`,
    'a file system of the container’s does not answer, such as one of FUSE',
  );
}

/** So many servers wait for file systems, beyond SIGKILL. */
export function serversStuck(count: number): CarrelError {
  return new CarrelError(
    'ERR_TIMEOUT',
    `${count} servers of the container’s files wait for file systems that do not answer, and no other is started`,
    'end the container, or the process that serves the file system',
  );
}

/** What a server of a copy works with could not be sent to it. */
export function descriptorNotSent(code: string): CarrelError {
  return new CarrelError(
    code,
    'a file could not be handed to the container’s server (sendmsg)',
    'this user has as many descriptors under way in sockets as its limit of open files allows',
  );
}

/** Of a file, a directory, or what is copied. */
export function fileTooLarge(path: string, size: number, most: number): CarrelError {
  return new CarrelError(
    'ERR_FS_FILE_TOO_LARGE',
    `${path}: ${size} bytes or more, and up to ${most} are read`,
    'give a larger maxBytes, or read it in parts',
  );
}

/** More was written than is looked at. */
export function changesTooLarge(path: string, most: number): CarrelError {
  return new CarrelError(
    'ERR_FS_FILE_TOO_LARGE',
    `${path}: changes() looks at up to ${most} entries, and here are more`,
  );
}

export function directoryTooLarge(path: string, most: number): CarrelError {
  return new CarrelError('ERR_FS_FILE_TOO_LARGE', `${path}: a directory with more than ${most} entries`);
}

export function invalidArchive(problem: string): CarrelError {
  return new CarrelError(
    'ERR_ARCHIVE_INVALID',
    `the archive cannot be unpacked: ${problem}`,
    'give it a tar archive, whole and not compressed',
  );
}

export function treeTooLarge(path: string, most: number): CarrelError {
  return new CarrelError(
    'ERR_FS_FILE_TOO_LARGE',
    `${path}: more than ${most} entries`,
    'give a larger maxEntries, or copy it in parts',
  );
}

/** A call's own time is up. */
export function timedOut(what: string, milliseconds: number): CarrelError {
  return new CarrelError('ERR_TIMEOUT', `${what} has not come to an end within ${milliseconds} ms`);
}

/** What keeps this process from listening on an address of the host, and what helps. */
const LISTEN_HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'somebody listens there: give another port, or 0 for any free one',
  EADDRNOTAVAIL: 'the host has no such address: see ip(8)',
  EACCES: 'ports below net.ipv4.ip_unprivileged_port_start take CAP_NET_BIND_SERVICE',
};

/** This process cannot listen on an address of the host. */
export function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): CarrelError {
  const code = cause.code ?? 'EINVAL';
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const error = new CarrelError(code, `cannot listen on ${where} of the host: ${cause.message}`, LISTEN_HINTS[code]);
  error.cause = cause;
  return error;
}

/** A socket came from a container, and there was no descriptor for it. */
export function socketsLost(): CarrelError {
  return new CarrelError('EMFILE', 'a socket of the container did not come: too many open files', TOO_MANY_FILES);
}
