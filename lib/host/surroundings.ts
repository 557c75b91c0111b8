/** What stands around this process, and may refuse what the kernel would do. */

import { existsSync, readFileSync } from 'node:fs';
import { version } from 'node:os';

/** Who has made what is around this process. */
export type Outer = 'Docker' | 'Podman' | 'Kubernetes' | 'gVisor' | 'a systemd service';

/** What is known of it. */
export interface Surroundings {
  /** `undefined`: nothing says. */
  readonly outer?: Outer;
  /** Filters of system calls are around this process. seccomp(2) */
  readonly filtered: boolean;
  /** Programs gain nothing by set-user-id bits. prctl(2) PR_SET_NO_NEW_PRIVS */
  readonly noNewPrivileges: boolean;
  /** The profile of AppArmor, or the context of SELinux, that confines this process. */
  readonly label?: string;
}

/**
 * What gVisor says of its kernel, whichever release it is: LinuxVersion in
 * pkg/sentry/syscalls/linux/linux64.go
 */
const GVISOR = '#1 SMP Sun Jan 10 15:06:54 PST 2016';

export function probeSurroundings(environment: NodeJS.ProcessEnv = process.env): Surroundings {
  const status = read('/proc/self/status');
  const outer = outerOf(environment);
  const label = labelOf(read('/proc/self/attr/apparmor/current') || read('/proc/self/attr/current'));
  return {
    ...(outer === undefined ? {} : { outer }),
    filtered: fieldOf(status, 'Seccomp') === '2',
    noNewPrivileges: fieldOf(status, 'NoNewPrivs') === '1',
    ...(label === undefined ? {} : { label }),
  };
}

/** The nearest first: what Kubernetes starts has the files of its runtime too. */
function outerOf(environment: NodeJS.ProcessEnv): Outer | undefined {
  if (version() === GVISOR) return 'gVisor';
  if (environment.KUBERNETES_SERVICE_HOST !== undefined) return 'Kubernetes';
  if (existsSync('/run/.containerenv') || environment.container === 'podman') return 'Podman';
  if (existsSync('/.dockerenv')) return 'Docker';
  // systemd.exec(5)
  return environment.INVOCATION_ID === undefined || environment.XDG_SESSION_ID !== undefined
    ? undefined
    : 'a systemd service';
}

/** A label that confines nothing is none. apparmor(7), proc_pid_attr(5) */
function labelOf(text: string): string | undefined {
  const label = text.replace(/\0/g, '').trim();
  return label === '' || label.startsWith('unconfined') || label.includes(':unconfined_t:') ? undefined : label;
}

function fieldOf(status: string, name: string): string | undefined {
  return new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(status)?.[1];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // this kernel has no such file
  }
}

/** The CPUs that this process can use, in order. proc_pid_status(5) */
export function allowedCpus(): readonly number[] {
  const list = fieldOf(read('/proc/self/status'), 'Cpus_allowed_list') ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Number.isInteger(first) ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : [];
  });
}
