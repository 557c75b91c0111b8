/**
 * What a test needs of the machine, found by trying: `test('…', requires('root', 'strace'), …)`.
 *
 * Reasons are part of the recorded set of skips: they hold no path, number or name that differs between machines.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { controllersOf } from '#lib/cgroup/files.js';
import { probeCgroups } from '#lib/cgroup/probe.js';
import { cgroupMounts } from '#lib/cgroup/tree.js';
import { probeLabels } from '#lib/host/labels.js';
import { probeLandlock } from '#lib/host/landlock.js';
import { findBusybox } from './busybox.js';
import { hasProfiles } from './profiles.js';

const CORES = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');

const NAT = `unshare --user --map-root-user --net nft '
  table ip t { chain c { type nat hook postrouting priority srcnat; masquerade; }; }'`;

/** Why the machine lacks it; `undefined` when it is there. */
type Probe = () => string | undefined;

const PROBES = {
  /** Switched on, with what loads profiles. */
  apparmor: () =>
    probeLabels().apparmor !== undefined || !existsSync('/sys/kernel/security/apparmor/profiles')
      ? 'no AppArmor'
      : runs('no apparmor_parser', 'apparmor_parser', '--version'),
  'arm64-gcc': () => runs('no cross compiler for arm64', 'aarch64-linux-gnu-gcc', '--version'),
  /** What sanitizers need of a compiler. */
  asan: () =>
    runs(
      'no sanitizers of gcc',
      'sh',
      '-c',
      'for name in asan ubsan tsan; do test -e "$(gcc -print-file-name=lib$name.so)" || exit 1; done',
    ),
  bubblewrap: () => runs('no bubblewrap', 'bwrap', '--ro-bind', '/', '/', 'true'),
  cargo: () => installed('Cargo', 'cargo', 'rustc', 'gcc'),
  chromium: () => runs('no Chromium', 'sh', '-c', 'command -v chromium-headless-shell || command -v chromium'),
  busybox: () => (findBusybox() === undefined ? 'no static busybox' : undefined),
  /** Version 2 beside version 1, where systemd mounts it, and mounts of one's own. */
  'cgroup-hybrid': () => runs('no hybrid cgroups', 'unshare', '--mount', 'umount', '/sys/fs/cgroup/unified'),
  'cgroup-v1': () => (cgroups().some(([, controllers]) => controllers === 'memory') ? undefined : 'no cgroup v1'),
  'cgroup-v2': () => (cgroups().every(([id]) => id === '0') ? undefined : 'no pure cgroup v2'),
  /** Version 2, alone or beside version 1. */
  cgroup2: () => (cgroupMounts().some(({ version }) => version === 2) ? undefined : 'no cgroup v2 is mounted'),
  /** Memory, processes and CPU time of a container can be limited and counted by this user. */
  cgroups: () => (hasCgroups() ? undefined : 'no cgroups for this user'),
  /** Where the kernel leaves the memory of a program that crashes. core(5) */
  'core-files': () => (/^[|/]/.test(CORES) ? 'cores go elsewhere' : undefined),
  'core-programs': () => (CORES.startsWith('|') ? undefined : 'cores are files'),
  curl: () => runs('no curl', 'curl', '--version'),
  'debian-python3': () => installed('Debian’s Python', 'python3'),
  /** With what an environment gets its own pip of, and what compiles an extension. */
  'debian-venv': () =>
    installed('Debian’s Python', 'python3') ??
    runs('no venv for Debian’s Python', '/usr/bin/python3', '-c', 'import ensurepip, venv') ??
    runs('no headers of Debian’s Python', 'sh', '-c', 'ls /usr/include/python3*/Python.h') ??
    runs('no C compiler', 'gcc', '--version'),
  'dev-tty': () => runs('no terminals', 'script', '--quiet', '--return', '--command', 'true', '/dev/null'),
  fuse: () => (existsSync('/dev/fuse') ? undefined : 'no FUSE'),
  erlang: () => installed('Erlang', 'erlc', 'erl'),
  /** Another C library, or a sanitizer, has its own idea of what memory is in use. */
  'own-memory': () => (process.env.CARREL_PREBUILD ? 'a launcher with a C library' : undefined),
  gcc: () => runs('no C compiler', 'gcc', '--version'),
  /** With what the kernel has for it. */
  nftables: () => runs('no nftables', 'sh', '-c', `nft --version && ${NAT}`),
  npm: () => runs('no npm', 'npm', '--version'),
  nginx: () => runs('no nginx', 'nginx', '-v'),
  'no-cgroups': () => (hasCgroups() ? 'cgroups for this user' : undefined),
  ghc: () => installed('GHC', 'ghc', 'gcc'),
  go: () => installed('Go', 'go'),
  iproute2: () => runs('no iproute2', 'ip', '-V'),
  javac: () => installed('Java compiler', 'javac', 'java'),
  kotlin: () => installed('Kotlin', 'kotlinc', 'java'),
  latex: () => installed('LaTeX', 'pdflatex'),
  'before-linux-6.6': () => (since(6, 6) === undefined ? 'a kernel before Linux 6.6' : undefined),
  /** By version: files can be refused with all that there is to it, moves can be allowed, ports, scopes. */
  'landlock-files': () => landlock(3),
  'landlock-ports': () => landlock(4),
  'landlock-refer': () => landlock(2),
  'landlock-scopes': () => landlock(6),
  'linux-6.3': () => since(6, 3),
  'linux-6.5': () => since(6, 5),
  'linux-6.6': () => since(6, 6),
  'linux-6.9': () => since(6, 9),
  'linux-6.13': () => since(6, 13),
  gdb: () => runs('no gdb', 'gdb', '--version'),
  git: () => runs('no git', 'git', '--version'),
  libseccomp: () => (libseccomp() === undefined ? 'no libseccomp for python3' : undefined),
  lua: () => installed('Lua', 'lua5.4'),
  make: () => runs('no make', 'make', '--version'),
  mariadb: () =>
    runs('no MariaDB', 'sh', '-c', 'command -v mariadb-install-db && PATH=$PATH:/usr/sbin command -v mariadbd'),
  maven: () => installed('Maven', 'mvn', 'java'),
  'musl-gcc': () => runs('no compiler for musl', 'musl-gcc', '--version'),
  newuidmap: () => (existsSync('/usr/bin/newuidmap') ? undefined : 'no newuidmap'),
  openssl: () => runs('no openssl', 'openssl', 'version'),
  ocaml: () => installed('OCaml', 'ocamlc'),
  /** What makes a way out, a device for it, and a network of one's own for trying. */
  pasta: () => wayOut('pasta'),
  slirp4netns: () => wayOut('slirp4netns'),
  perl: () => installed('Perl', 'perl'),
  php: () => installed('PHP', 'php'),
  postgresql: () => runs('no PostgreSQL', 'sh', '-c', 'ls /usr/lib/postgresql/*/bin/initdb && command -v psql'),
  /** Docker's and Podman's seccomp profiles. */
  profiles: () => (hasProfiles() ? undefined : 'no profiles of Docker and Podman'),
  python3: () => runs('no python3', 'python3', '--version'),
  r: () => installed('R', 'Rscript'),
  readelf: () => runs('no readelf', 'readelf', '--version'),
  redis: () => runs('no Redis', 'sh', '-c', 'command -v redis-server && command -v redis-cli'),
  ruby: () => installed('Ruby', 'ruby'),
  rustc: () => installed('Rust compiler', 'rustc', 'gcc'),
  scala: () => installed('Scala', 'scalac', 'java'),
  shell: () => undefined,
  /** Tests that take long, or want much of the machine. */
  soak: () => (process.env.CARREL_SOAK === undefined ? 'only with CARREL_SOAK' : undefined),
  tcl: () => installed('Tcl', 'tclsh'),
  /** Root of the machine, not of a user namespace. */
  root: () => (process.getuid?.() === 0 && everyIdIsMapped() ? undefined : 'needs root'),
  /**
   * Root, of a user namespace at least: who traces a process that is not dumpable sees its calls, and not what they
   * point to. ptrace(2)
   */
  'some-root': () => (process.getuid?.() === 0 ? undefined : 'needs root, of a user namespace at least'),
  sshd: () => runs('no server of OpenSSH', 'sh', '-c', 'command -v sshd && command -v ssh && command -v ssh-keygen'),
  strace: () => runs('no strace, or ptrace is refused', 'strace', '-o', '/dev/null', 'true'),
  /** Ids of /etc/subuid for the user of this leg. */
  subuid: () =>
    runs('no subordinate ids', 'unshare', '--user', '--map-root-user', '--map-users=auto', '--map-groups=auto', 'true'),
  'time-namespaces': () => runs('no time namespaces', 'unshare', '--user', '--map-root-user', '--time', 'true'),
  'user-namespaces': () => runs('no user namespaces for this user', 'unshare', '--user', '--map-root-user', 'true'),
  x64: () => (process.arch === 'x64' ? undefined : 'another architecture than x64'),
  'x64-gcc': () => runs('no compiler for x64', 'x86_64-linux-gnu-gcc', '--version'),
} as const satisfies Record<string, Probe>;

export type Capability = keyof typeof PROBES;

const known = new Map<Capability, string | undefined>();

/**
 * Options for a test or a suite: skipped, with all the reasons, unless the machine has everything in `capabilities`.
 */
export function requires(...capabilities: readonly Capability[]): { readonly skip: string | false } {
  const reasons = capabilities.map(lackOf).filter((reason) => reason !== undefined);
  return { skip: reasons.length > 0 && reasons.join('; ') };
}

function lackOf(capability: Capability): string | undefined {
  if (!known.has(capability)) known.set(capability, PROBES[capability]());
  return known.get(capability);
}

function runs(otherwise: string, command: string, ...args: readonly string[]): string | undefined {
  return spawnSync(command, args, { stdio: 'ignore', timeout: 10_000 }).status === 0 ? undefined : otherwise;
}

/** Programs of the system's own packages: those of a home are not the host's to show. */
function installed(name: string, ...programs: readonly string[]): string | undefined {
  return programs.every((program) => existsSync(`/usr/bin/${program}`)) ? undefined : `no ${name}`;
}

/** For what cannot be tried without being the test itself. */
function since(major: number, minor: number): string | undefined {
  const [ours = 0, below = 0] = release()
    .split('.')
    .map((part) => Number.parseInt(part, 10));
  return ours > major || (ours === major && below >= minor) ? undefined : `needs Linux ${major}.${minor}`;
}

/** The python3 that Debian's packages are for: a machine may have others. */
export function libseccomp(): string | undefined {
  const pythons = ['/usr/bin/python3', 'python3'];
  return pythons.find((python) => runs('', python, '-c', 'import seccomp') === undefined);
}

function hasCgroups(): boolean {
  const controllers = probeCgroups().hierarchies.flatMap((hierarchy) => controllersOf(hierarchy));
  return ['memory', 'pids', 'cpuacct', 'freezer'].every((name) => controllers.includes(name));
}

function wayOut(program: string): string | undefined {
  const tried = 'test -r /dev/net/tun -a -w /dev/net/tun && unshare --user --map-root-user --net ip link add type veth';
  return installed(program, program) ?? runs('no /dev/net/tun for this user, or no veth', 'sh', '-c', tried);
}

function landlock(least: number): string | undefined {
  return probeLandlock().version >= least ? undefined : `no Landlock of version ${least}`;
}

function everyIdIsMapped(): boolean {
  return /^\s*0\s+0\s+4294967295\n$/.test(readFileSync('/proc/self/uid_map', 'utf8'));
}

/** Lines of /proc/self/cgroup: hierarchy id and controllers. */
function cgroups(): readonly (readonly string[])[] {
  const lines = readFileSync('/proc/self/cgroup', 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.split(':'));
}
