/**
 * The profile that every container has unless its definition names another one. Data, in the form of a profile file.
 *
 * Whatever is not named here does not exist for a program inside: ENOSYS, so that calls of later kernels are refused,
 * and programs fall back as on an older kernel. What a program may know to be there, and may not use, is EPERM. The set
 * is that of Docker's profile (v28). Each rule that departs from that says so, and why, in its comment.
 */

import type { SeccompArgument, SeccompCondition, SeccompProfile, SeccompRule } from '../definition/seccomp.js';
import type { Capability } from '../plan/constants.js';
import { int, masked } from './comparisons.js';

/** A rule of the default profile. */
export interface DefaultRule extends SeccompRule {
  /** What the rule is for, and how it differs from Docker's. */
  readonly comment: string;
}

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

function allow(comment: string, text: string, ...args: readonly SeccompArgument[]): DefaultRule {
  return { comment, names: names(text), action: 'SCMP_ACT_ALLOW', ...(args.length > 0 ? { args } : {}) };
}

function refuse(comment: string, text: string, args: readonly SeccompArgument[] = [], errnoRet = EPERM): DefaultRule {
  return { comment, names: names(text), action: 'SCMP_ACT_ERRNO', errnoRet, ...(args.length > 0 ? { args } : {}) };
}

/** Allowed for who has one of these capabilities in the bounding set, else refused. */
function forHolders(comment: string, caps: readonly Capability[], text: string): readonly DefaultRule[] {
  return [
    ...caps.map((one) => ({ ...allow(comment, text), includes: { caps: [one] } })),
    { ...refuse(comment, text), excludes: { caps } },
  ];
}

/** The numbers from `from` to `to` as blocks, each a power of two, which masks can tell. */
function blocks(from: number, to: number): readonly SeccompArgument[] {
  if (from > to) return [];
  let size = 1;
  while (from % (size * 2) === 0 && from + size * 2 - 1 <= to) size *= 2;
  return [masked(0, 0x1_0000_0000 - size, from), ...blocks(from + size, to)];
}

/** `CLONE_NEW*` of linux/sched.h, as far as clone(2) takes them. */
const NEW_NAMESPACES = [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000];
/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. socket(2) */
const FAMILIES = [1, 2, 10, 16];
/** No kernel has so many. */
const FAMILIES_END = 64;
/** PER_LINUX, PER_LINUX32, both with UNAME26, and the question which one it is. personality(2) */
const PERSONALITIES = [0, 8, 0x20000, 0x20008, 0xffffffff];
/** ADDR_NO_RANDOMIZE, MMAP_PAGE_ZERO, ADDR_COMPAT_LAYOUT, READ_IMPLIES_EXEC. The question has every bit. */
const WEAK_LAYOUTS = [0x40000, 0x100000, 0x200000, 0x400000];
const EVERY = 0x80000000;
const F_SETLEASE = 1024;
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;
const ADMIN: SeccompCondition = { caps: ['CAP_SYS_ADMIN'] };

const SOCKETS =
  'Stricter than Docker: four families. AF_PACKET’s rings are memory that no cgroup counts; AF_VSOCK and AF_ALG have ' +
  'no namespace; the others are seldom used, and were the way into many kernels';
const PERSONALITY = 'no layout of memory that is easy to guess';

const RULES: readonly DefaultRule[] = [
  allow(
    'files, by descriptors and by names',
    `access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
    fallocate fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock fremovexattr
    fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr getxattrat lchown lgetxattr
    link linkat listxattr listxattrat llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat
    name_to_handle_at newfstatat open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead
    readlink readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir sendfile setxattr setxattrat
    splice stat statfs statx symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime
    utimensat utimes vmsplice write writev`,
  ),
  allow(
    'asynchronous and multiplexed input and output, without io_uring',
    `epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd
    eventfd2 fanotify_mark inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy
    io_getevents io_pgetevents io_setup io_submit ioctl pipe pipe2 poll ppoll pselect6 select`,
  ),
  allow(
    'memory',
    `brk madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mprotect
    mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages`,
  ),
  allow(
    'processes, threads and their ids',
    `capget capset execve execveat exit exit_group fork get_robust_list getegid geteuid getgid getgroups getpgid getpgrp
    getpid getppid getresgid getresuid getsid gettid getuid pidfd_open pidfd_send_signal prctl process_mrelease
    process_vm_readv process_vm_writev ptrace rseq set_robust_list set_tid_address setfsgid setfsuid setgid setgroups
    setpgid setregid setresgid setresuid setreuid setsid setuid vfork wait4 waitid`,
  ),
  allow('locks of user space', 'futex futex_requeue futex_wait futex_waitv futex_wake'),
  allow(
    'signals',
    `kill pause restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd signalfd4 tgkill tkill`,
  ),
  allow(
    'time and timers',
    `adjtimex alarm clock_adjtime clock_getres clock_gettime clock_nanosleep getitimer gettimeofday nanosleep setitimer
    time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime
    timerfd_settime times`,
  ),
  allow(
    'scheduling, priorities and limits',
    `getcpu getpriority getrlimit getrusage ioprio_get ioprio_set prlimit64 sched_get_priority_max
    sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
    sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield setpriority setrlimit`,
  ),
  allow(
    'sockets that are there, and messages',
    `accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg
    sendto setsockopt shutdown`,
  ),
  allow(
    'System V and POSIX queues, semaphores and shared memory, which a container has of its own',
    `mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget
    semop semtimedop shmat shmctl shmdt shmget`,
  ),
  allow(
    'the machine, and walls that a program builds for itself',
    `getrandom landlock_add_rule landlock_create_ruleset landlock_restrict_self seccomp sysinfo uname`,
  ),
  allow('x86-64: segments, for threads and for Wine', 'arch_prctl modify_ldt'),
  allow(
    'x86-64: the kernel has a traced program make them. Beyond Docker: else perf on the host kills programs inside',
    'uprobe uretprobe',
  ),

  ...FAMILIES.map((family) => allow(SOCKETS, 'socket socketpair', int(0, family))),
  ...[0, ...FAMILIES.map((family) => family + 1)]
    .flatMap((from, index) => blocks(from, (FAMILIES[index] ?? FAMILIES_END) - 1))
    // Those of one size together: a filter looks at them at once.
    .sort((one, other) => Number(one.value) - Number(other.value))
    .map((block) => refuse(SOCKETS, 'socket socketpair', [block], EAFNOSUPPORT)),

  ...PERSONALITIES.map((persona) => allow(PERSONALITY, 'personality', int(0, persona))),
  ...WEAK_LAYOUTS.map((bit) => refuse(PERSONALITY, 'personality', [masked(0, EVERY + bit, bit)])),

  refuse(
    'Stricter than Docker: a lease on a file that is shared read-only stops the host’s writers for 45 seconds',
    'fcntl',
    [int(1, F_SETLEASE)],
  ),
  refuse(
    'Stricter than Docker: they put input into a terminal, which somebody else reads then. CVE-2017-5226. The kernel ' +
      'takes 32 bits, so that 1 << 32 more is the same',
    'ioctl',
    [int(1, TIOCSTI)],
  ),
  refuse('as TIOCSTI: it selects and pastes. CVE-2023-28100', 'ioctl', [int(1, TIOCLINUX)]),

  allow('new processes', 'clone'),
  ...NEW_NAMESPACES.map((bit) => ({
    ...refuse('but no new namespaces', 'clone', [masked(0, bit, bit)]),
    excludes: ADMIN,
  })),
  { ...allow('new processes', 'clone3'), includes: ADMIN },
  {
    ...refuse('its flags are in memory, where no filter looks; libraries then use clone', 'clone3', [], ENOSYS),
    excludes: ADMIN,
  },
  ...forHolders(
    'mounts and namespaces. Beyond Docker: pivot_root, which gives no more than mount does, and which containers ' +
      'inside need',
    ['CAP_SYS_ADMIN'],
    `fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree pivot_root
    quotactl quotactl_fd setdomainname sethostname setns umount2 unshare`,
  ),
  ...forHolders('the kernel’s log', ['CAP_SYS_ADMIN', 'CAP_SYSLOG'], 'syslog'),
  ...forHolders('files by handles, around every mount', ['CAP_DAC_READ_SEARCH'], 'open_by_handle_at'),
  ...forHolders('restart and halt', ['CAP_SYS_BOOT'], 'reboot'),
  ...forHolders('another root directory', ['CAP_SYS_CHROOT'], 'chroot'),
  ...forHolders('modules of the kernel', ['CAP_SYS_MODULE'], 'delete_module finit_module init_module'),
  ...forHolders('accounting of processes', ['CAP_SYS_PACCT'], 'acct'),
  ...forHolders('other processes’ memory and descriptors', ['CAP_SYS_PTRACE'], 'kcmp pidfd_getfd process_madvise'),
  ...forHolders('ports of the machine', ['CAP_SYS_RAWIO'], 'ioperm iopl'),
  ...forHolders('the clock', ['CAP_SYS_TIME'], 'clock_settime settimeofday'),
  ...forHolders('other people’s terminals', ['CAP_SYS_TTY_CONFIG'], 'vhangup'),
  ...forHolders(
    'where memory is',
    ['CAP_SYS_NICE'],
    'get_mempolicy mbind migrate_pages move_pages set_mempolicy set_mempolicy_home_node',
  ),

  refuse(
    'keyrings follow no user namespace: a container linked the host user’s ring by its number, and read the keys',
    'add_key keyctl request_key',
  ),
  refuse(
    'as Docker since 25: it makes calls that no filter sees, and many kernels were entered by it',
    'io_uring_enter io_uring_register io_uring_setup',
  ),
  refuse(
    'Stricter than Docker, which lets holders of CAP_BPF or CAP_PERFMON: both run or watch code in the one kernel',
    'bpf perf_event_open',
  ),
  refuse('it stops the kernel in the middle of a call, for as long as a program likes', 'userfaultfd'),
  refuse('of the whole machine, whoever asks', 'kexec_file_load kexec_load swapoff swapon'),
];

export const DEFAULT_PROFILE: SeccompProfile & { readonly syscalls: readonly DefaultRule[] } = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: ENOSYS,
  // What the kernel does by itself since 5.16: before, a filter made it slow down all that a process does.
  flags: ['SECCOMP_FILTER_FLAG_SPEC_ALLOW'],
  syscalls: RULES,
};
